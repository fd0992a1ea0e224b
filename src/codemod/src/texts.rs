//! What is found by its text in files of every kind: addresses of Clerk's, and styles of its components.

use crate::code::Code;
use crate::finding::{Action, Found};
use crate::kind::Kind;

/// Addresses of Clerk's.
const HOSTS: [&str; 5] = ["img.clerk.com", "images.clerk.dev", "clerk.accounts.dev", "api.clerk.com", "api.clerk.dev"];
/// How classes of the components begin.
const CLASS: &str = ".cl-";

/// An entry for each address of Clerk's.
pub fn addresses(text: &str) -> impl Iterator<Item = Found> {
    HOSTS.into_iter().filter_map(|host| left(Code::ClerkHost, host, text.match_indices(host).map(|(at, _)| at)))
}

/// The entry of all styles. In code, what stands before says whether it is a selector or `a.cl-b`.
pub fn styles(text: &str, is_code: bool) -> Option<Found> {
    let is_class = |at: &usize| {
        let begins_selector = text[..*at].chars().next_back().is_none_or(|before| " \t\n\r\"'`,>+~(".contains(before));
        (begins_selector || !is_code) && text.as_bytes().get(at + CLASS.len()).is_some_and(u8::is_ascii_lowercase)
    };
    left(Code::Style, CLASS, text.match_indices(CLASS).map(|(at, _)| at).filter(is_class))
}

fn left(code: Code, subject: &str, places: impl Iterator<Item = usize>) -> Option<Found> {
    let places: Vec<usize> = places.collect();
    (!places.is_empty()).then(|| Found::new(Kind::Text, code, Action::Left, subject, places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_in_code_is_no_difference() {
        let places = |text: &str, is_code| styles(text, is_code).map(|found| found.places);
        assert_eq!(places("click('.cl-card'); a.cl-b; `.x .cl-y`", true), Some(vec![7, 31]));
        assert_eq!(places("a.cl-b - c.cl-1", true), None);
        assert_eq!(places("div.cl-b {}", false), Some(vec![3]));
    }
}
