//! The first pass of an import: a run of the same pipeline in the mode [`Mode::FirstPass`], which sends nothing, and finds
//! duplicates, what is unchanged, and how many records will be rejected.

use std::io;
use std::sync::Arc;

use super::duplicates::finish;
use super::unchanged::LookForUnchanged;
use super::{Intake, Job, Mode, run};
use crate::index::{DuplicateFinder, FoundDuplicates};
use crate::outcomes::{Ledger, Reporter};
use crate::recognition::UnchangedRecords;
use crate::signal::Signals;

/// Runs the first pass: goes through the inputs without sending anything, and looks for records that are unchanged, if that is
/// wanted. The ledger counts as that of a dry run does, for the prediction. No duplicates come back if the run was stopped, but by
/// the end of an input that ends too early.
pub async fn run_first_pass(
    intake: Intake,
    unchanged: Option<LookForUnchanged>,
    reporter: &mut dyn Reporter,
    signals: &mut Signals,
) -> (Ledger, io::Result<Option<FoundDuplicates>>) {
    let unchanged_records = unchanged.as_ref().map(|look| Arc::clone(&look.unchanged_records));
    let directory = std::env::temp_dir();
    let finder = Arc::new(match &unchanged_records {
        Some(records) => DuplicateFinder::with_secret(directory, records.secret_of_keys()),
        None => DuplicateFinder::new(directory),
    });
    let job = Job { intake, mode: Mode::FirstPass(Arc::clone(&finder), unchanged) };
    let ledger = run(job, reporter, signals).await.ledger;
    if let Some(records) = unchanged_records
        && let Err(error) = collect_shared_keys(records, Arc::clone(&finder)).await
    {
        return (ledger, Err(error));
    }
    (ledger, finish(finder).await)
}

/// Adds the keys of records that were not mapped, as far as others may have them.
async fn collect_shared_keys(records: Arc<UnchangedRecords>, finder: Arc<DuplicateFinder>) -> io::Result<()> {
    let collecting = tokio::task::spawn_blocking(move || records.collect_shared_keys(&finder));
    collecting.await.map_err(io::Error::other)?
}
