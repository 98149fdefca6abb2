//! What is bound to a statement: a value of one of four kinds, or that there is none.

use std::borrow::Cow;

use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;

use super::SqlError;

/// A value on its way into a statement. That one is missing has a kind too: PostgreSQL asks for it.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue {
    /// A whole number: `BIGINT`.
    Integer(Option<i64>),
    /// Yes or no: `BOOLEAN`, a number in SQLite.
    Boolean(Option<bool>),
    /// A text.
    Text(Option<String>),
    /// Bytes: `BYTEA`, `BLOB` in SQLite.
    Bytes(Option<Vec<u8>>),
}

/// What can be bound.
pub trait Bind {
    /// As a value.
    fn value(self) -> SqlValue;

    /// That there is none.
    fn none() -> SqlValue;
}

macro_rules! binds {
    ($($type:ty => $kind:ident ($convert:expr);)*) => {$(
        impl Bind for $type {
            fn value(self) -> SqlValue {
                let convert: fn($type) -> _ = $convert;
                SqlValue::$kind(Some(convert(self)))
            }

            fn none() -> SqlValue {
                SqlValue::$kind(None)
            }
        }
    )*};
}

binds! {
    i64 => Integer(|number| number);
    i32 => Integer(i64::from);
    u32 => Integer(i64::from);
    u16 => Integer(i64::from);
    bool => Boolean(|yes| yes);
    String => Text(|text| text);
    &str => Text(str::to_owned);
    Cow<'static, str> => Text(Cow::into_owned);
    Vec<u8> => Bytes(|bytes| bytes);
    &[u8] => Bytes(<[u8]>::to_vec);
}

impl<T: Bind> Bind for Option<T> {
    fn value(self) -> SqlValue {
        self.map_or_else(T::none, T::value)
    }

    fn none() -> SqlValue {
        T::none()
    }
}

impl<T: Bind + Clone> Bind for &T {
    fn value(self) -> SqlValue {
        self.clone().value()
    }

    fn none() -> SqlValue {
        T::none()
    }
}

impl Bind for SqlValue {
    fn value(self) -> SqlValue {
        self
    }

    fn none() -> SqlValue {
        SqlValue::Text(None)
    }
}

/// The values as SQLite takes them.
pub(super) fn for_sqlite(values: Vec<SqlValue>) -> Result<SqliteArguments, SqlError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            SqlValue::Integer(number) => arguments.add(number),
            SqlValue::Boolean(yes) => arguments.add(yes),
            SqlValue::Text(text) => arguments.add(text),
            SqlValue::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(SqlError::encode)?;
    }
    Ok(arguments)
}

/// The values as PostgreSQL takes them.
pub(super) fn for_postgres(values: Vec<SqlValue>) -> Result<PgArguments, SqlError> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            SqlValue::Integer(number) => arguments.add(number),
            SqlValue::Boolean(yes) => arguments.add(yes),
            SqlValue::Text(text) => arguments.add(text.map(storable)),
            SqlValue::Bytes(bytes) => arguments.add(bytes),
        };
        added.map_err(SqlError::encode)?;
    }
    Ok(arguments)
}

/// PostgreSQL keeps no NUL in a text; what a relay says may have one.
fn storable(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}
