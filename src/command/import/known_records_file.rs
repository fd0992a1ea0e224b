//! The file of known records: what the first pass may go by of the night before, and what is written for the next night.

use std::io;
use std::sync::Arc;

use crate::command::shared::reading::first_pass::FirstPass;
use crate::command::shared::reading::read_subject::{ReadSubject, Remembered};
use crate::journal::{ConfirmedUsers, FileRecord};
use crate::outcomes::Ledger;
use crate::pipeline::ConfirmedBefore;
use crate::recognition::{Basis, KnownFile};
use crate::selection::RecordsOfRun;
use crate::settings::ReadingSettings;
use crate::version::LONG_VERSION;

/// What the first pass may go by. Records are known by their bytes only in a run of all records.
pub(super) fn remembered(
    confirmed: &mut ConfirmedBefore,
    records: &RecordsOfRun,
    reading: &ReadingSettings,
) -> Remembered {
    let is_wanted = confirmed.lookup.is_some() && matches!(records, RecordsOfRun::All);
    let known_records = is_wanted.then(|| open(&mut confirmed.users, &basis(reading))).and_then(|opened| {
        opened.unwrap_or_else(|error| {
            tracing::warn!(%error, "the file of known records cannot be read; every record is mapped");
            None
        })
    });
    tracing::info!(is_there = known_records.is_some(), "a file of known records that still holds");
    Remembered { confirmed_lookup: confirmed.lookup.clone(), known_records: known_records.map(Arc::new) }
}

fn open(users: &mut ConfirmedUsers, basis: &Basis) -> io::Result<Option<KnownFile>> {
    let basis = basis.with(&users.state()?);
    KnownFile::open(&users.records_path(), &basis)
}

/// Writes the file for the next night, at the end of a run that is complete. If that fails, the next night maps every record.
pub(super) async fn write_for_next_night(
    confirmed: Option<ConfirmedUsers>,
    ledger: &Ledger,
    first_pass: &FirstPass,
    ReadSubject { reading, records, .. }: ReadSubject<'_>,
) {
    let Some(mut users) = confirmed else { return };
    let (Some(unchanged), Some(found)) = (first_pass.unchanged_records(), first_pass.duplicates()) else { return };
    let counts = unchanged.counts();
    tracing::info!(records = counts.recognized, "known by their bytes, and not mapped");
    tracing::info!(records = counts.mapped, "not known by their bytes, and mapped");
    if !ledger.is_complete() || !matches!(records, RecordsOfRun::All) {
        return;
    }
    let found = Arc::clone(found);
    let basis = basis(reading);
    let writing = tokio::task::spawn_blocking(move || {
        let basis = basis.with(&users.state()?);
        // If nothing is remembered of the target, that a record is the same as before says nothing about it.
        if users.lookup()?.is_none() {
            return Ok(0);
        }
        // If none was mapped, and nothing was forgotten of the target, the file is as true as it was.
        if counts.mapped == 0 && KnownFile::open(&users.records_path(), &basis)?.is_some() {
            return Ok(counts.recognized);
        }
        unchanged.write_known(&users.records_path(), &basis, &found)
    });
    match writing.await.map_err(io::Error::other).and_then(|written| written) {
        Ok(records) => tracing::info!(records, "kept to be known by their bytes"),
        Err(error) => tracing::warn!(%error, "which records are at the target is not remembered for the next run"),
    }
}

/// All that decides what becomes of a record beside its bytes.
fn basis(reading: &ReadingSettings) -> Basis {
    let ReadingSettings { rules, rule_files, form, most_of_request, .. } = reading;
    let (mapping, schema) = rule_files.records();
    let digest = |file: Option<FileRecord>| file.map_or_else(String::new, |file| file.sha256);
    let most_of_request = (most_of_request.users, most_of_request.bytes);
    let decisions = format!("{rules:?} {form:?} {most_of_request:?}");
    Basis::of(&[LONG_VERSION, &program(), &decisions, &digest(mapping), &digest(schema)])
}

/// Which file the program is. A development build does not know its commit.
fn program() -> String {
    let found = std::env::current_exe().and_then(std::fs::metadata);
    found.map_or_else(|error| error.kind().to_string(), |file| format!("{} {:?}", file.len(), file.modified().ok()))
}
