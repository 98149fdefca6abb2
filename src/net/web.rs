//! What a web address leads to, where that is not what is written.

use icu_normalizer::ComposingNormalizerBorrowed;
use url::Url;

/// The address as web browsers read it.
pub fn read(address: &str) -> Option<Url> {
    Url::parse(address).ok()
}

/// The host that web browsers read where another is written, `written`: `evil。example` is
/// `evil.example` to them, `0x7f.1` is this machine, and a backslash ends the host. `None` where they
/// agree, in capitals or in letters of other scripts, and where the address cannot be read.
pub fn other_host(address: &str, written: &str) -> Option<String> {
    let parsed = read(address)?;
    let real = parsed.host_str()?;
    let (unicode, _) = idna::domain_to_unicode(real);
    let composed = ComposingNormalizerBorrowed::new_nfc();
    let same = real.eq_ignore_ascii_case(written)
        || composed.normalize(&written.to_lowercase()) == composed.normalize(&unicode);
    (!same).then(|| real.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_browsers_read() {
        for (written, real) in [
            ("pay\u{3002}evil.example", "pay.evil.example"),
            ("pay\u{FF0E}evil.example", "pay.evil.example"),
            ("pay\u{FF61}evil.example", "pay.evil.example"),
            ("\u{FF50}ay.example", "pay.example"),
            ("pa\u{AD}y.example", "pay.example"),
            ("0x7f.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("pay%2eexample", "pay.example"),
        ] {
            let address = format!("https://{written}/x");
            assert_eq!(other_host(&address, written).as_deref(), Some(real), "{written}");
        }
        for written in [
            "a.example",
            "A.Example",
            "a.example.",
            "항구.example",
            "xn--bcher-kva.example",
            "B\u{dc}CHER.example",
            "bu\u{308}cher.example",
            "stra\u{df}e.example",
            "127.0.0.1",
            "a_b.example",
        ] {
            assert_eq!(other_host(&format!("https://{written}/x"), written), None, "{written}");
        }
    }
}
