//! What the ledger numbers, each with a type of its own, so that a run is never taken for a row.
//!
//! Must never be counted with: the numbers say nothing but which one is meant.

use crate::store::sql::{Bind, SqlCell, SqlColumn, SqlError, SqlValue};
use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$what:meta])* $name:ident) => {
        $(#[$what])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Bind for $name {
            fn value(self) -> SqlValue {
                self.0.value()
            }

            fn none() -> SqlValue {
                i64::none()
            }
        }

        impl SqlColumn<'_> for $name {
            fn read(cell: SqlCell<'_>) -> Result<$name, SqlError> {
                cell.integer().map($name)
            }
        }
    };
}

id! {
    /// A composition that was frozen; see [`super::ledger::revision`].
    RevisionId
}

id! {
    /// A row: one recipient of one issue. The default stands before all rows.
    #[derive(Default)]
    RowId
}

id! {
    /// A run of `send`. The default is none.
    #[derive(Default)]
    RunId
}
