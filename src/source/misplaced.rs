//! What stands in the place of a page of users and is none.

/// How many bytes tell what a text is in the place of a page: those of the longest literal.
pub(super) const LITERAL: usize = 5;

/// What an object is called that is no page.
pub(super) const OBJECT: &str = "an object";

/// What a text is that begins in the place of a page of users and is none; nothing if it only ends something or divides it.
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

/// Says what stands in the place of a page, and what to do about it.
pub(super) fn misplaced(found: &str, has_envelope: bool) -> String {
    let what = match (has_envelope, found) {
        (true, OBJECT) => "an object that has no `data` array stands in the place of a page of users".to_owned(),
        (true, _) => format!("{found} stands in the place of a page of users, which is an object as the first one is"),
        (false, _) => format!("{found} stands in the place of a page of users, which is an array as the first one is"),
    };
    format!("{what}; make the request for that page again and put what it brings there, or remove this")
}
