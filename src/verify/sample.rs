//! A sample of the users of an input whose length is not known.

use std::collections::BTreeMap;

use crate::pipeline::MappedIdentity;

/// The users that were drawn so far: those whose numbers, scattered, are the smallest.
pub(super) struct Drawn {
    size: usize,
    looked_at: u64,
    drawn: BTreeMap<u64, MappedIdentity>,
}

impl Drawn {
    /// None as yet of so many.
    pub(super) fn new(size: usize) -> Self {
        Self { size, looked_at: 0, drawn: BTreeMap::new() }
    }

    /// Draws from these.
    pub(super) fn draw_from(&mut self, identities: Vec<MappedIdentity>) {
        for identity in identities {
            self.looked_at += 1;
            // Odd, so that no two numbers come to the same place.
            let place = self.looked_at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            self.drawn.insert(place, identity);
            if self.drawn.len() > self.size {
                self.drawn.pop_last();
            }
        }
    }

    /// All that were drawn.
    pub(super) fn into_identities(self) -> Vec<MappedIdentity> {
        self.drawn.into_values().collect()
    }
}
