//! `avnology migrate clerk runs ids`: what the target of a run calls those whom Clerk calls otherwise.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::super::shared::private_list::write_private;
use crate::id_map::{IdLookup, IdMap};
use crate::journal::RunRecord;
use crate::report::{StdoutError, stream_to_stdout};
use crate::results::{ResultsTable, TableCell, TableForm};
use crate::settings::{RunIdsSettings, RunOnDisk};

/// Why the ids cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RunIdsError {
    /// What is known of the ids cannot be read.
    #[error("cannot read the ids of the target of run {run}: {source}")]
    Map {
        /// The run.
        run: String,
        /// The reason.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error(transparent)]
    Stdout(#[from] StdoutError),
}

/// The columns of the list.
const COLUMNS: &[&str] = &["kind", "clerk_id", "external_id", "id"];

/// Writes the ids that are known of the target of a run, in the order in which they were learned.
pub fn print_run_ids(settings: &RunIdsSettings) -> Result<(), RunIdsError> {
    let RunIdsSettings { runs_directory, run: RunOnDisk { record, .. }, format, out } = settings;
    let ids = open(runs_directory, record).map_err(|source| RunIdsError::Map { run: record.id.clone(), source })?;
    let form = TableForm { format: *format, is_shown: out.is_none() && io::stdout().is_terminal() };
    let mut unreadable = None;
    let written = match out {
        Some(path) => write_private(path, |file| write_ids(file, &ids, form, &mut unreadable))
            .map_err(|source| RunIdsError::Write { path: path.clone(), source }),
        None => stream_to_stdout(|stdout| write_ids(stdout, &ids, form, &mut unreadable)).map_err(RunIdsError::Stdout),
    };
    match unreadable {
        Some(source) => Err(RunIdsError::Map { run: record.id.clone(), source }),
        None => written,
    }
}

fn open(runs: &Path, record: &RunRecord) -> io::Result<IdLookup> {
    let map = IdMap::open(runs, &record.target)?.take_in()?;
    if map.misses_some() {
        tracing::warn!(
            "the ids of some who are at the target are not known, as of those whom an earlier version imported: import the same \
             export once more, which changes nothing and asks the target for them"
        );
    }
    map.lookup()
}

/// Writes all ids. If they cannot be read to their end, `unreadable` gets the reason.
fn write_ids(
    out: &mut dyn Write,
    ids: &IdLookup,
    form: TableForm,
    unreadable: &mut Option<io::Error>,
) -> io::Result<()> {
    let mut table = ResultsTable::begin(out, form, COLUMNS)?;
    let mut failed = None;
    let read = ids.for_each(|known| {
        let cells = [known.kind.as_str(), &known.clerk_id, known.external_id(), &known.id].map(TableCell::text);
        table.row(&cells).map_err(|error| {
            let kind = error.kind();
            failed = Some(error);
            kind.into()
        })
    });
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => {
            *unreadable = Some(error);
            Err(io::Error::other("the ids cannot be read"))
        }
        (None, Ok(())) => table.finish(),
    }
}
