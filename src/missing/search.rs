//! The search for users who are missing.

use std::io;
use std::path::{Path, PathBuf};

use super::changed_states::{ChangedStates, StatesFile};
use super::missing_users::{CreatedEarlier, MissingUsers};
use super::present_users::{PresentUsers, key};
use super::search_error::{SearchError, check_runs, lost};
use super::seen_again::SeenAgain;
use super::state_change::{StateChange, StateChangeKind};
use crate::index::{HASH_BYTES, Table, Texts};
use crate::journal::{LearnedId, RunDirectory, RunRecord, read_created_ids};
use crate::kind::Kind;
use crate::mapping::Rules;
use crate::source::{Input, InputWatch, ReaderLimits};

/// Entries in memory: 96 KiB.
const BUFFERED: usize = 8 * 1024;

/// The search for users whom earlier runs of a source created, and who are no longer in its export.
#[derive(Clone, Debug)]
pub struct MissingSearch {
    /// Where runs are kept.
    pub runs_directory: PathBuf,
    /// What runs call the target.
    pub target: String,
    /// The run that searches, if it is one.
    pub run: Option<String>,
    /// The paths of the inputs with users, as runs keep them.
    pub paths: Vec<String>,
    /// The inputs with users, all of them, and how their bytes are watched.
    pub inputs: Vec<(Input, InputWatch)>,
    /// Bounds of what the reader buffers.
    pub limits: ReaderLimits,
    /// The choices of mapping.
    pub rules: Rules,
    /// Where files without a name go.
    pub temporary: PathBuf,
}

impl MissingSearch {
    /// Searches; nothing if it was stopped. Blocks.
    pub fn find(&self, is_stopped: impl Fn() -> bool) -> Result<Option<MissingUsers>, SearchError> {
        let temporary = self.temporary.as_path();
        check_runs(&self.runs_directory)?;
        // What an earlier part of this run did belongs to its account.
        let of_target = states_of(&self.runs_directory, &self.target, None, self.run.as_deref())?;
        let states = ChangedStates::read(of_target.iter().map(|(run, _)| run.disabled()), temporary)?;
        let seen_again = SeenAgain::read(&of_target, &states, temporary)?;
        let inputs = (self.limits, &self.rules);
        let Some(present) = PresentUsers::read(&self.inputs, inputs, &states, temporary, is_stopped)? else {
            return Ok(None);
        };
        let mut found = MissingUsers {
            known: 0,
            missing: 0,
            settled: 0,
            without_id: present.without_id,
            left: Texts::new(temporary)?,
            back: Texts::new(temporary)?,
        };
        let mut seen = Table::<HASH_BYTES>::new(BUFFERED, temporary.to_path_buf());
        for (directory, record) in self.earlier_runs()? {
            let is_of_user =
                |input: u16| record.inputs.get(usize::from(input)).is_some_and(|input| input.kind == Kind::User);
            let read = read_created_ids(&directory.journal(), |created| {
                let LearnedId { key: record, clerk_id, id, .. } = created;
                let hash = key(clerk_id);
                // Of a user who was created twice, the older identity was deleted in between.
                if !is_of_user(record.input) || seen.find(&hash)?.is_some() {
                    return Ok(());
                }
                seen.insert(hash)?;
                let user = || CreatedEarlier::of(directory.id(), created);
                let state = states.of_id(id)?;
                if present.has(clerk_id)? {
                    found.known += 1;
                    let may_be_enabled = match state {
                        // Of one that it was about to disable when it broke off nobody knows: the target is asked.
                        Some(StateChangeKind::Disabling | StateChangeKind::Disabled) => present.is_back(clerk_id)?,
                        Some(StateChangeKind::Left) => Some(false),
                        _ => None,
                    };
                    if let Some(may_be_enabled) = may_be_enabled {
                        found.back.add(&serde_json::to_vec(&(user(), may_be_enabled))?)?;
                    }
                } else if matches!(state, Some(StateChangeKind::Disabled | StateChangeKind::Left))
                    && !seen_again.has(id)?
                {
                    found.settled += 1;
                } else {
                    found.known += 1;
                    found.missing += 1;
                    found.left.add(&serde_json::to_vec(&user())?)?;
                }
                Ok(())
            });
            read.map_err(|error| lost(&directory, &error))?;
        }
        Ok(Some(found))
    }

    /// The earlier runs of the same source whose journals are there and that are not undone, the newest first.
    fn earlier_runs(&self) -> io::Result<Vec<(RunDirectory, RunRecord)>> {
        let mut listed = RunDirectory::list(&self.runs_directory)?;
        let mut source: Vec<&str> = self.paths.iter().map(String::as_str).collect();
        source.sort_unstable();
        listed.retain(|(directory, record)| {
            self.run.as_ref() != Some(&record.id)
                && record.target == self.target
                && users_of(record) == source
                && !directory.is_undone()
                && !directory.is_pruned()
        });
        Ok(listed)
    }
}

/// The paths of the inputs with users, in order.
fn users_of(record: &RunRecord) -> Vec<&str> {
    let of_users = record.inputs.iter().filter(|input| input.kind == Kind::User);
    let mut paths: Vec<&str> = of_users.map(|input| input.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

/// All runs of a target that are not undone, and the run `even` if undoing it began before, but for the run `except`, the oldest
/// first: what they say of states.
fn states_of(
    runs: &Path,
    target: &str,
    even: Option<&str>,
    except: Option<&str>,
) -> io::Result<Vec<(RunDirectory, RunRecord)>> {
    let listed = RunDirectory::list(runs)?.into_iter().rev();
    let of_target = listed.filter(|(directory, record)| {
        let id = Some(directory.id());
        record.target == target && id != except && (!directory.is_undone() || id == even)
    });
    Ok(of_target.collect())
}

impl MissingSearch {
    /// What the runs of a target last did about identities.
    pub fn states(runs: &Path, target: &str) -> io::Result<ChangedStates> {
        let of_target = states_of(runs, target, None, None)?;
        ChangedStates::read(of_target.iter().map(|(run, _)| run.disabled()), &std::env::temp_dir())
    }

    /// Shows once each user whom a run disabled, as far as no later run of the target did anything: those whom undoing the run enables
    /// again.
    pub fn disabled_by(
        runs: &Path,
        (directory, record): (&RunDirectory, &RunRecord),
        mut each: impl FnMut(CreatedEarlier) -> io::Result<()>,
    ) -> Result<(), SearchError> {
        check_runs(runs)?;
        let temporary = std::env::temp_dir();
        // Several runs can begin in the same second, so that their ids do not say which one is the later one.
        let of_target = states_of(runs, &record.target, Some(directory.id()), None)?;
        let states = ChangedStates::read(of_target.iter().map(|(run, _)| run.disabled()), &temporary)?;
        let own = of_target.iter().position(|(run, _)| run.id() == directory.id());
        let mut seen = Table::<HASH_BYTES>::new(BUFFERED, temporary);
        StatesFile::read(&directory.disabled(), |StateChange { user, .. }: StateChange| {
            let is_disabled = states.last_word(&user.id)?.is_some_and(|(change, file)| {
                matches!(change, StateChangeKind::Disabling | StateChangeKind::Disabled) && Some(file) == own
            });
            let hash = key(&user.id);
            if !is_disabled || seen.find(&hash)?.is_some() {
                return Ok(());
            }
            seen.insert(hash)?;
            each(user)
        })?;
        Ok(())
    }
}
