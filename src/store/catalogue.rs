//! Which tables a store has, and their columns, as the database itself says: a table that a room adds
//! later is known here without a change.

use super::sql::{self, Connection, Dialect, SqlError};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    Integer,
    Boolean,
    Text,
    Bytes,
}

/// A column that is written, and not computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableColumn {
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    /// A number that the database gives where none is named.
    pub(super) is_numbered: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableShape {
    pub(super) name: String,
    /// In the order of their names.
    pub(super) columns: Vec<TableColumn>,
    /// The columns of its key, in their order; nothing where it has none.
    pub(super) key: Vec<String>,
}

/// The names of the tables, those before others that refer to them.
const TABLES: &str = "[sqlite: SELECT name FROM sqlite_schema
        WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name
    | postgres: SELECT CAST(relname AS text) FROM pg_class WHERE relkind = 'r'
        AND relnamespace = to_regnamespace(current_schema()) AND relname <> 'digest_step'
        ORDER BY relname]";
const REFERENCES: &str = "[sqlite: SELECT m.name, f.\"table\"
        FROM sqlite_schema m CROSS JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
    | postgres: SELECT CAST(a.relname AS text), CAST(b.relname AS text) FROM pg_constraint c
        JOIN pg_class a ON a.oid = c.conrelid JOIN pg_class b ON b.oid = c.confrelid
        WHERE c.contype = 'f' AND a.relnamespace = to_regnamespace(current_schema())]";
const COLUMNS: &str = "[sqlite: SELECT name, type, FALSE FROM pragma_table_xinfo(?1)
        WHERE hidden = 0 ORDER BY name
    | postgres: SELECT CAST(column_name AS text), CAST(data_type AS text),
            is_identity = 'YES' OR coalesce(column_default, '') LIKE 'nextval(%'
        FROM information_schema.columns WHERE table_schema = current_schema()
        AND table_name = ?1 AND is_generated = 'NEVER' ORDER BY CAST(column_name AS text) COLLATE \"C\"]";
const KEY: &str = "[sqlite: SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk
    | postgres: SELECT CAST(a.attname AS text) FROM pg_index i
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE i.indisprimary AND i.indrelid = to_regclass(quote_ident(?1)) ORDER BY k.place]";

/// All tables.
pub(super) async fn tables(connection: &mut Connection) -> Result<Vec<TableShape>, SqlError> {
    let names: Vec<String> = sql::query_scalar(TABLES).fetch_all(&mut *connection).await?;
    let references: Vec<(String, String)> =
        sql::query_as(REFERENCES).fetch_all(&mut *connection).await?;
    let mut shapes = Vec::new();
    for name in in_order(names, &references) {
        let columns: Vec<(String, String, bool)> =
            sql::query_as(COLUMNS).bind(&name).fetch_all(&mut *connection).await?;
        let key = sql::query_scalar(KEY).bind(&name).fetch_all(&mut *connection).await?;
        let column = |(column, kind, is_numbered): (String, String, bool)| {
            let kind = kind_of(&kind).ok_or_else(|| {
                SqlError::decode(format!("{name}.{column} is of the type {kind}"))
            })?;
            Ok::<_, SqlError>(TableColumn { name: column, kind, is_numbered })
        };
        let columns = columns.into_iter().map(column).collect::<Result<_, _>>()?;
        shapes.push(TableShape { name, columns, key });
    }
    Ok(shapes)
}

/// Each behind those that it refers to.
fn in_order(mut waiting: Vec<String>, references: &[(String, String)]) -> Vec<String> {
    let mut ordered = Vec::new();
    while !waiting.is_empty() {
        let is_free = |name: &String| {
            let refers =
                |(from, to): &(String, String)| from == name && to != name && waiting.contains(to);
            !references.iter().any(refers)
        };
        // In a circle no order is right; the database says so then.
        let next = waiting.iter().position(is_free).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}

/// SQLite's types are what the steps have written, PostgreSQL's its own names.
fn kind_of(kind: &str) -> Option<ColumnKind> {
    match kind.to_ascii_lowercase().as_str() {
        "integer" | "bigint" | "smallint" | "int" => Some(ColumnKind::Integer),
        "boolean" | "bool" => Some(ColumnKind::Boolean),
        "text" | "character varying" => Some(ColumnKind::Text),
        "blob" | "bytea" => Some(ColumnKind::Bytes),
        _ => None,
    }
}

/// A name as a statement has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Lets the numbers of a table go on behind those that were written.
pub(super) async fn number_on(
    connection: &mut Connection,
    table: &TableShape,
) -> Result<(), SqlError> {
    if connection.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    for column in table.columns.iter().filter(|column| column.is_numbered) {
        let (table, name) = (quoted(&table.name), quoted(&column.name));
        let set = format!(
            "SELECT setval(pg_get_serial_sequence(?1, ?2), coalesce(max({name}), 0) + 1, FALSE) \
             FROM {table}"
        );
        sql::query(set).bind(table).bind(&column.name).fetch_one(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stands_behind_those_that_it_refers_to() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let refers = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let references = [refers("a", "c"), refers("c", "b"), refers("b", "b")];
        assert_eq!(in_order(names(&["a", "b", "c"]), &references), ["b", "c", "a"]);
        let circle = [refers("a", "b"), refers("b", "a")];
        assert_eq!(in_order(names(&["a", "b"]), &circle).len(), 2);
    }
}
