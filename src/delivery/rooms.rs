//! Memory for what is sent, which is used again: a piece that is given back to the operating system for every batch costs more than
//! what is written into it.

use std::mem::take;
use std::ops::{Deref, DerefMut};

use crate::source::{FreePieces, Home};

/// A larger piece is not kept: few need it.
const MOST: usize = 2 * 1024 * 1024;

/// Pieces of memory that are not in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rooms(FreePieces);

impl Rooms {
    /// An empty piece with room for so many bytes.
    pub(crate) fn take(&self, bytes: usize) -> Room {
        let mut room = self.0.take().unwrap_or_default();
        room.reserve_exact(bytes);
        Room { bytes: room, home: self.0.home() }
    }
}

/// A piece of memory. A dropped one returns to where it is from, if that still exists.
#[derive(Debug, Default)]
pub(crate) struct Room {
    bytes: Vec<u8>,
    home: Home,
}

impl Deref for Room {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Room {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Room {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if (1..=MOST).contains(&self.bytes.capacity()) {
            self.bytes.clear();
            self.home.give_back(take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KEPT;

    #[test]
    fn a_piece_that_is_not_used_any_more_is_used_again_without_its_old_bytes() {
        let rooms = Rooms::default();
        let mut first = rooms.take(1_000);
        first.extend_from_slice(b"secret");
        let place = first.as_ptr();
        drop(first);
        let (again, other) = (rooms.take(900), rooms.take(10));
        assert!(again.is_empty() && again.as_ptr() == place && other.as_ptr() != place);
    }

    #[test]
    fn few_pieces_are_kept_and_no_large_ones() {
        let rooms = Rooms::default();
        let kept = || rooms.0.count();
        drop(rooms.take(MOST + 1));
        drop(Room::default());
        assert_eq!(kept(), 0);
        drop((0..3 * KEPT).map(|_| rooms.take(10)).collect::<Vec<_>>());
        assert_eq!(kept(), KEPT);
        let outlives = rooms.take(10);
        drop(rooms);
        assert!(outlives.is_empty());
    }
}
