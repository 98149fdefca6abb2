//! How long a server is waited for: what it is asked now, since when, and when that is given up.
//!
//! A server that is stopped, or a network that swallows what is sent, ends no connection. Must never
//! wait without an end.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::SqlError;

/// A statement waits up to ten minutes for another one's transaction, such as a long import: whoever
/// is given up before has been told something that is not true.
const MOST: Duration = Duration::from_secs(660);
/// The same once somebody wants an end at once.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Of all connections of one store.
#[derive(Debug)]
pub(super) struct ServerPatience {
    asked: Mutex<BTreeMap<u64, Instant>>,
    most: watch::Sender<Duration>,
}

/// A question, until it is answered or given up.
struct OpenQuestion<'a> {
    patience: &'a ServerPatience,
    number: u64,
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        self.patience.asked().remove(&self.number);
    }
}

impl ServerPatience {
    pub(super) fn new() -> ServerPatience {
        ServerPatience { asked: Mutex::default(), most: watch::channel(MOST).0 }
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<u64, Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self) -> OpenQuestion<'_> {
        let mut asked = self.asked();
        let number = asked.last_key_value().map_or(0, |(last, _)| last + 1);
        asked.insert(number, Instant::now());
        OpenQuestion { patience: self, number }
    }

    /// For how long the oldest question has had no answer.
    pub(super) fn unanswered(&self) -> Option<Duration> {
        self.asked().values().min().map(Instant::elapsed)
    }

    /// From now on nothing is waited for any longer.
    pub(super) fn end_soon(&self) {
        let _ = self.most.send_replace(AT_ONCE);
    }

    /// The answer, or the words that there is none; then the connection is of no use any more.
    pub(super) async fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, SqlError> {
        let _asked = self.ask();
        let began = Instant::now();
        let mut most = self.most.subscribe();
        tokio::pin!(answer);
        loop {
            let left = most.borrow_and_update().saturating_sub(began.elapsed());
            tokio::select! {
                said = &mut answer => return Ok(said?),
                () = tokio::time::sleep(left) => {
                    let seconds = began.elapsed().as_secs();
                    let words = format!("the server has not answered for {seconds} seconds");
                    let error = io::Error::new(io::ErrorKind::TimedOut, words);
                    return Err(SqlError(sqlx::Error::Io(error)));
                }
                // The sender lives as long as this.
                _ = most.changed() => {}
            }
        }
    }
}

impl SqlError {
    /// Whether nobody answered in time.
    pub(super) fn is_silence(&self) -> bool {
        matches!(&self.0, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_does_not_answer_is_not_waited_for_without_an_end() {
        let patience = ServerPatience::new();
        assert_eq!(patience.unanswered(), None);
        assert_eq!(patience.wait(async { Ok(7) }).await.unwrap(), 7);
        assert_eq!(patience.unanswered(), None);
        patience.most.send_replace(Duration::from_millis(20));
        let silent = patience.wait(std::future::pending::<Result<(), _>>()).await.unwrap_err();
        assert!(silent.is_silence() && silent.is_lost(), "{silent}");
    }

    #[tokio::test]
    async fn whoever_waits_is_told_too() {
        let patience = std::sync::Arc::new(ServerPatience::new());
        let waiting = std::sync::Arc::clone(&patience);
        let waiting =
            tokio::spawn(
                async move { waiting.wait(std::future::pending::<Result<(), _>>()).await },
            );
        while patience.unanswered().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        patience.end_soon();
        let silent = tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
        assert!(silent.unwrap().unwrap_err().is_silence());
    }
}
