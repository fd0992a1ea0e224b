//! Adds to the map.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use super::segments::{self, ENTRY_BYTES, SegmentEntry};
use super::{IdLookup, KnownId, record};
use crate::files::private_options;
use crate::index::Sorter;
use crate::kind::Kind;

/// Entries in memory while they are sorted: 320 KiB.
const BUFFERED: usize = 16 * 1024;

/// Bits that say which ids may have been added: 64 KiB.
const MARKS: usize = 512 * 1024;

/// What is added to the map in a directory. Nothing of it counts before [`Addition::finish`].
pub(super) struct Addition<'a> {
    directory: &'a Path,
    before: IdLookup,
    records: BufWriter<File>,
    /// Where the next entry begins.
    end: u64,
    /// Of which kinds those are that were added.
    kinds: BTreeSet<Kind>,
    places: Sorter<ENTRY_BYTES>,
    /// Of each id that was added one bit is set; those of others may be, too.
    added: Vec<u8>,
    /// The room of the last entry.
    room: Vec<u8>,
}

impl<'a> Addition<'a> {
    /// Adds to a map in which nobody is of another kind than these.
    pub(super) fn new(directory: &'a Path, kinds: Option<BTreeSet<Kind>>) -> io::Result<Self> {
        // What an interruption left at its end is nobody's entry: no sorted file leads there.
        let path = directory.join("ids");
        let mut records = private_options().write(true).create(true).truncate(false).open(path)?;
        let end = records.seek(SeekFrom::End(0))?;
        Ok(Self {
            directory,
            before: IdLookup::open(directory, kinds)?,
            records: BufWriter::with_capacity(1 << 16, records),
            end,
            kinds: BTreeSet::new(),
            places: Sorter::new(BUFFERED, std::env::temp_dir()),
            added: vec![0; MARKS / 8],
            room: Vec::new(),
        })
    }

    /// Adds what is known of one, unless that was known before and nothing else was added since.
    pub(super) fn add(&mut self, known: &KnownId) -> io::Result<()> {
        let entry = segments::entry(known.kind, &known.clerk_id, self.end);
        let (byte, bit) = mark(&entry);
        let may_be_added = self.added[byte] & bit != 0;
        if !may_be_added && self.before.find(known.kind, &known.clerk_id)?.as_ref() == Some(known) {
            return Ok(());
        }
        let bytes = record::encode_into(std::mem::take(&mut self.room), known)?;
        self.records.write_all(&bytes)?;
        self.places.extend(&[entry])?;
        self.added[byte] |= bit;
        self.end += bytes.len() as u64;
        self.room = bytes;
        self.kinds.insert(known.kind);
        Ok(())
    }

    /// Of which kinds those are that were added.
    pub(super) fn kinds(&self) -> &BTreeSet<Kind> {
        &self.kinds
    }

    /// Makes durable what was added: first what is known, and then where it is found.
    pub(super) fn finish(self) -> io::Result<()> {
        let records = self.records.into_inner().map_err(io::IntoInnerError::into_error)?;
        if self.kinds.is_empty() {
            return Ok(());
        }
        records.sync_all()?;
        segments::add(self.directory, self.places.finish()?.iter())
    }
}

/// The bit of an id: its byte, and which one in that.
fn mark(entry: &SegmentEntry) -> (usize, u8) {
    let [a, b, c, ..] = *entry;
    let number = u32::from_be_bytes([0, a, b, c]) as usize % MARKS;
    (number / 8, 1 << (number % 8))
}
