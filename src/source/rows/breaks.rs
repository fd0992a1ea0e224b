//! The line breaks inside the quotes of a row.

use std::ops::Range;

use crate::source::resemblance::Likeness;

/// The line breaks inside the present quotes.
#[derive(Clone, Debug)]
pub(super) struct Breaks {
    /// Where the first line ends.
    pub first: u64,
    /// The last line break, from the end of its line to the beginning of the next.
    pub last: Range<u64>,
    /// Up to where the end of the next line was searched; `None` if that line was examined.
    pub searched: Option<u64>,
    /// What the row would be if it ended with its first line.
    pub likeness: Option<Likeness>,
}
