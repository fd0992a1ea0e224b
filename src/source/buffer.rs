//! The buffers in which records travel. A buffer that is no longer used returns to its origin. So even a long run does not
//! keep allocating memory and filling it with zeros.

use std::ops::Deref;

use super::free_pieces::{FreePieces, PieceOwner};

/// Buffers of one size.
#[derive(Debug)]
pub(super) struct Buffers {
    size: usize,
    free: FreePieces,
}

impl Buffers {
    /// Buffers of `size` bytes.
    pub(super) fn new(size: usize) -> Self {
        Self { size, free: FreePieces::default() }
    }

    /// A buffer that holds these bytes and nothing else yet.
    pub(super) fn holding(&self, bytes: &[u8]) -> Buffer {
        let room = self.free.take().unwrap_or_else(|| vec![0; self.size]);
        let mut buffer = Buffer { room, filled: 0, size: self.size, owner: self.free.owner() };
        if bytes.len() > self.size {
            buffer.room.reserve_exact(bytes.len() - self.size);
            buffer.room.resize(bytes.len(), 0);
        }
        buffer.room[..bytes.len()].copy_from_slice(bytes);
        buffer.filled = bytes.len();
        buffer
    }
}

/// Bytes of an input, and space for more. A dropped buffer returns its memory to its origin, if that still exists.
#[derive(Debug)]
pub struct Buffer {
    room: Vec<u8>,
    filled: usize,
    /// The size it was made with, by which it grows.
    size: usize,
    owner: PieceOwner,
}

impl Buffer {
    /// How much memory it uses, in bytes.
    pub fn capacity(&self) -> usize {
        self.room.capacity()
    }

    /// The unused space behind its bytes. It is never empty: a full buffer grows.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        if self.filled == self.room.len() {
            // It grows by no more than that, because a buffer with a large record may live long.
            self.room.reserve_exact(self.size);
            self.room.resize(self.filled + self.size, 0);
        }
        &mut self.room[self.filled..]
    }

    /// Notes that this many bytes were written to its unused space.
    pub(super) fn add(&mut self, count: usize) {
        self.filled = self.room.len().min(self.filled + count);
    }

    /// Keeps this many bytes of it.
    pub(super) fn truncate(&mut self, length: usize) {
        self.filled = self.filled.min(length);
    }

    /// Removes the first bytes.
    pub(super) fn drop_first(&mut self, count: usize) {
        self.room.copy_within(count..self.filled, 0);
        self.filled -= count;
    }
}

impl From<Vec<u8>> for Buffer {
    /// A full buffer without an origin.
    fn from(room: Vec<u8>) -> Self {
        Self { filled: room.len(), size: room.len().max(1), room, owner: PieceOwner::default() }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.room[..self.filled]
    }
}

impl Drop for Buffer {
    /// A buffer that grew for a large record is released, so the next one is small again.
    fn drop(&mut self) {
        if self.room.len() == self.size {
            self.owner.give_back(std::mem::take(&mut self.room));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::KEPT;

    #[test]
    fn an_unused_buffer_is_used_again_without_its_old_bytes() {
        let buffers = Buffers::new(8);
        let mut first = buffers.holding(b"ab");
        first.spare()[..3].copy_from_slice(b"cde");
        first.add(3);
        first.drop_first(1);
        assert_eq!((&*first, first.capacity()), (&b"bcde"[..], 8));
        let room = first.room.as_ptr();
        drop(first);
        let (second, third) = (buffers.holding(b"x"), buffers.holding(b""));
        assert_eq!((&*second, &*third), (&b"x"[..], &b""[..]));
        assert!(second.room.as_ptr() == room && third.room.as_ptr() != room);
    }

    #[test]
    fn only_a_few_unused_buffers_are_kept() {
        let buffers = Buffers::new(8);
        let many: Vec<Buffer> = (0..3 * KEPT).map(|_| buffers.holding(b"")).collect();
        drop(many);
        assert_eq!(buffers.free.count(), KEPT);
    }

    #[test]
    fn a_buffer_that_grew_is_not_kept() {
        let buffers = Buffers::new(8);
        let mut grown = buffers.holding(b"abcdefgh");
        assert_eq!((grown.spare().len(), grown.capacity()), (8, 16));
        drop((grown, buffers.holding(b"abcdefghi")));
        assert_eq!(buffers.free.count(), 0);
    }

    #[test]
    fn a_buffer_outlives_its_origin() {
        let buffer = Buffers::new(8).holding(b"abc");
        assert_eq!(&*buffer, b"abc");
    }
}
