//! What a mapper does: a chunk of records in, encoded identities and rejects out.

use std::io;
use std::sync::Arc;

use super::duplicates::{self, DuplicateCheck, Found};
use super::map_failure::MapFailure;
use super::unchanged::Unchanged;
use super::weighing::Weighing;
use crate::account::Foreseen;
use crate::account::booking::MappedChunkCounts;
use crate::delivery::Ready;
use crate::destination::RunMark;
use crate::id_map::{IdLookup, KnownId};
use crate::index::Keys;
use crate::journal::{ConfirmedLookup, ContentHash, Mark, Progress, RecordKey, RecordOutcome, Reject, Settled};
use crate::mapping::{
    Coverage, MapOutput, Notice, Notices, Prepared, RecordMapper, RejectCode, Rejection, RoleCounts, UniqueKeys,
};
use crate::selection::{ChunkRecords, RecordsOfRun};
use crate::source::{FramingFault, RawRecord, RecordChunk, RecordSpan};

/// Room that a request needs beside what is mapped: its envelope, and the mark of the run.
const ENVELOPE_BYTES: usize = 64 + RunMark::MOST;

/// Records up to this part of the largest request make what fits it: no field is sent more than three times, and each at
/// most as long as it stands in the record.
/// What a mapping file adds is at most a sixtieth of a request.
const SURELY_FITS: usize = 8;

/// How to map.
pub(super) struct Mapping {
    /// What knows the kind of the records, for each input.
    pub mappers: Vec<Arc<dyn RecordMapper>>,
    /// What an earlier part of the run has settled.
    pub progress: Arc<Progress>,
    /// What is known to be at the target, so that it need not be asked.
    pub confirmed: Option<Arc<ConfirmedLookup>>,
    /// Which records the target is known to have as they are.
    pub unchanged: Unchanged,
    /// Whom the target had before this part of the run, and under which external id.
    pub ids: Option<Arc<IdLookup>>,
    /// What is done about records that are in the input twice.
    pub duplicates: DuplicateCheck,
    /// Whether the encoded form is wanted, or only whether there is one.
    pub encode: bool,
    /// Bytes of the destination's largest request.
    pub largest_request: usize,
    /// What the run puts on what it creates.
    pub mark: Option<RunMark>,
    pub preview: usize,
    /// Whether it is wanted what of an import can be foreseen.
    pub foresee: bool,
    /// Which records are ours. The others are looked at only if their keys are to be collected.
    pub records: RecordsOfRun,
}

impl Mapping {
    /// What maps the records of an input.
    fn mapper(&self, input: u16) -> &dyn RecordMapper {
        &*self.mappers[usize::from(input)]
    }
}

/// A mapped chunk.
pub(super) struct MappedChunk {
    pub input: u16,
    pub chunk: Arc<RecordChunk>,
    /// The encoded records one behind the other.
    pub encoded: Vec<u8>,
    pub ready: Vec<Ready>,
    /// Records that are known to be at the target as they are.
    pub unchanged: Vec<Settled>,
    pub rejects: Vec<Reject>,
    pub counts: MappedChunkCounts,
}

/// Maps the records of one chunk. Pure, but for what lies on disk: duplicates, what is known of the target, passwords.
pub(super) fn map_chunk(input: u16, chunk: Arc<RecordChunk>, mapping: &Mapping) -> Result<MappedChunk, MapFailure> {
    let mut mapper = ChunkMapper::new(input, &chunk, mapping)?;
    let (mut ready, mut unchanged, mut rejects) = (Vec::with_capacity(chunk.spans.len()), Vec::new(), Vec::new());
    let (kind, known) = (mapping.mapper(input).kind(), mapping.unchanged.read(input, &chunk.spans));
    for (index, span) in chunk.spans.iter().enumerate() {
        if !mapper.ours.takes(span.number) {
            if matches!(mapping.duplicates, DuplicateCheck::Find(_)) {
                mapper.look_at(index, span)?;
            }
            continue;
        }
        let key = RecordKey { input, number: span.number };
        if mapping.progress.is_settled(key) {
            continue;
        }
        if let Some(Some(notices)) = known.get(index) {
            match mapper.unchanged(span, *notices)? {
                Ok(notices) => unchanged.push(Settled { key, outcome: RecordOutcome::Unchanged, notices }),
                Err(rejection) => rejects.push(Reject::new(rejection, kind, input, &chunk, span)),
            }
            continue;
        }
        match mapper.record(index, span)? {
            Ok(record) if mapper.forget_if_known(&record) => {
                unchanged.push(Settled { key, outcome: RecordOutcome::Unchanged, notices: record.notices.bits() });
            }
            Ok(mut record) => {
                mapper.recognise(&mut record)?;
                ready.push(record);
            }
            Err(rejection) => rejects.push(Reject::new(rejection, kind, input, &chunk, span)),
        }
    }
    let ChunkMapper { output, previews, keys, weighing, rejects_of_others, .. } = mapper;
    if let DuplicateCheck::Find(finder) = &mapping.duplicates {
        finder.collect(&keys)?;
    }
    mapping.unchanged.keep(input, &chunk.spans, &unchanged);
    let counts = MappedChunkCounts {
        start: start_of(input, &chunk),
        last: chunk.spans.last().map_or(0, |span| span.number),
        open: (ready.len() + unchanged.len() + rejects.len()) as u64,
        valid: (ready.len() + unchanged.len()) as u64,
        not_asked: unchanged.len() as u64,
        consumed: chunk.consumed,
        notices: ready.iter().map(|record| record.notices).filter(|notices| !notices.is_empty()).collect(),
        previews,
        rejects_of_others,
        foreseen: Foreseen {
            coverage: output.coverage.unwrap_or_default(),
            roles: output.roles.unwrap_or_default(),
            records: (ready.len() + unchanged.len()) as u64,
            record_bytes: weighing.record_bytes(),
            sent_bytes: weighing.sent_bytes(),
        },
    };
    Ok(MappedChunk { input, encoded: output.encoded, chunk, ready, unchanged, rejects, counts })
}

/// Where a chunk starts.
fn start_of(input: u16, chunk: &RecordChunk) -> Mark {
    chunk.spans.first().map_or(Mark::end(input, 0), |span| Mark {
        key: RecordKey { input, number: span.number },
        line: span.line,
        offset: span.offset,
    })
}

/// Whether the first record of all, or of the shard, is in this chunk. The first selected ones can be anywhere.
fn holds_first(chunk: &RecordChunk, records: &RecordsOfRun) -> bool {
    let first = match records {
        RecordsOfRun::All => 1,
        RecordsOfRun::Shard(shard) => shard.first(),
        RecordsOfRun::Selected(_) => return true,
    };
    chunk.spans.binary_search_by_key(&first, |span| span.number).is_ok()
}

struct ChunkMapper<'m> {
    mapping: &'m Mapping,
    input: u16,
    chunk: &'m RecordChunk,
    /// Which of its records are ours.
    ours: ChunkRecords,
    output: MapOutput,
    keys: Keys,
    /// Whether the previews come from this chunk.
    first: bool,
    previews: Vec<String>,
    weighing: Weighing,
    /// Records that are not ours and do not map.
    rejects_of_others: u64,
}

impl<'m> ChunkMapper<'m> {
    fn new(input: u16, chunk: &'m RecordChunk, mapping: &'m Mapping) -> io::Result<Self> {
        let looks_for_duplicates = matches!(mapping.duplicates, DuplicateCheck::Find(_));
        let output = MapOutput {
            encoded: Vec::with_capacity(if mapping.encode { chunk.bytes.len() } else { 0 }),
            keys: looks_for_duplicates.then(UniqueKeys::default),
            coverage: mapping.foresee.then(Coverage::default),
            roles: mapping.foresee.then(RoleCounts::default),
            ..MapOutput::default()
        };
        let numbers = [chunk.spans.first(), chunk.spans.last()].map(|span| span.map_or(0, |span| span.number));
        Ok(Self {
            mapping,
            input,
            chunk,
            ours: mapping.records.among(input, numbers[0]..=numbers[1])?,
            output,
            keys: Keys::default(),
            first: holds_first(chunk, &mapping.records),
            previews: Vec::new(),
            weighing: Weighing::default(),
            rejects_of_others: 0,
        })
    }

    /// Whether the target is known to have the record as it is; then its encoded form, the last one, is dropped.
    fn forget_if_known(&mut self, record: &Ready) -> bool {
        let is_confirmed =
            |confirmed: &Arc<ConfirmedLookup>| confirmed.is_confirmed(&record.external_id, record.content);
        let confirmed = self.mapping.confirmed.as_ref().is_some_and(is_confirmed);
        if confirmed {
            self.output.encoded.truncate(record.encoded.start);
        }
        confirmed
    }

    /// Notes under which other external id the target has the user whom the record is about. Without the id map the user could
    /// get a second identity, so an error is the end of the run.
    fn recognise(&self, record: &mut Ready) -> Result<(), MapFailure> {
        let Some(ids) = &self.mapping.ids else { return Ok(()) };
        let known = ids.find(record.kind, record.clerk_id()).map_err(MapFailure::IdMap)?;
        let earlier = known.as_ref().map(KnownId::external_id).filter(|id| **id != *record.external_id);
        record.earlier = earlier.map(Into::into);
        Ok(())
    }

    /// Maps a record that is not ours, of which nothing is kept but its keys: one of ours may be its duplicate.
    fn look_at(&mut self, index: usize, span: &RecordSpan) -> io::Result<()> {
        let start = self.output.encoded.len();
        let mapped = self.map(index, span)?;
        self.rejects_of_others += u64::from(mapped.is_err());
        self.output.encoded.truncate(start);
        Ok(())
    }

    /// Maps a record and looks at what it may be a duplicate of.
    fn record(&mut self, index: usize, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        let start = self.output.encoded.len();
        let mut mapped = self.map(index, span)?;
        if mapped.is_ok() {
            self.foresee(span, start);
        }
        if let Ok(ready) = &mut mapped
            && let Some(rejection) = self.reject_duplicate(span, &mut ready.notices)?
        {
            self.output.encoded.truncate(ready.encoded.start);
            return Ok(Err(rejection));
        }
        Ok(mapped)
    }

    /// The notices of a record that is known to be unchanged, unless it is a duplicate.
    fn unchanged(&self, span: &RecordSpan, notices: u64) -> io::Result<Result<u64, Rejection>> {
        let mut notices = Notices::from_bits(notices);
        let rejection = self.reject_duplicate(span, &mut notices)?;
        Ok(rejection.map_or(Ok(notices.bits()), Err))
    }

    /// The rejection of a record that maps, if an earlier one has what only one may have.
    fn reject_duplicate(&self, span: &RecordSpan, notices: &mut Notices) -> io::Result<Option<Rejection>> {
        let DuplicateCheck::Reject(found) = &self.mapping.duplicates else { return Ok(None) };
        Ok(match duplicates::look_up(found, self.input, span.number)? {
            Found::Rejected(rejection) => Some(rejection),
            Found::Shares => {
                notices.add(Notice::AddressShared);
                None
            }
            Found::Nothing => None,
        })
    }

    /// Notes what a dry run says of a record that maps. Its encoded form begins at `start`.
    fn foresee(&mut self, span: &RecordSpan, start: usize) {
        let Some(coverage) = &mut self.output.coverage else { return };
        if self.mapping.mapper(self.input).counts_coverage() {
            coverage.count();
        }
        let sent = self.output.encoded.len() - start;
        self.weighing.add(span.length, self.output.wants_encoded.then_some(sent as u64));
        if !self.mapping.encode {
            self.output.encoded.truncate(start);
        }
    }

    fn map(&mut self, index: usize, span: &RecordSpan) -> io::Result<Result<Ready, Rejection>> {
        if let Some(fault) = span.fault {
            return Ok(Err(framing_rejection(fault, span)));
        }
        let (start, kind) = (self.output.encoded.len(), self.mapping.mapper(self.input).kind());
        // A line of a rejects file is longer than the record in it.
        let largest = self.mapping.largest_request;
        let is_weighed = self.mapping.foresee && self.ours.takes(span.number) && self.weighing.wants_next();
        self.output.wants_encoded = self.mapping.encode || is_weighed || span.length > (largest / SURELY_FITS) as u64;
        let wanted = if self.first && self.ours.takes(span.number) { self.mapping.preview } else { 0 };
        self.output.wants_preview = self.previews.len() < wanted;
        let mapped = self.mapping.mapper(self.input).map(RawRecord::new(self.chunk, span), &mut self.output)?;
        if mapped.is_ok() && self.output.encoded.len() - start > largest.saturating_sub(ENVELOPE_BYTES) {
            self.output.encoded.truncate(start);
            return Ok(Err(too_large(kind.at_target(), largest)));
        }
        Ok(mapped.map(|prepared| self.ready(prepared, index, span, start)))
    }

    /// A record that maps; its encoded form begins at `start`.
    fn ready(&mut self, prepared: Prepared, index: usize, span: &RecordSpan, start: usize) -> Ready {
        let Prepared { external_id, clerk_id, disabled, notices, references, preview } = prepared;
        if let (DuplicateCheck::Find(finder), Some(keys)) = (&self.mapping.duplicates, &self.output.keys) {
            duplicates::collect(finder, &mut self.keys, (self.input, span, notices), keys);
        }
        self.previews.extend(preview);
        let encoded = &mut self.output.encoded;
        let content = if self.mapping.encode { ContentHash::of(&encoded[start..]) } else { ContentHash::NOTHING };
        if let Some(mark) = &self.mapping.mark
            && self.mapping.mapper(self.input).has_room_for_mark()
        {
            mark.put_on(encoded, self.input, span.number);
        }
        let encoded = start..encoded.len();
        let kind = self.mapping.mapper(self.input).kind();
        Ready {
            kind,
            span: index,
            encoded,
            content,
            external_id,
            clerk_id,
            earlier: None,
            disabled,
            notices,
            references,
        }
    }
}

fn too_large(what: &str, largest: usize) -> Rejection {
    let message = format!("the {what} is larger than the {largest} bytes of the target's largest request");
    Rejection::of_record(RejectCode::TooLargeForTarget, message)
}

fn framing_rejection(fault: FramingFault, span: &RecordSpan) -> Rejection {
    match fault {
        FramingFault::Empty => {
            Rejection::of_record(RejectCode::InvalidJson, "a comma too many: there is no record between two separators")
        }
        FramingFault::TooLarge { limit } => Rejection::of_record(
            RejectCode::RecordTooLarge,
            format!("the record has {} bytes, more than the {limit} of --max-record-bytes", span.length),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::DuplicateFinder;
    use crate::journal::{ConfirmedUser, ConfirmedUsers};
    use crate::kind::Kind;
    use crate::mapping::Unique;
    use crate::pipeline::UnchangedRecords;

    /// Maps lines of text, which are no users: the first word is the id, the second one at Clerk.
    #[derive(Debug)]
    struct LineMapper;

    impl RecordMapper for LineMapper {
        fn kind(&self) -> Kind {
            Kind::default()
        }

        fn map(&self, record: RawRecord<'_>, output: &mut MapOutput) -> io::Result<Result<Prepared, Rejection>> {
            let text = String::from_utf8_lossy(record.bytes());
            let Some((id, clerk_id)) = text.split_once(' ') else {
                return Ok(Err(Rejection::of_record(RejectCode::InvalidRecord, "one word")));
            };
            if output.wants_encoded {
                output.encoded.extend_from_slice(text.as_bytes());
            }
            if let Some(keys) = &mut output.keys {
                keys.clear();
                keys.claim(Unique::Username, id);
            }
            let preview = output.wants_preview.then(|| format!("<{text}>"));
            let (external_id, clerk_id) = (id.into(), Some(clerk_id.into()));
            let (notices, references) = (Notices::default(), Vec::new());
            Ok(Ok(Prepared { external_id, clerk_id, disabled: false, notices, references, preview }))
        }

        fn columns(&self) -> &'static [&'static str] {
            &[]
        }

        fn memory_growth(&self) -> (usize, usize) {
            (0, 0)
        }
    }

    fn mapping(duplicates: DuplicateCheck) -> Mapping {
        Mapping {
            mappers: vec![Arc::new(LineMapper)],
            progress: Arc::new(Progress::new(1)),
            confirmed: None,
            unchanged: Unchanged::Unknown,
            ids: None,
            duplicates,
            encode: true,
            largest_request: 4 * 1024 * 1024,
            mark: None,
            preview: 2,
            foresee: false,
            records: RecordsOfRun::All,
        }
    }

    /// A chunk with these records.
    fn chunk(records: &[&str]) -> Arc<RecordChunk> {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        for (number, record) in (1..).zip(records) {
            let (offset, length) = (bytes.len() as u64, record.len() as u64);
            spans.push(RecordSpan { number, line: number, offset, length, fault: None });
            bytes.extend_from_slice(record.as_bytes());
        }
        let consumed = bytes.len() as u64;
        Arc::new(RecordChunk { input: "-".into(), bytes: bytes.into(), base: 0, spans, header: None, consumed })
    }

    /// One that is called is at fault.
    #[derive(Debug)]
    struct NobodyMaps;

    impl RecordMapper for NobodyMaps {
        fn kind(&self) -> Kind {
            Kind::default()
        }

        fn map(&self, _: RawRecord<'_>, _: &mut MapOutput) -> io::Result<Result<Prepared, Rejection>> {
            Err(io::Error::other("mapped again"))
        }

        fn columns(&self) -> &'static [&'static str] {
            &[]
        }

        fn memory_growth(&self) -> (usize, usize) {
            (0, 0)
        }
    }

    #[test]
    fn what_is_known_as_unchanged_is_not_mapped_again_and_is_rejected_as_a_duplicate_all_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let mut confirmed = ConfirmedUsers::open(directory.path(), "target").unwrap();
        let content = |text: &str| ContentHash::of(text.as_bytes());
        // The third one has changed since.
        let users = [("a", "a 1"), ("b", "b 2"), ("c", "c 9")].map(|(id, text)| (id.to_owned(), text.to_owned()));
        // Nobody is believed to be known without a sample.
        let others = (0..100).map(|number| (number.to_string(), String::new()));
        let users = users.into_iter().chain(others).map(|(id, text)| ConfirmedUser::new(&id, &id, content(&text)));
        confirmed.add(users.collect()).unwrap();
        confirmed.write().unwrap();
        let lookup = Arc::new(confirmed.lookup().unwrap().expect("known users"));
        let chunk = chunk(&["a 1", "b 2", "b 2", "c 3"]);
        let records = Arc::new(UnchangedRecords::create(1).unwrap().unwrap());
        let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
        let first_pass = Mapping {
            confirmed: Some(lookup),
            unchanged: Unchanged::Keep(Arc::clone(&records)),
            ..mapping(DuplicateCheck::Find(Arc::clone(&finder)))
        };
        map_chunk(0, Arc::clone(&chunk), &first_pass).unwrap();
        drop(first_pass);
        let found = Arc::into_inner(finder).unwrap().finish().unwrap();
        let found = Arc::new(found.write(tempfile::tempfile().unwrap()).unwrap());
        let second_pass =
            Mapping { unchanged: Unchanged::Known(records), ..mapping(DuplicateCheck::Reject(Arc::clone(&found))) };
        let mapped = map_chunk(0, Arc::clone(&chunk), &second_pass).unwrap();
        let unchanged: Vec<_> = mapped.unchanged.iter().map(|settled| settled.key.number).collect();
        let rejects: Vec<_> = mapped.rejects.iter().map(|reject| (reject.key.number, reject.code)).collect();
        assert_eq!((unchanged, rejects), (vec![1, 2], vec![(3, RejectCode::DuplicateUsername)]));
        assert_eq!(mapped.encoded, b"c 3", "only the one that changed");
        let nobody = Mapping { mappers: vec![Arc::new(NobodyMaps)], ..second_pass };
        assert_eq!(map_chunk(0, self::chunk(&["a 1", "b 2", "b 2"]), &nobody).unwrap().unchanged.len(), 2);
        assert!(map_chunk(0, chunk, &nobody).is_err(), "the one that changed is mapped");
    }

    #[test]
    fn what_a_record_is_only_its_mapper_knows() {
        let chunk = chunk(&["a 1", "b", "a 3", "c 4"]);
        let finder = Arc::new(DuplicateFinder::new(std::env::temp_dir()));
        let found = map_chunk(0, Arc::clone(&chunk), &mapping(DuplicateCheck::Find(Arc::clone(&finder)))).unwrap();
        assert_eq!(found.counts.previews, ["<a 1>", "<a 3>"]);
        let found = Arc::into_inner(finder).unwrap().finish().unwrap();
        let found = found.write(tempfile::tempfile().unwrap()).unwrap();
        let mapped = map_chunk(0, chunk, &mapping(DuplicateCheck::Reject(Arc::new(found)))).unwrap();
        let ready: Vec<_> = mapped.ready.iter().map(|ready| (&*ready.external_id, ready.clerk_id())).collect();
        assert_eq!(ready, [("a", "1"), ("c", "4")]);
        assert_eq!(mapped.encoded, b"a 1c 4", "of a duplicate nothing stays");
        let rejects: Vec<_> = mapped.rejects.iter().map(|reject| (reject.key.number, reject.code)).collect();
        assert_eq!(rejects, [(2, RejectCode::InvalidRecord), (3, RejectCode::DuplicateUsername)]);
    }
}
