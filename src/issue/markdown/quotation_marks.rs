//! Which marks stand around a quotation in print, by its language (Unicode CLDR, `delimiters`).

/// The marks of a language: the opening one and the closing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::issue) struct QuotationMarks {
    /// For `"`.
    pub(super) double: [&'static str; 2],
    /// For `'`, which stands within the others.
    pub(super) single: [&'static str; 2],
}

const ENGLISH: QuotationMarks = QuotationMarks { double: ["“", "”"], single: ["‘", "’"] };
const GERMAN: QuotationMarks = QuotationMarks { double: ["„", "“"], single: ["‚", "‘"] };
const SWISS: QuotationMarks = QuotationMarks { double: ["«", "»"], single: ["‹", "›"] };
/// No line ends at the spaces within.
const FRENCH: QuotationMarks =
    QuotationMarks { double: ["«\u{a0}", "\u{a0}»"], single: ["“", "”"] };
const SPANISH: QuotationMarks = QuotationMarks { double: ["«", "»"], single: ["“", "”"] };
const NORWEGIAN: QuotationMarks = QuotationMarks { double: ["«", "»"], single: ["‘", "’"] };
const RUSSIAN: QuotationMarks = QuotationMarks { double: ["«", "»"], single: ["„", "“"] };
const POLISH: QuotationMarks = QuotationMarks { double: ["„", "”"], single: ["«", "»"] };
const HUNGARIAN: QuotationMarks = QuotationMarks { double: ["„", "”"], single: ["»", "«"] };
const SWEDISH: QuotationMarks = QuotationMarks { double: ["”", "”"], single: ["’", "’"] };

/// Languages that do not write as English does, those of a region before their language.
const FORMS: [(&str, QuotationMarks); 10] = [
    ("de-ch de-li", SWISS),
    ("es-419 es-mx es-us", ENGLISH),
    ("de bg cs et hr is lt sk sl", GERMAN),
    ("fr", FRENCH),
    ("ca el es eu gl it pt-pt", SPANISH),
    ("nb nn no", NORWEGIAN),
    ("be ru uk", RUSSIAN),
    ("pl ro", POLISH),
    ("hu", HUNGARIAN),
    ("fi sv", SWEDISH),
];

impl QuotationMarks {
    /// Those of a language (BCP 47).
    pub(in crate::issue) fn of(language: &str) -> QuotationMarks {
        let tag = language.to_ascii_lowercase();
        let is_of = |known: &str| {
            tag.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        let found = FORMS.iter().find(|(languages, _)| languages.split(' ').any(is_of));
        found.map_or(ENGLISH, |(_, marks)| *marks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_goes_before_its_language() {
        for (language, marks) in [
            ("en-GB", ENGLISH),
            ("ko", ENGLISH),
            ("tr", ENGLISH),
            ("de", GERMAN),
            ("de-AT", GERMAN),
            ("DE-ch-1996", SWISS),
            ("fr-CH", FRENCH),
            ("es", SPANISH),
            ("es-MX", ENGLISH),
            ("pt-PT", SPANISH),
            ("pt-BR", ENGLISH),
            ("den", ENGLISH),
        ] {
            assert_eq!(QuotationMarks::of(language), marks, "{language}");
        }
    }
}
