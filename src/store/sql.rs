//! Statements for either of two engines, SQLite and PostgreSQL: written once by the rooms that own
//! tables, with `?1` for what is bound.
//!
//! Where the two need other words, both stand beside each other in the statement; `dialect.rs` has
//! the form. No type of an engine leaves this folder, and no statement is made here.

mod builder;
mod connection;
mod dialect;
mod patience;
mod row;
mod value;

use std::borrow::Cow;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

pub use builder::{QueryBuilder, Separated};
pub use connection::{Connection, Pool, Target, Transaction};
pub(in crate::store) use dialect::Dialect;
pub use row::{FromRow, SqlCell, SqlColumn, SqlRow};
pub use value::{Bind, SqlValue};

/// Why a statement failed, in the engine's own words.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SqlError(#[from] pub(super) sqlx::Error);

impl SqlError {
    /// Something that was read is not what it should be.
    pub fn decode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SqlError {
        SqlError(sqlx::Error::Decode(error.into()))
    }

    /// Something cannot be written as it is.
    pub fn encode(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> SqlError {
        SqlError(sqlx::Error::Encode(error.into()))
    }

    /// A task that had the connection has come to no end.
    pub fn worker_crashed() -> SqlError {
        SqlError(sqlx::Error::WorkerCrashed)
    }

    /// Whether the connection is gone, and not the statement wrong.
    pub(super) fn is_lost(&self) -> bool {
        // Class 08, and a server that was shut down or ends a session.
        let is_told = |code: String| {
            code.starts_with("08") || matches!(code.as_str(), "57P01" | "57P02" | "57P03" | "57P05")
        };
        match &self.0 {
            sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::Protocol(_) => true,
            _ => self.code().is_some_and(is_told),
        }
    }

    /// The engine's code of the error: a number of SQLite's, or an SQLSTATE.
    pub(super) fn code(&self) -> Option<String> {
        self.0.as_database_error().and_then(|error| error.code().map(Cow::into_owned))
    }
}

/// A statement that goes on. Its type names nobody who has the connection: the compiler can then see
/// that whatever waits for it may move to another thread.
pub type Running<'c, T> = Pin<Box<dyn Future<Output = Result<T, SqlError>> + Send + 'c>>;

/// A statement with what is bound to it.
#[must_use = "a statement does nothing until it is executed"]
#[derive(Debug)]
pub struct Query {
    text: Cow<'static, str>,
    values: Vec<SqlValue>,
}

/// One statement; `?1` stands for the first value that is bound.
pub fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query { text: text.into(), values: Vec::new() }
}

/// The same, of whose rows the first column is wanted.
pub fn query_scalar<T>(text: impl Into<Cow<'static, str>>) -> ScalarQuery<T> {
    ScalarQuery { query: query(text), column: PhantomData }
}

/// The same, whose rows are tuples.
pub fn query_as<T>(text: impl Into<Cow<'static, str>>) -> TupleQuery<T> {
    TupleQuery { query: query(text), row: PhantomData }
}

/// Several statements without values.
pub fn raw(text: impl Into<Cow<'static, str>>) -> RawQuery {
    RawQuery { text: text.into() }
}

/// What a statement has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    rows: u64,
}

impl Done {
    /// How many rows it has changed.
    pub fn rows_affected(self) -> u64 {
        self.rows
    }
}

impl Query {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Bind) -> Query {
        self.values.push(value.value());
        self
    }

    /// Runs it for what it changes.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Done> {
        let on = on.into();
        Box::pin(async move {
            let mut lease = on.lease().await?;
            let rows = lease.connection().execute(self.text, self.values).await?;
            Ok(Done { rows })
        })
    }

    /// All of its rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn fetch_all<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Vec<SqlRow>> {
        let on = on.into();
        Box::pin(
            async move { on.lease().await?.connection().fetch_all(self.text, self.values).await },
        )
    }

    /// Its first row, if it has one.
    ///
    /// # Errors
    /// The engine's.
    pub fn fetch_optional<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Option<SqlRow>> {
        let on = on.into();
        Box::pin(async move {
            on.lease().await?.connection().fetch_optional(self.text, self.values).await
        })
    }

    /// Its first row.
    ///
    /// # Errors
    /// The engine's; that there is none is one.
    pub fn fetch_one<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, SqlRow> {
        let on = on.into();
        Box::pin(
            async move { self.fetch_optional(on).await?.ok_or(SqlError(sqlx::Error::RowNotFound)) },
        )
    }
}

/// See [`query_scalar`].
#[must_use = "a statement does nothing until it is executed"]
#[derive(Debug)]
pub struct ScalarQuery<T> {
    query: Query,
    column: PhantomData<fn() -> T>,
}

impl<T: for<'r> SqlColumn<'r> + Send + 'static> ScalarQuery<T> {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Bind) -> ScalarQuery<T> {
        self.query = self.query.bind(value);
        self
    }

    /// The first column of all of its rows.
    ///
    /// # Errors
    /// The engine's, or a value of another type.
    pub fn fetch_all<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Vec<T>> {
        let on = on.into();
        Box::pin(async move {
            let rows = self.query.fetch_all(on).await?;
            rows.iter().map(|row| row.try_get(0)).collect()
        })
    }

    /// That of its first row, if it has one.
    ///
    /// # Errors
    /// The engine's, or a value of another type.
    pub fn fetch_optional<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Option<T>> {
        let on = on.into();
        Box::pin(async move {
            let row = self.query.fetch_optional(on).await?;
            row.map(|row| row.try_get(0)).transpose()
        })
    }

    /// That of its first row.
    ///
    /// # Errors
    /// The engine's, or a value of another type; that there is none is one.
    pub fn fetch_one<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, T> {
        let on = on.into();
        Box::pin(async move { self.query.fetch_one(on).await?.try_get(0) })
    }
}

/// See [`query_as`].
#[must_use = "a statement does nothing until it is executed"]
#[derive(Debug)]
pub struct TupleQuery<T> {
    query: Query,
    row: PhantomData<fn() -> T>,
}

impl<T: FromRow + Send + 'static> TupleQuery<T> {
    /// Binds the next value.
    pub fn bind(mut self, value: impl Bind) -> TupleQuery<T> {
        self.query = self.query.bind(value);
        self
    }

    /// All of its rows.
    ///
    /// # Errors
    /// The engine's, or a value of another type.
    pub fn fetch_all<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Vec<T>> {
        let on = on.into();
        Box::pin(async move {
            let rows = self.query.fetch_all(on).await?;
            rows.iter().map(T::from_row).collect()
        })
    }

    /// Its first row, if it has one.
    ///
    /// # Errors
    /// The engine's, or a value of another type.
    pub fn fetch_optional<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Option<T>> {
        let on = on.into();
        Box::pin(async move {
            self.query.fetch_optional(on).await?.as_ref().map(T::from_row).transpose()
        })
    }

    /// Its first row.
    ///
    /// # Errors
    /// The engine's, or a value of another type; that there is none is one.
    pub fn fetch_one<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, T> {
        let on = on.into();
        Box::pin(async move { T::from_row(&self.query.fetch_one(on).await?) })
    }
}

/// See [`raw`].
#[must_use = "a statement does nothing until it is executed"]
#[derive(Debug)]
pub struct RawQuery {
    text: Cow<'static, str>,
}

impl RawQuery {
    /// Runs them one after the other.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute<'c>(self, on: impl Into<Target<'c>>) -> Running<'c, Done> {
        let on = on.into();
        Box::pin(async move {
            let mut lease = on.lease().await?;
            let rows = lease.connection().execute_raw(self.text).await?;
            Ok(Done { rows })
        })
    }
}
