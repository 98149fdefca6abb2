//! All that a store holds, written to another one that is empty, and proved: each table of the two has
//! as many rows, and the same hash of them.
//!
//! Knows no table's meaning. Must never write to a store that holds something.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use super::catalogue::{self, ColumnKind, TableShape, quoted};
use super::draft::StoreDraft;
use super::sql::{
    Connection, QueryBuilder, SqlCell, SqlError, SqlRow, SqlValue, query, query_scalar, raw,
};
use super::step::SchemaStep;
use super::{Store, StoreAddress, StoreError};
use crate::crypto::Sha256;

/// Rows of one reading, and of one writing.
const BATCH: usize = 500;

/// What a table held on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of them, hexadecimal digits.
    pub hash: String,
}

/// How many rows of how many tables were read or written so far.
pub type CopyProgress<'p> = &'p mut (dyn FnMut(&str, u64) + Send);

impl Store {
    /// Copies all tables of this store to `to`, as of one moment, in one transaction. Nobody may send
    /// from either, or what is on its way is in no copy; the caller holds the locks.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`], [`StoreError::Differs`], or a database's; then `to` holds nothing.
    pub async fn copy_to_store(
        &self,
        to: &Store,
        steps: &[SchemaStep],
        progress: CopyProgress<'_>,
    ) -> Result<Vec<CopiedTable>, StoreError> {
        let from_failed = |error| self.failed(error);
        let to_failed = |error| to.failed(error);
        let seeds = seeds(steps).await?;
        let mut from = self.pool.begin().await.map_err(from_failed)?;
        as_of_one_moment(&mut from).await.map_err(from_failed)?;
        let mut into = to.begin().await?;
        if to.address.file().is_none() {
            to.make_tables(&mut into, steps).await?;
        }
        let own = catalogue::tables(&mut from).await.map_err(from_failed)?;
        let others = catalogue::tables(&mut into).await.map_err(to_failed)?;
        for table in &others {
            let rows = count(&mut into, table).await.map_err(to_failed)?;
            if rows > seeds.get(&table.name).copied().unwrap_or(0) {
                let (store, table) = (to.address.clone(), table.name.clone());
                return Err(StoreError::NotEmpty { store, table, rows });
            }
        }
        for table in others.iter().rev() {
            let forget = format!("DELETE FROM {}", quoted(&table.name));
            query(forget).execute(&mut into).await.map_err(to_failed)?;
        }
        let differs = |table: &str, what: String| StoreError::Differs {
            from: self.address.clone(),
            to: to.address.clone(),
            table: table.to_owned(),
            what,
        };
        let mut copied = Vec::new();
        // In the other's order: what a table there refers to is written before it.
        for other in &others {
            let named = own.iter().find(|table| table.name == other.name);
            let table = named.ok_or_else(|| differs(&other.name, "only one has it".to_owned()))?;
            if !table.columns.iter().map(|c| &c.name).eq(other.columns.iter().map(|c| &c.name)) {
                return Err(differs(&table.name, "their columns have other names".to_owned()));
            }
            let mut read = TableReading::new(table);
            while let Some(rows) = read.next(&mut from).await.map_err(from_failed)? {
                write(&mut into, other, rows).await.map_err(to_failed)?;
                progress(&table.name, read.rows);
            }
            catalogue::number_on(&mut into, other).await.map_err(to_failed)?;
            let mut again = TableReading::new(other);
            while again.next(&mut into).await.map_err(to_failed)?.is_some() {
                progress(&table.name, again.rows);
            }
            let (one, two) = (read.end(&table.name), again.end(&table.name));
            if one != two {
                return Err(differs(&table.name, format!("{} and {} rows", one.rows, two.rows)));
            }
            copied.push(one);
        }
        if let Some(more) = own.iter().find(|table| !others.iter().any(|o| o.name == table.name)) {
            return Err(differs(&more.name, "only one has it".to_owned()));
        }
        into.commit().await.map_err(to_failed)?;
        copied.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(copied)
    }

    /// Writes a copy of this store, as of one moment, to a new SQLite file, while others may go on.
    ///
    /// # Errors
    /// There is such a file, or a database's.
    pub async fn back_up(
        &self,
        path: &std::path::Path,
        steps: &[SchemaStep],
        progress: CopyProgress<'_>,
    ) -> Result<(), StoreError> {
        Store::belongs_here(path)?;
        if self.address.file().is_some() {
            return self.vacuum_into(path).await;
        }
        let draft = StoreDraft::begin(path)?;
        let file = Store::open(draft.written_at(), steps).await?;
        let copied = self.copy_to_store(&file, steps, progress).await;
        file.close().await;
        copied?;
        draft.finish()
    }

    /// Opens the store that a copy goes to. On a server the tables are made with the copy, in its
    /// transaction: what is cut off leaves none.
    ///
    /// # Errors
    /// A [`StoreError`].
    pub async fn open_for_copy(
        address: &StoreAddress,
        steps: &[SchemaStep],
    ) -> Result<Store, StoreError> {
        match address {
            StoreAddress::File(path) => Store::open(path, steps).await,
            StoreAddress::Server(server) => Store::open_server_for_copy(server, steps).await,
        }
    }
}

/// What the steps themselves put into tables.
async fn seeds(steps: &[SchemaStep]) -> Result<BTreeMap<String, u64>, StoreError> {
    let empty = Store::nowhere(std::path::Path::new("an empty store"), steps).await?;
    let failed = |error| empty.failed(error);
    let mut connection = empty.pool.acquire().await.map_err(failed)?;
    let mut seeds = BTreeMap::new();
    for table in catalogue::tables(&mut connection).await.map_err(failed)? {
        let rows = count(&mut connection, &table).await.map_err(failed)?;
        seeds.insert(table.name, rows);
    }
    Ok(seeds)
}

/// Lets a transaction see nothing that is committed from now on; in SQLite it begins with the first
/// reading. Foreign keys are asked for at its end.
async fn as_of_one_moment(connection: &mut Connection) -> Result<(), SqlError> {
    let begin = "[sqlite: SELECT 1 | postgres: SET TRANSACTION ISOLATION LEVEL REPEATABLE READ]";
    raw(begin).execute(connection).await.map(drop)
}

async fn count(connection: &mut Connection, table: &TableShape) -> Result<u64, SqlError> {
    let count = format!("SELECT count(*) FROM {}", quoted(&table.name));
    let count: i64 = query_scalar(count).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

/// A table that is read in the order of its key, and hashed.
struct TableReading {
    table: TableShape,
    hash: Sha256,
    rows: u64,
    /// The key of the last row.
    last: Option<Vec<SqlValue>>,
    is_over: bool,
}

impl TableReading {
    fn new(table: &TableShape) -> TableReading {
        TableReading {
            table: table.clone(),
            hash: Sha256::new(),
            rows: 0,
            last: None,
            is_over: false,
        }
    }

    /// The next rows, as values in the order of the columns.
    async fn next(
        &mut self,
        connection: &mut Connection,
    ) -> Result<Option<Vec<Vec<SqlValue>>>, SqlError> {
        if self.is_over {
            return Ok(None);
        }
        let names: Vec<String> = self.table.columns.iter().map(|c| quoted(&c.name)).collect();
        let key: Vec<String> = self.table.key.iter().map(|name| quoted(name)).collect();
        let order = if key.is_empty() { names.join(", ") } else { key.join(", ") };
        let mut select = QueryBuilder::new(format!(
            "SELECT {} FROM {}",
            names.join(", "),
            quoted(&self.table.name)
        ));
        if let Some(last) = &self.last {
            select.push(format!(" WHERE ({}) > (", key.join(", ")));
            let mut values = select.separated(", ");
            for value in last {
                values.push_bind(value.clone());
            }
            select.push(")");
        }
        select.push(format!(" ORDER BY {order}"));
        // A table without a key has a row or two.
        if !key.is_empty() {
            select.push(format!(" LIMIT {BATCH}"));
        }
        let found = select.build().fetch_all(connection).await?;
        self.is_over = key.is_empty() || found.len() < BATCH;
        let rows = found.iter().map(|row| self.read(row)).collect::<Result<Vec<_>, _>>()?;
        self.rows += rows.len() as u64;
        self.last = rows.last().map(|row| {
            let at = |name: &String| self.table.columns.iter().position(|c| c.name == *name);
            self.table.key.iter().filter_map(|name| Some(row[at(name)?].clone())).collect()
        });
        Ok((!rows.is_empty()).then_some(rows))
    }

    fn read(&mut self, row: &SqlRow) -> Result<Vec<SqlValue>, SqlError> {
        let mut values = Vec::with_capacity(self.table.columns.len());
        for (at, column) in self.table.columns.iter().enumerate() {
            let cell = row.cell(at);
            let value = value(cell, column.kind).map_err(|error| {
                SqlError::decode(format!("{}.{}: {error}", self.table.name, column.name))
            })?;
            hash(&mut self.hash, &value);
            values.push(value);
        }
        Ok(values)
    }

    fn end(self, name: &str) -> CopiedTable {
        let hash = HEXLOWER.encode(self.hash.finish().bytes());
        CopiedTable { name: name.to_owned(), rows: self.rows, hash }
    }
}

/// A value as the column's kind says, whatever the database calls it.
fn value(cell: SqlCell<'_>, kind: ColumnKind) -> Result<SqlValue, SqlError> {
    let is_null = cell.is_null()?;
    let some = |read: Result<SqlValue, SqlError>, none| if is_null { Ok(none) } else { read };
    match kind {
        ColumnKind::Integer => some(
            cell.integer().map(|number| SqlValue::Integer(Some(number))),
            SqlValue::Integer(None),
        ),
        ColumnKind::Boolean => {
            some(cell.boolean().map(|yes| SqlValue::Boolean(Some(yes))), SqlValue::Boolean(None))
        }
        ColumnKind::Text => some(
            cell.text().map(|text| SqlValue::Text(Some(text.to_owned()))),
            SqlValue::Text(None),
        ),
        ColumnKind::Bytes => some(
            cell.bytes().map(|bytes| SqlValue::Bytes(Some(bytes.to_owned()))),
            SqlValue::Bytes(None),
        ),
    }
}

/// Yes and no are numbers in one of the two.
fn hash(hash: &mut Sha256, value: &SqlValue) {
    let mut put = |kind: &[u8], bytes: &[u8]| {
        hash.update(kind);
        hash.update(&(bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    match value {
        SqlValue::Integer(Some(number)) => put(b"i", &number.to_be_bytes()),
        SqlValue::Boolean(Some(yes)) => put(b"i", &i64::from(*yes).to_be_bytes()),
        SqlValue::Text(Some(text)) => put(b"t", text.as_bytes()),
        SqlValue::Bytes(Some(bytes)) => put(b"b", bytes),
        _ => put(b"n", b""),
    }
}

/// Writes rows whose values are in the order of the table's columns.
async fn write(
    connection: &mut Connection,
    table: &TableShape,
    rows: Vec<Vec<SqlValue>>,
) -> Result<(), SqlError> {
    let names: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let head = format!("INSERT INTO {} ({}) ", quoted(&table.name), names.join(", "));
    let mut insert = QueryBuilder::new(head);
    insert.push_values(rows, |mut row, values| {
        for (value, column) in values.into_iter().zip(&table.columns) {
            row.push_bind(as_kind(value, column.kind));
        }
    });
    insert.build().execute(connection).await.map(drop)
}

/// A number where the other database says yes or no, or the reverse.
fn as_kind(value: SqlValue, kind: ColumnKind) -> SqlValue {
    match (value, kind) {
        (SqlValue::Integer(number), ColumnKind::Boolean) => {
            SqlValue::Boolean(number.map(|number| number != 0))
        }
        (SqlValue::Boolean(yes), ColumnKind::Integer) => SqlValue::Integer(yes.map(i64::from)),
        (value, _) => value,
    }
}
