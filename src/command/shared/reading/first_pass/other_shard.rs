//! The first pass of another shard of the same import. Each shard would go through all of the inputs and find out the same, so
//! where shards keep their runs in one directory, one of them does it and the others take over what it found.
//!
//! That saves work, and nothing hangs on it. A shard takes over only what was found in the same files, by the same rules, of a
//! version of the program that is the same, to the end of the inputs; it keeps that in its own run as if it had found it. As in a run
//! that is resumed, each later read is held to the bytes that were read then: of an input that is another one after all,
//! nothing is sent of what changed. Where the blocks of all shards begin is among it, so that each then reads its own. If anything is
//! missing, damaged or cannot be locked, the shard goes through the inputs itself.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use super::super::read_subject::ReadSubject;
use super::file_findings::FileFindings;
use super::kept_findings::read_kept;
use crate::command::shared::command_error::CommandError;
use crate::files::{directory_of, put_private};
use crate::ignore::ignore;
use crate::index::{DuplicateMeaning, Duplicates};
use crate::journal::{FirstPassRecord, Lock, LockError, Prediction, RunDirectory, RunRecord};
use crate::settings::RunOnDisk;
use crate::signal::Signals;
use crate::source::{InputDigest, Shard};

/// How often a shard looks whether the lock is free.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The other shards of an import, for one of them.
pub(super) struct OtherShards<'r> {
    subject: ReadSubject<'r>,
    shard: Shard,
    run: &'r RunOnDisk,
    /// Where the runs of all of them may be.
    runs: &'r Path,
}

/// Held by the shard that goes through the inputs. The others wait until it is dropped, or until the process is gone.
pub(super) struct FirstPassLock {
    path: PathBuf,
    _lock: Lock,
}

impl Drop for FirstPassLock {
    fn drop(&mut self) {
        ignore(fs::remove_file(&self.path), "with a file too many, or with two locks, a shard waits for nobody");
    }
}

impl<'r> OtherShards<'r> {
    /// Those beside a run; `None` if it is not of a shard.
    pub(super) fn of(subject: ReadSubject<'r>, run: &'r RunOnDisk) -> Option<Self> {
        let (shard, runs) = (subject.records.shard()?, directory_of(run.directory.path()));
        Some(Self { subject, shard, run, runs })
    }

    /// Waits as long as another one goes through the inputs; `None` if nobody can be waited for.
    pub(super) async fn wait(&self, signals: &mut Signals) -> Result<Option<FirstPassLock>, CommandError> {
        let path = self.runs.join(format!("first-pass-{}.lock", self.run.record.whole_digest()));
        let mut has_said = false;
        loop {
            match Lock::take(&path, &format!("first pass of shard {}", self.shard)) {
                Ok(lock) => return Ok(Some(FirstPassLock { path, _lock: lock })),
                Err(LockError::Held { holder, .. }) => {
                    if !has_said {
                        has_said = true;
                        let text =
                            format!("Waiting for another shard, which looks for duplicates for all ({holder}) …");
                        self.subject.output.console.note(&text);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the shard does not wait for others");
                    return Ok(None);
                }
            }
            tokio::select! {
                () = sleep(LOOK_AGAIN) => {}
                signal = signals.next() => return Err(CommandError::Interrupted(signal)),
            }
        }
    }

    /// Takes over what one of them found, if there is such a one.
    pub(super) fn take_over(&self) -> Option<FileFindings> {
        let listed = RunDirectory::list(self.runs).unwrap_or_default();
        let whole = self.run.record.whole_digest();
        let mut others = listed.into_iter().filter(|(_, record)| self.is_of_same_files(record, &whole));
        let (of, from) = others.find_map(|(directory, record)| match self.keep_as_ours(&directory) {
            Ok(kept) => kept.then_some((record.shard?, record.id)),
            Err(error) => {
                tracing::debug!(%error, run = record.id, "what another shard found is not taken over");
                None
            }
        })?;
        let found = read_kept(self.subject.joined, &self.run.directory).ok().flatten()?;
        let text =
            format!("Shard {of} has looked for duplicates already (run {from}): what it found counts here, too.");
        self.subject.output.console.note(&text);
        Some(found)
    }

    /// Whether a run is of another shard of the same import, and read the very same files: as large, with the same samples, and not
    /// changed since.
    fn is_of_same_files(&self, record: &RunRecord, whole: &str) -> bool {
        let ours = &self.run.record;
        let files = || record.files().zip(ours.files());
        record.id != ours.id
            && ours.can_be_known_again()
            && record.files().count() == ours.files().count()
            && files().all(|(other, ours)| other.fingerprint == ours.fingerprint)
            && record.whole_digest() == whole
    }

    /// Copies what a run found out into our own; false if it found nothing that the others may go by. The record is written last:
    /// without it nothing of the rest counts.
    fn keep_as_ours(&self, other: &RunDirectory) -> io::Result<bool> {
        let Some(first) = FirstPassRecord::read(other)? else { return Ok(false) };
        let Some(rejects) = &first.rejects_by_shard else { return Ok(false) };
        let (passwords, memberships) = self.subject.joined.digests();
        // Of what is known by sums of two kinds it is not known whether it is the same.
        let is_same = |(one, other): (&InputDigest, &InputDigest)| one.is_same(other) == Some(true);
        let (theirs, ours) = (&first.passwords, &passwords);
        if theirs.is_some() != ours.is_some()
            || first.memberships.len() != memberships.len()
            || !theirs.iter().zip(ours).chain(first.memberships.iter().zip(&memberships)).all(is_same)
        {
            return Ok(false);
        }
        let ours = &self.run.directory;
        copy(&other.block_hashes(), &ours.block_hashes())?;
        copy(&other.duplicates(), &ours.duplicates())?;
        if passwords.is_some() {
            copy(&other.passwords(), &ours.passwords())?;
        }
        if other.memberships().exists() {
            copy(&other.memberships(), &ours.memberships())?;
        }
        if first.block_starts.is_some() {
            copy(&other.block_starts(), &ours.block_starts())?;
        }
        let mut duplicates = 0;
        for duplicate in Duplicates::open(&ours.duplicates())?.iter() {
            let duplicate = duplicate?;
            duplicates +=
                u64::from(duplicate.meaning == DuplicateMeaning::Taken && self.shard.takes(duplicate.place.number));
        }
        let rejects = rejects.get(&self.shard.number()).copied().unwrap_or_default() + duplicates;
        let prediction = Prediction { rejects, may_have_sent: false, ..first.prediction };
        FirstPassRecord { prediction, ..first }.write(ours)?;
        Ok(true)
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    put_private(to, |mut file| io::copy(&mut from, &mut file).map(drop))
}
