//! Finds identities that are at the target and not in the export, with an index of the export's ids on disk.

use rusqlite::Connection;
use serde::Serialize;

use crate::avnology::{Comparable, MAX_PAGE, Paced};
use crate::pipeline::StopReason;

/// How many ids are shown.
const SHOWN: usize = 10;

/// Identities that are at the target and not in the export.
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
             CREATE TABLE seen (external_id TEXT PRIMARY KEY) WITHOUT ROWID;",
        )?;
        Ok(Self { database })
    }

    pub(super) fn insert<'i>(&mut self, ids: impl Iterator<Item = &'i str>) -> rusqlite::Result<()> {
        let transaction = self.database.transaction()?;
        {
            let mut statement = transaction.prepare_cached("INSERT OR IGNORE INTO seen VALUES (?1)")?;
            for id in ids {
                statement.execute([id])?;
            }
        }
        transaction.commit()
    }

    fn contains(&self, id: &str) -> rusqlite::Result<bool> {
        self.database.prepare_cached("SELECT 1 FROM seen WHERE external_id = ?1")?.exists([id])
    }

    /// Lists all that is at the target.
    pub(super) async fn find_extra(&self, target: &Paced) -> Result<Extra, StopReason> {
        let mut extra = Extra::default();
        let mut token: Option<String> = None;
        let size = u32::try_from(MAX_PAGE).unwrap_or(100);
        loop {
            let body = target.page(token.as_deref(), size).await?;
            let (identities, next) = Comparable::listed(&body).unwrap_or_default();
            for identity in &identities {
                let known = match &identity.external_id {
                    Some(id) => self.contains(id)?,
                    None => false,
                };
                if !known {
                    extra.count += 1;
                    if extra.first.len() < SHOWN {
                        extra.first.extend(identity.id.as_deref().map(str::to_owned));
                    }
                }
            }
            match next {
                // A target that gives the same page again and again must not keep us for ever.
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                _ => return Ok(extra),
            }
        }
    }
}
