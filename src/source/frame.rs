//! What a framer does: it finds where each record begins and ends in a stream of buffers.

use super::{Extent, Place, SkippedRows};

/// The bounds of a record: of an element of an array, of a line, or of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Absolute offset of the first byte.
    pub start: u64,
    /// Absolute offset one past the last byte. It is equal to `start` if the element is missing.
    pub end: u64,
    /// Line of the first byte, from 1.
    pub line: u64,
}

#[cfg(test)]
impl Bounds {
    /// The element's text within a text that begins at offset 0.
    pub(super) fn of(self, text: &str) -> &str {
        &text[super::record::to_index(self.start)..super::record::to_index(self.end)]
    }
}

/// What the framer found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameStep {
    /// The bytes are used up. Call again with more.
    More,
    /// An element begins here, at the cursor. Whoever knows how far it goes may say so with [`Framer::skip`].
    Begins(u64),
    /// A whole element.
    Record(Bounds),
    /// The array's closing bracket; the cursor is behind it.
    End,
    /// The array's end is inside this element: its brackets never close.
    Lost(Bounds),
    /// Something begins here that cannot be read like what came before; and a sentence about it.
    WrongShape(Place, &'static str),
}

/// Finds record bounds in a stream of buffers.
pub(super) trait Framer {
    /// Continues at [`Framer::cursor`] in `bytes`, whose first byte has the absolute offset `base`.
    fn step(&mut self, bytes: &[u8], base: u64) -> FrameStep;

    /// Goes over the object that has just begun: this is how far it goes. Only a framer whose elements [begin](FrameStep::Begins) can
    /// do so.
    fn skip(&mut self, _: Extent) {}

    /// Called when there are no more bytes. Returns whether a further step may find something because of that.
    fn may_find_more_at_end(&mut self) -> bool {
        false
    }

    /// What the end of the input means when no step finds anything. An element that may be whole is returned.
    fn finish(&mut self) -> AtEnd;

    /// The absolute offset of the next byte, and its line.
    fn cursor(&self) -> (u64, u64);

    /// The element that has begun and has not ended, as far as it is known.
    fn unfinished(&self) -> Option<Bounds>;

    /// What was skipped because it is not a record.
    fn skipped(&self) -> SkippedRows {
        SkippedRows::default()
    }
}

/// How an input ended, as the framer sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AtEnd {
    /// It may end here.
    Complete,
    /// A last record with nothing behind it, where that is a proper end.
    Record(Bounds),
    /// In the middle of something.
    Truncated {
        /// A record that is whole, although the input is not.
        whole: Option<Bounds>,
        /// What was still open, for the message.
        inside: String,
        /// What to do about it.
        repair: &'static str,
    },
}
