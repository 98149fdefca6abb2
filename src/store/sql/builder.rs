//! A statement that is put together, because it has as many parts as there are values.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use super::{Bind, Query, ScalarQuery, SqlColumn, SqlValue, query};

/// The text so far, and what is bound to it.
#[derive(Debug)]
pub struct QueryBuilder {
    text: String,
    values: Vec<SqlValue>,
}

impl QueryBuilder {
    /// Begins one.
    pub fn new(text: impl Into<String>) -> QueryBuilder {
        QueryBuilder { text: text.into(), values: Vec::new() }
    }

    /// Adds words; never what a user has typed.
    pub fn push(&mut self, words: impl Display) -> &mut QueryBuilder {
        // A text in memory takes everything.
        let _ = write!(self.text, "{words}");
        self
    }

    /// Adds a placeholder for a value. It has no number: SQLite looks each numbered one up among all
    /// of them, which takes minutes where a million rows have several values each.
    pub fn push_bind(&mut self, value: impl Bind) -> &mut QueryBuilder {
        self.values.push(value.value());
        self.text.push('?');
        self
    }

    /// What is pushed from here on has this between its parts.
    pub fn separated(&mut self, by: &'static str) -> Separated<'_> {
        Separated { builder: self, by, is_first: true }
    }

    /// Adds `VALUES` with a row for each of these.
    pub fn push_values<T>(
        &mut self,
        rows: impl IntoIterator<Item = T>,
        mut row: impl FnMut(Separated<'_>, T),
    ) -> &mut QueryBuilder {
        self.text.push_str("VALUES ");
        for (number, values) in rows.into_iter().enumerate() {
            self.text.push_str(if number == 0 { "(" } else { ", (" });
            row(self.separated(", "), values);
            self.text.push(')');
        }
        self
    }

    /// The statement; the builder is empty then.
    pub fn build(&mut self) -> Query {
        let mut built = query(Cow::Owned(std::mem::take(&mut self.text)));
        built.values = std::mem::take(&mut self.values);
        built
    }

    /// The same, of whose rows the first column is wanted.
    pub fn build_query_scalar<T: for<'r> SqlColumn<'r>>(&mut self) -> ScalarQuery<T> {
        ScalarQuery { query: self.build(), column: std::marker::PhantomData }
    }
}

/// Parts with something between them.
#[derive(Debug)]
pub struct Separated<'b> {
    builder: &'b mut QueryBuilder,
    by: &'static str,
    is_first: bool,
}

impl Separated<'_> {
    /// Adds a placeholder for a value.
    pub fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        if !self.is_first {
            self.builder.text.push_str(self.by);
        }
        self.is_first = false;
        self.builder.push_bind(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_a_placeholder_in_its_turn() {
        let mut builder = QueryBuilder::new("INSERT INTO a ");
        builder.push_values([(1_i64, "x"), (2, "y")], |mut row, (number, text)| {
            row.push_bind(number).push_bind(text);
        });
        builder.push(" RETURNING b = ").push_bind(true);
        let built = builder.build();
        assert_eq!(built.text, "INSERT INTO a VALUES (?, ?), (?, ?) RETURNING b = ?");
        assert_eq!(built.values.len(), 5);
    }
}
