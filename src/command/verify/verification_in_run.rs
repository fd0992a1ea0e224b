//! What a verification found, in the account of the run that it is about.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::super::shared::people_for_page::kept_named;
use super::super::shared::terminal::output::{write_report, write_text};
use crate::journal::{FirstPassRecord, RunDirectory};
use crate::report::page;
use crate::source::{Input, InputDigest, KnownInput};

/// Adds what a verification found to the account of the newest finished run that read the same inputs into the same target. If
/// there is none, nothing is done. Of a run that knows them by another sum, it reads them again, until `stop` says so.
pub(in crate::command) fn note_verification(
    runs: &Path,
    target: &str,
    inputs: &[(Input, InputDigest)],
    mut found: Value,
    stop: impl Fn() -> bool,
) -> io::Result<()> {
    let is_of = |directory: &RunDirectory| {
        let first = FirstPassRecord::read(directory).ok().flatten();
        // A run that an earlier version began may know them by another sum.
        let is_same = |((input, now), was): (&(Input, InputDigest), &KnownInput)| {
            input.tells_same(&was.digest, now, &stop).is_ok_and(|is_same| is_same)
        };
        first.is_some_and(|first| first.inputs.len() == inputs.len() && inputs.iter().zip(&first.inputs).all(is_same))
    };
    let listed = RunDirectory::list(runs)?.into_iter().filter(|(_, record)| record.target == target);
    let mut whole = listed.filter(|(_, record)| record.shard.is_none()).map(|(directory, _)| directory);
    let run = whole.find(|directory| directory.is_finished() && !directory.is_undone() && is_of(directory));
    let Some(directory) = run else { return Ok(()) };
    // Who removed the report does not want to have it.
    let Ok(text) = std::fs::read(directory.report()) else { return Ok(()) };
    let mut report: Value = serde_json::from_slice(&text)?;
    found["at"] = jiff::Timestamp::now().to_string().into();
    let Some(members) = report.as_object_mut() else {
        return Err(io::Error::other(format!("`{}` is not what was written", directory.report().display())));
    };
    members.insert("verification".to_owned(), found);
    write_report(&directory.report(), &report)?;
    write_text(&directory.report_page(), &page(&report, &kept_named(&directory)?).map_err(io::Error::other)?)?;
    tracing::info!("`{}` has the result, too", directory.report_page().display());
    Ok(())
}
