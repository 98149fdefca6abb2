//! Where a list comes from: a file, or the list of a store. Both give the same rows.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;

use super::intake::IntakeError;
use super::ledger::{Ledger, STEPS};
use crate::audience::list::{self, ReadOptions, Rows};
use crate::audience::pause;
use crate::audience::row::Row;
use crate::audience::subscribers::rows::StoredRows;
use crate::diagnostic::Diagnostic;
use crate::issue::load;
use crate::store::{Store, StoreAddress};

/// The rows of a list, of whom those are left out who have paused.
pub struct ListRows<R> {
    of: RowSource<R>,
    /// The day where the publication is; where it is not said, nobody has paused.
    today: Option<Date>,
}

enum RowSource<R> {
    /// Of a file.
    File(Box<Rows<R>>),
    /// Of a store.
    Stored(Box<StoredRows>),
}

impl<R> From<Rows<R>> for ListRows<R> {
    fn from(rows: Rows<R>) -> ListRows<R> {
        ListRows { of: RowSource::File(Box::new(rows)), today: None }
    }
}

/// Opens the list: that of a `store`, which people know by its `path`, or else the file there. The ledger's own store is read through a
/// second connection: the first is busy with what is read.
///
/// # Errors
/// It cannot be opened.
pub async fn open(
    ledger: &Ledger,
    path: &Path,
    store: Option<&StoreAddress>,
    options: &ReadOptions,
) -> Result<ListRows<File>, IntakeError> {
    let shown = load::path_from_here(path);
    let Some(address) = store else {
        let rows = RowSource::File(Box::new(list::open(path, shown, options)?));
        return Ok(ListRows { of: rows, today: options.today });
    };
    let own = ledger.store();
    let second = if own.address().is_same(address) { own.second_reader().await? } else { None };
    let store = match second {
        Some(store) => store,
        None => Store::read(address, &STEPS).await?,
    };
    let rows = RowSource::Stored(Box::new(StoredRows::of(store, shown, &options.topics)));
    Ok(ListRows { of: rows, today: options.today })
}

/// A row, or that its person has paused.
fn without_paused(row: Row, today: Option<Date>) -> Row {
    let Row::Kept { line, recipient, warnings } = row else { return row };
    if today.and_then(|today| pause::until(&recipient, today)).is_none() {
        return Row::Kept { line, recipient, warnings };
    }
    let (address, person) = (Some(recipient.address().clone()), Some(Box::new(recipient)));
    Row::LeftOut { line, address, reason: pause::PAUSED, answer: None, person }
}

impl<R: Read> ListRows<R> {
    /// The next row, in the order of the list.
    pub(super) async fn next(&mut self) -> Option<Result<Row, IntakeError>> {
        let row = match &mut self.of {
            RowSource::File(rows) => rows.next().map(|row| row.map_err(IntakeError::from)),
            RowSource::Stored(rows) => rows.next().await.map_err(IntakeError::from).transpose(),
        };
        row.map(|row| row.map(|row| without_paused(row, self.today)))
    }

    /// Whether they are those of a store.
    pub(super) const fn are_stored(&self) -> bool {
        matches!(self.of, RowSource::Stored(_))
    }

    /// The names of its fields, `email` included; of a store when all rows were read.
    pub(super) fn field_names(&self) -> Vec<String> {
        match &self.of {
            RowSource::File(rows) => rows.field_names().map(str::to_owned).collect(),
            RowSource::Stored(rows) => rows.field_names().map(str::to_owned).collect(),
        }
    }

    /// As diagnostics name it.
    pub(super) fn path(&self) -> &Path {
        match &self.of {
            RowSource::File(rows) => rows.path(),
            RowSource::Stored(rows) => rows.path(),
        }
    }

    /// What is worth a look before its rows are read.
    pub(super) fn warnings(&self) -> &[Diagnostic] {
        match &self.of {
            RowSource::File(rows) => rows.warnings(),
            RowSource::Stored(_) => &[],
        }
    }

    /// When all rows were read: what a person has to say first, and what should be known. Of a store
    /// nothing is open.
    pub(super) fn doubts(&self) -> Vec<Diagnostic> {
        match &self.of {
            RowSource::File(rows) => rows.doubts(),
            RowSource::Stored(_) => Vec::new(),
        }
    }

    /// When all rows were read: that they were read in an encoding that nobody had named.
    pub(super) fn guessed(&self) -> Option<Diagnostic> {
        match &self.of {
            RowSource::File(rows) => rows.guessed(),
            RowSource::Stored(_) => None,
        }
    }

    /// What is told where so many rows are all of people who left.
    pub(super) fn all_left(&self, rows: u64) -> Option<Diagnostic> {
        match &self.of {
            RowSource::File(list) => Some(list.all_left(rows)),
            RowSource::Stored(_) => None,
        }
    }
}
