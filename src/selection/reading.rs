//! Goes through the inputs and selects records.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::found_entries::FoundEntries;
use super::place::{PLACE_BYTES, place};
use super::sample::{LOT_BYTES, place_of};
use super::{SelectedRecords, SelectionChoice, SelectionError, SelectionTotals};
use crate::index::{SortedFile, Sorter};
use crate::mapping::{read_user, record_value};
use crate::source::{Input, InputWatch, RawRecord, ReaderLimits, RecordReader, Recorder};

/// The number of entries in memory of each sorter: 160 and 288 KiB.
const BUFFERED: usize = 16 * 1024;

/// Selects records of the inputs, each of which is read to its end. Blocks; files without a name go to `directory`.
pub fn select(
    inputs: &[Input],
    limits: ReaderLimits,
    choice: &SelectionChoice,
    directory: &Path,
    stop: &CancellationToken,
) -> Result<SelectedRecords, SelectionError> {
    let recorder = Arc::new(Recorder::default());
    let mut selecting = Selecting::new(choice, directory);
    for (index, input) in (0..).zip(inputs) {
        let watch = InputWatch::Record(Arc::clone(&recorder), usize::from(index));
        let mut reader = RecordReader::open_watched(input, limits, &watch)?;
        while let Some(chunk) = reader.next_chunk()? {
            if stop.is_cancelled() {
                return Err(SelectionError::Interrupted);
            }
            for span in &chunk.spans {
                let record = span.fault.is_none().then(|| RawRecord::new(&chunk, span));
                selecting.look_at(place(index, span.number), record)?;
            }
        }
    }
    let digests = recorder.inputs().into_iter().map(|input| input.digest).collect();
    selecting.finish(SelectionTotals { inputs: digests, ..SelectionTotals::default() })
}

/// What a record is to a selection.
enum Found {
    /// It is meant; the id at Clerk decides about a sample.
    Candidate(Option<String>),
    NotMeant,
    Unreadable,
}

/// Selects records, one after the other.
struct Selecting<'c> {
    choice: &'c SelectionChoice,
    directory: PathBuf,
    found: FoundEntries,
    records: u64,
    unreadable: u64,
    candidates: u64,
    /// Places of candidates; if a sample is drawn, of those that are drawn.
    places: Sorter<PLACE_BYTES>,
    lots: Sorter<LOT_BYTES>,
}

impl<'c> Selecting<'c> {
    fn new(choice: &'c SelectionChoice, directory: &Path) -> Self {
        Self {
            choice,
            directory: directory.to_path_buf(),
            found: FoundEntries::new(directory),
            records: 0,
            unreadable: 0,
            candidates: 0,
            places: Sorter::new(BUFFERED, directory.to_path_buf()),
            lots: Sorter::new(BUFFERED, directory.to_path_buf()),
        }
    }

    /// Looks at a record; of one that could not be framed there is only the place.
    fn look_at(&mut self, place: [u8; PLACE_BYTES], record: Option<RawRecord<'_>>) -> Result<(), SelectionError> {
        self.records += 1;
        match self.of(record)? {
            Found::NotMeant => return Ok(()),
            Found::Unreadable => {
                self.unreadable += 1;
                return Ok(());
            }
            Found::Candidate(clerk_id) => match self.choice.sample {
                Some(sample) => self.lots.extend(&[sample.lot(clerk_id.as_deref(), place)])?,
                None if self.choice.takes_candidate(self.candidates) => self.places.extend(&[place])?,
                None => {}
            },
        }
        self.candidates += 1;
        Ok(())
    }

    fn of(&self, record: Option<RawRecord<'_>>) -> Result<Found, SelectionError> {
        let SelectionChoice { only, condition, sample, .. } = self.choice;
        if only.is_none() && condition.is_none() && sample.is_none() {
            return Ok(Found::Candidate(None));
        }
        let is_every_record_meant = only.is_none() && condition.is_none();
        let user = record.map(|record| {
            read_user(record, |user| {
                let is_named = only.as_ref().map_or(Ok(true), |list| list.names(user, &self.found))?;
                Ok(Ok((is_named, user.id.as_ref().map(|id| id.to_string()))))
            })
        });
        let (is_named, id) = match user.transpose()? {
            Some(Ok(user)) => user,
            // A sample shows what is in the export, and such records are.
            _ if is_every_record_meant => return Ok(Found::Candidate(None)),
            _ => return Ok(Found::Unreadable),
        };
        let holds = is_named
            && match (condition, record.and_then(record_value)) {
                (None, _) => true,
                (Some(condition), Some(value)) => condition.holds(&Value::Array(vec![value])),
                (Some(_), None) => return Ok(Found::Unreadable),
            };
        Ok(if holds { Found::Candidate(id) } else { Found::NotMeant })
    }

    fn finish(self, totals: SelectionTotals) -> Result<SelectedRecords, SelectionError> {
        let Self { choice, directory, found, records, unreadable, places, lots, .. } = self;
        let sorted = match choice.sample {
            None => places.finish()?,
            Some(sample) => {
                let drawn = usize::try_from(sample.users).unwrap_or(usize::MAX);
                for lot in lots.finish()?.iter().take(drawn) {
                    places.extend(&[place_of(&lot?)])?;
                }
                let drawn = places.finish()?;
                let taken = Sorter::new(BUFFERED, directory.clone());
                for (number, place) in (0..).zip(drawn.iter()) {
                    let place = place?;
                    if choice.takes_candidate(number) {
                        taken.extend(&[place])?;
                    }
                }
                taken.finish()?
            }
        };
        let places = SortedFile::write(tempfile::tempfile_in(&directory)?, sorted.iter())?;
        let not_found = choice.only.as_ref().map(|list| list.not_found(found)).transpose()?.unwrap_or_default();
        let totals = SelectionTotals { records, selected: places.len(), unreadable, not_found, ..totals };
        if totals.selected == 0 && records > 0 {
            return Err(nobody(choice, &totals));
        }
        Ok(SelectedRecords::new(places, totals))
    }
}

/// The error of a selection that takes nobody.
fn nobody(choice: &SelectionChoice, totals: &SelectionTotals) -> SelectionError {
    let hint = if choice.only.is_some() && totals.not_found.count > 0 {
        " (no record has an id or an address of --only; a list in a file needs the file's name)"
    } else if totals.unreadable > 0 {
        " (records that cannot be read are never selected; a dry run of all names them)"
    } else {
        ""
    };
    SelectionError::Nobody { options: choice.record().to_string(), records: totals.records, hint }
}
