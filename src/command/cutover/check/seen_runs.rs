//! The imports into a target, by their journals, records and reports.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::command::cutover::CutoverCommandError;
use crate::command::cutover::run_moments::run_moments;
use crate::command::shared::run_overview::{RunOverview, RunState};
use crate::cutover::{ExportSeen, KindCounts, RunStanding, SeenRun, Verification};
use crate::export::{ExportDirectory, Manifest};
use crate::journal::{InputRecord, RunDirectory, RunRecord};
use crate::kind::Kind;
use crate::outcomes::{Counts, Ledger};

/// The imports into a target that are in a directory of runs.
pub(super) fn seen_runs(runs: &Path, target: &str) -> Result<Vec<SeenRun>, CutoverCommandError> {
    let failed = |source| CutoverCommandError::Runs { path: runs.to_path_buf(), source };
    let listed = RunDirectory::list(runs).map_err(failed)?.into_iter().filter(|(_, record)| record.target == target);
    Ok(listed.filter_map(|(directory, record)| seen_run(&directory, record)).collect())
}

fn seen_run(directory: &RunDirectory, record: RunRecord) -> Option<SeenRun> {
    let started: Timestamp = record.started.parse().ok()?;
    let last_active = run_moments(directory, &record).max()?;
    let (listed, ledger) = RunOverview::of(directory, record);
    let record = listed.record;
    let standing = match listed.state {
        // What is known of a pruned run was kept of its journal.
        RunState::Finished | RunState::Pruned => RunStanding::Finished,
        RunState::Running | RunState::Interrupted => RunStanding::Unfinished,
        RunState::Undone | RunState::Undoing => RunStanding::Undone,
        RunState::Damaged => RunStanding::Damaged,
    };
    let of_users = record.inputs.iter().find(|input| input.kind == Kind::User);
    Some(SeenRun {
        export: of_users.and_then(|input| export_of(input, started)),
        kinds: record.inputs.iter().map(|input| input.kind).collect(),
        verification: verification(directory),
        whole: record.whole_digest(),
        shard: record.shard.as_deref().and_then(shard),
        is_selection: record.selection.is_some(),
        read: listed.counts.as_ref().map(|counts| counts.read),
        rejected: listed.counts.as_ref().map(|counts| counts.rejected),
        by_kind: if listed.state == RunState::Pruned { BTreeMap::new() } else { by_kind(&ledger) },
        id: record.id,
        target: record.target,
        rejects_of: record.rejects_of,
        started,
        last_active,
        standing,
    })
}

/// The records of each kind, by the journal.
fn by_kind(ledger: &Ledger) -> BTreeMap<Kind, KindCounts> {
    let counts = |Counts { read, rejected, .. }| KindCounts { read, rejected };
    ledger.steps().into_iter().map(|(kind, of_kind)| (kind, counts(of_kind))).collect()
}

fn shard(text: &str) -> Option<(u32, u32)> {
    let (number, of) = text.split_once('/')?;
    Some((number.parse().ok()?, of.parse().ok()?))
}

/// The export that an input belongs to, if it is still what it was when the import began.
fn export_of(input: &InputRecord, import: Timestamp) -> Option<ExportSeen> {
    let path = Path::new(&input.path);
    let directory = ExportDirectory::new(path.parent()?.to_path_buf());
    let manifest = Manifest::read(&directory).ok().flatten()?;
    let name = path.file_name()?.to_str()?;
    let file = manifest.files.iter().find(|file| file.file == name)?;
    let is_same = input.fingerprint.as_ref().is_some_and(|fingerprint| fingerprint.bytes == file.bytes);
    (is_same && manifest.finished <= import)
        .then(|| ExportSeen { started: manifest.started, since: manifest.since.map(|since| since.moment) })
}

/// What a comparison added to the run's report.
fn verification(directory: &RunDirectory) -> Option<Verification> {
    let report: Value = serde_json::from_slice(&std::fs::read(directory.report()).ok()?).ok()?;
    let found = &report["verification"];
    let at = found["at"].as_str()?.parse().ok()?;
    // The run is about this target, even if the comparison calls it otherwise.
    Verification::read(found, at).map(|found| Verification { target: None, ..found })
}
