//! The tags by which languages are named (BCP 47), and which one somebody meant who wrote a name.

use crate::diagnostic::{Diagnostic, nearest};

/// ISO 639-1: every tag of two letters.
const SHORT: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co \
    cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi \
    ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw \
    ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc \
    oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su \
    sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Names of languages and countries that are written for tags.
const NAMES: [(&str, &str); 62] = [
    ("arabic", "ar"),
    ("bulgarian", "bg"),
    ("catalan", "ca"),
    ("chinese", "zh"),
    ("cn", "zh"),
    ("croatian", "hr"),
    ("cz", "cs"),
    ("czech", "cs"),
    ("danish", "da"),
    ("dansk", "da"),
    ("deutsch", "de"),
    ("dk", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("espanol", "es"),
    ("español", "es"),
    ("estonian", "et"),
    ("filipino", "fil"),
    ("finnish", "fi"),
    ("francais", "fr"),
    ("français", "fr"),
    ("french", "fr"),
    ("german", "de"),
    ("greek", "el"),
    ("hangul", "ko"),
    ("hebrew", "he"),
    ("hindi", "hi"),
    ("hungarian", "hu"),
    ("indonesian", "id"),
    ("irish", "ga"),
    ("italian", "it"),
    ("italiano", "it"),
    ("iw", "he"),
    ("japanese", "ja"),
    ("jp", "ja"),
    ("korean", "ko"),
    ("latvian", "lv"),
    ("lithuanian", "lt"),
    ("malay", "ms"),
    ("mandarin", "zh"),
    ("nederlands", "nl"),
    ("norsk", "nb"),
    ("norwegian", "nb"),
    ("persian", "fa"),
    ("polish", "pl"),
    ("polski", "pl"),
    ("portugues", "pt"),
    ("portuguese", "pt"),
    ("romanian", "ro"),
    ("russian", "ru"),
    ("serbian", "sr"),
    ("slovak", "sk"),
    ("spanish", "es"),
    ("svenska", "sv"),
    ("swedish", "sv"),
    ("thai", "th"),
    ("turkish", "tr"),
    ("ukrainian", "uk"),
    ("vietnamese", "vi"),
    ("welsh", "cy"),
    ("한국어", "ko"),
    ("日本語", "ja"),
];

/// Whether a text is a language tag (BCP 47): its first part is a tag of two letters, or of three
/// for languages that have no shorter one. No tag of more letters was ever registered (RFC 5646 2.2.1).
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    let is_known = match primary.len() {
        2 => SHORT.split_ascii_whitespace().any(|tag| tag.eq_ignore_ascii_case(primary)),
        3 => primary.bytes().all(|byte| byte.is_ascii_alphabetic()),
        _ => false,
    };
    is_known
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The problem that `text` is none, with the tag that was probably meant; its place is the caller's
/// to add.
pub fn no_language(text: &str) -> Diagnostic {
    let help = match meant(text) {
        Some(tag) => format!("did you mean {tag:?}? (BCP 47)"),
        None => "write en, ko, ja, zh-Hant … (BCP 47)".to_owned(),
    };
    Diagnostic::error("language", format!("{text:?} is not a language code")).help(help)
}

fn meant(text: &str) -> Option<String> {
    let trimmed = text.trim().replace('_', "-");
    // `en_US.UTF-8` is how a computer names it.
    let tag = trimmed.split('.').next().unwrap_or_default();
    if is_language(tag) {
        return Some(tag.to_owned());
    }
    let word = tag.split(|c: char| c == '-' || c.is_whitespace()).next()?.to_lowercase();
    let short = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, tag)| *tag);
    let close =
        || nearest(&word, NAMES.iter().map(|(name, _)| *name).filter(|name| name.len() > 3));
    let meant = short(&word).or_else(|| short(close()?))?;
    // What follows a country's code is kept: `jp-JP` is `ja-JP`.
    let rest = tag.split_once('-').map_or(String::new(), |(_, rest)| format!("-{rest}"));
    let whole = format!("{meant}{rest}");
    Some(if is_language(&whole) { whole } else { meant.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags() {
        for good in ["en", "ko-KR", "zh-Hant-TW", "sr-Latn", "fil", "EN-gb", "de-CH-1996", "haw"] {
            assert!(is_language(good), "{good}");
        }
        for bad in [
            "",
            "e",
            "en_US",
            "en\" onload=\"x",
            "korean language",
            "-ko",
            "ko-",
            "korean",
            "jp",
            "xx",
            "english",
        ] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn the_tag_that_was_meant_is_named() {
        for (text, tag) in [
            ("korean", Some("ko")),
            ("Korean", Some("ko")),
            ("koraen", Some("ko")),
            ("한국어", Some("ko")),
            ("english", Some("en")),
            ("English-US", Some("en-US")),
            ("en_US", Some("en-US")),
            ("en_US.UTF-8", Some("en-US")),
            ("jp", Some("ja")),
            ("jp-JP", Some("ja-JP")),
            ("Deutsch", Some("de")),
            (" ko ", Some("ko")),
            ("xx", None),
            ("", None),
        ] {
            assert_eq!(meant(text).as_deref(), tag, "{text}");
        }
    }
}
