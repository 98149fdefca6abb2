//! What an article says, in a few numbers: two sketches tell whether two articles are about the same
//! text, also where a word was added here and there.
//!
//! Exists because the ledger keeps the hash of a file, and one comma makes that another one. A sketch
//! is as small for a long text as for one of a page: it keeps the lowest hashes of what is compared,
//! which are a fair sample of it. Nobody can read the text in it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// Hashes that are kept of each kind.
const KEPT: usize = 128;
/// Words that are compared together: in another text they hardly ever stand in this order.
const TOGETHER: usize = 4;
/// A text with fewer words has too few of these, and is compared by its words alone.
const LONG: usize = 30;
/// A text with more words is compared by these only: two texts share many words.
const SHORT: usize = 120;
/// Hashes that are kept of two words in a row. They tell how much stayed of a text in which words were
/// changed everywhere: one word breaks four rows of four, and two of these.
const KEPT_PAIRS: usize = 256;
/// A text with fewer numbers than one for so many words is no list of days and sums.
const WORDS_FOR_A_FIGURE: usize = 100;
/// One number and so many other words, such as the name of a month, are a new day.
const NEW_WORDS_FOR_A_FIGURE: usize = 4;

/// See the file's head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// How many words the text has.
    words: usize,
    /// The lowest hashes of its words, in order; none in a long text.
    #[serde(default)]
    single: Vec<u32>,
    /// Those of four words in a row; none in a short text.
    #[serde(default)]
    rows: Vec<u32>,
    /// The lowest hashes of its numbers, in order; none in what an older version wrote.
    #[serde(default)]
    numbers: Option<Vec<u32>>,
    /// The lowest hashes of two words in a row, in order; none in what an older version wrote.
    #[serde(default)]
    pairs: Option<Vec<u32>>,
}

impl Sketch {
    /// The sketch of a text.
    pub fn of(text: &str) -> Sketch {
        let words = words(text);
        let single = if words.len() > SHORT { Vec::new() } else { lowest(words.iter().copied()) };
        let in_a_row =
            |row: &[u64]| row.iter().fold(START, |hash, word| mixed(hash, &word.to_le_bytes()));
        let rows = if words.len() < LONG {
            Vec::new()
        } else {
            lowest(words.windows(TOGETHER).map(in_a_row))
        };
        let pairs = lowest_of(words.windows(2).map(in_a_row), KEPT_PAIRS);
        Sketch {
            words: words.len(),
            single,
            rows,
            numbers: Some(lowest(numbers(text).into_iter())),
            pairs: Some(pairs),
        }
    }

    /// Whether most of the numbers are others: a text that is brought up to date each month has other
    /// days, times and sums. One that was corrected has another one or two. Of a text that an older
    /// version has read nobody knows.
    pub fn has_other_figures(&self, other: &Sketch) -> bool {
        let Some((mine, theirs)) = self.numbers.as_ref().zip(other.numbers.as_ref()) else {
            return false;
        };
        // Where each has half of the other, they share a third of all.
        let (shared, all) = compared(mine, theirs);
        shared * 3 < all
    }

    /// Whether a number is another one, or one more.
    pub fn has_another_figure(&self, other: &Sketch) -> bool {
        let numbers = self.numbers.as_ref().zip(other.numbers.as_ref());
        numbers.is_some_and(|(mine, theirs)| mine != theirs)
    }

    /// Whether somebody has brought a text up to date for another day, and it is not the same one in other
    /// words: most of its numbers are others, and it is full of them, which a letter with a year in it is
    /// not; or of what is new a quarter are numbers.
    pub fn is_up_to_date_of(&self, before: &Sketch) -> bool {
        let Some((mine, theirs)) = self.numbers.as_ref().zip(before.numbers.as_ref()) else {
            return false;
        };
        let is_full = !mine.is_empty() && mine.len() * WORDS_FOR_A_FIGURE >= self.words;
        let new_figures = mine.iter().filter(|hash| theirs.binary_search(hash).is_err()).count();
        let (among, all) =
            WordPairs::of([before].into_iter()).unwrap_or_default().among(self, |_| true);
        // Where only a sample of the pairs is known, there are about as many as words.
        let pairs = self.pairs().unwrap_or_default();
        let pairs = if pairs.len() < KEPT_PAIRS { pairs.len() } else { self.words };
        // A new word makes two new pairs.
        let new_words = (all - among) * pairs / all.max(1) / 2;
        is_full && self.has_other_figures(before)
            || new_figures > 0 && new_figures * NEW_WORDS_FOR_A_FIGURE >= new_words
    }

    /// The lowest hashes of two words in a row; `None` where an older version has read the text.
    pub fn pairs(&self) -> Option<&[u32]> {
        self.pairs.as_deref()
    }

    /// How many words the text has.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Whether two texts are one, but for what somebody has edited.
    pub fn is_alike(&self, other: &Sketch) -> bool {
        if !self.rows.is_empty() && !other.rows.is_empty() {
            // Where each has four fifths of the other, they share two thirds of all.
            let (shared, all) = compared(&self.rows, &other.rows);
            shared * 3 >= all * 2
        } else {
            let (shared, all) = compared(&self.single, &other.single);
            all > 0 && shared * 5 >= all * 4
        }
    }
}

/// How many of the lowest hashes of both are in both, and how many these are. Each list is in order.
fn compared(mine: &[u32], theirs: &[u32]) -> (usize, usize) {
    let (mut mine, mut theirs) = (mine, theirs);
    let (mut shared, mut all) = (0, 0);
    while all < KEPT {
        let (one, other) = match (mine.first(), theirs.first()) {
            (None, None) => break,
            (Some(one), Some(other)) => (one <= other, other <= one),
            (one, other) => (one.is_some(), other.is_some()),
        };
        mine = mine.get(usize::from(one)..).unwrap_or_default();
        theirs = theirs.get(usize::from(other)..).unwrap_or_default();
        shared += usize::from(one && other);
        all += 1;
    }
    (shared, all)
}

/// The pairs of words of several texts, of which it shows whether those of another text are among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordPairs {
    /// In order.
    hashes: Vec<u32>,
    /// No text has a pair up to this hash that is not among them.
    whole_to: u32,
}

impl WordPairs {
    /// Those of all these texts; `None` where an older version has read one of them.
    pub fn of<'a>(sketches: impl Iterator<Item = &'a Sketch>) -> Option<WordPairs> {
        let mut all = WordPairs { hashes: Vec::new(), whole_to: u32::MAX };
        for sketch in sketches {
            let pairs = sketch.pairs()?;
            all.hashes.extend(pairs);
            all.whole_to = all.whole_to.min(whole_to(pairs));
        }
        all.hashes.sort_unstable();
        all.hashes.dedup();
        Some(all)
    }

    /// How many of the pairs of a text that count are among them, and of how many this is known.
    pub fn among(&self, sketch: &Sketch, counts: impl Fn(u32) -> bool) -> (usize, usize) {
        let pairs = sketch.pairs().unwrap_or_default();
        let known = pairs.iter().filter(|hash| **hash <= self.whole_to && counts(**hash));
        known.fold((0, 0), |(among, all), hash| {
            (among + usize::from(self.hashes.binary_search(hash).is_ok()), all + 1)
        })
    }
}

/// Up to which hash a text has all of its pairs among these.
fn whole_to(pairs: &[u32]) -> u32 {
    pairs.get(KEPT_PAIRS - 1).copied().unwrap_or(u32::MAX)
}

/// So many of the last sketches with the same hash are remembered: what is still written anew is like
/// the last of them, and a phrase that stands in all texts costs no more than this.
const REMEMBERED: usize = 8;

/// Sketches in order, which finds those that one is alike without a comparison with each.
#[derive(Debug, Default)]
pub struct SketchIndex<'a> {
    sketches: Vec<&'a Sketch>,
    /// Where they stand, by their low hashes.
    rows: HashMap<u32, Vec<usize>>,
    single: HashMap<u32, Vec<usize>>,
}

impl<'a> SketchIndex<'a> {
    /// Adds one; the first one is number 0.
    pub fn add(&mut self, sketch: &'a Sketch) {
        let number = self.sketches.len();
        self.sketches.push(sketch);
        for (index, hashes) in [(&mut self.rows, &sketch.rows), (&mut self.single, &sketch.single)]
        {
            for hash in low(hashes) {
                let numbers = index.entry(*hash).or_default();
                if numbers.len() == REMEMBERED {
                    numbers.remove(0);
                }
                numbers.push(number);
            }
        }
    }

    /// The numbers of those that one is alike, of many only the last.
    pub fn alike(&self, sketch: &Sketch) -> Vec<usize> {
        let of = |index: &'_ HashMap<u32, Vec<usize>>, hashes: &[u32]| -> Vec<usize> {
            low(hashes).iter().filter_map(|hash| index.get(hash)).flatten().copied().collect()
        };
        let mut numbers = of(&self.rows, &sketch.rows);
        numbers.extend(of(&self.single, &sketch.single));
        numbers.sort_unstable();
        numbers.dedup();
        let is_alike =
            |number: &usize| self.sketches.get(*number).is_some_and(|other| other.is_alike(sketch));
        numbers.retain(is_alike);
        numbers
    }
}

/// Two lists that share two thirds of the longer one share at least one of these: each leaves out
/// fewer than the two thirds of itself.
fn low(hashes: &[u32]) -> &[u32] {
    let len = hashes.len();
    let needed = (len * 2).div_ceil(3);
    hashes.get(..(len + 1 - needed).min(len)).unwrap_or_default()
}

/// The hash of each word, in lower case. A letter of Chinese or Japanese counts as a word, because
/// nothing stands between words there.
fn words(text: &str) -> Vec<u64> {
    let is_word = |c: char| ('\u{2e80}'..'\u{a000}').contains(&c);
    let mut words = Vec::new();
    let mut word = None;
    for c in text.chars() {
        if !c.is_alphanumeric() || is_word(c) {
            words.extend(word.take());
        }
        if c.is_alphanumeric() {
            for lower in c.to_lowercase() {
                let mut bytes = [0; 4];
                let bytes = lower.encode_utf8(&mut bytes).as_bytes();
                word = Some(mixed(word.unwrap_or(START), bytes));
            }
        }
        if is_word(c) {
            words.extend(word.take());
        }
    }
    words.extend(word);
    words
}

/// The hash of each number. A digit behind a letter is a part of a name, such as A4 or MP3; behind a
/// letter of a script without capitals it is a number, because nothing stands between them there.
fn numbers(text: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    let (mut number, mut is_in_name) = (None, false);
    for c in text.chars() {
        if c.is_numeric() {
            if !is_in_name {
                let mut bytes = [0; 4];
                let bytes = c.encode_utf8(&mut bytes).as_bytes();
                number = Some(mixed(number.unwrap_or(START), bytes));
            }
        } else {
            numbers.extend(number.take());
            is_in_name = c.is_lowercase() || c.is_uppercase();
        }
    }
    numbers.extend(number);
    numbers
}

/// FNV-1a, which is the same in each version of the program.
const START: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(hash, step)
}

/// The lowest of these, each once.
fn lowest(hashes: impl Iterator<Item = u64>) -> Vec<u32> {
    lowest_of(hashes, KEPT)
}

fn lowest_of(hashes: impl Iterator<Item = u64>, kept: usize) -> Vec<u32> {
    // The high half is the well mixed one.
    let mut hashes: Vec<u32> = hashes.map(|hash| (hash >> 32) as u32).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(kept);
    hashes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// So many words, no two texts with the same first one.
    fn text(first: usize, words: usize) -> Vec<String> {
        (first..first + words).map(|n| format!("word{n}")).collect()
    }

    #[test]
    fn a_word_more_makes_no_other_article() {
        for len in [4, 29, 30, 60, 119, 120, 121, 400, 5_000] {
            let before = text(0, len);
            for at in [0, len / 2, len] {
                let mut after = before.clone();
                after.insert(at, "indeed".to_owned());
                let alike = Sketch::of(&before.join(" ")).is_alike(&Sketch::of(&after.join("\n")));
                assert!(alike, "{len} words, at {at}");
            }
        }
    }

    #[test]
    fn another_text_is_another_article() {
        for (len, other) in [(3, 3), (6, 7), (40, 40), (200, 200), (20, 200), (100, 130)] {
            let (one, two) = (text(0, len).join(" "), text(len / 2, other).join(" "));
            assert!(!Sketch::of(&one).is_alike(&Sketch::of(&two)), "{len} and {other}");
        }
        let month = |n: usize| Sketch::of(&format!("title: Own\n\nOnly in month {n}."));
        assert!(!month(3).is_alike(&month(4)));
        assert!(!Sketch::of("").is_alike(&Sketch::of("")));
        // The same words in another order.
        let mut turned = text(0, 200);
        turned.reverse();
        let straight = Sketch::of(&text(0, 200).join(" "));
        assert!(!straight.is_alike(&Sketch::of(&turned.join(" "))));
    }

    #[test]
    fn a_text_without_spaces_has_words_too() {
        let one = Sketch::of("漢字かな交じり文の手紙");
        assert_eq!(one.words(), 11);
        assert!(one.is_alike(&Sketch::of("漢字かな交じり文の手紙。題")));
    }

    #[test]
    fn other_days_are_other_figures_and_a_corrected_number_is_not() {
        let is_other = |one: &str, two: &str| {
            let (one, two) = (Sketch::of(one), Sketch::of(two));
            let is_other = one.has_other_figures(&two);
            assert_eq!(is_other, two.has_other_figures(&one));
            is_other
        };
        let one = "On 3 May at 7:30, in the hall";
        for same in [
            "On the 3rd of May, at 7.30 in our hall",
            "On 4 May at 7:30",
            "On 3 May at 7:30, room 12",
            "On 3 and 4 May at 7:00, or 5:30",
        ] {
            assert!(!is_other(one, same), "{same}");
        }
        for other in ["On 4 May at 8:30", "On 3 May at 73:0", "On the third of May", ""] {
            assert!(is_other(one, other), "{other}");
        }
        assert!(!is_other("5月12日の集まり", "5月12日、集まり"));
        assert!(is_other("5月12日の集まり", "6月8日の集まり"));
        assert!(is_other("제5회 모임", "제6회 모임"));
        // No figures, but names.
        assert!(!is_other("A4 and MP3", "A5 and MP4"));
        assert!(!is_other("", "nothing"));
        // What an older version has kept.
        let older: Sketch = serde_json::from_str(r#"{"words":3,"figures":7}"#).unwrap();
        assert!(!older.has_other_figures(&Sketch::of(one)) && older.words() == 3);
    }

    /// Of the pairs of a text, the share that stayed where each so manieth word is another one.
    fn stayed(words: usize, each: usize) -> f64 {
        let before = text(0, words);
        let mut after = before.clone();
        after.iter_mut().step_by(each).for_each(|word| word.push('x'));
        let sketches = [after, before].map(|text| Sketch::of(&text.join(" ")));
        let pairs = WordPairs::of(sketches[1..].iter()).unwrap();
        let (among, all) = pairs.among(&sketches[0], |_| true);
        among as f64 / all as f64
    }

    #[test]
    fn a_text_is_brought_up_to_date_where_its_figures_are_new_and_not_its_words() {
        let of = |text: &str| Sketch::of(text);
        let note = |day: &str, words: &str| {
            let standing = text(0, 60).join(" ");
            of(&format!("{standing} on {day} at 19:30 in room 12, {words} call 044 123 45 67"))
        };
        let long = |year: &str, each: usize| {
            let mut words = text(0, 400);
            words.iter_mut().step_by(each).for_each(|word| word.push('x'));
            of(&format!("{} in {year} {}", words[..200].join(" "), words[200..].join(" ")))
        };
        let (before, letter) = (note("4 December", "and please"), long("1998", 1_000));
        for (after, before, expected) in [
            (note("11 December", "and please"), &before, true),
            (note("8 January", "and please"), &before, true),
            (note("4 December", "or rather"), &before, false),
            (long("1999", 1_000), &letter, true),
            (long("1999", 8), &letter, false),
            (long("1998", 8), &letter, false),
        ] {
            assert_eq!(after.is_up_to_date_of(before), expected, "{after:?}");
        }
    }

    #[test]
    fn the_pairs_tell_how_much_stayed_of_a_text_in_which_words_were_changed_everywhere() {
        for (words, each, expected) in
            [(60, 8, 0.75), (400, 8, 0.75), (5_000, 8, 0.75), (400, 4, 0.5), (400, 1, 0.0)]
        {
            let found = stayed(words, each);
            assert!((found - expected).abs() < 0.12, "{words} {each}: {found}");
        }
        // Of a long text beside a short one, both know the lowest ones alone.
        let long = Sketch::of(&text(0, 5_000).join(" "));
        let pairs = WordPairs::of([&long].into_iter()).unwrap();
        let (among, all) = pairs.among(&Sketch::of(&text(100, 200).join(" ")), |_| true);
        assert!(among == all && all > 0 && all < 60, "{among} {all}");
        let older: Sketch = serde_json::from_str(r#"{"words":3}"#).unwrap();
        assert_eq!(WordPairs::of([&long, &older].into_iter()), None);
    }

    proptest! {
        #[test]
        fn a_sketch_is_small_and_like_itself(text in any::<String>()) {
            let sketch = Sketch::of(&text);
            prop_assert!(sketch.single.len() <= KEPT && sketch.rows.len() <= KEPT);
            prop_assert!(sketch.numbers.as_ref().is_some_and(|numbers| numbers.len() <= KEPT));
            prop_assert!(sketch.pairs().is_some_and(|pairs| pairs.len() <= KEPT_PAIRS));
            prop_assert_eq!(sketch.is_alike(&sketch), sketch.words() > 0);
        }

        /// Those that the index names are those that a comparison with each one names.
        #[test]
        fn the_index_finds_what_is_alike(
            texts in prop::collection::vec(
                (0_usize..30, 1_usize..220, prop::collection::btree_set(0_usize..220, 0..25)),
                1..REMEMBERED,
            ),
        ) {
            let written = |(number, (from, len, edited)): (usize, &(usize, usize, BTreeSet<usize>))| {
                let word = |at: usize| if edited.contains(&at) {
                    format!("e{at}-{number}")
                } else {
                    format!("w{at}")
                };
                Sketch::of(&(*from..from + len).map(word).collect::<Vec<_>>().join(" "))
            };
            let sketches: Vec<Sketch> = texts.iter().enumerate().map(written).collect();
            let mut index = SketchIndex::default();
            sketches.iter().for_each(|sketch| index.add(sketch));
            for sketch in &sketches {
                let each = (0..sketches.len()).filter(|at| sketches[*at].is_alike(sketch));
                prop_assert_eq!(index.alike(sketch), each.collect::<Vec<_>>());
            }
        }
    }
}
