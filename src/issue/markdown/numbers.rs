//! Numbers of a list that are not those which readers see: Markdown counts on from the first number,
//! whatever is written before the other items. A date such as `31. December` becomes another day.

use std::ops::Range;

use comrak::nodes::{ListType, Node, NodeValue};

use super::MarkdownReader;
use crate::diagnostic::Place;

/// The months as they are written behind the number of a day.
const MONTHS: &str = "january february march april may june july august september october november \
    december jan feb mar apr jun jul aug sep sept oct nov dec januar jänner februar feber märz mai \
    juni juli oktober dezember jän mär okt dez janvier février mars avril juin juillet août septembre \
    octobre novembre décembre janv févr avr juil déc enero febrero marzo abril mayo junio julio agosto \
    septiembre octubre noviembre diciembre ene abr ago dic gennaio febbraio aprile maggio giugno luglio \
    settembre ottobre dicembre gen mag giu lug set ott januari februari maart mei augustus maj \
    augusti janeiro fevereiro março maio junho julho setembro outubro dezembro";

/// A number that a line of a list has, and what stands behind it.
struct NumberedItem<'a> {
    span: Range<usize>,
    number: usize,
    mark: char,
    words: &'a str,
}

impl MarkdownReader<'_> {
    /// The first item of a list whose number readers would not see as it is written.
    pub(super) fn warn_of_numbers(&mut self, list: Node<'_>, start: usize) {
        let text = self.source.text();
        let spans = list.children().map(|item| self.span(item.data().sourcepos));
        // An item whose number is not found is counted as the others are.
        let items: Vec<Option<NumberedItem<'_>>> = spans.map(|span| numbered(text, span)).collect();
        let Some((at, item)) = differing(&items, start) else {
            return self.warn_of_day(list);
        };
        let (number, mark) = (item.number, item.mark);
        let place = Place::span(self.source, item.span.clone());
        let what = format!("{number}{mark} would be sent as {}{mark}", start + at);
        let help = format!(
            "a list counts on from its first number: write {number}\\{mark} and an empty line \
             between the items, if you mean the numbers as they are; otherwise count 1{mark}, \
             2{mark}, 3{mark}"
        );
        self.warn(&what, place, &help);
    }

    /// `24. 12. Party`: a list within a list.
    fn warn_of_day(&mut self, list: Node<'_>) {
        let text = self.source.text();
        let found = list.children().find_map(|item| {
            let outer = numbered(text, self.span(item.data().sourcepos))?;
            let inner = item.first_child()?;
            let is_list = matches!(&inner.data().value, NodeValue::List(list)
                if list.list_type == ListType::Ordered);
            let inner = numbered(text, self.span(inner.data().sourcepos)).filter(|_| is_list)?;
            let is_one_line = !text[outer.span.end..inner.span.start].contains('\n');
            is_one_line.then_some((outer.span.start..inner.span.end, outer.number, outer.mark))
        });
        let Some((span, number, mark)) = found else { return };
        let what = format!("{:?} makes a list within a list", &text[span.clone()]);
        let help = format!("write {number}\\{mark} if this is a date or a number of your own");
        self.warn(&what, Place::span(self.source, span), &help);
    }
}

/// The number at the start of an item.
fn numbered(text: &str, span: Range<usize>) -> Option<NumberedItem<'_>> {
    let item = text.get(span.clone())?;
    let start = item.len() - item.trim_start().len();
    let digits = item[start..].bytes().take_while(u8::is_ascii_digit).count();
    let number = item[start..start + digits].parse().ok()?;
    let behind = &item[start + digits..];
    let mark = behind.chars().next().filter(|c| matches!(c, '.' | ')'))?;
    let words = behind[1..].lines().next().unwrap_or_default().trim_start();
    let start = span.start + start;
    Some(NumberedItem { span: start..start + digits + 1, number, mark, words })
}

/// The first item that is shown with another number than it has.
fn differing<'a, 't>(
    items: &'a [Option<NumberedItem<'t>>],
    start: usize,
) -> Option<(usize, &'a NumberedItem<'t>)> {
    let known = || items.iter().flatten();
    // Many write 1. before each item, and let it be counted.
    let is_habit = known().all(|item| item.number == start)
        && start < 2
        && !known().take(2).all(|item| is_counted_by_itself(item.words));
    let mut all = items.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_ref()?)));
    all.find(|(at, item)| item.number != start + at).filter(|_| !is_habit)
}

/// Whether the first of these words, behind the number 1, makes a name with it: `1. Mai`, `1. FC`.
fn is_counted_by_itself(words: &str) -> bool {
    let first = words.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty());
    let first = first.filter(|first| words.starts_with(first)).unwrap_or_default();
    let lower = first.to_lowercase();
    let is_month = MONTHS.split_whitespace().any(|month| month == lower);
    is_month || ["FC", "FSV", "Platz", "Preis", "Bundesliga"].contains(&first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_number_that_is_another_is_found() {
        let first = |items: &[&str]| {
            let all: Vec<_> = items.iter().map(|item| numbered(item, 0..item.len())).collect();
            let start = all.first()?.as_ref()?.number;
            differing(&all, start).map(|(at, item)| (at, item.number))
        };
        assert_eq!(first(&["24. Dec", "31. Dec", "1. Jan"]), Some((1, 31)));
        assert_eq!(first(&["1. Mai", "1. Juni"]), Some((1, 1)));
        assert_eq!(first(&["1. décembre 2025", "1. avril"]), Some((1, 1)));
        assert_eq!(first(&["5) a", "4) b"]), Some((1, 4)));
        assert_eq!(first(&["3. a", "5. b", "5. c"]), Some((1, 5)));
        assert_eq!(first(&["2. a", "2. b"]), Some((1, 2)));
        assert_eq!(first(&["1. Ann", "1. Ben", "1. May I?"]), None);
        assert_eq!(first(&["1. Maintain it", "1. Marker"]), None);
        assert_eq!(first(&["0. a", "0. b"]), None);
        assert_eq!(first(&["7. a", "8. b", "9. c"]), None);
        assert_eq!(first(&["24. Dec"]), None);
    }
}
