//! Finds the brackets outside strings in 64 bytes of JSON at once.
//!
//! The bytes are compared 16 at a time, each kind of character becoming a bit in a mask; the rest is arithmetic on the
//! masks, after Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (VLDB Journal 28, 2019).

use wide::u8x16;

/// The bytes of a block.
pub(super) const BLOCK: usize = 64;

/// Whether a block begins or ends in a string. Its default is outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct StringState {
    /// Inside a string.
    pub text: bool,
    /// Behind a backslash in a string.
    pub escape: bool,
}

/// What a block has, one bit for each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Brackets and braces outside strings.
    pub brackets: u64,
    /// Line breaks, also within strings.
    pub line_breaks: u64,
    /// Whether the block ends in a string.
    pub end: StringState,
}

impl Block {
    /// Reads a block. Returns `None` if there is a backslash outside strings: that is malformed, and then nothing is
    /// certain.
    #[inline]
    pub(super) fn of(bytes: &[u8; BLOCK], begin: StringState) -> Option<Self> {
        let Masks { quotes, backslashes, brackets, line_breaks } = Masks::of(bytes);
        let (escaped, escape) = escaped(backslashes, begin.escape);
        // From each opening quote up to the byte before its closing one.
        let text = prefix_xor(quotes & !escaped) ^ if begin.text { u64::MAX } else { 0 };
        let end = StringState { text: text >> 63 == 1, escape };
        (backslashes & !text == 0).then_some(Self { brackets: brackets & !text, line_breaks, end })
    }
}

struct Masks {
    quotes: u64,
    backslashes: u64,
    brackets: u64,
    line_breaks: u64,
}

impl Masks {
    #[inline]
    fn of(bytes: &[u8; BLOCK]) -> Self {
        let (pieces, _) = bytes.as_chunks::<16>();
        let pieces: [u8x16; BLOCK / 16] = std::array::from_fn(|index| u8x16::new(pieces[index]));
        let (is_backslash, is_line_break) = (is(b'\\'), is(b'\n'));
        // When `[` is subtracted, a bracket becomes 0x00, 0x02, 0x20 or 0x22. Any other byte then has a bit that 0x22 has not.
        let is_bracket = |piece: u8x16| ((piece - u8x16::splat(b'[')) & u8x16::splat(!0x22)).simd_eq(u8x16::splat(0));
        // Most blocks have neither.
        let [one, two, three, four] = pieces.map(|piece| is_backslash(piece) | is_line_break(piece));
        let has_rare = (one | two | three | four).any();
        Self {
            quotes: mask(&pieces, is(b'"')),
            brackets: mask(&pieces, is_bracket),
            backslashes: if has_rare { mask(&pieces, is_backslash) } else { 0 },
            line_breaks: if has_rare { mask(&pieces, is_line_break) } else { 0 },
        }
    }
}

/// Which bytes are this one.
#[inline]
fn is(byte: u8) -> impl Fn(u8x16) -> u8x16 + Copy {
    move |piece: u8x16| piece.simd_eq(u8x16::splat(byte))
}

/// A bit for each byte of which this holds.
#[inline]
fn mask(pieces: &[u8x16; BLOCK / 16], holds: impl Fn(u8x16) -> u8x16) -> u64 {
    pieces
        .iter()
        .enumerate()
        .fold(0, |mask, (index, piece)| mask | u64::from(holds(*piece).to_bitmask()) << (16 * index))
}

/// The characters behind a backslash that is not itself escaped, and whether the block ends in such a backslash.
fn escaped(mut backslashes: u64, begins_escaped: bool) -> (u64, bool) {
    let mut escaped = u64::from(begins_escaped);
    backslashes &= !escaped;
    // Most blocks have no backslash, and few have many.
    while backslashes != 0 {
        let at = backslashes.trailing_zeros();
        if at == 63 {
            return (escaped, true);
        }
        escaped |= 2 << at;
        backslashes &= !(3 << at);
    }
    (escaped, false)
}

/// Each bit becomes the parity of the bits up to and including it.
fn prefix_xor(mut mask: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        mask ^= mask << shift;
    }
    mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_all_bytes_four_are_brackets() {
        for byte in 0..=u8::MAX {
            let Masks { brackets, .. } = Masks::of(&[byte; BLOCK]);
            assert_eq!(brackets, if b"[]{}".contains(&byte) { u64::MAX } else { 0 }, "{byte}");
        }
    }

    /// Scans a block byte by byte. The fast way must find the same.
    fn slowly(bytes: &[u8; BLOCK], begin: StringState) -> Option<Block> {
        let mut block = Block { brackets: 0, line_breaks: 0, end: begin };
        for (index, byte) in bytes.iter().enumerate() {
            let StringState { text, escape } = block.end;
            block.line_breaks |= u64::from(*byte == b'\n') << index;
            block.end = match byte {
                _ if escape => StringState { text, escape: false },
                b'\\' if !text => return None,
                b'\\' => StringState { text, escape: true },
                b'"' => StringState { text: !text, escape },
                _ => block.end,
            };
            if !text && matches!(byte, b'{' | b'}' | b'[' | b']') {
                block.brackets |= 1 << index;
            }
        }
        Some(block)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn a_block_is_what_its_bytes_are(
            bytes in proptest::collection::vec(proptest::sample::select(b"{}[]\"\"\\\\\\\n,: a[;\x5b\x7f\x00\xff".to_vec()), BLOCK),
            text in any::<bool>(),
            escape in any::<bool>(),
        ) {
            let bytes: [u8; BLOCK] = bytes.try_into().unwrap();
            let begin = StringState { text, escape: text && escape };
            prop_assert_eq!(Block::of(&bytes, begin), slowly(&bytes, begin));
        }
    }
}
