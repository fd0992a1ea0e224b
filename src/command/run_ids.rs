//! `avnology migrate clerk runs ids`: what the target of a run calls those whom Clerk calls otherwise.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::IdsFormat;
use crate::files::put_private;
use crate::id_map::{IdLookup, IdMap, KnownId};
use crate::journal::{RunDirectory, RunRecord};
use crate::report::{StdoutError, stream_to_stdout, visible, visible_json};
use crate::settings::RunIdsSettings;

/// Why the ids cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum RunIdsError {
    /// The directory of the runs cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Runs {
        /// The directory.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// There is no such run.
    #[error("there is no run `{0}`; `avnology migrate clerk runs` lists them")]
    NoRun(String),
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

/// A line of the list.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    clerk_id: &'a str,
    external_id: &'a str,
    id: &'a str,
}

/// The header of the CSV.
const HEADER: [&str; 4] = ["kind", "clerk_id", "external_id", "id"];

/// How ids are written.
#[derive(Clone, Copy)]
struct Form {
    format: IdsFormat,
    /// Somebody looks at it, so that nothing in it may do anything to the terminal. (JSON escapes that anyway.)
    is_shown: bool,
}

/// Writes the ids that are known of the target of a run, in the order in which they were learned.
pub fn print_run_ids(settings: &RunIdsSettings) -> Result<(), RunIdsError> {
    let RunIdsSettings { runs_directory: runs, run, format, out } = settings;
    let listed = RunDirectory::list(runs).map_err(|source| RunIdsError::Runs { path: runs.clone(), source })?;
    let named = listed.into_iter().find(|(_, record)| record.id == *run);
    let (_, record) = named.ok_or_else(|| RunIdsError::NoRun(run.clone()))?;
    let ids = open(runs, &record).map_err(|source| RunIdsError::Map { run: record.id.clone(), source })?;
    let form = Form { format: *format, is_shown: out.is_none() && io::stdout().is_terminal() };
    let mut unreadable = None;
    let written = match out {
        Some(path) => write_file(path, |file| write_ids(file, &ids, form, &mut unreadable))
            .map_err(|source| RunIdsError::Write { path: path.clone(), source }),
        None => stream_to_stdout(|stdout| write_ids(stdout, &ids, form, &mut unreadable)).map_err(RunIdsError::Stdout),
    };
    match unreadable {
        Some(source) => Err(RunIdsError::Map { run: record.id, source }),
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

/// Writes a file for the owner only. What is no file stays what it is.
fn write_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is no file"));
    }
    put_private(path, |file: File| {
        let mut file = BufWriter::with_capacity(1 << 16, file);
        write(&mut file)?;
        file.flush()
    })
}

/// Writes all ids. If they cannot be read to their end, `unreadable` gets the reason.
fn write_ids(out: &mut dyn Write, ids: &IdLookup, form: Form, unreadable: &mut Option<io::Error>) -> io::Result<()> {
    if form.format == IdsFormat::Csv {
        write_row(out, HEADER, form)?;
    }
    let mut failed = None;
    let read = ids.for_each(|known| {
        write_id(out, &known, form).map_err(|error| {
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
        (None, Ok(())) => Ok(()),
    }
}

fn write_id(out: &mut dyn Write, known: &KnownId, form: Form) -> io::Result<()> {
    let (kind, external_id) = (known.kind.as_str(), known.external_id());
    let line = Line { kind, clerk_id: &known.clerk_id, external_id, id: &known.id };
    match form.format {
        IdsFormat::Csv => write_row(out, [line.kind, line.clerk_id, line.external_id, line.id], form),
        IdsFormat::Ndjson => writeln!(out, "{}", visible_json(&serde_json::to_string(&line)?)),
    }
}

/// Writes a row of a CSV.
fn write_row(out: &mut dyn Write, cells: [&str; 4], form: Form) -> io::Result<()> {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let cell = if form.is_shown { visible(cell) } else { cell.into() };
        if cell.contains(['"', ',', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\n")
}
