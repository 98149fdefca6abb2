//! The relay's log settles what its reply did not: a message whose Message-ID stands there was
//! taken, whatever became of the connection.
//!
//! Reads lines of any mail server's log: what is looked for is our own Message-ID, which no other
//! message has.

use std::collections::HashMap;
use std::io::{self, BufRead};

use sqlx::{QueryBuilder, Row as _, Sqlite};

use crate::store::{Store, StoreError};

/// Bytes of a line that are looked at: a Message-ID stands near its start.
const LINE: usize = 8 * 1024;
/// Rows of one statement.
const BATCH: usize = 1_000;

/// An uncertain row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its number.
    pub row: i64,
    /// Whom it is about.
    pub email: String,
    /// Without angle brackets.
    pub message_id: String,
}

/// The uncertain rows of an issue.
///
/// # Errors
/// The store's.
pub async fn open(store: &Store, issue: &str) -> Result<Vec<Open>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, email, coalesce(message_id, '') FROM recipient \
         WHERE issue = ?1 AND state = 'uncertain' ORDER BY id",
    )
    .bind(issue)
    .fetch_all(store.pool())
    .await
    .map_err(|error| store.failed(error))?;
    let open = |row: &sqlx::sqlite::SqliteRow| Open {
        row: row.get(0),
        email: row.get(1),
        message_id: row.get(2),
    };
    Ok(rows.iter().map(open).collect())
}

/// Which of `open` a log names, by row, with the line that does.
///
/// # Errors
/// The system's, where the log cannot be read to its end.
pub fn found(open: &[Open], mut log: impl BufRead) -> io::Result<HashMap<i64, String>> {
    let by_id: HashMap<&str, i64> = open
        .iter()
        .filter(|open| !open.message_id.is_empty())
        .map(|open| (open.message_id.as_str(), open.row))
        .collect();
    let mut found = HashMap::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if log.read_until(b'\n', &mut line)? == 0 {
            return Ok(found);
        }
        let text = String::from_utf8_lossy(&line[..line.len().min(LINE)]);
        for word in text.split(['<', '>', ' ', '=', ',', ';', '"', '\'', '[', ']', '(', ')']) {
            if let Some(row) = by_id.get(word.trim_end()) {
                found.entry(*row).or_insert_with(|| text.trim_end().to_owned());
            }
        }
    }
}

/// Moves rows out of `uncertain`: to `accepted` with the line of the log, or back to `pending`.
///
/// # Errors
/// The store's; then nothing has moved.
pub async fn settle(
    store: &Store,
    accepted: &[(i64, String)],
    pending: &[i64],
    at: &str,
) -> Result<(), StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.pool().begin().await.map_err(failed)?;
    for batch in accepted.chunks(BATCH) {
        let mut query = QueryBuilder::<Sqlite>::new("WITH found (id, text) AS (");
        query.push_values(batch, |mut row, (id, text)| {
            row.push_bind(*id).push_bind(format!("found in the relay's log: {text}"));
        });
        query.push(") UPDATE recipient SET state = 'accepted', text = found.text, at = ");
        query.push_bind(at);
        query.push(" FROM found WHERE recipient.id = found.id AND state = 'uncertain'");
        query.build().execute(&mut *transaction).await.map_err(failed)?;
    }
    for batch in pending.chunks(BATCH) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "UPDATE recipient SET state = 'pending', text = 'not in the relay''s log' \
             WHERE state = 'uncertain' AND id IN (",
        );
        let mut list = query.separated(", ");
        for row in batch {
            list.push_bind(*row);
        }
        query.push(")");
        query.build().execute(&mut *transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(row: i64, message_id: &str) -> Open {
        Open { row, email: "kim@a.example".to_owned(), message_id: message_id.to_owned() }
    }

    #[test]
    fn a_message_id_is_found_in_the_logs_of_several_servers() {
        let open =
            [row(1, "aa@x.example"), row(2, "bb@x.example"), row(3, "cc@x.example"), row(4, "")];
        let log = "Nov 23 15:00:00 mx postfix/cleanup[7]: 4F1: message-id=<aa@x.example>\n\
            2025-11-23 15:00:01 1abc-00 <= d@x.example H=me P=esmtp S=38000 id=bb@x.example\n\
            Nov 23 15:00:02 mx postfix/cleanup[7]: 4F2: message-id=<xcc@x.example>\n";
        let mut rows: Vec<i64> = found(&open, log.as_bytes()).unwrap().into_keys().collect();
        rows.sort_unstable();
        assert_eq!(rows, [1, 2]);
    }

    #[test]
    fn a_log_of_anything_is_read_to_its_end() {
        let log = [vec![0xFF; 100_000], b"\nmessage-id=<aa@x.example>".to_vec()].concat();
        assert_eq!(found(&[row(1, "aa@x.example")], &log[..]).unwrap().len(), 1);
    }
}
