//! A run that is there already: found by its id, or because it was interrupted.

use std::path::Path;

use super::SettingsError;
use crate::journal::{Lock, MergedRecord, RunDirectory, RunRecord};

/// A run that is there already.
#[derive(Clone, Debug)]
pub struct RunOnDisk {
    /// Its directory.
    pub directory: RunDirectory,
    /// What it is about.
    pub record: RunRecord,
}

impl RunOnDisk {
    /// The run with this id: somebody may have given its directory another name.
    pub(super) fn named(runs: &Path, id: &str) -> Result<Self, SettingsError> {
        let named = list(runs)?.into_iter().find(|run| run.record.id == id);
        named.ok_or_else(|| failed(runs, why_not(runs, id)))
    }

    /// The run with this id; or those of all shards, if it is the name of the account that was made of them.
    pub(super) fn or_shards(runs: &Path, id: &str) -> Result<Vec<Self>, SettingsError> {
        match MergedRecord::read(&runs.join(id)) {
            Some(MergedRecord { shards, .. }) => shards.iter().map(|shard| Self::named(runs, shard)).collect(),
            None => Self::named(runs, id).map(|run| vec![run]),
        }
    }

    /// The newest run that can be resumed.
    pub(super) fn interrupted(runs: &Path) -> Result<Self, SettingsError> {
        let interrupted = list(runs)?.into_iter().filter(|run| !run.directory.is_finished());
        let (mut open, others): (Vec<Self>, Vec<Self>) = interrupted.partition(|run| run.why_not_resumed().is_none());
        // One of several shards may have been interrupted while the others go on.
        let idle = open.iter().position(|run| !Lock::is_held(&run.directory.lock()));
        let which = idle.unwrap_or_default();
        if which < open.len() {
            return Ok(open.swap_remove(which));
        }
        let refused = others.iter().find_map(|run| run.why_not_resumed().map(|problem| run.wrong(problem)));
        Err(refused.unwrap_or_else(|| failed(runs, "there is no run that was interrupted".to_owned())))
    }

    /// Why it cannot be resumed; `None` if it can.
    pub(super) fn why_not_resumed(&self) -> Option<String> {
        let Self { directory, record } = self;
        if directory.is_undone_as_a_whole() {
            Some("it was undone, so it cannot be resumed".to_owned())
        } else if directory.is_undone() {
            let id = &record.id;
            Some(format!(
                "it is being undone, so it cannot be resumed; `avnology migrate clerk undo {id}` finishes the undo"
            ))
        } else if directory.is_pruned() {
            Some("its journal was removed by `runs prune`, so it cannot be resumed".to_owned())
        } else if directory.is_finished() {
            Some("it is finished, so there is nothing to resume".to_owned())
        } else if !record.can_be_known_again() {
            Some(
                "it read standard input or a pipe, which can be read only once, so it cannot be resumed; import the export \
                 again, which begins a new run (users that are at the target already are left as they are)"
                    .to_owned(),
            )
        } else {
            None
        }
    }

    /// Fails if its journal was removed. `what` cannot be done then.
    pub(super) fn with_journal(self, what: &str) -> Result<Self, SettingsError> {
        if !self.directory.is_pruned() {
            return Ok(self);
        }
        Err(self.wrong(format!(
            "its journal was removed by `runs prune`, so it cannot be {what}; users that it created have its id in their \
             `admin_metadata.avnology_migrate`"
        )))
    }

    /// The error for what is wrong with it.
    pub(super) fn wrong(&self, problem: String) -> SettingsError {
        SettingsError::Record { run: self.record.id.clone(), problem }
    }
}

fn list(runs: &Path) -> Result<Vec<RunOnDisk>, SettingsError> {
    let listed = RunDirectory::list(runs).map_err(|error| failed(runs, error.to_string()))?;
    Ok(listed.into_iter().map(|(directory, record)| RunOnDisk { directory, record }).collect())
}

fn failed(runs: &Path, problem: String) -> SettingsError {
    SettingsError::Runs { directory: runs.display().to_string(), problem }
}

/// Why there is no run of this name, and what to do.
fn why_not(runs: &Path, id: &str) -> String {
    let path = runs.join(id);
    if let Some(MergedRecord { shards, .. }) = MergedRecord::read(&path) {
        let shards = shards.join(" and ");
        return format!("`{id}` is no run but the account of {shards}, put together; name these, one at a time");
    }
    match RunDirectory::open(path.clone()) {
        _ if !path.is_dir() => format!("there is no run `{id}`; `avnology migrate clerk runs` lists them"),
        _ if id.ends_with("-merged") => format!(
            "`{id}` is no run but the account of several shards, put together; name their runs, one at a time: `avnology \
             migrate clerk runs` lists them"
        ),
        _ if !RunDirectory::holds_a_run(&path) => {
            format!("`{id}` never began, and sent nothing: it was interrupted before it had a `run.json`")
        }
        Err(error) => error.to_string(),
        Ok((_, record)) => format!("the directory `{id}` is that of run `{0}`; say `{0}`", record.id),
    }
}
