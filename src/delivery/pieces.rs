//! Memory for what is sent, which is used again: a piece that is given back to the operating system for every batch costs more than
//! what is written into it.

use std::mem::take;
use std::ops::{Deref, DerefMut};

use crate::source::{FreePieces, PieceOwner};

/// A larger piece is not kept: few need it.
const MOST: usize = 2 * 1024 * 1024;

/// Pieces of memory that are not in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces(FreePieces);

impl Pieces {
    /// An empty piece with room for so many bytes.
    pub(crate) fn take(&self, bytes: usize) -> Piece {
        let mut piece = self.0.take().unwrap_or_default();
        piece.reserve_exact(bytes);
        Piece { bytes: piece, owner: self.0.owner() }
    }
}

/// A piece of memory. A dropped one returns to where it is from, if that still exists.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    bytes: Vec<u8>,
    owner: PieceOwner,
}

impl Deref for Piece {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Piece {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        if (1..=MOST).contains(&self.bytes.capacity()) {
            self.bytes.clear();
            self.owner.give_back(take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KEPT;

    #[test]
    fn a_piece_that_is_not_used_any_more_is_used_again_without_its_old_bytes() {
        let pieces = Pieces::default();
        let mut first = pieces.take(1_000);
        first.extend_from_slice(b"secret");
        let place = first.as_ptr();
        drop(first);
        let (again, other) = (pieces.take(900), pieces.take(10));
        assert!(again.is_empty() && again.as_ptr() == place && other.as_ptr() != place);
    }

    #[test]
    fn few_pieces_are_kept_and_no_large_ones() {
        let pieces = Pieces::default();
        let kept = || pieces.0.count();
        drop(pieces.take(MOST + 1));
        drop(Piece::default());
        assert_eq!(kept(), 0);
        drop((0..3 * KEPT).map(|_| pieces.take(10)).collect::<Vec<_>>());
        assert_eq!(kept(), KEPT);
        let outlives = pieces.take(10);
        drop(pieces);
        assert!(outlives.is_empty());
    }
}
