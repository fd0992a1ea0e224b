//! The open brackets inside a record.

/// Up to which depth the kinds of brackets are followed. The parser accepts far less; this only bounds memory.
const FOLLOWED: usize = 64 * 1024;

/// The open brackets of a record, which may not match.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    /// `{` and `[`, the outermost first.
    open: Vec<u8>,
    /// How many of them are `{`.
    braces: usize,
    /// How many brackets are open below that depth, of any kind.
    deeper: u64,
}

impl Nesting {
    /// Whether no bracket is open.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Begins another record.
    pub(super) fn clear(&mut self) {
        self.open.clear();
        self.braces = 0;
        self.deeper = 0;
    }

    /// Opens `{` or `[`.
    #[inline]
    pub(super) fn open(&mut self, opener: u8) {
        if self.open.len() == FOLLOWED {
            self.deeper += 1;
        } else {
            self.open.push(opener);
            self.braces += usize::from(opener == b'{');
        }
    }

    /// Closes the nearest opener of this kind, and those inside it. Returns false if there is none.
    ///
    /// The openers that are searched are closed, so closing all brackets takes no longer than opening them.
    #[inline]
    pub(super) fn close(&mut self, opener: u8) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return true;
        }
        let of_kind = if opener == b'{' { self.braces } else { self.open.len() - self.braces };
        while let Some(closed) = (of_kind > 0).then(|| self.open.pop()).flatten() {
            self.braces -= usize::from(closed == b'{');
            if closed == opener {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_opener_of_the_kind_is_closed(brackets in proptest::collection::vec(proptest::sample::select(b"{[}]".to_vec()), 0..60)) {
            let (mut nesting, mut open) = (Nesting::default(), Vec::new());
            for bracket in brackets {
                let opener = if matches!(bracket, b'{' | b'}') { b'{' } else { b'[' };
                if bracket == opener {
                    nesting.open(opener);
                    open.push(opener);
                } else {
                    let nearest = open.iter().rposition(|&other| other == opener);
                    prop_assert_eq!(nesting.close(opener), nearest.is_some());
                    open.truncate(nearest.unwrap_or(open.len()));
                }
                prop_assert_eq!(nesting.is_empty(), open.is_empty());
            }
        }
    }

    #[test]
    fn absurd_nesting_takes_neither_memory_nor_time() {
        let mut nesting = Nesting::default();
        for _ in 0..3_000_000 {
            nesting.open(b'[');
        }
        assert!(nesting.open.capacity() <= 2 * FOLLOWED);
        for _ in 0..3_000_000 - FOLLOWED {
            assert!(nesting.close(b'['));
        }
        // Each of these would search all the others if it were not known that there is none.
        for _ in 0..3_000_000 {
            assert!(!nesting.close(b'{'));
        }
        for _ in 0..FOLLOWED {
            assert!(nesting.close(b'['));
        }
        assert!(nesting.is_empty());
    }
}
