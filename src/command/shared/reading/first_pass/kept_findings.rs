//! What the first pass found out, kept in the directory of the run for when the run is resumed.

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::super::super::run_start_error::RunStartError;
use super::super::joined::JoinedFiles;
use super::file_findings::FileFindings;
use super::looked_through::LookedThrough;
use crate::command::shared::command_error::CommandError;
use crate::files::put_private;
use crate::index::Duplicates;
use crate::journal::{FirstPassRecord, Prediction, RunDirectory};
use crate::pipeline::{BlockStarts, NotedStarts, ShardBlocks};
use crate::source::{KnownInputs, SourceError};

/// What an earlier part of the run found. If any of it is missing or damaged, all is found out again: it is in the inputs.
pub(super) fn read_kept(joined: &JoinedFiles, directory: &RunDirectory) -> Result<Option<FileFindings>, CommandError> {
    let record = match FirstPassRecord::read(directory) {
        Ok(Some(record)) => record,
        Ok(None) => return Ok(None),
        Err(error) => return Ok(found_again(&error)),
    };
    if let Some(input) = joined.changed_since(&record) {
        return Err(RunStartError::Source(SourceError::Changed { input: input.name(), is_passed_on: false }).into());
    }
    let (inputs, duplicates) = match files_of(&record, directory) {
        Ok(found) => found,
        Err(error) => return Ok(found_again(&error)),
    };
    if let Err(problem) = joined.continue_account(directory) {
        return Ok(found_again(&problem));
    }
    let (duplicates, inputs) = (Arc::new(duplicates), Arc::new(inputs));
    let shard_blocks = shard_blocks(directory, record.block_starts);
    Ok(Some(FileFindings { duplicates, inputs, prediction: record.prediction, unchanged_records: None, shard_blocks }))
}

/// What a shard does about the blocks of others, if it was kept where they begin. If that cannot be used, it reads them.
fn shard_blocks(directory: &RunDirectory, sum: Option<u32>) -> ShardBlocks {
    let opened = sum.map(|sum| BlockStarts::open(&directory.block_starts(), sum)).transpose();
    let starts = opened.unwrap_or_else(|error| {
        tracing::debug!(%error, "where blocks begin cannot be read");
        None
    });
    starts.flatten().map_or(ShardBlocks::Unknown, |starts| ShardBlocks::PassOver(Arc::new(starts)))
}

fn found_again(problem: &dyn Display) -> Option<FileFindings> {
    tracing::warn!(
        "what the run found out about its inputs cannot be used, and is found out again from them: {problem}"
    );
    None
}

/// The files beside the record of the first pass. With others in their place, duplicates would be sent, or inputs taken for
/// changed.
fn files_of(record: &FirstPassRecord, directory: &RunDirectory) -> Result<(KnownInputs, Duplicates), String> {
    let wrong = |path: &Path, problem: &dyn Display| format!("`{}` {problem}", path.display());
    let (block_hashes, duplicates) = (directory.block_hashes(), directory.duplicates());
    let cannot_be_read = |error: io::Error| format!("cannot be read: {error}");
    let known = KnownInputs::open(record.inputs.clone(), &block_hashes).and_then(|known| Ok((known.sum()?, known)));
    let (of_block_hashes, known) = known.map_err(|error| wrong(&block_hashes, &cannot_be_read(error)))?;
    let found = Duplicates::open(&duplicates).and_then(|found| Ok((found.sum()?, found)));
    let (of_duplicates, found) = found.map_err(|error| wrong(&duplicates, &cannot_be_read(error)))?;
    if of_block_hashes.is_none() || record.sums.is_some_and(|(block_hashes, _)| of_block_hashes != Some(block_hashes)) {
        return Err(wrong(&block_hashes, &"is damaged"));
    }
    if record.sums.is_some_and(|(_, duplicates)| of_duplicates != duplicates) {
        return Err(wrong(&duplicates, &"is damaged"));
    }
    Ok((known, found))
}

/// Keeps what was found. The record is written before the duplicates, by which a later part knows that all is there.
pub(super) fn keep(
    directory: &RunDirectory,
    joined: &JoinedFiles,
    seen: &LookedThrough,
    prediction: Prediction,
) -> io::Result<(Duplicates, ShardBlocks)> {
    let LookedThrough { found, inputs, rejects_by_shard, starts, .. } = seen;
    inputs.sync()?;
    let (passwords, memberships) = joined.digests();
    let sums = inputs.sum()?.map(|block_hashes| Ok::<_, io::Error>((block_hashes, found.sum()?))).transpose()?;
    let block_starts = starts.as_ref().and_then(|starts| keep_starts(directory, starts));
    let (inputs, rejects_by_shard) = (inputs.inputs.clone(), rejects_by_shard.clone());
    let version = Some(env!("CARGO_PKG_VERSION").to_owned());
    FirstPassRecord { version, inputs, passwords, memberships, prediction, rejects_by_shard, sums, block_starts }
        .write(directory)?;
    let duplicates = put_private(&directory.duplicates(), |file: File| found.write(file))?;
    Ok((duplicates, shard_blocks(directory, block_starts)))
}

/// Keeps where the blocks of shards begin, and returns the CRC-32 of that. It only saves work.
fn keep_starts(directory: &RunDirectory, starts: &NotedStarts) -> Option<u32> {
    put_private(&directory.block_starts(), |file: File| starts.write(file)).unwrap_or_else(|error| {
        tracing::debug!(%error, "where blocks begin is not kept");
        None
    })
}
