//! Shortens JSON while it arrives: blanks go, and long texts are cut off. What is left is JSON of the same shape.

/// Bytes that are kept of one text, as it is spelt. More than anybody is shown of it.
const KEPT: usize = 4 * 1024;

/// Where in the text it is.
#[derive(Debug, Default)]
pub(super) struct Shortener {
    /// Whether a string has begun, and how much of it there was.
    string: Option<usize>,
    /// Bytes that are left of an escape.
    escape: usize,
    /// Whether the rest of the string is left out.
    cut: bool,
}

impl Shortener {
    /// Appends what is kept of the next piece.
    pub(super) fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        for &byte in piece {
            self.take(byte, out);
        }
    }

    fn take(&mut self, byte: u8, out: &mut Vec<u8>) {
        let Some(length) = &mut self.string else {
            if byte == b'"' {
                self.string = Some(0);
            }
            if !byte.is_ascii_whitespace() {
                out.push(byte);
            }
            return;
        };
        *length += 1;
        // Nothing is cut off in the middle of an escape, or of a character.
        let is_begin = self.escape == 0 && byte & 0xC0 != 0x80;
        if is_begin && byte == b'"' {
            (self.string, self.cut) = (None, false);
            out.push(byte);
            return;
        }
        self.cut |= is_begin && *length > KEPT && !ends_in_half_a_pair(out);
        self.escape = match (self.escape, byte) {
            (0, b'\\') => 1,
            (0, _) => 0,
            (1, b'u') => 4,
            (left, _) => left - 1,
        };
        // An escape of one letter has been read by now; one of four digits has them left.
        if !self.cut {
            out.push(byte);
        }
    }
}

/// Whether the last is the escape of the first half of a character, which would be wrong without the second.
fn ends_in_half_a_pair(out: &[u8]) -> bool {
    matches!(out, [.., b'\\', b'u', b'd' | b'D', b'8' | b'9' | b'a' | b'A' | b'b' | b'B', _, _])
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn shortened(text: &str, piece: usize) -> Vec<u8> {
        let (mut shortener, mut out) = (Shortener::default(), Vec::new());
        text.as_bytes().chunks(piece).for_each(|piece| shortener.push(piece, &mut out));
        out
    }

    /// Whether the one is the other, but for texts that were cut off.
    fn is_cut(short: &Value, long: &Value) -> bool {
        match (short, long) {
            (Value::String(short), Value::String(long)) => {
                long == short || long.starts_with(short.as_str()) && short.len() >= KEPT / 6 - 6
            }
            (Value::Array(short), Value::Array(long)) => {
                short.len() == long.len() && short.iter().zip(long).all(|(short, long)| is_cut(short, long))
            }
            (Value::Object(short), Value::Object(long)) => {
                short.len() == long.len() && short.iter().all(|(name, short)| is_cut(short, &long[name]))
            }
            _ => short == long,
        }
    }

    fn text() -> impl Strategy<Value = String> {
        (prop::collection::vec(any::<char>(), 0..12), prop_oneof![Just(1usize), Just(700), Just(3_000)])
            .prop_map(|(characters, times)| characters.into_iter().collect::<String>().repeat(times))
    }

    /// As some libraries spell it: everything beyond ASCII escaped.
    fn escaped(json: &str) -> String {
        let mut out = String::new();
        for character in json.chars() {
            if character.is_ascii() {
                out.push(character);
                continue;
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").unwrap();
            }
        }
        out
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_is_left_is_the_same_with_shorter_texts(texts in prop::collection::vec(text(), 0..4), piece in 1usize..5_000) {
            let value = serde_json::json!({ "results": texts, "n": [1, 2.5, null, true], "é": {} });
            for spelt in [value.to_string(), serde_json::to_string_pretty(&value).unwrap(), escaped(&value.to_string())] {
                let out = shortened(&spelt, piece);
                let short: Value = serde_json::from_slice(&out).unwrap();
                prop_assert!(is_cut(&short, &value), "{short}");
                prop_assert!(out.len() < texts.len() * (KEPT + 20) + 80, "{} bytes", out.len());
            }
        }
    }
}
