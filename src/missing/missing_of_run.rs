//! What a run found and did about users who are missing, by the files that it left.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::changed_states::StatesFile;
use super::missing_users::CreatedEarlier;
use super::state_change::{StateChange, StateChangeKind};
use crate::journal::RunDirectory;

/// What a run found and did about users who are missing, in counts of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MissingOfRun {
    /// No longer in the export.
    pub missing: u64,
    /// Disabled at the target by this run.
    pub disabled: u64,
    /// Left as they are: disabled by others, gone, or not proven to be the user's.
    pub left: u64,
    /// Back in the export, and enabled again.
    pub enabled: u64,
}

/// What the report of a run says of it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Reported {
    missing: Option<ReportedCounts>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReportedCounts {
    missing: u64,
    disabled: u64,
    disabled_by_others: u64,
    gone: u64,
    not_proven: u64,
    enabled: u64,
}

impl MissingOfRun {
    /// Counts the lines of a run's files. Where these were removed, for they name people, its report has the counts. Nothing if the
    /// run looked for nobody, or found nobody.
    pub fn read(directory: &RunDirectory) -> io::Result<Option<Self>> {
        let (missing, disabled) = (directory.missing(), directory.disabled());
        if !missing.exists() {
            if let Some(reported) = Self::reported(&directory.report()) {
                return Ok(Some(reported));
            }
            if !disabled.exists() {
                return Ok(None);
            }
        }
        let mut counts = Self::default();
        read_missing(&missing, |_| {
            counts.missing += 1;
            Ok::<_, io::Error>(())
        })?;
        StatesFile::read(&disabled, |change: StateChange| {
            match change.change {
                StateChangeKind::Disabled => counts.disabled += 1,
                StateChangeKind::Left => counts.left += 1,
                StateChangeKind::Enabled => counts.enabled += 1,
                StateChangeKind::Disabling | StateChangeKind::Returned => {}
            }
            Ok(())
        })?;
        Ok(Some(counts))
    }

    fn reported(path: &Path) -> Option<Self> {
        let report: Reported = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let ReportedCounts { missing, disabled, disabled_by_others, gone, not_proven, enabled } = report.missing?;
        Some(Self { missing, disabled, left: disabled_by_others + gone + not_proven, enabled })
    }
}

/// Shows each user whom a run names as missing, in order; nobody if there is no such file. Blocks.
pub fn read_missing<E: From<io::Error>>(
    path: &Path,
    mut each: impl FnMut(CreatedEarlier) -> Result<(), E>,
) -> Result<(), E> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    for line in BufReader::new(file).lines() {
        let damaged =
            |_| io::Error::new(io::ErrorKind::InvalidData, format!("`{}` has a line that is damaged", path.display()));
        each(serde_json::from_str(&line?).map_err(damaged)?)?;
    }
    Ok(())
}
