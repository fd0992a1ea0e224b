//! Behind the passes of a run: the keys of known records that are shared with others, and the file for the next night.

use std::io::{self, BufWriter};
use std::path::Path;

use super::Basis;
use super::candidate::Candidates;
use super::known_file::KnownRecords;
use super::known_writer::KnownWriter;
use super::place_entry::{ENTRY_BYTES, PlaceEntry, State};
use super::unchanged_records::{CONFIRMED, InputFiles, UnchangedRecords, offset};
use crate::files::put_private;
use crate::index::{DuplicateFinder, Duplicates, Keys, RecordPlace, read_most_at};

/// How many entries are read at once.
const READ_AHEAD: usize = 1024;

/// A record of an input, by the index of the input and its number.
struct Numbered {
    input: u16,
    number: u64,
    entry: PlaceEntry,
    /// Whether the target confirmed it in this run.
    is_confirmed: bool,
}

/// Records that are read together: the number of the first one, and what is known of each.
type Window = (u64, Vec<(PlaceEntry, bool)>);

impl UnchangedRecords {
    /// Gives `finder` the keys of known records that a mapped record may have, too. Their other keys nobody has: no two records in
    /// the file share one.
    pub fn collect_shared_keys(&self, finder: &DuplicateFinder) -> io::Result<()> {
        let counts = self.counts();
        let Some(known) = self.known_file.clone().filter(|_| counts.recognized > 0 && counts.mapped > 0) else {
            return Ok(());
        };
        let (mut known, mut keys) = (KnownRecords::of(known), Keys::default());
        for entry in self.entries() {
            let Numbered { input, number, entry, .. } = entry?;
            if entry.state != State::Recognized {
                continue;
            }
            known.advance_to(entry.reference)?;
            let PlaceEntry { line, offset, length, notices, .. } = entry;
            let place = RecordPlace { input, number, line, offset, length, notes: notices };
            // If one of its keys is shared, all of them count: by them it is decided whether the record itself is a duplicate.
            if known.keys().iter().any(|key| self.filter.passes(key)) {
                keys.record(&place);
                known.keys().iter().for_each(|key| keys.add_hashed(key));
            }
            if keys.count() >= READ_AHEAD {
                finder.collect(std::mem::take(&mut keys))?;
            }
        }
        finder.collect(keys)
    }

    /// Writes the file for the next night: who was known or mapped, whom the target confirmed, and who has no key in common with
    /// anybody. Returns how many records are in it.
    pub fn write_known(&self, path: &Path, basis: &Basis, found: &Duplicates) -> io::Result<u64> {
        put_private(path, |file| {
            let mut writer = KnownWriter::begin(BufWriter::with_capacity(1 << 16, file), basis, &self.secret)?;
            let mut known = self.known_file.clone().map(KnownRecords::of);
            let mut candidates = Candidates::of(&self.candidates);
            let mut found = found.iter().peekable();
            let mut count = 0;
            for entry in self.entries() {
                let Numbered { input, number, entry, is_confirmed } = entry?;
                let before = |place: &RecordPlace| (place.input, place.number) < (input, number);
                while found.next_if(|next| next.as_ref().is_ok_and(|next| before(&next.place))).is_some() {}
                let is_found = match found.peek() {
                    Some(Ok(next)) => (next.place.input, next.place.number) == (input, number),
                    Some(Err(_)) => return Err(io::Error::other("the duplicates cannot be read")),
                    None => false,
                };
                if is_found {
                    continue;
                }
                let (fingerprint, keys) = match (entry.state, &mut known) {
                    (State::Recognized, Some(known)) => {
                        let fingerprint = known.advance_to(entry.reference)?.fingerprint;
                        (fingerprint, known.keys())
                    }
                    (State::Confirmed, _) => candidates.read(entry.reference)?,
                    (State::Candidate, _) if is_confirmed => candidates.read(entry.reference)?,
                    _ => continue,
                };
                writer.add(fingerprint, entry.notices, keys)?;
                count += 1;
            }
            writer.finish()?;
            Ok(count)
        })
    }

    /// All records of all inputs, in their order.
    fn entries(&self) -> impl Iterator<Item = io::Result<Numbered>> {
        (0..).zip(&self.inputs).flat_map(|(input, files)| {
            let windows = (0..).map_while(move |window: u64| window_of(files, window).transpose());
            windows.flat_map(move |window| {
                let (failed, first, records) = match window {
                    Ok((first, records)) => (None, first, records),
                    Err(error) => (Some(Err(error)), 0, Vec::new()),
                };
                let numbered =
                    move |(number, (entry, is_confirmed))| Ok(Numbered { input, number, entry, is_confirmed });
                failed.into_iter().chain((first..).zip(records).map(numbered))
            })
        })
    }
}

/// A window; nothing behind the last one.
fn window_of(files: &InputFiles, window: u64) -> io::Result<Option<Window>> {
    let first = window * READ_AHEAD as u64 + 1;
    let (mut entries, mut confirmed) = (vec![[0; ENTRY_BYTES]; READ_AHEAD], vec![0; READ_AHEAD]);
    let read = read_most_at(&files.places, entries.as_flattened_mut(), offset(first))?;
    // Behind the last one that was confirmed there is nothing.
    read_most_at(&files.confirmed, &mut confirmed, first - 1)?;
    entries.truncate(read / ENTRY_BYTES);
    let records = entries.iter().zip(confirmed).map(|(entry, byte)| (PlaceEntry::of_bytes(entry), byte == CONFIRMED));
    Ok((!entries.is_empty()).then(|| (first, records.collect())))
}
