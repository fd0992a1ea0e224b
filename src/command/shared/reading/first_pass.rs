//! Goes through the inputs once before anything is sent, and keeps what that finds out for the rest of the run: whether they
//! can be read at all, what their bytes are, who is in them twice, and how many records will be rejected.

mod file_findings;
mod kept_findings;
mod looked_through;
mod other_shard;

use std::sync::Arc;

use file_findings::FileFindings;
use kept_findings::{keep, read_kept};
use looked_through::LookedThrough;
use other_shard::OtherShards;

use super::super::command_error::CommandError;
use super::super::run_start_error::RunStartError;
use super::read_subject::ReadSubject;
use crate::files::create_private;
use crate::index::Duplicates;
use crate::journal::{FirstPassRecord, Prediction};
use crate::outcomes::StopReason;
use crate::pipeline::ShardBlocks;
use crate::recognition::UnchangedRecords;
use crate::settings::RunOnDisk;
use crate::signal::Signals;
use crate::source::{KnownInputs, Recorder, Watch};

/// What is known of the inputs before the first request.
pub(in crate::command) enum FirstPass {
    /// Nothing, for some of them can be read only once: the target decides about duplicates.
    Pipe,
    /// What is in the files.
    Files(FileFindings),
}

impl FirstPass {
    /// Goes through the inputs of a run, unless an earlier part of it did and all of what it found is there. `has_begun` says
    /// whether an earlier part did anything.
    pub(in crate::command) async fn of_run(
        subject: ReadSubject<'_>,
        run: &RunOnDisk,
        has_begun: bool,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        let directory = &run.directory;
        if subject.reading.has_pipe() {
            return Ok(Self::Pipe);
        }
        if let Some(kept) = read_kept(subject.joined, directory)? {
            subject.reading.check_read_earlier(&kept.inputs.inputs).map_err(RunStartError::Source)?;
            return Ok(Self::Files(kept));
        }
        // An earlier part has sent by what this run itself had found, so nothing is taken over from other shards.
        let others = if has_begun { None } else { OtherShards::of(subject, run) };
        let lock = match &others {
            Some(others) => others.wait(signals).await?,
            None => None,
        };
        if let Some(found) = others.and_then(|others| others.take_over()) {
            return Ok(Self::Files(found));
        }
        let seen = LookedThrough::look(subject, create_private(&directory.block_hashes()), signals).await?;
        // An earlier part of the run may have had all this, and lost it.
        let before = FirstPassRecord::read(directory).ok().flatten();
        let may_have_sent = before.map_or(has_begun, |before| before.prediction.may_have_sent);
        let prediction = Prediction { may_have_sent, ..seen.prediction };
        // Kept before the duplicates, by which the next part of the run knows that all this was done.
        subject.joined.close_in(seen.is_complete, directory)?;
        let kept = keep(directory, subject.joined, &seen, prediction);
        let (duplicates, shard_blocks) = kept.map_err(StopReason::Temporary)?;
        let duplicates = Arc::new(duplicates);
        // Shards that wait for it find it now.
        drop(lock);
        let LookedThrough { inputs, unchanged_records, .. } = seen;
        Ok(Self::Files(FileFindings {
            duplicates,
            inputs: Arc::new(inputs),
            prediction,
            unchanged_records,
            shard_blocks,
        }))
    }

    /// Goes through the inputs of a comparison, which keeps nothing.
    pub(in crate::command) async fn of_comparison(
        subject: ReadSubject<'_>,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        if subject.reading.has_pipe() {
            return Ok(Self::Pipe);
        }
        let seen = LookedThrough::look(subject, tempfile::tempfile(), signals).await.map_err(|error| match error {
            CommandError::RunStart(RunStartError::Source(error)) => CommandError::NotCompared(error),
            other => other,
        })?;
        subject.joined.close(seen.is_complete)?;
        let duplicates = tempfile::tempfile().and_then(|file| seen.found.write(file));
        let duplicates = Arc::new(duplicates.map_err(StopReason::Temporary)?);
        let LookedThrough { inputs, prediction, unchanged_records, .. } = seen;
        let (inputs, shard_blocks) = (Arc::new(inputs), ShardBlocks::Unknown);
        Ok(Self::Files(FileFindings { duplicates, inputs, prediction, unchanged_records, shard_blocks }))
    }

    /// Who is in the inputs twice, if that is known.
    pub(in crate::command) fn duplicates(&self) -> Option<&Arc<Duplicates>> {
        self.findings().map(|findings| &findings.duplicates)
    }

    /// Which records are unchanged, if that is known.
    pub(in crate::command) fn unchanged_records(&self) -> Option<Arc<UnchangedRecords>> {
        self.findings().and_then(|findings| findings.unchanged_records.clone())
    }

    /// What will come of the records, if that is known.
    pub(in crate::command) fn prediction(&self) -> Option<Prediction> {
        self.findings().map(|findings| findings.prediction)
    }

    /// What the bytes of the inputs are, if that is known.
    pub(in crate::command) fn inputs(&self) -> Option<&KnownInputs> {
        self.findings().map(|findings| &*findings.inputs)
    }

    /// How the bytes of the inputs are held to what they were.
    pub(in crate::command) fn watch(&self) -> Watch {
        self.findings().map_or_else(
            || Watch::Record(Arc::new(Recorder::of_only_look())),
            |findings| Watch::Hold(Arc::clone(&findings.inputs)),
        )
    }

    /// What a later read of a shard does about the blocks of others.
    pub(in crate::command) fn shard_blocks(&self) -> ShardBlocks {
        self.findings().map(|findings| findings.shard_blocks.clone()).unwrap_or_default()
    }

    fn findings(&self) -> Option<&FileFindings> {
        match self {
            Self::Pipe => None,
            Self::Files(findings) => Some(findings),
        }
    }
}
