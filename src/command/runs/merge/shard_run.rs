//! The shards' runs that are put together: which ones, and whether they are of one whole and done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::merge_error::MergeError;
use crate::journal::{FirstPassRecord, Lock, MergedRecord, RunDirectory, RunRecord};
use crate::source::{Input, Shard};

/// How many shards are named that are not there or not done.
const NAMED: usize = 20;

/// A shard's run.
pub(super) struct ShardRun {
    pub shard: Shard,
    pub directory: RunDirectory,
    pub record: RunRecord,
}

/// The runs to be put together, by their shards' numbers.
pub(super) fn find(named: &[String], runs: &Path) -> Result<BTreeMap<u32, ShardRun>, MergeError> {
    let listed = RunDirectory::list(runs).map_err(MergeError::io(runs))?;
    let mut parts: BTreeMap<u32, ShardRun> = BTreeMap::new();
    for name in named {
        let known = listed.iter().find(|(_, record)| record.id == *name).cloned();
        let run = known.map_or_else(|| RunDirectory::open(PathBuf::from(name)), Ok);
        let part = ShardRun::of(run.map_err(|_| no_run(name, runs))?)?;
        if let Some(first) = parts.values().next() {
            part.check_same_whole(first)?;
        }
        if let Some(other) = parts.get(&part.shard.number()).filter(|other| other.record.id != part.record.id) {
            let (one, other) = (other.record.id.clone(), part.record.id);
            return Err(MergeError::Twice { one, other, shard: part.shard });
        }
        parts.insert(part.shard.number(), part);
    }
    // The newest come first.
    let mut whole = parts.values().next().map(|part| part.record.whole_digest());
    for run in listed {
        let Ok(part) = ShardRun::of(run) else { continue };
        if *whole.get_or_insert_with(|| part.record.whole_digest()) == part.record.whole_digest() {
            parts.entry(part.shard.number()).or_insert(part);
        }
    }
    Ok(parts)
}

fn no_run(name: &str, runs: &Path) -> MergeError {
    match MergedRecord::read(&runs.join(name)) {
        Some(MergedRecord { shards, .. }) => MergeError::Merged { run: name.to_owned(), shards },
        None => MergeError::NoRun(name.to_owned()),
    }
}

impl ShardRun {
    fn of((directory, record): (RunDirectory, RunRecord)) -> Result<Self, MergeError> {
        let shard = record.shard.as_deref().and_then(|shard| shard.parse().ok());
        let shard = shard.ok_or_else(|| MergeError::NotAShard(record.id.clone()))?;
        Ok(Self { shard, directory, record })
    }

    fn check_same_whole(&self, other: &Self) -> Result<(), MergeError> {
        let differences = self.record.differences(&other.record);
        if differences.is_empty() {
            return Ok(());
        }
        let (one, other) = (other.record.id.clone(), self.record.id.clone());
        Err(MergeError::Different { one, other, what: differences.join(", ") })
    }

    /// Why it is not done, and what to do; `None` if it is.
    fn is_unfinished(&self) -> Option<String> {
        let (id, shard) = (&self.record.id, self.shard);
        match &self.directory {
            directory if Lock::is_held(&directory.lock()) => Some("is under way".to_owned()),
            directory if directory.is_undone() => {
                Some(format!("was undone; the same import with --shard {shard} imports it anew"))
            }
            directory if !directory.is_finished() => {
                Some(format!("did not come to its end; `avnology migrate clerk resume {id}` goes on"))
            }
            _ => None,
        }
    }

    pub(super) fn inconsistent(&self, what: &'static str, problem: String) -> MergeError {
        MergeError::Inconsistent { run: self.record.id.clone(), what, problem }
    }
}

/// Names the shards that are not there, or not done.
pub(super) fn check_finished(parts: &BTreeMap<u32, ShardRun>, of: Shard) -> Result<(), MergeError> {
    let of = of.of();
    let problem = |number: u32| match parts.get(&number) {
        None => Some(format!("\n  shard {number}/{of} has no run")),
        Some(part) => part.is_unfinished().map(|why| format!("\n  shard {number}/{of}: run {} {why}", part.record.id)),
    };
    let mut problems: Vec<String> = (1..=of.get()).filter_map(problem).take(NAMED + 1).collect();
    if problems.is_empty() {
        return Ok(());
    }
    if problems.len() > NAMED {
        problems.truncate(NAMED);
        problems.push("\n  and more".to_owned());
    }
    Err(MergeError::Unfinished(problems.concat()))
}

/// All shards read the same bytes. Their runs were compared by samples of the inputs; only reading them makes sure.
pub(super) fn check_bytes(parts: &BTreeMap<u32, ShardRun>) -> Result<(), MergeError> {
    let mut first: Option<(&ShardRun, FirstPassRecord)> = None;
    for part in parts.values() {
        let path = part.directory.first_pass();
        let Some(record) = FirstPassRecord::read(&part.directory).map_err(MergeError::io(&path))? else { continue };
        match &first {
            None => first = Some((part, record)),
            Some((other, of_other)) => check_same_bytes((other, of_other), (part, &record))?,
        }
    }
    Ok(())
}

/// Two shards read the same bytes. If they know them by sums of two kinds, the inputs tell that, where they still are.
fn check_same_bytes(
    (one, of_one): (&ShardRun, &FirstPassRecord),
    (other, of_other): (&ShardRun, &FirstPassRecord),
) -> Result<(), MergeError> {
    let ids = || (one.record.id.clone(), other.record.id.clone());
    let different = || {
        let (one, other) = ids();
        Err(MergeError::Different { one, other, what: "inputs".to_owned() })
    };
    let counts = |first: &FirstPassRecord| (first.inputs.len(), first.passwords.is_some(), first.memberships.len());
    if counts(of_one) != counts(of_other) {
        return different();
    }
    let files = &other.record;
    let inputs = files.inputs.iter().zip(of_one.digests().zip(of_other.digests()));
    let passwords = files.passwords.iter().zip(of_one.passwords.iter().zip(&of_other.passwords));
    let memberships = files.memberships.iter().zip(of_one.memberships.iter().zip(&of_other.memberships));
    for (file, (one_digest, other_digest)) in inputs.chain(passwords).chain(memberships) {
        match one_digest.is_same(other_digest) {
            Some(true) => {}
            Some(false) => return different(),
            None => {
                let input = Input::from_argument(Path::new(&file.path));
                if !input.tells_same(one_digest, other_digest, || false).is_ok_and(|is_same| is_same) {
                    let (one, other) = ids();
                    return Err(MergeError::OtherSum { one, other, input: file.path.clone() });
                }
            }
        }
    }
    Ok(())
}
