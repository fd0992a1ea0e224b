//! The file of inline memberships: those that stand inside users move beside those of files, each once.
//!
//! They are taken out of the users into a file of the program's own before anything else is done, and are one more input from then
//! on: resumed, rejected and compared as all others. The file lies with the runs, for the owner only, and holds the same bytes as
//! long as the users do; it is removed when the import is finished.
//!
//! The export may still be on its way here, or a store may be away for a while. So what was read is kept, and the first pass has to
//! find the same bytes: users of one export never move beside memberships of another one, or of half of it.

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::super::command_error::CommandError;
use super::super::in_background::in_background;
use super::super::run_start_error::RunStartError;
use crate::exit::ExitStatus;
use crate::files::{create_private_directory, remove_unfinished, unfinished};
use crate::hexadecimal::hexadecimal;
use crate::ignore::ignore;
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::journal::TAKEN_OUT_OF_USERS;
use crate::kind::Kind;
use crate::mapping::{inline_memberships, membership_keys};
use crate::settings::{ReadEarlier, ReadingSettings};
use crate::signal::Signals;
use crate::source::{Input, InputWatch, RawRecord, ReaderLimits, RecordReader, Recorder, SumKind};

/// Entries in memory: 96 KiB, and as much again for the tree that they are in.
const BUFFERED: usize = 8 * 1024;

/// The settings of reading with the memberships inside users as one more input, if there are any. Their file lies in `directory`.
pub(in crate::command) async fn with_inline_memberships(
    reading: &ReadingSettings,
    directory: &Path,
    signals: &mut Signals,
) -> Result<ReadingSettings, CommandError> {
    let of_kind = |wanted: Kind| {
        let inputs = reading.inputs.iter().zip(&reading.kinds).filter(move |(_, kind)| **kind == wanted);
        inputs.map(|(input, _)| input.clone()).collect::<Vec<_>>()
    };
    let (users, mut files) = (of_kind(Kind::User), of_kind(Kind::Membership));
    // The same files, where the target takes roles alone.
    if files.is_empty() {
        files = of_kind(Kind::RoleTuple);
    }
    if reading.kinds_of_inline_memberships.is_empty() {
        return Ok(reading.clone());
    }
    let names: Vec<String> = users.iter().chain(&files).map(|input| input.name().to_string()).collect();
    let name = hexadecimal(&hash_of(0, &names.join("\n")));
    let path = directory.join(format!("{TAKEN_OUT_OF_USERS}{name}.ndjson"));
    let (limits, to) = (reading.limits, path.clone());
    let taking = in_background("looking for memberships", signals, move |stop| {
        Taking { users, files, limits, path: to, stop: stop.clone() }.run()
    });
    let taken = taking.await?;
    let Taken { any, inputs } = taken.map_err(|source| RunStartError::Io { path: path.clone(), source })?;
    let mut reading = ReadingSettings { read_earlier: inputs, ..reading.clone() };
    for kind in if any { reading.kinds_of_inline_memberships.clone() } else { Vec::new() } {
        let place = reading.kinds.partition_point(|other| *other <= kind);
        reading.kinds.insert(place, kind);
        reading.inputs.insert(place, Input::File(path.clone()));
    }
    Ok(reading)
}

/// Removes these files among the inputs of an import that is finished. One that is not goes on with them.
pub(in crate::command) fn forget_inline_memberships(
    reading: &ReadingSettings,
    directory: &Path,
    status: &Result<ExitStatus, CommandError>,
) {
    if !matches!(status, Ok(ExitStatus::Success | ExitStatus::Rejected)) {
        return;
    }
    for input in &reading.inputs {
        let Input::File(path) = input else { continue };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.parent() == Some(directory) && name.starts_with(TAKEN_OUT_OF_USERS) {
            ignore(std::fs::remove_file(path), "the next import with the same users finds it as it is");
        }
    }
}

/// Where the file is for a command that keeps nothing: it is gone when this is.
pub(in crate::command) struct PassingFile(tempfile::TempDir);

impl PassingFile {
    pub(in crate::command) fn new() -> Result<Self, RunStartError> {
        let failed = |source| RunStartError::Io { path: std::env::temp_dir(), source };
        tempfile::tempdir().map(Self).map_err(failed)
    }

    pub(in crate::command) fn directory(&self) -> &Path {
        self.0.path()
    }
}

/// How the name of a file begins that is still being written.
const UNFINISHED: &str = ".memberships-of-users-";

/// Removes what killed processes left of such files: they hold personal data, and nobody goes on with them.
pub(in crate::command) fn remove_unfinished_memberships(directory: &Path) -> io::Result<()> {
    remove_unfinished(directory, UNFINISHED)
}

/// Takes memberships out of users.
struct Taking {
    users: Vec<Input>,
    /// Those with memberships: what is in one of them is not taken a second time.
    files: Vec<Input>,
    limits: ReaderLimits,
    path: PathBuf,
    stop: CancellationToken,
}

/// What was taken.
struct Taken {
    /// Whether there are any: then they are in the file.
    any: bool,
    /// What was read.
    inputs: Vec<ReadEarlier>,
}

impl Taking {
    fn run(&self) -> io::Result<Taken> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        create_private_directory(directory)?;
        // Usually no user holds any, and then the memberships of files need not be known.
        if let Some(inputs) = self.unless_one_is_held()? {
            return Ok(Taken { any: false, inputs });
        }
        let mut inputs = Vec::with_capacity(self.files.len() + self.users.len());
        let mut known = Table::<HASH_BYTES>::new(BUFFERED, std::env::temp_dir());
        for input in &self.files {
            inputs.push(self.each(input, |record| {
                membership_keys(record).iter().try_for_each(|key| known.insert(hash_of(0, key)))?;
                Ok(ControlFlow::Continue(()))
            })?);
        }
        // With a name of its own, for two jobs may be at it.
        let new = unfinished(directory, UNFINISHED)?;
        new.as_file().lock()?;
        let (mut file, mut any) = (BufWriter::new(new.as_file()), false);
        for input in &self.users {
            inputs.push(self.each(input, |record| {
                for membership in inline_memberships(record) {
                    let hashes: Vec<_> = membership.keys.iter().map(|key| hash_of(0, key)).collect();
                    let mut is_known = false;
                    for hash in &hashes {
                        is_known |= known.find(hash)?.is_some();
                    }
                    if is_known {
                        continue;
                    }
                    hashes.into_iter().try_for_each(|hash| known.insert(hash))?;
                    file.write_all(&membership.line)?;
                    file.write_all(b"\n")?;
                    any = true;
                }
                Ok(ControlFlow::Continue(()))
            })?);
        }
        file.flush()?;
        drop(file);
        // A file that is the same stays as it is: a run knows it again.
        if any && !self.stop.is_cancelled() && !is_same(new.path(), &self.path) {
            new.persist(&self.path)?;
        }
        Ok(Taken { any, inputs })
    }

    /// What was read of the users, unless one of them holds memberships.
    fn unless_one_is_held(&self) -> io::Result<Option<Vec<ReadEarlier>>> {
        let (mut is_held, mut inputs) = (false, Vec::with_capacity(self.users.len()));
        for input in &self.users {
            inputs.push(self.each(input, |record| {
                is_held = !inline_memberships(record).is_empty();
                Ok(if is_held { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?);
            if is_held {
                return Ok(None);
            }
        }
        Ok(Some(inputs))
    }

    /// Shows the records of an input until it is told to stop, and returns what was read. What is wrong with the input the first
    /// pass finds out, and says.
    fn each(
        &self,
        input: &Input,
        mut take: impl FnMut(RawRecord<'_>) -> io::Result<ControlFlow<()>>,
    ) -> io::Result<ReadEarlier> {
        let recorder = Arc::new(Recorder::default());
        let watch = InputWatch::Record(Arc::clone(&recorder), 0);
        if let Ok(mut reader) = RecordReader::open_watched(input, self.limits, &watch) {
            'chunks: while let Ok(Some(chunk)) = reader.next_chunk() {
                for span in &chunk.spans {
                    if self.stop.is_cancelled() || take(RawRecord::new(&chunk, span))?.is_break() {
                        break 'chunks;
                    }
                }
            }
        }
        let digest = recorder.inputs().pop().map(|known| known.digest);
        Ok(ReadEarlier { input: input.clone(), digest })
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let digest = |path: &Path| Input::from_argument(path).digest(SumKind::default(), || false).ok().flatten();
    let is_same = |of_other| digest(one).and_then(|of_one| of_one.is_same(&of_other));
    digest(other).and_then(is_same) == Some(true)
}
