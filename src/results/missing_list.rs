//! Writes a list of the users whom a run found to be missing.

use std::io::Write;

use super::{ResultsError, ResultsTable, TableCell, TableForm};
use crate::journal::{RunDirectory, RunRecord};
use crate::missing::{ChangedStates, CreatedEarlier, MissingOfRun, StateChangeKind, read_missing};

const COLUMNS: &[&str] = &["kind", "clerk_id", "external_id", "id", "outcome", "created_by"];

/// Writes a list of the users whom runs found to be missing, and what each run did about them. Blocks.
pub fn write_missing_list<'r>(
    out: &mut dyn Write,
    form: TableForm,
    runs: impl IntoIterator<Item = (&'r RunDirectory, &'r RunRecord)>,
) -> Result<(), ResultsError> {
    let mut table = ResultsTable::begin(out, form, COLUMNS).map_err(ResultsError::Write)?;
    for (directory, record) in runs {
        if record.options.on_missing.is_none() {
            return Err(ResultsError::NotLooked(record.id.clone()));
        }
        let path = directory.missing();
        let found = MissingOfRun::read(directory).map_err(ResultsError::Missing)?.unwrap_or_default();
        if found.missing > 0 && !path.exists() {
            return Err(ResultsError::Removed(record.id.clone()));
        }
        let states =
            ChangedStates::read([directory.disabled()], &std::env::temp_dir()).map_err(ResultsError::Missing)?;
        read_missing(&path, |user| write_user(&mut table, &states, &user))?;
    }
    table.finish().map_err(ResultsError::Write)
}

fn write_user(table: &mut ResultsTable<'_>, states: &ChangedStates, user: &CreatedEarlier) -> Result<(), ResultsError> {
    let outcome = match states.of_id(&user.id).map_err(ResultsError::Missing)? {
        // Of one that it was about to disable when it was broken off nobody knows.
        Some(StateChangeKind::Disabling) => "unfinished",
        Some(StateChangeKind::Disabled) => "disabled",
        Some(StateChangeKind::Left) => "left",
        Some(StateChangeKind::Enabled | StateChangeKind::Returned) | None => "missing",
    };
    let CreatedEarlier { clerk_id, external_id, id, run, .. } = user;
    let cells = [
        TableCell::text("user"),
        TableCell::text(clerk_id),
        TableCell::text(external_id),
        TableCell::text(id),
        TableCell::text(outcome),
    ];
    let cells: Vec<TableCell<'_>> = cells.into_iter().chain([TableCell::text(run)]).collect();
    table.row(&cells).map_err(ResultsError::Write)
}
