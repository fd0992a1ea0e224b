//! `avnology migrate clerk runs merge`: the accounts of all shards of one import, put together to one.
//!
//! What became of each record is in the shards' journals, as for any run, and so is how each run ended. Their reports and
//! rejects files are for people, who may edit, move or delete them; nothing is counted in those. That the shards are all of
//! one whole is checked twice: by what their runs are about, and by their counts, for the records of all must be what each one
//! saw in all.

mod merge_error;
mod merge_progress;
mod merged_directory;
mod rejects;
mod shard_account;
mod shard_run;

pub use merge_error::MergeError;
use merge_progress::{MergeProgress, size_of};
use merged_directory::MergedDirectory;
use shard_account::ShardAccount;
use shard_run::ShardRun;

use super::super::shared::terminal::output::Output;
use crate::exit::ExitStatus;
use crate::journal::FirstPassRecord;
use crate::outcomes::Ledger;
use crate::report::{RunDetails, RunReport};
use crate::settings::MergeSettings;

/// Puts the shards together that were named, and those of the same import beside them; without any name, those of the newest
/// one. Either all of it is written or nothing.
pub fn merge_runs(settings: &MergeSettings) -> Result<ExitStatus, MergeError> {
    let runs = &settings.runs_directory;
    let parts = shard_run::find(&settings.runs, runs)?;
    let (Some(first), Some((_, last))) = (parts.values().next(), parts.last_key_value()) else {
        return Err(MergeError::NoShards(runs.clone()));
    };
    shard_run::check_finished(&parts, last.shard)?;
    shard_run::check_bytes(&parts)?;
    let progress = MergeProgress::of(parts.values(), settings.quiet);
    let read = |part| {
        let account = ShardAccount::of(part)?;
        progress.read(size_of(&part.directory.journal()));
        Ok::<_, MergeError>(account)
    };
    let accounts = parts.values().map(read).collect::<Result<Vec<_>, _>>()?;
    shard_account::check_sums(&accounts)?;
    let shards: Vec<String> = parts.values().map(|part| part.record.id.clone()).collect();
    let (passwords, memberships) = (shard_account::passwords(first), shard_account::memberships(first));
    let (target, rejects_of) = (Some(first.record.target.clone()), first.record.rejects_of.clone());
    let mut directory = MergedDirectory::open(runs.join(merged_name(first)), shards.clone())?;
    let rejects = directory.stage(|to| rejects::gather(&accounts, to, &progress))?;
    drop(progress);
    let mut merged = accounts.into_iter().map(|account| account.ledger).reduce(Ledger::with).unwrap_or_else(empty);
    merged.shard = None;
    let (place, report) = (directory.rejects_path(rejects.as_ref())?, directory.report());
    merged.set_rejects_files(rejects.iter().map(|_| place.path.clone()).collect());
    let report_file = Some(report.display().to_string());
    let sums = FirstPassRecord::sums_of_inputs(&first.directory);
    let details =
        RunDetails { shards, rejects_of, passwords, memberships, target, report_file, sums, ..RunDetails::default() };
    directory.keep((&place, rejects), &RunReport::new(&merged, &details, false))?;
    Ok(Output::new(settings.format, settings.console).report(&merged, &details, None)?)
}

fn empty() -> Ledger {
    Ledger::of_sending(&[])
}

/// `20261123T091500Z-3f9a-merged`, after the run of the first shard.
fn merged_name(first: &ShardRun) -> String {
    let part = format!("-{}of{}", first.shard.number(), first.shard.of());
    format!("{}-merged", first.record.id.strip_suffix(&part).unwrap_or(&first.record.id))
}
