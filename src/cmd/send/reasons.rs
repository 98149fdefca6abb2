//! What stands against a send although nothing is an error: all of it is told at once where nobody can
//! be asked, so that nobody answers one reason and believes that it was the only one. A plan says the
//! same, with the flag that answers each.

use serde::Serialize;

use crate::cmd::failure::{Failure, Passes};
use crate::cmd::print;

/// Ends what stands against a send.
const NOTHING_SENT: &str = "; nothing was sent";

/// What has to be answered before a send may go on.
#[derive(Debug)]
pub(super) struct Reasons {
    /// Whether somebody is asked, one question after the other: then a no is the end.
    asked: bool,
    stops: Vec<(Failure, Passes)>,
}

impl Reasons {
    /// None yet.
    pub(super) fn new(asked: bool) -> Reasons {
        Reasons { asked, stops: Vec::new() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.stops.len()
    }

    /// Keeps a doubt that nobody was asked about; any other failure ends the command at once.
    pub(super) fn keep<T: Default>(&mut self, said: Result<T, Failure>) -> Result<T, Failure> {
        match said {
            Err(failure) if !self.asked => match failure.passes {
                Some(passes) => {
                    self.stops.push((failure, passes));
                    Ok(T::default())
                }
                None => Err(failure),
            },
            said => said,
        }
    }

    /// One failure of all, and one line with all flags, where these together are an answer.
    pub(super) fn told(self) -> Result<(), Failure> {
        if self.stops.len() < 2 {
            return self.stops.into_iter().next().map_or(Ok(()), |(failure, _)| Err(failure));
        }
        let what = self.stops.iter().map(|(one, _)| one.message.trim_end_matches(NOTHING_SENT));
        let helps = self.stops.iter().filter_map(|(one, _)| one.help.as_deref());
        let flags = self.flags();
        let help = in_sentences(helps.chain(flags.as_deref()));
        let what: Vec<&str> = what.collect();
        let message = format!("{}{NOTHING_SENT}", what.join("; and "));
        Err(Failure::checks(message).help(help))
    }

    /// `If you have looked at all of this and it is right, add --despite-clock --despite-list`
    fn flags(&self) -> Option<String> {
        let flag = |(_, passes): &(Failure, Passes)| match passes {
            Passes::With(flag) => Some(*flag),
            Passes::Never => None,
        };
        let flags: Option<Vec<&str>> = self.stops.iter().map(flag).collect();
        let mut flags = flags?;
        flags.sort_unstable();
        flags.dedup();
        let flags = flags.join(" ");
        Some(format!("If you have looked at all of this, and each is right, add {flags}"))
    }
}

/// Whole sentences, each once: two reasons may have the same receipt.
fn in_sentences<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for sentence in texts.flat_map(|text| text.split(". ")) {
        let sentence = capitalized(sentence);
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.join(". ")
}

/// With a capital letter in front, unless it begins with the name of a file or a flag.
fn capitalized(sentence: &str) -> String {
    let first = sentence.split([' ', ',']).next().unwrap_or_default();
    let mut letters = sentence.chars();
    match letters.next().filter(|_| first.chars().all(char::is_alphabetic)) {
        Some(letter) => letter.to_uppercase().chain(letters).collect(),
        None => sentence.to_owned(),
    }
}

/// The same for who only plans. The names are relied on by scripts.
#[derive(Debug, Serialize)]
struct PlanDoubt {
    says: String,
    /// Whether a send stops for it where nobody can be asked.
    stops: bool,
    /// What answers it, if a flag does.
    flag: Option<&'static str>,
}

/// What a plan tells of all that a send would ask about.
#[derive(Debug, Default)]
pub(super) struct PlanDoubts(Vec<PlanDoubt>);

impl PlanDoubts {
    /// Says one, and whether a send stops for it.
    pub(super) fn tell(&mut self, says: String, stops: Option<Passes>) {
        let flag = match stops {
            Some(Passes::With(flag)) => Some(flag),
            Some(Passes::Never) | None => None,
        };
        let without = flag.map_or(String::new(), |flag| format!(" without {flag}"));
        let asks = if stops.is_some() {
            format!(
                "; send asks on a terminal, and elsewhere and with --yes it stops (exit 3){without}"
            )
        } else {
            String::new()
        };
        print::note(&format!("{says}{asks}"));
        self.0.push(PlanDoubt { says, stops: stops.is_some(), flag });
    }

    /// For `plan --json`.
    pub(super) fn json(&self) -> Result<serde_json::Value, Failure> {
        Ok(serde_json::to_value(&self.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_whole_sentences_and_each_stands_once() {
        let texts = [
            "copy digest.db here. If it is forged, look",
            "digest.db is old",
            "if it is right, add x. If it is forged, look",
        ];
        let said =
            "Copy digest.db here. If it is forged, look. digest.db is old. If it is right, add x";
        assert_eq!(in_sentences(texts.into_iter()), said);
        assert_eq!(in_sentences(["--to is right"].into_iter()), "--to is right");
    }
}
