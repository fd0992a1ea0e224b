//! Recognises an input that is nearly JSON: something is before the JSON, or it is another notation.

use memchr::{memchr, memchr_iter};

/// What a text is that does not begin like an export, and what to do about it.
pub(super) fn in_place_of_json(text: &[u8]) -> Option<(&'static str, String)> {
    let text = text.trim_ascii_start();
    let holds_json = |rest: &[u8]| matches!(rest.trim_ascii_start(), [b'{' | b'[', ..]);
    if text.starts_with(b"HTTP/") {
        let advice = "keep only its body: get it without `curl -i`, or delete all up to the first empty line";
        return Some(("an answer of HTTP with its headers", advice.to_owned()));
    }
    if text.strip_prefix(b"\"").is_some_and(holds_json) {
        let advice = "take the JSON out of its quotes, for example with `jq -r .`";
        return Some(("a string that has JSON in it", advice.to_owned()));
    }
    if text.starts_with(b"\x1e") {
        let advice = "delete its record separators, for example with `tr -d '\\036'`";
        return Some(("a JSON text sequence", advice.to_owned()));
    }
    let line = json_from(text)?;
    let what = "text with JSON in it";
    Some((
        what,
        format!("the JSON seems to begin on line {line} of it: delete all that is in front of that and behind its end"),
    ))
}

/// The line, from 1, on which JSON begins behind something else.
fn json_from(text: &[u8]) -> Option<usize> {
    let begins = |line: &[u8]| matches!(line, [b'[' | b'{', b'"' | b'{' | b'[', ..] | [b'[' | b'{']);
    let within = |line: &[u8]| (0..line.len()).any(|at| matches!(line[at..], [b'{', b'"', ..] | [b'[', b'{', ..]));
    let first = text.split(|byte| *byte == b'\n').next()?;
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    if within(first) && !first.starts_with(b"\"") { Some(1) } else { lines.position(begins).map(|line| line + 1) }
}

/// What a text is that begins with a bracket and is not JSON, and what to do about it.
pub(super) fn in_brackets(text: &[u8]) -> Option<(&'static str, &'static str)> {
    if has_single_quotes(text) {
        let advice = "write it as JSON, for example with `json.dump`";
        return Some(("no JSON but text with single quotes, as Python prints it", advice));
    }
    None
}

/// Whether the first name is in single quotes; and if there are several lines, also the first name of the second line,
/// because one odd line is not a reason to refuse the others.
fn has_single_quotes(text: &[u8]) -> bool {
    let is_quoted = |line: &[u8]| {
        let rest: &[u8] = line.trim_ascii_start();
        let inner = rest.iter().position(|byte| !matches!(byte, b'[' | b'{' | b' ' | b'\n' | b'\r' | b'\t'));
        inner.is_some_and(|at| at > 0 && rest[at] == b'\'')
    };
    let second = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).nth(1);
    is_quoted(text) && second.is_none_or(|second| !second.starts_with(b"{") || is_quoted(second))
}

/// Whether an object follows another one behind a carriage return, and no line ends with a line feed.
pub(super) fn has_lines_of_returns(text: &[u8]) -> bool {
    memchr(b'\n', text.trim_ascii()).is_none()
        && memchr_iter(b'\r', text)
            .any(|at| text[..at].trim_ascii_end().ends_with(b"}") && text[at..].trim_ascii_start().starts_with(b"{"))
}
