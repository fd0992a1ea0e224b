//! How large a request may be: smaller after a request that was too large or too slow, and then slowly larger again.

/// After this many answered requests a bound that was lowered is raised.
const RAISE_AFTER: u32 = 20;

/// One bound, of items or of bytes, that can be lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    most: usize,
    now: usize,
}

impl Bound {
    fn new(most: usize) -> Self {
        Self { most, now: most }
    }

    /// Lowers the bound to half of what was too much, but not below one.
    fn lower(&mut self, too_much: usize) {
        self.now = self.now.min(too_much / 2).max(1);
    }

    fn raise(&mut self) {
        self.now = (self.now + self.now / 8 + 1).min(self.most);
    }
}

/// The bounds of the size of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchControl {
    items: Bound,
    bytes: Bound,
    answered: u32,
}

impl BatchControl {
    /// At most this many items, and this many bytes.
    pub fn new(items: usize, bytes: usize) -> Self {
        Self { items: Bound::new(items), bytes: Bound::new(bytes), answered: 0 }
    }

    /// The largest number of items at present.
    pub fn items(&self) -> usize {
        self.items.now
    }

    /// The largest number of bytes at present.
    pub fn bytes(&self) -> usize {
        self.bytes.now
    }

    /// A request of this many bytes was too large for the target.
    pub fn too_large(&mut self, bytes: usize) {
        self.bytes.lower(bytes);
        self.answered = 0;
    }

    /// A request of this many items was not answered in time.
    pub fn too_slow(&mut self, items: usize) {
        self.items.lower(items);
        self.answered = 0;
    }

    /// A request was answered.
    pub fn answered(&mut self) {
        self.answered += 1;
        if self.answered >= RAISE_AFTER {
            self.answered = 0;
            self.items.raise();
            self.bytes.raise();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_too_much_is_halved_and_rises_again_slowly() {
        let mut batch = BatchControl::new(500, 1 << 20);
        batch.too_large(600_000);
        assert_eq!((batch.items(), batch.bytes()), (500, 300_000));
        // Another request of the same size, already in flight, changes nothing.
        batch.too_large(600_000);
        assert_eq!(batch.bytes(), 300_000);
        batch.too_slow(500);
        batch.too_slow(3);
        batch.too_slow(1);
        assert_eq!((batch.items(), batch.bytes()), (1, 300_000));
        for _ in 0..RAISE_AFTER - 1 {
            batch.answered();
        }
        assert_eq!(batch.items(), 1);
        batch.answered();
        assert_eq!((batch.items(), batch.bytes()), (2, 337_501));
        for _ in 0..RAISE_AFTER * 100 {
            batch.answered();
        }
        assert_eq!((batch.items(), batch.bytes()), (500, 1 << 20));
    }
}
