//! What a verification found, in the account of the run that it is about.

use std::io;
use std::path::Path;

use serde_json::Value;

use super::super::shared::people_for_page::kept_named;
use super::super::shared::terminal::output::{write_report, write_text};
use crate::journal::{FirstPassRecord, RunDirectory};
use crate::report::page;
use crate::selection::{SelectionChoice, SelectionRecord};
use crate::settings::ReadingSettings;
use crate::source::{Input, InputDigest, KnownInput, KnownInputs};

/// Which records were compared, at which target.
pub(super) struct ComparedRecords {
    target: String,
    inputs: Vec<(Input, InputDigest)>,
    /// How users were chosen; `None` if all were compared.
    selection: Option<SelectionRecord>,
}

impl ComparedRecords {
    /// Those of these inputs, as they are `known`, at a target that runs call `target`.
    pub(super) fn new(target: String, reading: &ReadingSettings, known: &KnownInputs) -> Self {
        let digests = known.inputs.iter().map(|known| known.digest.clone());
        let inputs = reading.inputs.iter().cloned().zip(digests).collect();
        Self { target, inputs, selection: reading.selection.as_ref().map(SelectionChoice::record) }
    }

    /// Whether a run read the same inputs. If it knows them by another sum, they are read again, until `stop` says so.
    fn are_of_inputs(&self, directory: &RunDirectory, stop: &impl Fn() -> bool) -> bool {
        let first = FirstPassRecord::read(directory).ok().flatten();
        // A run that an earlier version began may know them by another sum.
        let is_same = |((input, now), was): (&(Input, InputDigest), &KnownInput)| {
            input.tells_same(&was.digest, now, stop).is_ok_and(|is_same| is_same)
        };
        let inputs = &self.inputs;
        first.is_some_and(|first| first.inputs.len() == inputs.len() && inputs.iter().zip(&first.inputs).all(is_same))
    }
}

/// Adds what a verification found to the account of the newest finished run that took the same records into the same target. If
/// there is none, nothing is done; if one took other users of the same inputs, its id is returned: a comparison of some says nothing
/// about all, and one of all says nothing about a pilot.
pub(super) fn note_verification(
    runs: &Path,
    compared: &ComparedRecords,
    found: Value,
    stop: impl Fn() -> bool,
) -> io::Result<Option<String>> {
    let mut of_other_users = None;
    for (directory, record) in RunDirectory::list(runs)? {
        let is_whole = record.target == compared.target && record.shard.is_none();
        let is_in_force = is_whole && directory.is_finished() && !directory.is_undone();
        if !is_in_force || !compared.are_of_inputs(&directory, &stop) {
            continue;
        }
        if record.selection == compared.selection {
            return add_to_account(&directory, found).map(|()| None);
        }
        of_other_users.get_or_insert(record.id);
    }
    Ok(of_other_users)
}

fn add_to_account(directory: &RunDirectory, mut found: Value) -> io::Result<()> {
    // Who removed the report does not want to have it.
    let Ok(text) = std::fs::read(directory.report()) else { return Ok(()) };
    let mut report: Value = serde_json::from_slice(&text)?;
    found["at"] = jiff::Timestamp::now().to_string().into();
    let Some(members) = report.as_object_mut() else {
        return Err(io::Error::other(format!("`{}` is not what was written", directory.report().display())));
    };
    members.insert("verification".to_owned(), found);
    // Made before the report is written, so that the report never has what cannot be shown.
    let shown = page(&report, &kept_named(directory)?).map_err(io::Error::other)?;
    write_report(&directory.report(), &report)?;
    write_text(&directory.report_page(), &shown)?;
    tracing::info!("`{}` has the result, too", directory.report_page().display());
    Ok(())
}
