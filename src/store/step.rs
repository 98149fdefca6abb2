//! A step that makes or changes tables, in the words of both databases.

/// Steps are numbered by their place in a list that only grows: each is run once in the life of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SchemaStep {
    /// As SQLite reads it.
    pub sqlite: &'static str,
    /// As PostgreSQL does; empty where an earlier step has made the tables as they are behind this one.
    pub postgres: &'static str,
}

impl SchemaStep {
    /// A step in words that both understand; see [`super::sql`].
    pub const fn both(text: &'static str) -> SchemaStep {
        SchemaStep { sqlite: text, postgres: text }
    }

    /// A step from before there was a second database.
    pub const fn of_sqlite(text: &'static str) -> SchemaStep {
        SchemaStep { sqlite: text, postgres: "" }
    }
}

/// The version of the tables behind all of these steps.
pub(super) fn version_of(steps: &[SchemaStep]) -> i64 {
    i64::try_from(steps.len()).unwrap_or(i64::MAX)
}
