//! Takes what may be secret out of an error about what was typed, which repeats it.

use clap::error::{ContextKind, ContextValue};

/// What stands in place of what is left out.
const LEFT_OUT: &str = "\u{2026}";

/// How keys begin.
const KEYS: [&str; 2] = ["sk_", "ak_"];

/// What is in keys, wherever they stand.
const IN_KEYS: [&str; 5] = ["sk_live_", "sk_test_", "ak_live_", "ak_test_", "whsec_"];

/// The error without secrets: it repeats nothing of a URL but where it leads, and nothing of a key.
pub(super) fn without_secrets(mut error: clap::Error) -> clap::Error {
    let texts = |(kind, value): (ContextKind, &ContextValue)| match value {
        ContextValue::String(text) => Some((kind, shown(text)?)),
        _ => None,
    };
    let replaced: Vec<(ContextKind, String)> = error.context().filter_map(texts).collect();
    for (kind, text) in replaced {
        error.insert(kind, ContextValue::String(text));
        // A hint would repeat it, too.
        error.remove(ContextKind::Suggested);
    }
    error
}

/// What may be shown of a text; nothing if that is all of it.
fn shown(text: &str) -> Option<String> {
    if KEYS.iter().any(|begin| text.starts_with(begin)) || IN_KEYS.iter().any(|part| text.contains(part)) {
        return Some(LEFT_OUT.to_owned());
    }
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, _)| text.split_at(scheme.len() + 3));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.contains('@') {
        // It may stand in a query, or all before it be a password in which nothing was escaped.
        return Some(format!("{scheme}{LEFT_OUT}"));
    }
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(_, host)| ("\u{2026}@", host));
    let (path, query) = path.find(['?', '#']).map_or((path, ""), |at| (&path[..at], "?\u{2026}"));
    (!user.is_empty() || !query.is_empty()).then(|| format!("{scheme}{user}{host}{path}{query}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_only_the_place_is_shown_and_of_a_key_only_the_kind() {
        for (text, expected) in [
            ("https://user:secret@id.example.com/base", "https://…@id.example.com/base"),
            ("https://user:se/cr?et@id.example.com", "https://…"),
            ("https://id.example.com/?key=secret", "https://id.example.com/?…"),
            ("https://id.example.com/?key=se@cret", "https://…"),
            ("https://id.example.com#secret", "https://id.example.com?…"),
            ("user:secret@id.example.com", "…@id.example.com"),
            ("sk_live_secret", "…"),
            ("Bearer sk_live_secret", "…"),
            ("by whsec_secret", "…"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["https://id.example.com/base", "task_1.json", "10/s", "--odd", ""] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
