//! Records that are expected in an input. One that is as expected need not be framed.

/// How far a record goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The length of the record in bytes.
    pub bytes: u32,
    /// How many line breaks are in it.
    pub line_breaks: u32,
}

impl Extent {
    /// The extent of a whole record. Nothing of one that is longer than can be said.
    pub fn of(record: &[u8]) -> Option<Self> {
        let line_breaks = memchr::memchr_iter(b'\n', record).count();
        Some(Self { bytes: u32::try_from(record.len()).ok()?, line_breaks: u32::try_from(line_breaks).ok()? })
    }
}

/// The records that are expected, in the order of the input.
pub trait ExpectedRecords {
    /// The extent of the record with which these bytes begin, if it is the next one that is expected, to the last byte. It has to
    /// be an object whose brackets and strings all end in it: they are not looked at again. If it is, that record is the one that
    /// is [`found`](Self::found) next, but it may go on behind its end, and is another one then.
    fn extent_of_next(&mut self, bytes: &[u8]) -> Option<Extent>;

    /// A record was found that goes into the chunk. Nothing of one whose bytes are not kept.
    fn found(&mut self, record: Option<&[u8]>);
}

/// Nothing is expected.
pub(super) struct NothingExpected;

impl ExpectedRecords for NothingExpected {
    fn extent_of_next(&mut self, _: &[u8]) -> Option<Extent> {
        None
    }

    fn found(&mut self, _: Option<&[u8]>) {}
}
