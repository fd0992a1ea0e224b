//! Reads the map: one id, or all of them.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;

use super::KnownId;
use super::record::RecordWindow;
use super::segments::{ENTRY_BYTES, hash, newest, place_of};
use crate::index::{SortedFile, Sorter, merge, sorted_files};
use crate::kind::Kind;
use crate::mapping::{TargetId, TargetIds};

/// Bytes that are read to look one entry up: most are shorter.
const ONE: usize = 256;

/// Bytes that are read at once where all entries are gone through.
const ALL: usize = 256 * 1024;

/// Places in memory while they are sorted: 256 KiB.
const BUFFERED: usize = 32 * 1024;

const PLACE_BYTES: usize = 8;

/// The map as it was when this was opened. Many threads may look ids up at once; what is learned meanwhile is not in it.
#[derive(Debug)]
pub struct IdLookup {
    /// None if nothing is known.
    records: Option<File>,
    /// The oldest first. What lies in a later one was learned later.
    segments: Vec<SortedFile<ENTRY_BYTES>>,
    /// Nobody of another kind is in the map. None if that is not known.
    kinds: Option<BTreeSet<Kind>>,
    /// What was learned up to here an earlier part knew.
    known_before: u64,
}

impl IdLookup {
    /// Opens the map in a directory, in which nobody is of another kind than these.
    pub(super) fn open(directory: &Path, kinds: Option<BTreeSet<Kind>>) -> io::Result<Self> {
        let segments =
            sorted_files(directory)?.iter().map(|(_, path)| SortedFile::open(path)).collect::<io::Result<Vec<_>>>()?;
        let records = if segments.is_empty() { None } else { Some(File::open(directory.join("ids"))?) };
        Ok(Self { records, segments, kinds, known_before: u64::MAX })
    }

    /// Where it ends now: what is learned from here on lies behind.
    pub fn end(&self) -> io::Result<u64> {
        self.records.as_ref().map_or(Ok(0), |records| Ok(records.metadata()?.len()))
    }

    /// The lookup, with what lies behind this place taken as proven.
    #[must_use]
    pub fn proven_from(self, place: u64) -> Self {
        Self { known_before: place, ..self }
    }

    /// What is known of one of this kind, by its id at Clerk.
    pub fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<KnownId>> {
        Ok(self.find_placed(kind, clerk_id)?.map(|(_, known)| known))
    }

    /// What it is, and where it lies.
    fn find_placed(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<(u64, KnownId)>> {
        let Some(records) = &self.records else { return Ok(None) };
        if self.kinds.as_ref().is_some_and(|kinds| !kinds.contains(&kind)) {
            return Ok(None);
        }
        let hash = hash(kind, clerk_id);
        for segment in self.segments.iter().rev() {
            if let Some(place) = segment.find(&hash)?.as_ref().map(place_of) {
                let known = RecordWindow::new(records, ONE).record(place)?;
                return Ok((known.kind == kind && known.clerk_id == clerk_id).then_some((place, known)));
            }
        }
        Ok(None)
    }

    /// Shows all that is known, in the order in which it was learned.
    pub fn for_each(&self, mut each: impl FnMut(KnownId) -> io::Result<()>) -> io::Result<()> {
        let Some(records) = &self.records else { return Ok(()) };
        let entries = merge(self.segments.iter().map(SortedFile::entries)).map(|entry| entry.map(|(entry, _)| entry));
        let places = Sorter::<PLACE_BYTES>::new(BUFFERED, std::env::temp_dir());
        for entry in newest(entries) {
            places.extend(&[place_of(&entry?).to_be_bytes()])?;
        }
        let mut window = RecordWindow::new(records, ALL);
        places.finish()?.iter().try_for_each(|place| each(window.record(u64::from_be_bytes(place?))?))
    }
}

impl TargetIds for IdLookup {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let found = self.find_placed(kind, clerk_id)?;
        Ok(found.map(|(place, known)| {
            let (external_id, id) = known.into_ids();
            TargetId { id: id.into(), external_id: external_id.into(), is_proven: place >= self.known_before }
        }))
    }
}
