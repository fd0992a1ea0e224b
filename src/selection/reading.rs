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
                let is_named = only.as_ref().map_or(Ok(true), |list| list.names(&user, &self.found))?;
                Ok(Ok((is_named, user.id.map(|id| id.to_string()))))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::selection::{IdList, IdListArgument, RecordsOfRun, Sample};

    /// A user whose number is also in its external id and its address; an unreadable record instead of some.
    fn record(number: usize) -> String {
        if number % 17 == 16 {
            return format!("{{\"id\":\"user_{number}\",\"first_name\":7}}");
        }
        format!(
            r#"{{"id":"user_{number}","external_id":"emp {number}","public_metadata":{{"n":{number}}},
                "email_addresses":[{{"email_address":"U{number}@Example.com"}}]}}"#
        )
        .replace('\n', "")
    }

    fn inputs(directory: &Path, records: &[usize]) -> Vec<Input> {
        let mut next = 0;
        let write = |(index, count): (usize, &usize)| {
            let lines: Vec<String> = (next..next + count).map(record).collect();
            next += count;
            let path = directory.join(format!("{index}.ndjson"));
            std::fs::write(&path, lines.join("\n")).unwrap();
            Input::File(path)
        };
        records.iter().enumerate().map(write).collect()
    }

    fn run(inputs: &[Input], choice: &SelectionChoice) -> Result<SelectedRecords, SelectionError> {
        select(inputs, ReaderLimits::default(), choice, &std::env::temp_dir(), &CancellationToken::new())
    }

    /// What is selected, by the numbers in the records.
    fn selected(inputs: &[usize], selected: SelectedRecords) -> Vec<usize> {
        let of_run = RecordsOfRun::Selected(Arc::new(selected));
        let mut numbers = Vec::new();
        let mut before = 0;
        for (input, count) in (0..).zip(inputs) {
            let among = of_run.among(input, 1..=*count as u64).unwrap();
            for number in 1..=*count as u64 {
                assert_eq!(among.takes(number), of_run.takes(input, number).unwrap());
                if among.takes(number) {
                    numbers.push(before + usize::try_from(number).unwrap() - 1);
                }
            }
            before += count;
        }
        numbers
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Against the same choice in memory.
        #[test]
        fn those_are_selected_of_whom_all_options_hold(
            counts in proptest::collection::vec(1usize..90, 1..4),
            listed in proptest::option::of(proptest::collection::vec((0usize..300, 0u8..4), 1..60)),
            below in proptest::option::of(0usize..300),
            drawn in proptest::option::of((1u64..40, 0u64..3)),
            skip in prop_oneof![Just(0u64), 0u64..40],
            limit in proptest::option::of(1u64..60),
        ) {
            let directory = tempfile::tempdir().unwrap();
            let files = inputs(directory.path(), &counts);
            let all = 0..counts.iter().sum::<usize>();
            let is_readable = |number: &usize| number % 17 != 16;
            let line = |(number, form): &(usize, u8)| match form {
                0 => format!("user_{number}"),
                1 => format!(" emp {number}\r"),
                2 => format!("u{number}@EXAMPLE.com"),
                _ => String::new(),
            };
            let list: Option<Vec<String>> = listed.as_ref().map(|listed| listed.iter().map(line).collect());
            let only = list.filter(|list| list.iter().any(|line| !line.is_empty())).map(|list| {
                let path = directory.path().join("list");
                std::fs::write(&path, list.join("\n")).unwrap();
                let argument: IdListArgument = path.display().to_string().parse().unwrap();
                Arc::new(IdList::read(&argument, &std::env::temp_dir()).unwrap())
            });
            let named: Option<BTreeSet<usize>> = only.as_ref().and(listed.as_ref()).map(|listed| {
                listed.iter().filter(|(_, form)| *form < 3).map(|(number, _)| *number).collect()
            });
            let choice = SelectionChoice {
                only,
                condition: below.map(|below| format!("@.public_metadata.n < {below}").parse().unwrap()),
                sample: drawn.map(|(users, seed)| Sample { users, seed }),
                skip,
                limit,
            };
            let is_filtered = named.is_some() || below.is_some();
            let mut expected: Vec<usize> = all
                .clone()
                .filter(|number| !is_filtered || is_readable(number))
                .filter(|number| named.as_ref().is_none_or(|named| named.contains(number)))
                .filter(|number| below.is_none_or(|below| *number < below))
                .collect();
            let unsampled = expected.clone();
            let result = run(&files, &choice);
            if let Some((users, _)) = drawn {
                // Which ones are drawn is another test's; how many, and that they are of those, is seen here.
                let whole = SelectionChoice { skip: 0, limit: None, ..choice.clone() };
                expected = run(&files, &whole).map(|found| selected(&counts, found)).unwrap_or_default();
                prop_assert_eq!(expected.len() as u64, users.min(unsampled.len() as u64));
                prop_assert!(expected.iter().all(|number| unsampled.contains(number)));
            }
            let taken = expected.iter().copied().skip(usize::try_from(skip).unwrap());
            let expected: Vec<usize> = taken.take(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap())).collect();
            match result {
                Ok(found) => {
                    let totals = found.totals().clone();
                    prop_assert_eq!((totals.records, totals.selected), (all.len() as u64, expected.len() as u64));
                    let unreadable = if is_filtered { all.clone().filter(|number| !is_readable(number)).count() } else { 0 };
                    prop_assert_eq!(totals.unreadable, unreadable as u64);
                    let is_missing = |entry: &&(usize, u8)| entry.1 < 3 && !(all.contains(&entry.0) && is_readable(&entry.0));
                    let missing = listed.iter().flatten().filter(is_missing).count();
                    prop_assert_eq!(totals.not_found.count, if named.is_some() { missing as u64 } else { 0 });
                    prop_assert_eq!(selected(&counts, found), expected);
                }
                Err(SelectionError::Nobody { .. }) => prop_assert!(expected.is_empty()),
                Err(error) => prop_assert!(false, "{error}"),
            }
        }

        /// A sample is of users and not of places: the next export has another order.
        #[test]
        fn the_same_users_are_drawn_in_any_order(
            numbers in Just((0usize..120).filter(|number| number % 17 != 16).collect::<Vec<_>>()).prop_shuffle(),
            seed in 0u64..4,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let draw = |numbers: &[usize]| {
                let path = directory.path().join("users.ndjson");
                let lines: Vec<String> = numbers.iter().map(|number| record(*number)).collect();
                std::fs::write(&path, lines.join("\n")).unwrap();
                let choice = SelectionChoice { sample: Some(Sample { users: 9, seed }), ..SelectionChoice::default() };
                let found = selected(&[numbers.len()], run(&[Input::File(path)], &choice).unwrap());
                found.into_iter().map(|at| numbers[at]).collect::<BTreeSet<_>>()
            };
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            prop_assert_eq!(draw(&numbers), draw(&sorted));
        }
    }

    #[test]
    fn another_seed_draws_other_users() {
        let directory = tempfile::tempdir().unwrap();
        let files = inputs(directory.path(), &[400]);
        let draw = |seed| {
            let choice = SelectionChoice { sample: Some(Sample { users: 20, seed }), ..SelectionChoice::default() };
            selected(&[400], run(&files, &choice).unwrap())
        };
        assert_eq!(draw(0), draw(0));
        assert_ne!(draw(0), draw(1));
        // Spread over the input: twenty of four hundred all in one half would be one case in half a million.
        assert!(draw(0).iter().any(|number| *number < 200) && draw(0).iter().any(|number| *number >= 200));
    }
}
