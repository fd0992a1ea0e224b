//! Who is at a target whose list cannot be filtered by external id: the whole list, gone through once, as an index on disk.
//!
//! Without it somebody who is there could only be told from somebody who is not by the target's own id, which is not known of
//! users that others created, or that a lost answer was about.

use rusqlite::{Connection, OptionalExtension};

use super::{Body, Comparable, Cycle, Paced, TargetError};

/// External ids and the target's own ids for them. The file is SQLite's own temporary one: it is gone when this is.
#[derive(Debug)]
pub(super) struct Catalogue {
    database: Connection,
    /// The token of the last page: what was created since then comes behind it.
    place: Option<String>,
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

    /// The identity with this external id, as the target has it now.
    pub(super) async fn find(&mut self, target: &Paced, external_id: &str) -> Result<Option<Body>, TargetError> {
        for is_fresh in [false, true] {
            if is_fresh {
                self.read_on(target).await?;
            }
            let Some(id) = self.id_of(external_id)? else { continue };
            let body = target.get(&id).await?;
            let is_still = |body: &Body| {
                Comparable::one(body).is_some_and(|found| found.external_id.as_deref() == Some(external_id))
            };
            if let Some(body) = body.filter(is_still) {
                return Ok(Some(body));
            }
        }
        Ok(None)
    }

    fn id_of(&mut self, external_id: &str) -> Result<Option<String>, TargetError> {
        let mut statement = self.database.prepare_cached("SELECT id FROM identities WHERE external_id = ?1")?;
        Ok(statement.query_row([external_id], |row| row.get(0)).optional()?)
    }

    /// Reads the list on from the last page to its end.
    async fn read_on(&mut self, target: &Paced) -> Result<(), TargetError> {
        let (mut token, mut is_oldest_first, mut cycle) = (self.place.take(), true, Cycle::default());
        loop {
            let body = target.page(token.as_deref()).await?;
            let (identities, next) = Comparable::listed(&body).unwrap_or_default();
            is_oldest_first &= identities.is_sorted_by_key(|identity| identity.create_time.clone());
            self.note(&identities)?;
            let Some(next) = next else { break };
            if cycle.closes_with(&next) {
                return Err(target.endless_list());
            }
            token = Some(next);
        }
        // What is new may be anywhere in a list that comes in another order.
        self.place = token.filter(|_| is_oldest_first);
        Ok(())
    }

    fn note(&mut self, identities: &[Comparable<'_>]) -> Result<(), TargetError> {
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
