//! Patterns of routes: which ones the documentation shows, and which pages they cover.

/// Behind a path: it and everything below.
const EVERYTHING: &str = "(.*)";

/// Whether a pattern is of a form that the guide shows: a path, or a path and everything behind it.
pub(super) fn is_documented(pattern: &str) -> bool {
    let path = pattern.strip_suffix(EVERYTHING).unwrap_or(pattern);
    path.starts_with('/') && path.chars().all(|other| other.is_alphanumeric() || "/-_.~%".contains(other))
}

/// Whether a list has a pattern for a page and all pages below it.
pub(super) fn cover(patterns: &[&str], page: &str) -> bool {
    patterns.iter().any(|pattern| {
        let behind = [EVERYTHING, ":path*", ":rest*", ":slug*"].into_iter().find_map(|end| pattern.strip_suffix(end));
        behind.is_some_and(|path| page.starts_with(path))
    })
}

/// Whether a list has a pattern for a page, with or without the pages below it.
pub(super) fn touch(patterns: &[&str], page: &str) -> bool {
    cover(patterns, page)
        || patterns.iter().any(|pattern| {
            let fixed = pattern.split(['(', ':', '[', '*']).next().unwrap_or(pattern).trim_end_matches('/');
            fixed == page
        })
}

/// The pattern for a page and all pages below it.
pub(super) fn below(page: &str) -> String {
    format!("{}{EVERYTHING}", page.trim_end_matches('/'))
}

/// One pattern for all pages but those of a list, where that can be said.
pub(super) fn all_but(patterns: &[String]) -> Option<String> {
    let words: Option<Vec<&str>> = patterns
        .iter()
        .map(|pattern| {
            pattern.strip_suffix(EVERYTHING).filter(|path| is_documented(path) && path.len() > 1).map(|path| &path[1..])
        })
        .collect();
    words.filter(|words| !words.is_empty()).map(|words| format!("/((?!{}).*)", words.join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guides_forms_are_documented_and_no_others() {
        for pattern in ["/", "/sign-in(.*)", "/api/webhooks/clerk", "/v1.0/x"] {
            assert!(is_documented(pattern), "{pattern}");
        }
        for pattern in ["/:locale", "/blog/:path*", "/[id]", "/a|b", "sign-in", "(.*)", "/a(.*)/b"] {
            assert!(!is_documented(pattern), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_begins() {
        assert!(cover(&["/", "/sign-in(.*)"], "/sign-in"));
        assert!(cover(&["/(.*)"], "/sign-in"));
        assert!(cover(&["/auth/:path*"], "/auth/sign-in"));
        assert!(!cover(&["/", "/sign-in"], "/sign-in"), "not the pages below");
        assert!(touch(&["/", "/sign-in"], "/sign-in"));
        assert!(touch(&["/sign-in/[[...rest]]"], "/sign-in"));
        assert!(!touch(&["/", "/about"], "/sign-in"));
    }

    #[test]
    fn what_is_protected_can_be_said_as_what_is_not() {
        let list = |routes: &[&str]| all_but(&routes.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(list(&["/dashboard(.*)", "/forum(.*)"]).as_deref(), Some("/((?!dashboard|forum).*)"));
        assert_eq!(list(&["/dashboard"]), None);
        assert_eq!(list(&[]), None);
    }
}
