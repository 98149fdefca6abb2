//! Which script a character is of, and which languages are written in it.
//!
//! By blocks, and not by the Unicode property `Script`: by that one the long mark of kana and the
//! marks within a word are of no script or of several, and a stretch of text would fall apart at
//! them. Only scripts that tell something about a language are here.

/// A script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// Korean letters and syllables.
    Hangul,
    /// Hiragana and katakana.
    Kana,
    /// Chinese characters, also in Japanese and Korean.
    Han,
    /// Of Arabic and its neighbours.
    Arabic,
    /// Of Hebrew and Yiddish.
    Hebrew,
    /// Of Russian and its neighbours.
    Cyrillic,
    /// Of Greek.
    Greek,
    /// Of Thai.
    Thai,
    /// Of Hindi and its neighbours.
    Devanagari,
    /// Of Armenian.
    Armenian,
    /// Of Georgian.
    Georgian,
}

impl Script {
    /// The script of a character, where it tells one. Latin letters, signs and digits tell none.
    pub fn of(c: char) -> Option<Script> {
        Some(match c as u32 {
            0x0370..=0x03FF | 0x1F00..=0x1FFF => Script::Greek,
            0x0400..=0x052F => Script::Cyrillic,
            0x0531..=0x0587 => Script::Armenian,
            0x0590..=0x05FF => Script::Hebrew,
            0x0600..=0x06FF | 0x0750..=0x077F => Script::Arabic,
            0x0900..=0x097F => Script::Devanagari,
            0x0E01..=0x0E4E => Script::Thai,
            0x10A0..=0x10FF => Script::Georgian,
            0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xAC00..=0xD7FF => Script::Hangul,
            0x3040..=0x30FF | 0x31F0..=0x31FF => Script::Kana,
            0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x323AF => Script::Han,
            _ => return None,
        })
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Script::Hangul => "Hangul",
            Script::Kana => "kana",
            Script::Han => "Chinese characters",
            Script::Arabic => "Arabic script",
            Script::Hebrew => "Hebrew script",
            Script::Cyrillic => "Cyrillic",
            Script::Greek => "Greek",
            Script::Thai => "Thai",
            Script::Devanagari => "Devanagari",
            Script::Armenian => "Armenian",
            Script::Georgian => "Georgian",
        }
    }

    /// The languages that are written in it (BCP 47), the usual one first.
    pub fn languages(self) -> &'static [&'static str] {
        match self {
            Script::Hangul => &["ko"],
            Script::Kana => &["ja"],
            Script::Han => &["zh", "ja", "ko", "yue", "wuu", "lzh", "hak", "nan"],
            Script::Arabic => &["ar", "fa", "ur", "ps", "sd", "ug", "ckb", "ks", "pa"],
            Script::Hebrew => &["he", "yi"],
            Script::Cyrillic => &[
                "ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "tt", "ba", "cv",
            ],
            Script::Greek => &["el", "grc"],
            Script::Thai => &["th"],
            Script::Devanagari => &["hi", "mr", "ne", "sa", "kok"],
            Script::Armenian => &["hy"],
            Script::Georgian => &["ka"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_tell_their_script() {
        for (c, script) in [
            ('한', Some(Script::Hangul)),
            ('ー', Some(Script::Kana)),
            ('漢', Some(Script::Han)),
            ('ש', Some(Script::Hebrew)),
            ('ا', Some(Script::Arabic)),
            ('я', Some(Script::Cyrillic)),
            ('α', Some(Script::Greek)),
            ('é', None),
            ('、', None),
            ('7', None),
        ] {
            assert_eq!(Script::of(c), script, "{c}");
        }
    }
}
