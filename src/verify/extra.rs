//! Finds identities that are at the target and not in the export, with an index of the export's ids on disk.

use rusqlite::Connection;
use serde::Serialize;

use crate::account::StopReason;
use crate::avnology::{Comparable, Cycle, Paced};

/// How many ids are shown.
const SHOWN: usize = 10;

/// Identities that are at the target and not in the export, or more than once at the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Extra {
    pub count: u64,
    /// The target's own ids of the first few.
    pub first: Vec<String>,
}

/// The external ids of the export. The file is SQLite's own temporary one: it is gone when this is.
#[derive(Debug)]
pub(super) struct Seen {
    database: Connection,
}

impl Seen {
    pub(super) fn create() -> rusqlite::Result<Self> {
        let database = Connection::open("")?;
        // Nothing here has to survive anything.
        database.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -8192;
             CREATE TABLE seen (external_id TEXT PRIMARY KEY, listed INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;",
        )?;
        Ok(Self { database })
    }

    pub(super) fn insert<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> rusqlite::Result<()> {
        let transaction = self.database.transaction()?;
        {
            let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO seen (external_id) VALUES (?1)")?;
            for id in ids {
                statement.execute([id])?;
            }
        }
        transaction.commit()
    }

    /// Whether the export has it and it was not listed before: a user who is there twice is there once too often.
    fn takes(&self, id: &str) -> rusqlite::Result<bool> {
        let mark = "UPDATE seen SET listed = 1 WHERE external_id = ?1 AND listed = 0";
        Ok(self.database.prepare_cached(mark)?.execute([id])? > 0)
    }

    /// Lists all that is at the target.
    pub(super) async fn find_extra(&self, target: &Paced) -> Result<Extra, StopReason> {
        let (mut extra, mut cycle) = (Extra::default(), Cycle::default());
        let mut token: Option<String> = None;
        loop {
            let body = target.page(token.as_deref()).await?;
            let (identities, next) = Comparable::listed(&body).unwrap_or_default();
            for identity in &identities {
                let known = match &identity.external_id {
                    Some(id) => self.takes(id)?,
                    None => false,
                };
                if !known {
                    extra.count += 1;
                    if extra.first.len() < SHOWN {
                        extra.first.extend(identity.id.as_deref().map(str::to_owned));
                    }
                }
            }
            let Some(next) = next else { return Ok(extra) };
            // A target that gives the same pages again and again must not keep us for ever.
            if cycle.closes_with(&next) {
                return Err(StopReason::Target(target.endless_list()));
            }
            token = Some(next);
        }
    }
}
