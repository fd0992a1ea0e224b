//! Whether two values of JSON are the same, however they are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The members of an object.
pub(crate) type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// Whether both are the same value; the order of members and the spelling of strings do not count. A number is the same
/// only if no digit of it was lost.
pub(super) fn same_json(sent: Option<&RawValue>, found: Option<&RawValue>) -> bool {
    match (sent, found) {
        (Some(sent), Some(found)) => same_value(sent.get(), found.get()),
        _ => sent.is_none() && found.is_none(),
    }
}

pub(super) fn same_members(sent: &Members<'_>, found: &Members<'_>) -> bool {
    sent.len() == found.len()
        && sent
            .iter()
            .zip(found)
            .all(|((name, sent), (other, found))| name == other && same_value(sent.get(), found.get()))
}

pub(super) fn same_value(sent: &str, found: &str) -> bool {
    sent == found
        || match (sent.as_bytes().first(), found.as_bytes().first()) {
            (Some(b'{'), Some(b'{')) => {
                compare_parsed(sent, found, |sent: Members<'_>, found: Members<'_>| same_members(&sent, &found))
            }
            (Some(b'['), Some(b'[')) => compare_parsed(sent, found, |sent: Vec<&RawValue>, found: Vec<&RawValue>| {
                sent.len() == found.len()
                    && sent.iter().zip(&found).all(|(sent, found)| same_value(sent.get(), found.get()))
            }),
            (Some(b'"'), Some(b'"')) => compare_parsed(sent, found, |sent: String, found: String| sent == found),
            _ => same_number(sent, found),
        }
}

pub(super) fn compare_parsed<'a, T: Deserialize<'a>>(
    sent: &'a str,
    found: &'a str,
    same: impl FnOnce(T, T) -> bool,
) -> bool {
    match (serde_json::from_str(sent), serde_json::from_str(found)) {
        (Ok(sent), Ok(found)) => same(sent, found),
        _ => false,
    }
}

/// `1e2` is `100.0`: by their digits, for what a machine makes of them may be the same although they are not.
fn same_number(sent: &str, found: &str) -> bool {
    match (Decimal::read(sent), Decimal::read(found)) {
        (Some(sent), Some(found)) => sent == found,
        _ => false,
    }
}

/// Writes a value in the one form that all values have that are the same: members by their names, numbers by their digits.
pub(crate) fn write_canonical(value: &str, out: &mut String) {
    match value.as_bytes().first() {
        Some(b'{') => {
            let members: Members<'_> = serde_json::from_str(value).unwrap_or_default();
            out.push('{');
            for (name, value) in &members {
                out.push_str(&serde_json::Value::from(&**name).to_string());
                out.push(':');
                write_canonical(value.get(), out);
                out.push(',');
            }
            out.push('}');
        }
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
            out.push('[');
            for value in values {
                write_canonical(value.get(), out);
                out.push(',');
            }
            out.push(']');
        }
        Some(b'"') => {
            let text: String = serde_json::from_str(value).unwrap_or_default();
            out.push_str(&serde_json::Value::from(text).to_string());
        }
        _ => match Decimal::read(value) {
            Some(Decimal { is_negative, digits, exponent }) => {
                out.push_str(if is_negative { "-" } else { "" });
                out.push_str(&digits);
                out.push('e');
                out.push_str(&exponent.to_string());
            }
            None => out.push_str(value),
        },
    }
}

/// A number as it is written: its sign, its digits without zeros around them, and the power of ten of the last one.
#[derive(PartialEq, Eq)]
struct Decimal {
    is_negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a number of JSON; nothing if it is none, or if its exponent is beyond all measure.
    fn read(text: &str) -> Option<Self> {
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let kept = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - kept.len()).ok()?;
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
        let digits = kept.trim_start_matches('0').to_owned();
        // Zero is zero with any exponent.
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Self { is_negative, digits, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_has_one_canonical_form() {
        let canonical = |value: &str| {
            let mut out = String::new();
            write_canonical(value, &mut out);
            out
        };
        let one = canonical(r#"{"b":[1e2,"\u00e9",null],"a":{"d":true,"c":-0.50}}"#);
        assert_eq!(one, canonical(r#"{ "a" : {"c":-5e-1, "d":true}, "b" : [100.0, "é", null] }"#));
        assert_ne!(one, canonical(r#"{"a":{"c":0.5,"d":true},"b":[100,"é",null]}"#));
        assert_ne!(canonical(r#"["a,b"]"#), canonical(r#"["a","b"]"#));
    }

    #[test]
    fn values_are_the_same_unless_something_is_lost() {
        for (sent, found) in [
            ("1e2", "100.0"),
            (r#"{"a":[1,{"b":"\u00e9"}],"c":null}"#, r#"{ "c" : null, "a" : [ 1.0, {"b":"é"} ] }"#),
            ("12345678901234567890123", "12345678901234567890123"),
            ("1e400", "1e400"),
            ("1e400", "10E+399"),
            ("12345678901234567890", "1234567890123456789e1"),
            ("0.00", "0e9"),
        ] {
            assert!(same_value(sent, found), "{sent} {found}");
        }
        for (sent, found) in [
            ("12345678901234567890123", "12345678901234567891111"),
            ("0.1234567890123456789", "0.1234567890123456780"),
            ("1e400", "1e401"),
            ("1e-400", "0"),
            ("1e-400", "1e-401"),
            ("0.1", "0.1000000000000000055511151231257827"),
            ("5e-324", "3e-324"),
            ("1", "\"1\""),
            ("0", "-0"),
            ("[1]", "[1,1]"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            ("null", "false"),
            ("\"a b\"", "\"ab\""),
        ] {
            assert!(!same_value(sent, found), "{sent} {found}");
        }
    }
}
