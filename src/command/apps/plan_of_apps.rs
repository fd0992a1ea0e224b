//! The applications of a plan, one at a time.

use std::fs::File;
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use super::apps_command_error::AppsCommandError;
use crate::apps::{Assigned, AssignedBuilder, Planned, planned};
use crate::command::shared::command_error::CommandError;
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::outcomes::StopReason;
use crate::tenant_plan::{Item, ItemKind, PlanInstance, PlanReadError, read_plan};

/// How many applications wait for their turn.
const WAITING: usize = 8;

/// Ids in memory before they are spilled.
const CAPACITY: usize = 1 << 14;

/// A plan whose redirect URLs are known.
pub(super) struct PlanOfApps {
    path: PathBuf,
    pub instance: PlanInstance,
    assigned: std::sync::Arc<Assigned>,
}

/// What a first reading of a plan found.
#[derive(Clone, Copy, Debug, Default)]
struct Looked {
    /// Redirect URLs that are assigned to an application that becomes a client.
    used: u64,
}

impl PlanOfApps {
    /// Reads a plan through, and takes the redirect URLs that a person assigned. `look` sees what becomes of each application.
    pub(super) fn read(
        path: &Path,
        mut look: impl FnMut(&Planned) -> Result<(), AppsCommandError>,
    ) -> Result<Self, AppsCommandError> {
        let temporary = std::env::temp_dir();
        let mut builder = AssignedBuilder::new(&temporary)?;
        let (mut seen, mut twice) = (SeenApplications(Table::new(CAPACITY, temporary)), None);
        let instance = each(path, &mut |item| {
            builder.take(&item)?;
            if item.kind == ItemKind::Application && !seen.is_new(&item)? && twice.is_none() {
                twice = Some(item.id);
            }
            Ok(())
        })?;
        if let Some(application) = twice {
            return Err(AppsCommandError::Twice { path: path.to_path_buf(), application });
        }
        let plan = Self { path: path.to_path_buf(), instance, assigned: std::sync::Arc::new(builder.finish()?) };
        let (mut looked, mut failed) = (Looked::default(), None);
        plan.each_application(&mut |planned, count| {
            if matches!(planned, Planned::Client(_)) {
                looked.used += count;
            }
            if failed.is_none() {
                failed = look(&planned).err();
            }
            true
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        let count = plan.assigned.len() - looked.used;
        if count > 0 { Err(AppsCommandError::AssignedToNobody { count }) } else { Ok(plan) }
    }

    /// Hands over what becomes of each application and how many redirect URLs are assigned to it, as long as more are wanted.
    fn each_application(&self, take: &mut dyn FnMut(Planned, u64) -> bool) -> Result<(), AppsCommandError> {
        let mut is_over = false;
        each(&self.path, &mut |item: Item| {
            if item.kind != ItemKind::Application || is_over {
                return Ok(());
            }
            let client_id = item.target.get("client_id").and_then(|id| id.as_str()).unwrap_or_default();
            let assigned = self.assigned.of(client_id)?;
            is_over = !take(planned(&item, &assigned), assigned.len() as u64);
            Ok(())
        })
        .map(drop)
    }

    /// What becomes of each application, in the order of the plan, read while the others are dealt with.
    pub(super) fn applications(self) -> Applications {
        let (send, receive) = mpsc::channel(WAITING);
        let reading = tokio::task::spawn_blocking(move || {
            self.each_application(&mut |planned, _| send.blocking_send(planned).is_ok())
        });
        Applications { receive, reading }
    }
}

/// The applications of a plan that came before: two of one client would change it in turn.
struct SeenApplications(Table<HASH_BYTES>);

impl SeenApplications {
    /// Whether no application before it has its id, or its client id.
    fn is_new(&mut self, item: &Item) -> std::io::Result<bool> {
        let client_id = item.target.get("client_id").and_then(|id| id.as_str());
        let ids = [Some((b'a', item.id.as_str())), client_id.map(|id| (b'c', id))];
        let mut is_new = true;
        for (kind, id) in ids.into_iter().flatten() {
            let hash = hash_of(kind, id);
            is_new &= self.0.find(&hash)?.is_none();
            self.0.insert(hash)?;
        }
        Ok(is_new)
    }
}

/// What becomes of each application.
pub(super) struct Applications {
    receive: mpsc::Receiver<Planned>,
    reading: tokio::task::JoinHandle<Result<(), AppsCommandError>>,
}

impl Applications {
    /// The next one.
    pub(super) async fn next(&mut self) -> Option<Planned> {
        self.receive.recv().await
    }

    /// Fails if the plan could not be read to its end.
    pub(super) async fn end(self) -> Result<(), CommandError> {
        drop(self.receive);
        let read = self.reading.await;
        let read = read.map_err(|error| StopReason::Internal(format!("reading the plan failed: {error}")))?;
        Ok(read?)
    }
}

fn each(path: &Path, take: &mut dyn FnMut(Item) -> std::io::Result<()>) -> Result<PlanInstance, AppsCommandError> {
    let failed = |source: PlanReadError| AppsCommandError::Plan { path: path.to_path_buf(), source };
    let file = File::open(path).map_err(|error| failed(error.into()))?;
    read_plan(file, take).map_err(failed)
}
