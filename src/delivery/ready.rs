//! A record that is ready to be sent.

use std::ops::Range;

use crate::journal::ContentHash;
use crate::kind::Kind;
use crate::mapping::{Notices, Reference};

/// A record that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Ready {
    pub kind: Kind,
    /// Index of the record's span within its chunk.
    pub span_index: usize,
    /// Where its encoded form lies in what was encoded of its chunk.
    pub encoded: Range<usize>,
    /// The hash of its encoded form without the run's mark; [`ContentHash::NOTHING`] if it is not to be encoded.
    pub content: ContentHash,
    pub external_id: Box<str>,
    /// The id at Clerk, if that is another one.
    pub clerk_id: Option<Box<str>>,
    /// The external id under which the target is known to have whom the record is about, if that is another one.
    pub earlier: Option<Box<str>>,
    /// Whether the user may not sign in.
    pub disabled: bool,
    pub notices: Notices,
    /// What the destination is asked about before it is sent.
    pub references: Vec<Reference>,
}

impl Ready {
    /// The id at Clerk.
    pub(crate) fn clerk_id(&self) -> &str {
        self.clerk_id.as_deref().unwrap_or(&self.external_id)
    }
}
