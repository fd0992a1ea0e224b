//! A string that has escapes.

use memchr::memchr;

use super::left_to_serde::LeftToSerde;

/// The text of a string, which is given with its quotes. Halves of pairs of code units are left to `serde_json`, and so is what is no
/// escape.
pub(super) fn unescaped(string: &str) -> Result<String, LeftToSerde> {
    match simply(string) {
        Some(text) => Ok(text),
        None => serde_json::from_str(string).map_err(|_| LeftToSerde),
    }
}

/// Whether each backslash in a string begins an escape. That is all that `serde_json` asks for where a string is skipped: halves
/// of pairs of code units are fine there.
pub(super) fn has_escapes_only(string: &[u8]) -> bool {
    let mut rest = string;
    while let Some(backslash) = memchr(b'\\', rest) {
        let length = match rest.get(backslash + 1..) {
            Some([b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..]) => 1,
            Some([b'u', digits @ ..])
                if digits.iter().take(4).filter(|digit| digit.is_ascii_hexdigit()).count() == 4 =>
            {
                5
            }
            _ => return false,
        };
        rest = rest.get(backslash + 1 + length..).unwrap_or_default();
    }
    true
}

fn simply(string: &str) -> Option<String> {
    let mut rest = string.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(rest.len());
    while let Some(plain) = rest.bytes().position(|byte| byte == b'\\') {
        text.push_str(rest.get(..plain)?);
        let escape = rest.get(plain + 1..)?;
        let (character, length) = match escape.bytes().next()? {
            byte @ (b'"' | b'\\' | b'/') => (char::from(byte), 1),
            b'b' => ('\u{8}', 1),
            b'f' => ('\u{c}', 1),
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'u' => (code_unit(escape.get(1..5)?)?, 5),
            _ => return None,
        };
        text.push(character);
        rest = escape.get(length..)?;
    }
    text.push_str(rest);
    Some(text)
}

/// A code unit that is a character by itself, from its four digits.
fn code_unit(digits: &str) -> Option<char> {
    let number = digits.chars().try_fold(0, |number, digit| Some(number << 4 | digit.to_digit(16)?))?;
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn a_string_is_what_serde_json_takes_it_for(
            pieces in proptest::collection::vec(
                prop_oneof![
                    "[a-zé😀 ]{0,3}",
                    r#"\\[\\"/bfnrtux]"#,
                    r"\\u[0-9a-fA-F]{4}",
                    r"\\u[dD][89abAB][0-9a-f]{2}\\u[dD][c-fC-F][0-9a-f]{2}",
                    r"\\u[+0-9a-g]{0,4}",
                ],
                0..6,
            ),
        ) {
            let string = format!("\"{}\"", pieces.concat());
            if let Some(text) = simply(&string) {
                prop_assert_eq!(serde_json::from_str::<String>(&string).ok(), Some(text), "{}", string);
            }
        }
    }

    #[test]
    fn what_is_left_is_read_as_well() {
        assert_eq!(simply(r#""Jos\u00e9 \"\\\n""#).as_deref(), Some("José \"\\\n"));
        assert_eq!(unescaped(r#""\ud83d\ude00""#).ok().as_deref(), Some("😀"));
        assert!(unescaped(r#""\ud83d""#).is_err() && unescaped(r#""\x""#).is_err());
    }
}
