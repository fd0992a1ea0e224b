//! Users of earlier exports who are not at Clerk any more.
//!
//! Clerk keeps nothing of a user who was deleted, and its lists do not say who is gone. So the ids in earlier exports are
//! compared with the ids of all users who are there now: those in the file of users, if this export has all of them, or
//! else those of one more way through the list, of which nothing but the ids is kept.

use super::id_reader::IdReader;
use super::id_set::IdSet;
use super::record_file::RecordFile;
use super::{ExportError, ExportKind, Exporter};

impl Exporter<'_> {
    /// Writes who of the earlier exports is gone, each once and as Clerk itself says that a user is deleted.
    pub(super) async fn deleted_users(&mut self) -> Result<(), ExportError> {
        let Some(mut known) = self.users_now().await? else { return Ok(()) };
        let mut file = RecordFile::create_deleted(self.directory, self.state.plan.compression)?;
        for earlier in &self.state.earlier {
            let path = earlier.file();
            let wrong = |problem: String| ExportError::Earlier { path: path.clone(), problem };
            earlier.check(&self.state.instance)?;
            let mut ids = IdReader::open(&path).map_err(wrong)?;
            while let Some(some) = ids.next_ids().map_err(wrong)? {
                for id in some {
                    if !known.contains(&id).map_err(ExportError::Temporary)? {
                        file.push(
                            serde_json::json!({"object": "user", "id": id, "deleted": true}).to_string().as_bytes(),
                        );
                        // Another of the exports may have it, too.
                        known.insert(&id).map_err(ExportError::Temporary)?;
                    }
                }
                file.write()?;
                // A signal is heard in between.
                tokio::task::yield_now().await;
            }
            // Somebody may have put another export there while this one was read.
            earlier.check(&self.state.instance)?;
            ids.check(earlier.users.records).map_err(wrong)?;
        }
        self.finish_deleted(file)
    }

    /// The ids of all users who are at Clerk; nothing if Clerk counts more of them than it lists, since it cannot be known
    /// then who is gone.
    async fn users_now(&mut self) -> Result<Option<IdSet>, ExportError> {
        let users = self.state.files.iter().find(|file| file.kind == ExportKind::Users);
        let (None, Some(users)) = (&self.state.plan.since, users) else { return self.listed_users().await };
        if self.state.differences.iter().any(|difference| difference.kind == ExportKind::Users) {
            return Ok(None);
        }
        let (path, mut known) = (self.directory.path().join(&users.file), IdSet::new());
        let wrong = |problem: String| ExportError::State { path: self.directory.path().to_path_buf(), problem };
        let mut ids = IdReader::open(&path).map_err(wrong)?;
        while let Some(some) = ids.next_ids().map_err(wrong)? {
            for id in some {
                known.insert(&id).map_err(ExportError::Temporary)?;
            }
            tokio::task::yield_now().await;
        }
        ids.check(users.records).map_err(wrong)?;
        Ok(Some(known))
    }
}
