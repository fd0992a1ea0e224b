//! What is in place of a page of users and is not a page.

/// How many bytes are needed to recognise what is in place of a page: those of the longest literal.
pub(super) const LITERAL: usize = 5;

/// The name of an object that is not a page.
pub(super) const OBJECT: &str = "an object";

/// What a text is that begins in place of a page of users. `None` if it only ends or separates something.
pub(super) fn in_place_of_page(text: &[u8]) -> Option<&'static str> {
    Some(match text {
        [] | [b']' | b'}' | b',' | b':', ..] => return None,
        [b'{', ..] => OBJECT,
        [b'[', ..] => "an array",
        [b'<', ..] => "an HTML or XML page",
        [b'"', ..] => "a string",
        [b'-' | b'0'..=b'9', ..] => "a number",
        [b'n', b'u', b'l', b'l', ..] => "`null`",
        [b't', b'r', b'u', b'e', ..] => "`true`",
        [b'f', b'a', b'l', b's', b'e', ..] => "`false`",
        _ => "text that is no JSON",
    })
}

/// The sentence about what is in place of a page, and what to do.
pub(super) fn misplaced(found: &str, has_envelope: bool) -> String {
    let what = match (has_envelope, found) {
        (true, OBJECT) => "an object that has no `data` array stands in the place of a page of users".to_owned(),
        (true, _) => format!("{found} stands in the place of a page of users, which is an object as the first one is"),
        (false, _) => format!("{found} stands in the place of a page of users, which is an array as the first one is"),
    };
    format!("{what}; make the request for that page again and put what it brings there, or remove this")
}
