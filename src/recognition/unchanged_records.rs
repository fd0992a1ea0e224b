//! Which records of the inputs are unchanged, which is to say that the target has them as they are: the first pass finds it out, the
//! second one goes by it, and the file for the next night is made of it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::candidate::{MappedRecord, write_candidate};
use super::place_entry::{ENTRY_BYTES, PlaceEntry, State};
use super::{Fingerprint, KeyFilter, KnownFile, NightSecret, Recognized, Recognizer};
use crate::index::{read_exact_at, read_most_at, write_all_at};
use crate::journal::{RecordKey, RecordOutcome, Settled};
use crate::source::{RecordChunk, RecordSpan, ResumePoint};

/// Two files are open for each input. With more inputs nothing is kept.
pub const MOST_INPUTS: usize = 16;

/// What stands for a record that was confirmed.
pub(super) const CONFIRMED: u8 = 1;

/// A record with more keys is mapped every night.
const MOST_KEYS: usize = 64;

/// Which records of the inputs are unchanged: the first pass finds it out, the second one goes by it, and the file for the next night
/// is made of it. All threads use it at once.
#[derive(Debug)]
pub struct UnchangedRecords {
    pub(super) inputs: Vec<InputFiles>,
    pub(super) candidates: File,
    end_of_candidates: AtomicU64,
    pub(super) secret: NightSecret,
    /// The file of the night before, if it still holds.
    pub(super) known_file: Option<Arc<KnownFile>>,
    /// The keys of the records that were mapped, if others were not.
    pub(super) filter: KeyFilter,
    recognized: AtomicU64,
    mapped: AtomicU64,
    reused: AtomicU64,
    passed_over: AtomicU64,
}

/// How many records took which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecognitionCounts {
    /// Those that were known by their bytes in the first pass.
    pub recognized: u64,
    /// Those that were not, and were mapped.
    pub mapped: u64,
    /// Those that were not mapped in the second pass.
    pub reused: u64,
    /// Those of them that were not even read.
    pub passed_over: u64,
}

/// What is kept of one input, by the numbers of its records.
#[derive(Debug)]
pub(super) struct InputFiles {
    pub places: File,
    /// One byte for each: whether the target confirmed in this run that it has what the record says.
    pub confirmed: File,
}

/// Records that stand one behind the other and are unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnchangedStretch {
    /// Where the first one is.
    pub first: ResumePoint,
    /// The notices of each.
    pub notices: Vec<u64>,
    /// Where the record behind the last one is.
    pub behind: ResumePoint,
}

impl UnchangedRecords {
    /// Room for the records of this many inputs, of which those in the file are known; nothing if they are too many.
    pub fn create(inputs: usize, known_file: Option<Arc<KnownFile>>) -> io::Result<Option<Self>> {
        if inputs > MOST_INPUTS {
            return Ok(None);
        }
        let files =
            |_| Ok::<_, io::Error>(InputFiles { places: tempfile::tempfile()?, confirmed: tempfile::tempfile()? });
        Ok(Some(Self {
            inputs: (0..inputs).map(files).collect::<io::Result<_>>()?,
            candidates: tempfile::tempfile()?,
            end_of_candidates: AtomicU64::new(0),
            secret: known_file.as_ref().map_or_else(NightSecret::random, |known_file| known_file.secret().clone()),
            known_file,
            filter: KeyFilter::new(),
            recognized: AtomicU64::new(0),
            mapped: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            passed_over: AtomicU64::new(0),
        }))
    }

    /// The secret under which keys are hashed.
    pub fn secret_of_keys(&self) -> [u8; 16] {
        self.secret.of_keys()
    }

    /// What recognizes the records, if any are known.
    pub fn recognizer(&self) -> Option<Recognizer> {
        self.known_file.clone().map(Recognizer::of)
    }

    /// How many records took which way so far.
    pub fn counts(&self) -> RecognitionCounts {
        let [recognized, mapped, reused, passed_over] =
            [&self.recognized, &self.mapped, &self.reused, &self.passed_over]
                .map(|count| count.load(Ordering::Relaxed));
        RecognitionCounts { recognized, mapped, reused, passed_over }
    }

    /// In the first pass: keeps which records of a chunk were recognized, and returns their notices. What cannot be kept is mapped:
    /// its keys would be lost.
    pub fn recognize(&self, input: u16, chunk: &RecordChunk, recognized: &[Option<Recognized>]) -> Vec<Option<u64>> {
        if recognized.iter().all(Option::is_none) {
            return Vec::new();
        }
        if !self.write(input, &chunk.spans, &entries(&chunk.spans, recognized)) {
            return Vec::new();
        }
        self.recognized.fetch_add(recognized.iter().flatten().count() as u64, Ordering::Relaxed);
        recognized.iter().map(|recognized| recognized.map(|recognized| recognized.notices)).collect()
    }

    /// In the first pass: keeps what was found out about the records of a chunk, which are unchanged and which were mapped.
    pub fn keep(
        &self,
        (input, chunk): (u16, &RecordChunk),
        recognized: &[Option<Recognized>],
        unchanged: &[Settled],
        mapped: &[MappedRecord],
    ) {
        let spans = &chunk.spans;
        let recognized_count = recognized.iter().flatten().count();
        self.mapped.fetch_add((spans.len() - recognized_count) as u64, Ordering::Relaxed);
        if recognized_count == spans.len() {
            return;
        }
        let (mut entries, mut candidates) = (entries(spans, recognized), Vec::new());
        let first = spans.first().map_or(0, |span| span.number);
        for settled in unchanged.iter().filter(|settled| settled.outcome == RecordOutcome::Unchanged) {
            let index = usize::try_from(settled.key.number.wrapping_sub(first)).unwrap_or(usize::MAX);
            if let Some(entry) = entries.get_mut(index).filter(|entry| entry.state == State::Other) {
                (entry.state, entry.notices) = (State::Unchanged, settled.notices);
            }
        }
        for record in mapped {
            if self.known_file.is_some() {
                record.keys.iter().for_each(|key| self.filter.add(key));
            }
            let Some(entry) = entries.get_mut(record.span_index) else { continue };
            if record.keys.len() > MOST_KEYS || chunk.header.is_some() {
                continue;
            }
            let Some(fingerprint) = Fingerprint::of(chunk.record(&spans[record.span_index]), &self.secret) else {
                continue;
            };
            entry.state = if entry.state == State::Unchanged { State::Confirmed } else { State::Candidate };
            (entry.reference, entry.notices) = (candidates.len() as u64, record.notices);
            write_candidate(fingerprint, &record.keys, &mut candidates);
        }
        let start = self.end_of_candidates.fetch_add(candidates.len() as u64, Ordering::Relaxed);
        let is_written = write_all_at(&self.candidates, &candidates, start);
        for entry in &mut entries {
            match (&is_written, entry.state) {
                (Ok(()), State::Candidate | State::Confirmed) => entry.reference += start,
                (Err(_), State::Candidate) => entry.state = State::Other,
                (Err(_), State::Confirmed) => entry.state = State::Unchanged,
                _ => {}
            }
        }
        self.write(input, spans, &entries);
    }

    /// Keeps that the target confirmed what these records say.
    pub fn confirm(&self, mut records: Vec<RecordKey>) {
        records.sort_unstable();
        let follows = |one: &RecordKey, next: &RecordKey| one.input == next.input && one.number + 1 == next.number;
        for stretch in records.chunk_by(follows) {
            let Some(files) = self.inputs.get(usize::from(stretch[0].input)) else { continue };
            note_failure(&write_all_at(&files.confirmed, &vec![CONFIRMED; stretch.len()], stretch[0].number - 1));
        }
    }

    /// In the second pass: the notices of each record of a chunk that is unchanged.
    pub fn notices_of_unchanged(&self, input: u16, spans: &[RecordSpan]) -> Vec<Option<u64>> {
        let Some((files, first)) = self.place(input, spans) else { return Vec::new() };
        let mut entries = vec![[0; ENTRY_BYTES]; spans.len()];
        if !note_failure(&read_exact_at(&files.places, entries.as_flattened_mut(), offset(first))) {
            return Vec::new();
        }
        let entries = entries.iter().map(PlaceEntry::of_bytes);
        let unchanged: Vec<_> = entries.map(|entry| entry.is_unchanged().then_some(entry.notices)).collect();
        self.reused.fetch_add(unchanged.iter().flatten().count() as u64, Ordering::Relaxed);
        unchanged
    }

    /// In the second pass: the records from number `first` on that are unchanged, `most` of them at most. The last record of an
    /// input is never among them, so that somebody reads the end of it.
    pub fn unchanged_from(&self, input: u16, first: u64, most: usize) -> Option<UnchangedStretch> {
        let files = self.inputs.get(usize::from(input))?;
        let mut entries = vec![[0; ENTRY_BYTES]; most + 1];
        let read = read_most_at(&files.places, entries.as_flattened_mut(), offset(first)).ok()?;
        entries.truncate(read / ENTRY_BYTES);
        let entries: Vec<PlaceEntry> = entries.iter().map(PlaceEntry::of_bytes).collect();
        let is_passed = |entry: &&PlaceEntry| entry.is_unchanged() && entry.line > 0;
        let count = entries.iter().take_while(is_passed).count().min(entries.len().checked_sub(1)?);
        let behind = entries.get(count).filter(|entry| count > 0 && entry.line > 0)?;
        let point = |entry: &PlaceEntry, number| ResumePoint { number, line: entry.line, offset: entry.offset };
        Some(UnchangedStretch {
            first: point(entries.first()?, first),
            notices: entries[..count].iter().map(|entry| entry.notices).collect(),
            behind: point(behind, first + count as u64),
        })
    }

    /// Counts the records of such a stretch as not read.
    pub fn pass_over(&self, stretch: &UnchangedStretch) {
        let count = stretch.notices.len() as u64;
        self.reused.fetch_add(count, Ordering::Relaxed);
        self.passed_over.fetch_add(count, Ordering::Relaxed);
    }

    /// The files of an input, and the number of the first of these records; nothing if there are any between them that are not among
    /// them, as in a shard.
    fn place(&self, input: u16, spans: &[RecordSpan]) -> Option<(&InputFiles, u64)> {
        let (files, first, last) = (self.inputs.get(usize::from(input))?, spans.first()?.number, spans.last()?.number);
        (last - first + 1 == spans.len() as u64).then_some((files, first))
    }

    /// Whether the entries of a chunk could be written.
    fn write(&self, input: u16, spans: &[RecordSpan], entries: &[PlaceEntry]) -> bool {
        let Some((files, first)) = self.place(input, spans) else { return false };
        let bytes: Vec<_> = entries.iter().map(|entry| entry.to_bytes()).collect();
        note_failure(&write_all_at(&files.places, bytes.as_flattened(), offset(first)))
    }
}

/// The entries of records of which some were recognized.
fn entries(spans: &[RecordSpan], recognized: &[Option<Recognized>]) -> Vec<PlaceEntry> {
    let mut entries: Vec<PlaceEntry> = spans.iter().map(PlaceEntry::of).collect();
    for (entry, recognized) in entries.iter_mut().zip(recognized) {
        if let Some(Recognized { number, notices }) = *recognized {
            *entry = PlaceEntry { reference: number, notices, state: State::Recognized, ..*entry };
        }
    }
    entries
}

/// Where the entry of a record is. They are numbered from 1.
pub(super) fn offset(number: u64) -> u64 {
    (number - 1) * ENTRY_BYTES as u64
}

/// Whether it worked. If not, that costs work and nothing else.
fn note_failure(result: &io::Result<()>) -> bool {
    if let Err(error) = result {
        tracing::debug!(%error, "what is unchanged is not kept");
    }
    result.is_ok()
}
