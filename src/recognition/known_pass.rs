//! Behind the passes of a run: the keys of known records that are shared with others, and the file for the next night.

use std::io::{self, BufWriter};
use std::path::Path;

use super::Basis;
use super::candidate::Candidates;
use super::known_file::KnownRecords;
use super::known_writer::KnownWriter;
use super::pass_records::{IDENTITY_BYTES, PassRecords, offset};
use super::place_entry::{ENTRY_BYTES, PlaceEntry, State};
use crate::files::put_private;
use crate::index::{DuplicateFinder, Duplicates, Keys, RecordPlace, read_most_at};
use crate::journal::{ConfirmedKey, ConfirmedLookup, ContentHash};

/// How many entries are read at once.
const READ_AHEAD: usize = 1024;

/// A record of an input, by the index of the input and its number.
type Numbered = (u16, u64, PlaceEntry);

impl PassRecords {
    /// Gives `finder` the keys of known records that a mapped record may have, too. Their other keys nobody has: no two records in
    /// the file share one.
    pub fn collect_shared_keys(&self, finder: &DuplicateFinder) -> io::Result<()> {
        let counts = self.counts();
        let Some(known) = self.known.clone().filter(|_| counts.recognized > 0 && counts.mapped > 0) else {
            return Ok(());
        };
        let (mut known, mut keys) = (KnownRecords::of(known), Keys::default());
        for entry in self.entries() {
            let (input, number, entry) = entry?;
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
    pub fn write_known(
        &self,
        path: &Path,
        basis: &Basis,
        confirmed: &ConfirmedLookup,
        found: &Duplicates,
    ) -> io::Result<u64> {
        put_private(path, |file| {
            let mut writer = KnownWriter::begin(BufWriter::with_capacity(1 << 16, file), basis, &self.secret)?;
            let mut known = self.known.clone().map(KnownRecords::of);
            let mut candidates = Candidates::of(&self.candidates);
            let mut found = found.iter().peekable();
            let mut count = 0;
            for entry in self.entries() {
                let (input, number, entry) = entry?;
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
                let (hash, keys) = match (entry.state, &mut known) {
                    (State::Recognized, Some(known)) => {
                        let hash = known.advance_to(entry.reference)?.hash;
                        (hash, known.keys())
                    }
                    (State::Confirmed, _) => candidates.read(entry.reference)?,
                    (State::Candidate, _) if self.is_confirmed(input, number, confirmed)? => {
                        candidates.read(entry.reference)?
                    }
                    _ => continue,
                };
                writer.add(&hash, entry.notices, keys)?;
                count += 1;
            }
            writer.finish()?;
            Ok(count)
        })
    }

    /// Whether the target confirmed the user as whom a record was sent.
    fn is_confirmed(&self, input: u16, number: u64, confirmed: &ConfirmedLookup) -> io::Result<bool> {
        let Some(files) = self.inputs.get(usize::from(input)) else { return Ok(false) };
        let mut identity = [0; IDENTITY_BYTES];
        let read = read_most_at(&files.identities, &mut identity, (number - 1) * IDENTITY_BYTES as u64)?;
        let key = ConfirmedKey(std::array::from_fn(|index| identity[index]));
        let content = ContentHash(std::array::from_fn(|index| identity[ConfirmedKey::BYTES + index]));
        Ok(read == IDENTITY_BYTES && content != ContentHash::NOTHING && confirmed.has(key, content))
    }

    /// All records of all inputs, in their order.
    fn entries(&self) -> impl Iterator<Item = io::Result<Numbered>> {
        (0..).zip(&self.inputs).flat_map(|(input, files)| {
            let windows = (0..).map_while(move |window: u64| {
                let first = window * READ_AHEAD as u64 + 1;
                let mut entries = vec![[0; ENTRY_BYTES]; READ_AHEAD];
                let read = read_most_at(&files.places, entries.as_flattened_mut(), offset(first));
                read.map(|bytes| {
                    entries.truncate(bytes / ENTRY_BYTES);
                    (!entries.is_empty()).then_some((first, entries))
                })
                .transpose()
            });
            windows.flat_map(move |window| {
                let (failed, entries) = match window {
                    Ok((first, entries)) => (None, (first..).zip(entries).collect()),
                    Err(error) => (Some(Err(error)), Vec::new()),
                };
                let entries =
                    entries.into_iter().map(move |(number, entry)| Ok((input, number, PlaceEntry::of_bytes(&entry))));
                failed.into_iter().chain(entries)
            })
        })
    }
}
