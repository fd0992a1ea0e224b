//! The open brackets inside a record.

/// How many brackets are in a word: a bit for each, and one that marks the end.
const IN_WORD: usize = 63;

/// No bracket is in a word, only the mark.
const NONE: u64 = 1;

/// The most words.
const WORDS: usize = 1024;

/// Up to which depth the kinds of brackets are followed. The parser accepts far less; this only bounds memory.
#[cfg(test)]
const FOLLOWED: usize = WORDS * IN_WORD;

/// The open brackets of a record, which may not match.
#[derive(Debug)]
pub(super) struct Nesting {
    /// The innermost brackets, the last one lowest: whether it is a `{`. The highest bit that is set only marks the end.
    innermost: u64,
    /// Those outside of them in the same form, the outermost first. Each word is full, and there is none if `innermost` is empty.
    outer: Vec<u64>,
    /// How many of those in `outer` are `{`. The others are counted only when that matters: it seldom does.
    outer_braces: usize,
    /// How many brackets are open below the depth that is followed, of any kind.
    deeper: u64,
}

impl Default for Nesting {
    fn default() -> Self {
        Self { innermost: NONE, outer: Vec::new(), outer_braces: 0, deeper: 0 }
    }
}

impl Nesting {
    /// Whether no bracket is open.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.innermost == NONE
    }

    /// Begins another record.
    pub(super) fn clear(&mut self) {
        self.innermost = NONE;
        self.outer.clear();
        self.outer_braces = 0;
        self.deeper = 0;
    }

    /// Opens or closes a bracket if that is a matter of one bit: one that closes fits the last one, and others stay open. If not,
    /// it does nothing and returns false.
    ///
    /// Which bracket comes next cannot be predicted, so nothing here branches on it.
    #[inline]
    pub(super) fn pass(&mut self, bracket: u8) -> bool {
        // `{` is 0x7b, `[` 0x5b, `}` 0x7d, `]` 0x5d.
        let (is_brace, closes) = (bracket >> 5 & 1, bracket & 4 != 0);
        let (with_it, without_last) = (self.innermost << 1 | u64::from(is_brace), self.innermost >> 1);
        let fits = self.innermost & 1 == u64::from(is_brace) && without_last > NONE;
        let is_plain = self.innermost >> IN_WORD == 0 && (!closes || fits);
        if is_plain {
            self.innermost = if closes { without_last } else { with_it };
        }
        is_plain
    }

    /// Opens `{` or `[`.
    pub(super) fn open(&mut self, opener: u8) {
        if self.innermost >> IN_WORD == 1 {
            if self.outer.len() + 1 == WORDS {
                self.deeper += 1;
                return;
            }
            let full = std::mem::replace(&mut self.innermost, NONE);
            self.outer_braces += braces_in(full);
            self.outer.push(full);
        }
        self.innermost = self.innermost << 1 | u64::from(opener == b'{');
    }

    /// Closes the nearest opener of this kind, and those inside it. Returns false if there is none.
    ///
    /// The openers that are searched are closed, so closing all brackets takes no longer than opening them.
    pub(super) fn close(&mut self, opener: u8) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return true;
        }
        let is_brace = opener == b'{';
        let braces = self.outer_braces + braces_in(self.innermost);
        let of_kind = if is_brace { braces } else { self.followed() - braces };
        if of_kind == 0 {
            return false;
        }
        while !self.is_empty() {
            let was_brace = self.innermost & 1 == 1;
            self.innermost >>= 1;
            if self.is_empty() {
                self.innermost = self.outer.pop().unwrap_or(NONE);
                self.outer_braces -= braces_in(self.innermost);
            }
            if was_brace == is_brace {
                return true;
            }
        }
        false
    }

    /// How many brackets are open whose kinds are followed.
    fn followed(&self) -> usize {
        self.outer.len() * IN_WORD + self.innermost.ilog2() as usize
    }
}

/// How many brackets in a word are `{`.
fn braces_in(word: u64) -> usize {
    word.count_ones() as usize - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_opener_of_the_kind_is_closed(
            // Some are nested so deep that a word does not hold them.
            (deep, brackets) in (0usize..150, proptest::collection::vec(proptest::sample::select(b"{[}]".to_vec()), 0..200)),
        ) {
            let (mut nesting, mut open) = (Nesting::default(), Vec::new());
            for bracket in b"{[[".iter().copied().cycle().take(deep).chain(brackets) {
                let opener = if matches!(bracket, b'{' | b'}') { b'{' } else { b'[' };
                let passed = nesting.pass(bracket);
                if bracket == opener {
                    if !passed {
                        nesting.open(opener);
                    }
                    open.push(opener);
                } else {
                    let nearest = open.iter().rposition(|&other| other == opener);
                    prop_assert!(!passed || nearest == Some(open.len() - 1) && nearest > Some(0));
                    prop_assert_eq!(passed || nesting.close(opener), nearest.is_some());
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
        assert!(nesting.outer.capacity() <= 2 * WORDS);
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
