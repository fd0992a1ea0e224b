//! Pieces of memory that are not in use, to be used again. So even a long run does not keep allocating memory and giving it back.

use std::sync::{Arc, Mutex, PoisonError, Weak};

/// How many unused pieces are kept. When many are in use at once, the memory of most is then better released.
pub(crate) const KEPT: usize = 4;

type Unused = Mutex<Vec<Vec<u8>>>;

/// Pieces of memory that are not in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct FreePieces(Arc<Unused>);

/// Where a piece returns to.
#[derive(Debug, Default)]
pub(crate) struct PieceOwner(Weak<Unused>);

impl FreePieces {
    /// One of them, if there is any.
    pub(crate) fn take(&self) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Where pieces return to that are used from now on.
    pub(crate) fn owner(&self) -> PieceOwner {
        PieceOwner(Arc::downgrade(&self.0))
    }

    /// How many there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl PieceOwner {
    /// Gives a piece back. It is released if there are enough, or if nobody takes any from there any more.
    pub(crate) fn give_back(&self, piece: Vec<u8>) {
        let Some(owner) = self.0.upgrade() else { return };
        let mut free = owner.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(piece);
        }
    }
}
