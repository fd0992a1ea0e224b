//! What other files say about the users of the export: read before the users, and joined to each of them.

mod passwords;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use passwords::{JoinedPasswords, while_shown};

use super::super::command_error::CommandError;
use crate::files::replace_private;
use crate::journal::{FirstPassRecord, RunDirectory};
use crate::mapping::UserJoin;
use crate::memberships::{Memberships, MembershipsReport};
use crate::passwords::PasswordsReport;
use crate::settings::{OutputSettings, ReadingSettings};
use crate::signal::Signals;
use crate::source::{Input, InputDigest, InputWatch, Recorder, SumKind};

/// What other files say about the users of the export.
#[derive(Default)]
pub(in crate::command) struct JoinedFiles {
    /// Their passwords, if a file was named.
    passwords: Option<JoinedPasswords>,
    /// Their organizations, if files were named or they may stand inside the users.
    memberships: Option<JoinedMemberships>,
}

/// The organizations of users, and the files that they are in.
struct JoinedMemberships {
    files: Vec<Input>,
    table: Arc<Memberships>,
}

/// What came of the joins.
#[derive(Clone, Debug, Default)]
pub(in crate::command) struct JoinReports {
    pub passwords: Option<PasswordsReport>,
    pub memberships: Option<MembershipsReport>,
}

impl JoinedFiles {
    /// Reads the files, if there are any, and records what the bytes of each come to, by this kind of sum.
    pub(in crate::command) async fn read(
        reading: &ReadingSettings,
        kind: SumKind,
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        let watch = InputWatch::Record(Arc::new(Recorder::of(kind)), 0);
        Self::read_watched(reading, (watch, kind), output, signals).await
    }

    /// Reads the files, if there are any, for what needs no digests later: only the files of memberships have some.
    pub(in crate::command) async fn read_for_now(
        reading: &ReadingSettings,
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        Self::read_watched(reading, (InputWatch::Unchanged, SumKind::default()), output, signals).await
    }

    async fn read_watched(
        reading: &ReadingSettings,
        (of_passwords, of_memberships): (InputWatch, SumKind),
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Self, CommandError> {
        let passwords = JoinedPasswords::read(reading, of_passwords, output, signals).await?;
        Ok(Self { passwords, memberships: JoinedMemberships::read(reading, of_memberships, output, signals).await? })
    }

    /// Whether there is nothing to join.
    pub(in crate::command) fn is_empty(&self) -> bool {
        self.passwords.is_none() && self.memberships.is_none()
    }

    /// What joins each user.
    pub(in crate::command) fn joins(&self) -> Vec<Arc<dyn UserJoin>> {
        let passwords = self.passwords.iter().map(|passwords| Arc::clone(&passwords.index) as Arc<dyn UserJoin>);
        let memberships = self.memberships.iter().map(|joined| Arc::clone(&joined.table) as Arc<dyn UserJoin>);
        passwords.chain(memberships).collect()
    }

    /// What the bytes of the files came to, for the first pass to remember.
    pub(in crate::command) fn digests(&self) -> (Option<InputDigest>, Vec<InputDigest>) {
        let passwords = self.passwords.as_ref().and_then(|passwords| passwords.index.digest().cloned());
        (passwords, self.memberships.as_ref().map_or_else(Vec::new, |joined| joined.table.digests().to_vec()))
    }

    /// The first file whose bytes are not those that the first pass of the run read.
    pub(in crate::command) fn changed_since(&self, record: &FirstPassRecord) -> Option<&Input> {
        if let (Some(passwords), Some(was)) = (&self.passwords, &record.passwords)
            && passwords.index.digest().and_then(|is| is.is_same(was)) != Some(true)
        {
            return Some(&passwords.input);
        }
        let JoinedMemberships { files, table } = self.memberships.as_ref()?;
        let pairs = files.iter().zip(table.digests().iter().zip(&record.memberships));
        pairs.into_iter().find(|(_, (is, was))| is.is_same(was) != Some(true)).map(|(input, _)| input)
    }

    /// Ends the account once the users were gone through, all of them if `complete`.
    pub(in crate::command) fn close(&self, complete: bool) -> Result<JoinReports, CommandError> {
        let passwords = self.passwords.as_ref().map(|passwords| passwords.close(complete)).transpose()?;
        Ok(JoinReports { passwords, memberships: self.memberships.as_ref().map(|joined| joined.table.close(complete)) })
    }

    /// Ends the account, and keeps it in the directory of a run for when the run is resumed.
    pub(in crate::command) fn close_in(
        &self,
        complete: bool,
        directory: &RunDirectory,
    ) -> Result<JoinReports, CommandError> {
        let reports = self.close(complete)?;
        keep(&directory.passwords(), reports.passwords.as_ref())?;
        keep(&directory.memberships(), reports.memberships.as_ref())?;
        Ok(reports)
    }

    /// Continues the account of an earlier part of the run; the error names what is missing or damaged.
    pub(in crate::command) fn continue_account(&self, directory: &RunDirectory) -> Result<(), String> {
        if let Some(passwords) = &self.passwords {
            passwords.index.close_with(kept(&directory.passwords())?);
        }
        if let Some(joined) = &self.memberships {
            joined.table.close_with(kept(&directory.memberships())?);
        }
        Ok(())
    }
}

fn keep<T: Serialize>(path: &Path, report: Option<&T>) -> Result<(), CommandError> {
    let Some(report) = report else { return Ok(()) };
    let written = replace_private(path, |file| serde_json::to_writer(file, report).map_err(Into::into));
    written.map_err(|source| CommandError::Write { path: path.to_path_buf(), source })
}

fn kept<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let report = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
    report.ok_or_else(|| format!("`{}` is missing or damaged", path.display()))
}

impl JoinedMemberships {
    async fn read(
        reading: &ReadingSettings,
        kind: SumKind,
        output: &OutputSettings,
        signals: &mut Signals,
    ) -> Result<Option<Self>, CommandError> {
        let moves = reading.organizations_in_users;
        let named = reading.memberships.clone();
        if named.is_empty() && !moves {
            return Ok(None);
        }
        let files: Vec<Input> = named.iter().map(|(_, input)| input.clone()).collect();
        if !files.is_empty() {
            let list: Vec<String> = files.iter().map(|input| input.name().to_string()).collect();
            output.console.note(&format!("Reading the organizations of users in {} …", list.join(", ")));
        }
        let limits = reading.limits;
        let what = ("memberships", files.iter().map(Input::size).sum());
        let table = while_shown(what, output.progress, signals, move |watched| {
            Memberships::read(&named, moves, (limits, kind), &std::env::temp_dir(), watched)
        });
        Ok(Some(Self { files, table: Arc::new(table.await??) }))
    }
}
