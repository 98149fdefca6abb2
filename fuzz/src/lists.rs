//! Lists of subscribers, as somebody else's program may have written them.

use std::path::Path;

use sejong_digest::audience::list::{self, ReadOptions};
use sejong_digest::audience::row::Row;
use sejong_digest::message::address::Address;

use super::{files, signature};

/// Lines above a header that are taken for its title, at most.
const TITLES: usize = 10;

/// See `Target::words`.
pub(super) const WORDS: &[&str] = &[
    "\"",
    "\"\"",
    ",",
    ";",
    "\t",
    "|",
    "\r\n",
    "\n",
    "\r",
    "\u{feff}",
    "sep=;\n",
    "email",
    "first_name",
    "tags",
    "status",
    "unsubscribed",
    "a@example.org",
    "A <b@example.org>",
    "\0",
    "=cmd()",
    "{\"a\": \"b\"}",
    "\u{e000}",
    "\u{202e}",
    "한글@예시.한국",
    "a@b@c",
    "'",
    "@",
    ".",
];

/// The lists of the tests.
pub(super) fn seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = files(&root.join("tests/subscribers"), &["csv", "tsv", "txt"]);
    seeds.extend(files(&root.join("tests/checks"), &["csv"]));
    seeds.push(b"email,first_name\na@example.org,Hana\n".to_vec());
    seeds
}

/// A row is a recipient, somebody left out, or told; none is lost, and nobody is made up.
pub(super) fn csv(bytes: &[u8]) -> u64 {
    let options = ReadOptions::default();
    let rows = match list::read(bytes, "list.csv", &options) {
        Ok(rows) => rows,
        Err(problem) => {
            assert!(!problem.message.is_empty());
            return signature([problem.rule]);
        }
    };
    let delimiter = rows.delimiter();
    let (mut told, mut kept, mut ended) = (Vec::new(), 0, false);
    let mut count = 0;
    for row in rows {
        assert!(!ended, "a row came behind the end");
        count += 1;
        match row {
            Ok(Row::Kept { recipient, .. }) => {
                let address = recipient.address();
                let again = Address::parse(address.as_str());
                assert_eq!(again.as_ref(), Ok(address), "an address that is none");
                let fields = recipient.fields().map(|(_, value)| value);
                for value in fields.chain(recipient.tags()) {
                    assert!(!value.chars().any(char::is_control), "a control character: {value:?}");
                }
                kept += 1;
            }
            Ok(Row::LeftOut { reason, .. }) => told.push(reason),
            Ok(Row::Rejected(problem)) => told.push(problem.rule),
            Err(problem) => {
                told.push(problem.rule);
                ended = true;
            }
        }
    }
    if !ended && let Some(lines) = plain_lines(bytes, delimiter) {
        // Lines of a title above the header are passed over.
        let titles = lines.checked_sub(count);
        assert!(titles.is_some_and(|titles| titles <= TITLES), "{count} rows of {lines} lines");
    }
    told.sort_unstable();
    told.dedup();
    told.push(if kept == 0 { "nobody" } else { "somebody" });
    signature(told)
}

/// How many lines below the header have more than delimiters and spaces in them, where no quotation
/// mark and no other encoding makes that hard to tell.
fn plain_lines(bytes: &[u8], delimiter: char) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.contains(['"', '\0', '\u{feff}', '\r']) || text.starts_with("sep=") {
        return None;
    }
    let is_blank =
        |line: &str| line.chars().all(|c| c == delimiter || c.is_whitespace() || c.is_control());
    // What a line of such characters is, only the reader says.
    let odd = |line: &&str| !line.is_empty() && is_blank(line);
    let lines: Vec<&str> = text.trim_start_matches('\n').split('\n').skip(1).collect();
    if lines.iter().any(odd) {
        return None;
    }
    Some(lines.iter().filter(|line| !line.is_empty()).count())
}
