//! What a statement gives back.

use sqlx::postgres::{PgRow, PgValueRef};
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, TypeInfo as _, ValueRef as _};

use super::SqlError;

/// A row that was read.
#[derive(Debug)]
pub struct SqlRow(Inner);

enum Inner {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("columns")
    }
}

impl From<SqliteRow> for SqlRow {
    fn from(row: SqliteRow) -> SqlRow {
        SqlRow(Inner::Sqlite(row))
    }
}

impl From<PgRow> for SqlRow {
    fn from(row: PgRow) -> SqlRow {
        SqlRow(Inner::Postgres(row))
    }
}

impl SqlRow {
    /// The value of a column, counted from 0.
    ///
    /// # Panics
    /// It has no such column, or the value is of another type: then the statement is wrong.
    pub fn get<'r, T: SqlColumn<'r>>(&'r self, at: usize) -> T {
        match self.try_get(at) {
            Ok(value) => value,
            Err(error) => panic!("column {at} of a row: {error}"),
        }
    }

    /// The same where it may be another one.
    ///
    /// # Errors
    /// There is no such column, or the value is of another type.
    pub fn try_get<'r, T: SqlColumn<'r>>(&'r self, at: usize) -> Result<T, SqlError> {
        T::read(SqlCell { row: self, at })
    }

    /// The value of a column, to be read as whatever it is.
    pub(in crate::store) fn cell(&self, at: usize) -> SqlCell<'_> {
        SqlCell { row: self, at }
    }
}

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub struct SqlCell<'r> {
    row: &'r SqlRow,
    at: usize,
}

impl<'r> SqlCell<'r> {
    /// Whether there is none.
    ///
    /// # Errors
    /// The row has no such column.
    pub fn is_null(self) -> Result<bool, SqlError> {
        Ok(match &self.row.0 {
            Inner::Sqlite(row) => row.try_get_raw(self.at)?.is_null(),
            Inner::Postgres(row) => row.try_get_raw(self.at)?.is_null(),
        })
    }

    /// As a whole number.
    ///
    /// # Errors
    /// It is none.
    pub fn integer(self) -> Result<i64, SqlError> {
        match &self.row.0 {
            Inner::Sqlite(row) => Ok(row.try_get(self.at)?),
            Inner::Postgres(row) => match row.try_get_raw(self.at)?.type_info().name() {
                "INT4" => Ok(row.try_get::<i32, _>(self.at)?.into()),
                "INT2" => Ok(row.try_get::<i16, _>(self.at)?.into()),
                _ => Ok(row.try_get(self.at)?),
            },
        }
    }

    /// As yes or no.
    ///
    /// # Errors
    /// It is neither.
    pub fn boolean(self) -> Result<bool, SqlError> {
        Ok(match &self.row.0 {
            Inner::Sqlite(row) => row.try_get(self.at)?,
            Inner::Postgres(row) => row.try_get(self.at)?,
        })
    }

    /// As a text.
    ///
    /// # Errors
    /// It is none.
    pub fn text(self) -> Result<&'r str, SqlError> {
        Ok(match &self.row.0 {
            Inner::Sqlite(row) => row.try_get(self.at)?,
            Inner::Postgres(row) => row.try_get(self.at)?,
        })
    }

    /// As bytes, those of a text included, which may be damaged.
    ///
    /// # Errors
    /// It is neither bytes nor text.
    pub fn bytes(self) -> Result<&'r [u8], SqlError> {
        match &self.row.0 {
            Inner::Sqlite(row) => Ok(row.try_get(self.at)?),
            Inner::Postgres(row) => {
                let value: PgValueRef<'r> = row.try_get_raw(self.at)?;
                match value.type_info().name() {
                    "TEXT" | "VARCHAR" | "NAME" => value.as_bytes().map_err(SqlError::decode),
                    _ => <&[u8] as Decode<sqlx::Postgres>>::decode(value).map_err(SqlError::decode),
                }
            }
        }
    }
}

/// What a column can be read as.
pub trait SqlColumn<'r>: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// The value is of another type.
    fn read(cell: SqlCell<'r>) -> Result<Self, SqlError>;
}

impl SqlColumn<'_> for i64 {
    fn read(cell: SqlCell<'_>) -> Result<i64, SqlError> {
        cell.integer()
    }
}

impl SqlColumn<'_> for bool {
    fn read(cell: SqlCell<'_>) -> Result<bool, SqlError> {
        cell.boolean()
    }
}

impl<'r> SqlColumn<'r> for &'r str {
    fn read(cell: SqlCell<'r>) -> Result<&'r str, SqlError> {
        cell.text()
    }
}

impl SqlColumn<'_> for String {
    fn read(cell: SqlCell<'_>) -> Result<String, SqlError> {
        cell.text().map(str::to_owned)
    }
}

impl SqlColumn<'_> for Vec<u8> {
    fn read(cell: SqlCell<'_>) -> Result<Vec<u8>, SqlError> {
        cell.bytes().map(<[u8]>::to_vec)
    }
}

impl<'r, T: SqlColumn<'r>> SqlColumn<'r> for Option<T> {
    fn read(cell: SqlCell<'r>) -> Result<Option<T>, SqlError> {
        if cell.is_null()? { Ok(None) } else { T::read(cell).map(Some) }
    }
}

/// What a whole row can be read as.
pub trait FromRow: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// A value is of another type.
    fn from_row(row: &SqlRow) -> Result<Self, SqlError>;
}

macro_rules! tuples {
    ($(($($name:ident $at:literal),*);)*) => {$(
        impl<$($name: for<'r> SqlColumn<'r>),*> FromRow for ($($name,)*) {
            fn from_row(row: &SqlRow) -> Result<Self, SqlError> {
                Ok(($(row.try_get::<$name>($at)?,)*))
            }
        }
    )*};
}

tuples! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6);
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}
