//! `avnology migrate clerk runs`: what was run, how it stands, how it went.

use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::account::{Counts, Ledger};
use crate::cli::OutputFormat;
use crate::human::count;
use crate::journal::{Ending, Journal, JournalError, Lock, LogError, RunDirectory, RunRecord, UndoneRecord};
use crate::report::{StdoutError, print_json, print_text};
use crate::settings::RunsSettings;
use crate::source::Input;

/// Why runs cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum RunsError {
    /// The directory cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The list cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum RunState {
    /// Some process is at it.
    Running,
    /// It did not come to its end.
    Interrupted,
    /// All done.
    Finished,
    /// What it had created was deleted again.
    Undone,
    /// Some of it was, and undoing it again goes on.
    Undoing,
    /// Its journal cannot be used.
    Damaged,
}

/// A run as it is listed.
#[derive(Debug, Serialize)]
struct ListedRun {
    #[serde(flatten)]
    record: RunRecord,
    state: RunState,
    /// Each record of which the journal knows is in exactly one of `created`, `updated`, `unchanged`, `rejected` and
    /// `unfinished`: sent, and the answer is not known. `read` is their sum.
    counts: Option<Counts>,
    /// Of a run that was undone, in part at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<UndoneCounts>,
}

/// What became of the identities that a run created: the sum is `created`. Nothing is known of them if undoing was killed, until
/// it has come to its end.
#[derive(Clone, Copy, Debug, Serialize)]
struct UndoneCounts {
    /// Not at the target any more.
    deleted: Option<u64>,
    /// Kept: changed since, not the run's own any more, or the target did not delete them.
    kept: Option<u64>,
    /// Still to be undone.
    left: Option<u64>,
}

/// Prints the runs on standard output, the newest first.
pub fn list_runs(settings: &RunsSettings) -> Result<(), RunsError> {
    let directory = &settings.runs_directory;
    let failed = |source| RunsError::Read { path: directory.clone(), source };
    let runs: Vec<ListedRun> = RunDirectory::list(directory).map_err(failed)?.into_iter().map(look_at).collect();
    match settings.format {
        OutputFormat::Json => print_json(&runs)?,
        OutputFormat::Text => {
            let mut text = String::new();
            write_list(&mut text, &runs).map_err(|error| StdoutError::from(io::Error::other(error)))?;
            print_text(&text)?;
        }
    }
    Ok(())
}

/// The journal is the truth about every run, finished or not; it is read, never written, here.
fn look_at((directory, record): (RunDirectory, RunRecord)) -> ListedRun {
    let inputs: Vec<Input> = record.inputs.iter().map(|input| Input::from_argument(Path::new(&input.path))).collect();
    let mut ledger = Ledger::new(&inputs, true);
    let read = Journal::read(&directory.journal(), inputs.len(), |settled| ledger.replayed(settled, None));
    let state = match &read {
        _ if Lock::is_held(&directory.lock()) => RunState::Running,
        _ if directory.is_undone_as_a_whole() => RunState::Undone,
        _ if directory.is_undone() => RunState::Undoing,
        Ok(_) if directory.is_finished() => RunState::Finished,
        // A resumed run writes an emptied journal anew: it finds its users by their marks.
        Ok(_) | Err(JournalError::Log { source: LogError::Empty, .. }) => RunState::Interrupted,
        Err(_) => RunState::Damaged,
    };
    let counts = read.ok().map(|ending| counts(&ledger, &ending));
    let undone = directory.is_undone().then(|| undone(counts, directory.undone_record()));
    ListedRun { record, state, counts, undone }
}

fn counts(ledger: &Ledger, ending: &Ending) -> Counts {
    let unfinished = match ending {
        Ending::InDoubt(doubts) => doubts.len() as u64,
        Ending::Finished | Ending::Interrupted => 0,
    };
    let counts = ledger.counts();
    Counts { read: counts.read + unfinished, unfinished, ..counts }
}

fn undone(counts: Option<Counts>, record: Option<UndoneRecord>) -> UndoneCounts {
    let Some(UndoneRecord { deleted, kept }) = record else {
        return UndoneCounts { deleted: None, kept: None, left: None };
    };
    let left = counts.map(|counts| counts.created.saturating_sub(deleted + kept));
    UndoneCounts { deleted: Some(deleted), kept: Some(kept), left }
}

/// How long ago a run began, for people.
fn age(record: &RunRecord) -> String {
    let began = record.started.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::MAX);
    let seconds = jiff::Timestamp::now().duration_since(began).as_secs();
    match u64::try_from(seconds).unwrap_or_default() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

fn write_list(out: &mut String, runs: &[ListedRun]) -> fmt::Result {
    if runs.is_empty() {
        return writeln!(out, "No runs.");
    }
    let width = runs.iter().map(|run| run.record.id.len() + 1).max().unwrap_or_default();
    write!(out, "{:<width$} {:>10} {:<12}", "RUN", "AGE", "STATE")?;
    for name in ["CREATED", "UPDATED", "UNCHANGED", "REJECTED", "UNFINISHED", "DELETED"] {
        write!(out, " {name:>10}")?;
    }
    writeln!(out, "  INPUT -> TARGET")?;
    for ListedRun { record, state, counts, undone } in runs {
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
        let inputs: Vec<&str> = record.inputs.iter().map(|input| input.path.as_str()).collect();
        writeln!(out, "  {} -> {}", inputs.join(", "), record.target)?;
        if let Some(run) = &record.rejects_of {
            writeln!(out, "{:<width$} mends rejects of {run}", "")?;
        }
        if state == RunState::Interrupted && !record.can_be_known_again() {
            writeln!(out, "{:<width$} cannot be resumed: it read standard input or a pipe", "")?;
        }
    }
    Ok(())
}
