//! Which script a character is of, and which languages are written in it.
//!
//! By blocks, and not by the Unicode property `Script`: by that one the long mark of kana and the
//! marks within a word are of no script or of several, and a stretch of text would fall apart at
//! them. Only scripts that tell something about a language are here.

/// A script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WritingScript {
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

impl WritingScript {
    /// The script of a character, where it tells one. Latin letters, signs and digits tell none.
    pub fn of(c: char) -> Option<WritingScript> {
        Some(match c as u32 {
            0x0370..=0x03FF | 0x1F00..=0x1FFF => WritingScript::Greek,
            0x0400..=0x052F => WritingScript::Cyrillic,
            0x0531..=0x0587 => WritingScript::Armenian,
            0x0590..=0x05FF => WritingScript::Hebrew,
            0x0600..=0x06FF | 0x0750..=0x077F => WritingScript::Arabic,
            0x0900..=0x097F => WritingScript::Devanagari,
            0x0E01..=0x0E4E => WritingScript::Thai,
            0x10A0..=0x10FF => WritingScript::Georgian,
            0x1100..=0x11FF | 0x3130..=0x318F | 0xA960..=0xA97F | 0xAC00..=0xD7FF => {
                WritingScript::Hangul
            }
            0x3040..=0x30FF | 0x31F0..=0x31FF | 0xFF66..=0xFF9F => WritingScript::Kana,
            // 々 and its like stand for the character before.
            0x3005..=0x3007
            | 0x3400..=0x4DBF
            | 0x4E00..=0x9FFF
            | 0xF900..=0xFAFF
            | 0x20000..=0x323AF => WritingScript::Han,
            _ => return None,
        })
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            WritingScript::Hangul => "Hangul",
            WritingScript::Kana => "kana",
            WritingScript::Han => "Chinese characters",
            WritingScript::Arabic => "Arabic script",
            WritingScript::Hebrew => "Hebrew script",
            WritingScript::Cyrillic => "Cyrillic",
            WritingScript::Greek => "Greek",
            WritingScript::Thai => "Thai",
            WritingScript::Devanagari => "Devanagari",
            WritingScript::Armenian => "Armenian",
            WritingScript::Georgian => "Georgian",
        }
    }

    /// The languages that are written in it (BCP 47), the usual one first.
    pub fn languages(self) -> &'static [&'static str] {
        match self {
            WritingScript::Hangul => &["ko"],
            WritingScript::Kana => &["ja"],
            WritingScript::Han => &["zh", "ja", "ko", "yue", "wuu", "lzh", "hak", "nan"],
            WritingScript::Arabic => &["ar", "fa", "ur", "ps", "sd", "ug", "ckb", "ks", "pa"],
            WritingScript::Hebrew => &["he", "yi"],
            WritingScript::Cyrillic => &[
                "ru", "uk", "bg", "sr", "mk", "be", "kk", "ky", "mn", "tg", "uz", "tt", "ba", "cv",
            ],
            WritingScript::Greek => &["el", "grc"],
            WritingScript::Thai => &["th"],
            WritingScript::Devanagari => &["hi", "mr", "ne", "sa", "kok"],
            WritingScript::Armenian => &["hy"],
            WritingScript::Georgian => &["ka"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_tell_their_script() {
        for (c, script) in [
            ('한', Some(WritingScript::Hangul)),
            ('ー', Some(WritingScript::Kana)),
            ('漢', Some(WritingScript::Han)),
            ('ש', Some(WritingScript::Hebrew)),
            ('ا', Some(WritingScript::Arabic)),
            ('я', Some(WritingScript::Cyrillic)),
            ('α', Some(WritingScript::Greek)),
            ('é', None),
            ('、', None),
            ('7', None),
        ] {
            assert_eq!(WritingScript::of(c), script, "{c}");
        }
    }
}
