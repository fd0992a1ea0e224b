//! A place in a text, and what can be read from there. It takes nothing that `serde_json` refuses.

use wide::u8x16;

use super::left_to_serde::LeftToSerde;
use super::unescaped::has_escapes_only;

/// The bytes that are looked at together.
const PIECE: usize = 16;

/// A place in a text.
pub(super) struct Cursor<'de> {
    text: &'de str,
    at: usize,
}

/// What is between the quotes of a string.
pub(super) enum Content<'de> {
    /// What is there.
    Plain(&'de str),
    /// The string with its quotes, which has escapes.
    Escaped(&'de str),
}

impl<'de> Cursor<'de> {
    pub(super) fn new(text: &'de str) -> Self {
        Self { text, at: 0 }
    }

    /// What is behind this place.
    #[inline]
    pub(super) fn rest(&self) -> &'de [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// What is behind this place, and the byte before it; nothing at the beginning of the text.
    #[inline]
    pub(super) fn rest_and_byte_before(&self) -> &'de [u8] {
        self.at.checked_sub(1).and_then(|from| self.text.as_bytes().get(from..)).unwrap_or_default()
    }

    /// Moves on by this number of bytes.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at += bytes;
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn piece(&self, from: usize, to: usize) -> Result<&'de str, LeftToSerde> {
        self.text.get(from..to).ok_or(LeftToSerde)
    }

    /// The next byte that is no space; this place is then before it.
    #[inline]
    pub(super) fn peek(&mut self) -> Result<u8, LeftToSerde> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                Some(byte) => return Ok(byte),
                None => return Err(LeftToSerde),
            }
        }
    }

    /// Goes behind this byte, which has to be the next that is no space.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), LeftToSerde> {
        if self.peek()? != byte {
            return Err(LeftToSerde);
        }
        self.at += 1;
        Ok(())
    }

    /// Whether there is nothing but space behind this place.
    pub(super) fn is_at_end(&mut self) -> bool {
        self.peek().is_err()
    }

    /// Goes behind a word such as `true`.
    #[inline]
    pub(super) fn word(&mut self, word: &str) -> Result<(), LeftToSerde> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(LeftToSerde);
        }
        self.at += word.len();
        Ok(())
    }

    /// A string, which begins here with its quote.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Content<'de>, LeftToSerde> {
        let start = self.at;
        let is_plain = self.close_string()?;
        Ok(if is_plain {
            Content::Plain(self.piece(start + 1, self.at - 1)?)
        } else {
            Content::Escaped(self.piece(start, self.at)?)
        })
    }

    /// Goes behind a string, and says whether there are no escapes in it. Those that are there are not checked.
    #[inline]
    fn close_string(&mut self) -> Result<bool, LeftToSerde> {
        if self.byte() != Some(b'"') {
            return Err(LeftToSerde);
        }
        self.at += 1;
        let mut is_plain = true;
        loop {
            match self.stop()? {
                b'"' => {
                    self.at += 1;
                    return Ok(is_plain);
                }
                b'\\' => {
                    is_plain = false;
                    self.at += 2;
                }
                _ => return Err(LeftToSerde),
            }
        }
    }

    /// Goes to the next byte that is a quote, a backslash or a control character.
    #[inline]
    fn stop(&mut self) -> Result<u8, LeftToSerde> {
        let mut rest = self.rest();
        let in_piece = loop {
            let Some((piece, behind)) = rest.split_first_chunk::<PIECE>() else {
                let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
                break rest.iter().position(is_stop).ok_or(LeftToSerde)?;
            };
            let piece = u8x16::new(*piece);
            let is = |byte| piece.simd_eq(u8x16::splat(byte));
            let is_control = piece.min(u8x16::splat(0x1f)).simd_eq(piece);
            let stops = (is(b'"') | is(b'\\') | is_control).to_bitmask();
            if stops != 0 {
                break stops.trailing_zeros() as usize;
            }
            rest = behind;
        };
        self.at = self.text.len() - rest.len() + in_piece;
        rest.get(in_piece).copied().ok_or(LeftToSerde)
    }

    /// A whole number of at most 18 digits, as `serde_json` gives it: negative ones as such. Minus zero is none for it.
    #[inline]
    pub(super) fn whole_number(&mut self) -> Result<i64, LeftToSerde> {
        let is_negative = self.byte() == Some(b'-');
        self.at += usize::from(is_negative);
        let start = self.at;
        let mut number = 0_i64;
        while let Some(digit @ b'0'..=b'9') = self.byte() {
            if self.at - start == 18 {
                return Err(LeftToSerde);
            }
            number = number * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        let first = self.text.as_bytes().get(start);
        let has_leading_zero = first == Some(&b'0') && (is_negative || self.at - start > 1);
        if self.at == start || has_leading_zero || matches!(self.byte(), Some(b'.' | b'e' | b'E')) {
            return Err(LeftToSerde);
        }
        Ok(if is_negative { -number } else { number })
    }

    /// The text of the value that comes next.
    #[inline]
    pub(super) fn raw(&mut self) -> Result<&'de str, LeftToSerde> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        self.piece(start, self.at)
    }

    /// Goes behind a value, which is checked. A name in it is a string where a name has to be, so strings are searched in one place.
    pub(super) fn skip(&mut self) -> Result<(), LeftToSerde> {
        // A bit for each open value, the innermost lowest: whether it is an object. The highest one only marks the end.
        let mut open = 1_u64;
        let mut wants_name = false;
        loop {
            match self.peek()? {
                b'"' => {
                    self.skip_string()?;
                    if wants_name {
                        self.expect(b':')?;
                        wants_name = false;
                        continue;
                    }
                }
                _ if wants_name => return Err(LeftToSerde),
                bracket @ (b'{' | b'[') if open.leading_zeros() > 0 => {
                    self.at += 1;
                    let is_object = bracket == b'{';
                    if self.peek()? != if is_object { b'}' } else { b']' } {
                        open = open << 1 | u64::from(is_object);
                        wants_name = is_object;
                        continue;
                    }
                    self.at += 1;
                }
                b'n' => self.word("null")?,
                b't' => self.word("true")?,
                b'f' => self.word("false")?,
                b'-' | b'0'..=b'9' => self.skip_number()?,
                _ => return Err(LeftToSerde),
            }
            // Behind a value: what is closed there, up to the next value.
            loop {
                if open == 1 {
                    return Ok(());
                }
                let is_object = open & 1 == 1;
                let byte = self.peek()?;
                self.at += 1;
                match byte {
                    b',' => {
                        wants_name = is_object;
                        break;
                    }
                    b'}' if is_object => open >>= 1,
                    b']' if !is_object => open >>= 1,
                    _ => return Err(LeftToSerde),
                }
            }
        }
    }

    #[inline]
    fn skip_string(&mut self) -> Result<(), LeftToSerde> {
        let start = self.at;
        if self.close_string()? { Ok(()) } else { self.check_escapes(start) }
    }

    /// Checks the string from there to here.
    fn check_escapes(&self, start: usize) -> Result<(), LeftToSerde> {
        let string = self.text.as_bytes().get(start..self.at).unwrap_or_default();
        if has_escapes_only(string) { Ok(()) } else { Err(LeftToSerde) }
    }

    #[inline]
    fn skip_number(&mut self) -> Result<(), LeftToSerde> {
        self.at += usize::from(self.byte() == Some(b'-'));
        let begins_with_zero = self.byte() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || begins_with_zero && digits > 1 {
            return Err(LeftToSerde);
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return Err(LeftToSerde);
            }
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return Err(LeftToSerde);
            }
        }
        Ok(())
    }

    /// Goes behind digits, and says how many they are.
    #[inline]
    fn digits(&mut self) -> usize {
        let start = self.at;
        loop {
            let rest = self.rest();
            let (digits, may_go_on) = if let Some(piece) = rest.first_chunk::<PIECE>() {
                let value = u8x16::new(*piece) - u8x16::splat(b'0');
                let is_digit = value.min(u8x16::splat(9)).simd_eq(value).to_bitmask();
                let digits = is_digit.trailing_ones() as usize;
                (digits, digits == PIECE)
            } else {
                (rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len()), false)
            };
            self.at += digits;
            if !may_go_on {
                return self.at - start;
            }
        }
    }
}
