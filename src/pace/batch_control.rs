//! How large a request may be: smaller after one that was too large or took too long, and larger again by and by.

/// Answered requests after which a bound that was lowered is raised.
const RAISE_AFTER: u32 = 20;

/// One bound that can be lowered, of items or of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    most: usize,
    now: usize,
}

impl Bound {
    fn new(most: usize) -> Self {
        Self { most, now: most }
    }

    /// Half of what was too much, and at least one.
    fn lower(&mut self, too_much: usize) {
        self.now = self.now.min(too_much / 2).max(1);
    }

    fn raise(&mut self) {
        self.now = (self.now + self.now / 8 + 1).min(self.most);
    }
}

/// The bounds of a request's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchControl {
    items: Bound,
    bytes: Bound,
    answered: u32,
}

impl BatchControl {
    /// At most so many items, and so many bytes.
    pub fn new(items: usize, bytes: usize) -> Self {
        Self { items: Bound::new(items), bytes: Bound::new(bytes), answered: 0 }
    }

    /// The most items for now.
    pub fn items(&self) -> usize {
        self.items.now
    }

    /// The most bytes for now.
    pub fn bytes(&self) -> usize {
        self.bytes.now
    }

    /// A request of so many bytes was too large for the target.
    pub fn too_large(&mut self, bytes: usize) {
        self.bytes.lower(bytes);
        self.answered = 0;
    }

    /// A request of so many items was not answered in time.
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
    fn what_was_too_much_is_halved_and_comes_back_by_and_by() {
        let mut batch = BatchControl::new(500, 1 << 20);
        batch.too_large(600_000);
        assert_eq!((batch.items(), batch.bytes()), (500, 300_000));
        // Another one of the same size, which was under way already, changes nothing.
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
