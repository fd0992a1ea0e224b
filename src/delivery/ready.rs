//! A record that is ready to be sent.

use std::ops::Range;

use crate::journal::ContentHash;
use crate::mapping::Notices;

/// A record that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Ready {
    /// Index of the record's span within its chunk.
    pub span: usize,
    /// Where its encoded form lies in what was encoded of its chunk.
    pub encoded: Range<usize>,
    /// The hash of what is in it but for the mark, wherever it is wanted.
    pub content: ContentHash,
    pub external_id: Box<str>,
    /// Whether the user may not sign in.
    pub disabled: bool,
    pub notices: Notices,
}
