//! The records of an export, for a command that looks at some of them and holds few.

use std::io::{BufRead, BufReader};
use std::path::Path;

use super::super::command_error::CommandError;
use super::super::export_command_error::ExportCommandError;
use super::super::tenant_plan_error::TenantPlanError;
use crate::export::{ExportDirectory, ExportError, ExportedFile, Manifest};
use crate::source::{Input, unpacked};
use crate::tenant_plan::UnreadableRecord;

/// The manifest of a finished export.
pub(in crate::command) fn finished(directory: &ExportDirectory) -> Result<Manifest, CommandError> {
    let manifest = Manifest::read(directory).map_err(ExportCommandError::from)?;
    let path = || directory.path().to_path_buf();
    Ok(manifest.ok_or_else(|| ExportCommandError::from(ExportError::NotFinished { path: path() }))?)
}

/// Hands over the records of a file one by one, until one of them is enough. Fails if they are not all that were exported.
pub(in crate::command) fn each_record(
    directory: &Path,
    file: &ExportedFile,
    mut take: impl FnMut(&[u8]) -> Result<Enough, UnreadableRecord>,
) -> Result<(), TenantPlanError> {
    let path = file.checked_in(directory).map_err(TenantPlanError::OtherFile)?;
    let mut found = 0;
    let lines = BufReader::new(unpacked(&Input::File(path.clone()))?).split(b'\n');
    for (number, line) in (1..).zip(lines) {
        let line = line.map_err(|source| TenantPlanError::Read { path: path.clone(), source })?;
        let failed = |source| TenantPlanError::Record { path: path.clone(), number, source };
        if take(&line).map_err(failed)? == Enough::Yes {
            return Ok(());
        }
        found = number;
    }
    if found == file.records { Ok(()) } else { Err(TenantPlanError::OtherFile(ExportError::OtherFile { path })) }
}

/// Whether no further record is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::command) enum Enough {
    Yes,
    No,
}
