//! The words of a statement for one engine.
//!
//! A statement is written in what both engines understand, and in SQLite's placeholders. Four forms
//! are replaced, never inside quotes or comments:
//!
//! | in the statement | SQLite | PostgreSQL |
//! | --- | --- | --- |
//! | `?1` | `?1` | `$1` |
//! | `?`, of which [`super::QueryBuilder`] makes one for each value | `?` | `$1`, `$2` … |
//! | `[sqlite: a \| postgres: b]` | `a` | `b` |
//! | `[each ?1]` | `json_each(?1)` | `json_array_elements(CAST(?1 AS json))` |
//!
//! Of the elements of `[each ?1] e`, which are arrays, `e.value ->> 0` is the first part: cast it to
//! its type, because PostgreSQL takes it for text.

use std::borrow::Cow;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A file.
    Sqlite,
    /// A server.
    Postgres,
}

const BOTH: &str = "[sqlite: ";
const OTHER: &str = " | postgres: ";
const EACH: &str = "[each ";

/// The statement as the engine reads it.
pub(super) fn translated(text: Cow<'static, str>, dialect: Dialect) -> Cow<'static, str> {
    // Most statements are SQLite's own.
    if dialect == Dialect::Sqlite && !text.contains(BOTH) && !text.contains(EACH) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 64);
    put(&text, dialect, &mut 0, &mut out);
    Cow::Owned(out)
}

/// `plain` counts the placeholders without a number: PostgreSQL has none of these.
fn put(mut rest: &str, dialect: Dialect, plain: &mut usize, out: &mut String) {
    while let Some(at) = rest.find(['\'', '"', '-', '/', '?', '[']) {
        let (before, special) = rest.split_at(at);
        out.push_str(before);
        rest = special;
        let taken = left_alone(rest);
        if taken > 0 {
            let (kept, behind) = rest.split_at(taken);
            out.push_str(kept);
            rest = behind;
        } else if let Some((sqlite, postgres, behind)) = alternatives(rest) {
            put(if dialect == Dialect::Sqlite { sqlite } else { postgres }, dialect, plain, out);
            rest = behind;
        } else if let Some((what, behind)) = each(rest) {
            let [begin, end] = match dialect {
                Dialect::Sqlite => ["json_each(", ")"],
                Dialect::Postgres => ["json_array_elements(CAST(", " AS json))"],
            };
            out.push_str(begin);
            put(what, dialect, plain, out);
            out.push_str(end);
            rest = behind;
        } else {
            let (sign, behind) = rest.split_at(1);
            let is_numbered = behind.starts_with(|digit: char| digit.is_ascii_digit());
            let is_placeholder = sign == "?" && dialect == Dialect::Postgres;
            out.push_str(if is_placeholder { "$" } else { sign });
            if is_placeholder && !is_numbered {
                *plain += 1;
                out.push_str(&plain.to_string());
            }
            rest = behind;
        }
    }
    out.push_str(rest);
}

/// How many bytes of quotes or of a comment stand here.
fn left_alone(text: &str) -> usize {
    let until = |from: usize, end: &str| {
        text[from..].find(end).map_or(text.len(), |at| from + at + end.len())
    };
    match text.as_bytes() {
        [b'\'', ..] => until(1, "'"),
        [b'"', ..] => until(1, "\""),
        [b'-', b'-', ..] => until(2, "\n"),
        [b'/', b'*', ..] => until(2, "*/"),
        _ => 0,
    }
}

/// The two texts, and what stands behind them.
fn alternatives(text: &str) -> Option<(&str, &str, &str)> {
    let (sqlite, rest) = text.strip_prefix(BOTH)?.split_once(OTHER)?;
    let (postgres, behind) = rest.split_once(']')?;
    Some((sqlite, postgres, behind))
}

fn each(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(EACH)?.split_once(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_reads_its_own_words() {
        for (text, sqlite, postgres) in [
            ("SELECT ?1, ?12 FROM a", "SELECT ?1, ?12 FROM a", "SELECT $1, $12 FROM a"),
            ("a = '?1' OR \"?2\" = ?3", "a = '?1' OR \"?2\" = ?3", "a = '?1' OR \"?2\" = $3"),
            ("'it''s ?1' || ?2", "'it''s ?1' || ?2", "'it''s ?1' || $2"),
            ("VALUES (?, ?), (?, '?')", "VALUES (?, ?), (?, '?')", "VALUES ($1, $2), ($3, '?')"),
            ("-- a row's ?1\n?1", "-- a row's ?1\n?1", "-- a row's ?1\n$1"),
            ("/* ?1 ' */ ?1 - ?2", "/* ?1 ' */ ?1 - ?2", "/* ?1 ' */ $1 - $2"),
            ("[sqlite: +a | postgres: a] = ?1", "+a = ?1", "a = $1"),
            ("x [sqlite: NOT INDEXED | postgres: ] y", "x NOT INDEXED y", "x  y"),
            ("[sqlite: f(?2, 'b') | postgres: g(?2)]", "f(?2, 'b')", "g($2)"),
            (
                "FROM [each ?1] e",
                "FROM json_each(?1) e",
                "FROM json_array_elements(CAST($1 AS json)) e",
            ),
            ("a GLOB '*[^a-z]*'", "a GLOB '*[^a-z]*'", "a GLOB '*[^a-z]*'"),
            ("'한 ?1' = ?1", "'한 ?1' = ?1", "'한 ?1' = $1"),
            ("unclosed 'a ?1", "unclosed 'a ?1", "unclosed 'a ?1"),
        ] {
            assert_eq!(translated(Cow::Borrowed(text), Dialect::Sqlite), sqlite);
            assert_eq!(translated(Cow::Borrowed(text), Dialect::Postgres), postgres);
        }
    }
}
