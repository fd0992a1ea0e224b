//! The shape of an input.

use std::sync::Arc;

use super::{Header, Place};

/// The shape of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An object with a `data` array among its members.
    Envelope,
    /// An array at the top level.
    Array,
    /// An array of envelopes, as `jq -s .` makes it of several files.
    Envelopes,
    /// An array of arrays, made in the same way.
    Arrays,
    /// NDJSON: one object a line.
    Lines,
    /// CSV with a header, as the Dashboard exports users.
    Rows,
}

impl Format {
    /// Whether its users are in the `data` of an object.
    pub(super) fn has_envelope(self) -> bool {
        matches!(self, Self::Envelope | Self::Envelopes)
    }

    /// Whether one array holds all its pages.
    pub(super) fn is_array_of_pages(self) -> bool {
        matches!(self, Self::Envelopes | Self::Arrays)
    }
}

/// What the first bytes of an input show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub format: Format,
    /// The header of a CSV.
    pub header: Option<Arc<Header>>,
    /// Where reading begins: behind the byte order mark, and behind the header.
    pub start: Place,
}
