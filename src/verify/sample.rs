//! A sample of the users of an input whose length is not known.

use std::collections::BTreeMap;

use crate::pipeline::MappedIdentity;

/// How much is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// Everything.
    All,
    /// This many records, spread over the whole input.
    Of(usize),
}

/// The users drawn so far: those whose scattered numbers are the smallest.
pub(super) struct Drawn {
    size: usize,
    looked_at: u64,
    by_place: BTreeMap<u64, MappedIdentity>,
}

impl Drawn {
    /// An empty sample, which will hold this many users.
    pub(super) fn new(size: usize) -> Self {
        Self { size, looked_at: 0, by_place: BTreeMap::new() }
    }

    /// Draws from these users.
    pub(super) fn draw_from(&mut self, identities: Vec<MappedIdentity>) {
        for identity in identities {
            self.looked_at += 1;
            // The factor is odd, so that no two numbers have the same place.
            let place = self.looked_at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.by_place.insert(place, identity);
            if self.by_place.len() > self.size {
                self.by_place.pop_last();
            }
        }
    }

    /// All users that were drawn.
    pub(super) fn into_identities(self) -> Vec<MappedIdentity> {
        self.by_place.into_values().collect()
    }
}
