//! Names of requests, as they may be shown.

/// The longest one that is shown.
const SHOWN: usize = 64;

/// The other side's name for a request or a thing, if it is one: any other text in its place may be what was sent.
pub(crate) fn shown_request_id(text: &str) -> Option<&str> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    Some(text).filter(|text| (1..=SHOWN).contains(&text.len()) && text.bytes().all(is_id))
}
