//! Names of requests, as they may be shown.

/// The longest one that is shown.
const SHOWN: usize = 64;

/// What keys have in them. The other side may repeat what it was sent, and nobody may show a key because of that.
const IN_KEYS: [&str; 4] = ["sk_live_", "sk_test_", "ak_live_", "ak_test_"];

/// The other side's name for a request or a thing, if it is one: any other text in its place may be what was sent.
pub(crate) fn shown_request_id(text: &str) -> Option<&str> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    Some(text)
        .filter(|text| (1..=SHOWN).contains(&text.len()) && text.bytes().all(is_id))
        .filter(|text| !IN_KEYS.iter().any(|part| text.contains(part)))
}
