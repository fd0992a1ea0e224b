//! `avnology migrate clerk runs`: what was run, how it stands, how it went.

use std::fmt::{self, Write};
use std::io;

use super::listed_run::{ListedRun, RunState};
use super::prune::merged_directories;
use super::runs_error::RunsError;
use crate::account::Counts;
use crate::cli::OutputFormat;
use crate::human::{count, size};
use crate::journal::{MergedRecord, RunDirectory, RunRecord};
use crate::report::{StdoutError, print_json, print_wrapped};
use crate::settings::RunsSettings;

/// Prints the runs on standard output, the newest first.
pub fn list_runs(settings: &RunsSettings) -> Result<(), RunsError> {
    let directory = &settings.runs_directory;
    let listed = RunDirectory::list(directory).map_err(RunsError::read(directory))?;
    let mut runs: Vec<ListedRun> =
        listed.into_iter().map(|(directory, record)| ListedRun::of(&directory, record).0).collect();
    for path in merged_directories(directory).map_err(RunsError::read(directory))? {
        let shards = MergedRecord::read(&path).unwrap_or_default().shards;
        let id = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let place = runs.iter().position(|run| shards.contains(&run.record.id));
        let parts: Vec<&ListedRun> =
            shards.iter().filter_map(|shard| runs.iter().find(|run| run.record.id == *shard)).collect();
        let merged = ListedRun::merged(id, &path, &parts).filter(|_| parts.len() == shards.len());
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

pub(super) fn write_list(out: &mut String, runs: &[ListedRun]) -> fmt::Result {
    if runs.is_empty() {
        return writeln!(out, "No runs.");
    }
    let width = runs.iter().map(|run| run.record.id.len() + 1).max().unwrap_or_default();
    write!(out, "{:<width$} {:>10} {:<12}", "RUN", "AGE", "STATE")?;
    for name in ["CREATED", "UPDATED", "UNCHANGED", "REJECTED", "UNFINISHED", "DELETED"] {
        write!(out, " {name:>10}")?;
    }
    writeln!(out, " {:>9}  INPUT -> TARGET", "SIZE")?;
    for ListedRun { record, state, counts, undone, merged_from, disk_bytes } in runs {
        let (state, name) = (*state, format!("{state:?}").to_lowercase());
        write!(out, "{:<width$} {:>10} {name:<12}", record.id, age(record))?;
        let of = |which: fn(&Counts) -> u64| counts.as_ref().map(which);
        for number in [
            of(|counts| counts.created),
            of(|counts| counts.updated),
            of(|counts| counts.unchanged),
            of(|counts| counts.rejected),
            of(|counts| counts.unfinished),
            undone.map_or(Some(0), |undone| undone.deleted),
        ] {
            // What is not known is not nothing.
            write!(out, " {:>10}", number.map_or_else(|| "?".to_owned(), count))?;
        }
        // Memberships are read in two steps.
        let mut inputs: Vec<&str> = record.inputs.iter().map(|input| input.path.as_str()).collect();
        inputs.dedup();
        writeln!(out, " {:>9}  {} -> {}", size(*disk_bytes), inputs.join(", "), record.target)?;
        if !merged_from.is_empty() {
            writeln!(out, "{:<width$} merged from {}", "", merged_from.join(" and "))?;
        }
        if let Some(run) = &record.rejects_of {
            writeln!(out, "{:<width$} mends rejects of {run}", "")?;
        }
        if state == RunState::Interrupted && !record.can_be_known_again() {
            writeln!(out, "{:<width$} cannot be resumed: it read standard input or a pipe", "")?;
        }
    }
    Ok(())
}
