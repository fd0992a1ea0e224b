//! Who is at a target whose list cannot be filtered by external id: the whole list, gone through once, as an index on disk.
//!
//! Without it somebody who is there could only be told from somebody who is not by the target's own id, which is not known of
//! users that others created, or that a lost answer was about.

use rusqlite::{Connection, OptionalExtension};

use super::{Comparable, TargetError};

/// External ids and the target's own ids for them. The file is SQLite's own temporary one: it is gone when this is.
#[derive(Debug)]
pub(super) struct Catalogue {
    database: Connection,
    /// The token of the last page: what was created since then comes behind it.
    pub(super) place: Option<String>,
}

impl Catalogue {
    pub(super) fn create() -> Result<Self, TargetError> {
        let database = Connection::open("")?;
        // Nothing here has to survive anything.
        database.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
             CREATE TABLE identities (external_id TEXT PRIMARY KEY, id TEXT NOT NULL) WITHOUT ROWID;",
        )?;
        Ok(Self { database, place: None })
    }

    /// The id that the identity with this external id had when the list was read.
    pub(super) fn id_of(&mut self, external_id: &str) -> Result<Option<String>, TargetError> {
        let mut statement = self.database.prepare_cached("SELECT id FROM identities WHERE external_id = ?1")?;
        Ok(statement.query_row([external_id], |row| row.get(0)).optional()?)
    }

    /// Takes up a page of the list.
    pub(super) fn note(&mut self, identities: &[Comparable<'_>]) -> Result<(), TargetError> {
        let transaction = self.database.transaction()?;
        {
            let mut statement = transaction.prepare_cached("INSERT OR REPLACE INTO identities VALUES (?1, ?2)")?;
            for identity in identities {
                if let (Some(external_id), Some(id)) = (&identity.external_id, &identity.id) {
                    statement.execute([external_id, id])?;
                }
            }
        }
        Ok(transaction.commit()?)
    }
}
