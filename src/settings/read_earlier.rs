//! An input that was read before the run began.

use crate::source::{Input, InputDigest, KnownInput};

/// An input that was read before the run began, for what was taken out of it.
#[derive(Clone, Debug)]
pub struct ReadEarlier {
    /// The input.
    pub input: Input,
    /// What its bytes were; nothing if they could not be read to their end.
    pub digest: Option<InputDigest>,
}

impl ReadEarlier {
    /// Whether it is still the same, as the input with this index. `now` are the inputs as they are now, in order; if one could not
    /// be read to its end, without it and those behind it.
    pub(super) fn is_same(&self, index: usize, now: &[KnownInput]) -> bool {
        match (&self.digest, now.get(index)) {
            (Some(was), Some(now)) => was.is_same(&now.digest) != Some(false),
            (None, Some(_)) => false,
            // Reading ended with this one, or with one before it: then nothing of this one is sent.
            (Some(_), None) => index > now.len(),
            (None, None) => true,
        }
    }
}
