//! `avnology migrate clerk runs`: what was run, how it stands, how it went.

use std::fmt::{self, Write};
use std::io;

use super::prune::merged_directories;
use super::runs_error::RunsError;
use crate::cli::OutputFormat;
use crate::command::shared::run_overview::{RunOverview, RunState};
use crate::human::{count, size};
use crate::journal::{MergedRecord, RunDirectory, RunRecord};
use crate::outcomes::Counts;
use crate::report::{StdoutError, print_json, print_wrapped};
use crate::settings::RunsSettings;

/// Prints the runs on standard output, the newest first.
pub fn list_runs(settings: &RunsSettings) -> Result<(), RunsError> {
    let directory = &settings.runs_directory;
    let listed = RunDirectory::list(directory).map_err(RunsError::read(directory))?;
    let mut runs: Vec<RunOverview> =
        listed.into_iter().map(|(directory, record)| RunOverview::of(&directory, record).0).collect();
    for path in merged_directories(directory).map_err(RunsError::read(directory))? {
        let shards = MergedRecord::read(&path).unwrap_or_default().shards;
        let id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = runs.iter().position(|run| shards.contains(&run.record.id));
        let parts: Vec<&RunOverview> =
            shards.iter().filter_map(|shard| runs.iter().find(|run| run.record.id == *shard)).collect();
        let merged = RunOverview::merged(id, &path, &parts).filter(|_| parts.len() == shards.len());
        if let (Some(place), Some(merged)) = (place, merged) {
            runs.insert(place, merged);
        }
    }
    match settings.format {
        OutputFormat::Json => print_json(&runs)?,
        OutputFormat::Text => {
            let mut text = String::new();
            write_list(&mut text, &runs).map_err(|error| StdoutError::from(io::Error::other(error)))?;
            print_wrapped(&text)?;
        }
    }
    Ok(())
}

/// How long ago a run began, for people.
pub(super) fn age(record: &RunRecord) -> String {
    let began = record.started.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::MAX);
    let seconds = jiff::Timestamp::now().duration_since(began).as_secs();
    match u64::try_from(seconds).unwrap_or_default() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Writes runs, each in a few lines that fit a terminal of 80 columns.
pub(super) fn write_list(out: &mut String, runs: &[RunOverview]) -> fmt::Result {
    if runs.is_empty() {
        return writeln!(out, "No runs.");
    }
    let width = runs.iter().map(|run| run.record.id.len()).max().unwrap_or_default();
    writeln!(out, "{:<width$}  {:>8}  {:<12} {:>9}", "RUN", "AGE", "STATE", "SIZE")?;
    for run in runs {
        let RunOverview { record, state, merged_from, disk_bytes, .. } = run;
        let (state, name) = (*state, format!("{state:?}").to_lowercase());
        writeln!(out, "{:<width$}  {:>8}  {name:<12} {:>9}", record.id, age(record), size(*disk_bytes))?;
        writeln!(out, "  {}", outcomes(run))?;
        // Memberships are read in two steps.
        let mut inputs: Vec<&str> = record.inputs.iter().map(|input| input.path.as_str()).collect();
        inputs.dedup();
        writeln!(out, "  {} -> {}", inputs.join(", "), record.target)?;
        if !merged_from.is_empty() {
            writeln!(out, "  merged from {}", merged_from.join(" and "))?;
        }
        if let Some(run) = &record.rejects_of {
            writeln!(out, "  mends rejects of {run}")?;
        }
        if state == RunState::Interrupted && !record.can_be_known_again() {
            writeln!(out, "  cannot be resumed: it read standard input or a pipe")?;
        }
    }
    Ok(())
}

/// What became of the records of a run, and of what it created. What is not known is not nothing.
fn outcomes(run: &RunOverview) -> String {
    let Some(Counts { created, updated, unchanged, rejected, unfinished, .. }) = run.counts else {
        return "what became of its records is not known".to_owned();
    };
    let of_records = [
        (created, "created"),
        (updated, "updated"),
        (unchanged, "unchanged"),
        (rejected, "rejected"),
        (unfinished, "unfinished"),
    ];
    let of_records = of_records.into_iter().filter(|(number, _)| *number > 0);
    let mut named: Vec<String> = of_records.map(|(number, what)| format!("{} {what}", count(number))).collect();
    if let Some(undone) = run.undone {
        named.push(format!("{} deleted", undone.deleted.map_or_else(|| "?".to_owned(), count)));
    }
    if named.is_empty() { "no records".to_owned() } else { named.join(", ") }
}
