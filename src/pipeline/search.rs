//! A whole job that only looks for duplicates.

use std::io;
use std::sync::Arc;

use super::duplicates::finish;
use super::unchanged::LookForUnchanged;
use super::{Intake, Job, Mode, run};
use crate::index::{DuplicateFinder, FoundDuplicates};
use crate::outcomes::{Ledger, Reporter};
use crate::signal::Signals;

/// Goes through the inputs of an import without sending anything, and looks for records that are unchanged, if that is wanted. The account is that of a dry run; nothing is found if
/// that was stopped, but by the end of an input that ends too early.
pub async fn find_duplicates(
    intake: Intake,
    unchanged: Option<LookForUnchanged>,
    reporter: &mut dyn Reporter,
    signals: &mut Signals,
) -> (Ledger, io::Result<Option<FoundDuplicates>>) {
    let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
    let job = Job { intake, mode: Mode::Search(Arc::clone(&finder), unchanged) };
    let ledger = run(job, reporter, signals).await.ledger;
    (ledger, finish(finder).await)
}
