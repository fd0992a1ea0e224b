//! The name of an organization at the target: 2 to 64 small letters, digits and hyphens.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::MadeNames;
use crate::hexadecimal::hexadecimal;

/// How long a name is: documented (/docs/api/organizations/create-org).
const CHARACTERS: std::ops::RangeInclusive<usize> = 2..=64;

/// The name at the target, and whether it had to be made because Clerk's slug is none.
///
/// The one rule: the slug as it is, if the target takes it; else the slug, or without one what people call the organization, with
/// the letters A to Z made small, each run of other characters than letters A to Z and digits made one hyphen, none at either end, cut
/// off behind 64 characters; if fewer than 2 are left, the id at Clerk in their place.
pub(super) fn name_of<'a>(slug: Option<&'a str>, name: &str, clerk_id: &str, rule: MadeNames) -> (Cow<'a, str>, bool) {
    if let Some(slug) = slug.filter(|slug| is_name(slug)) {
        return (Cow::Borrowed(slug), false);
    }
    let suffix = match rule {
        MadeNames::Plain => String::new(),
        MadeNames::Suffix => {
            format!("-{}", hexadecimal(&Sha256::digest(clerk_id)[..4]))
        }
    };
    let room = CHARACTERS.end() - suffix.len();
    let texts = [slug.unwrap_or(name), name, clerk_id];
    let made = texts.into_iter().map(|text| plain(text, room)).find(|made| made.len() >= *CHARACTERS.start());
    (Cow::Owned(made.unwrap_or_else(|| "organization".to_owned()) + &suffix), true)
}

/// Whether the target takes a name.
fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    CHARACTERS.contains(&text.len()) && text.bytes().all(is_plain)
}

/// What of a text can be in a name, at most this many characters.
fn plain(text: &str, most: usize) -> String {
    let mut made = String::with_capacity(text.len().min(most));
    for character in text.chars() {
        if made.len() >= most {
            break;
        }
        if character.is_ascii_alphanumeric() {
            made.push(character.to_ascii_lowercase());
        } else if !made.is_empty() && !made.ends_with('-') {
            made.push('-');
        }
    }
    made.truncate(made.trim_end_matches('-').len());
    made
}
