//! Addresses and usernames that are the same however they are spelled, in their fields as well as in traits.

use serde_json::value::RawValue;

use super::json::{Members, compare_parsed, same_json, same_value};
use crate::mapping::{is_email, normal_form};

/// The members of an address as it is sent among others.
const ADDRESS: [&str; 3] = ["primary", "value", "verified"];

/// Whether both are the same address, username or number, or none.
pub(super) fn same_spelling(sent: Option<&str>, found: Option<&str>) -> bool {
    sent == found || sent.map(normal_form) == found.map(normal_form)
}

/// Whether both hold the same traits. What is an address there, by itself or in a list of addresses, is compared as the field of it is: a target
/// may keep addresses in a form of its own. Nothing else is, and metadata least of all.
pub(super) fn same_traits(sent: Option<&RawValue>, found: Option<&RawValue>) -> bool {
    let (Some(ours), Some(theirs)) = (members_of(sent), members_of(found)) else { return same_json(sent, found) };
    ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|((name, ours), (other, theirs))| {
            let is_username = name == "username";
            name == other && same_trait(ours.get(), theirs.get(), |text| is_username || is_email(text))
        })
}

fn members_of(traits: Option<&RawValue>) -> Option<Members<'_>> {
    serde_json::from_str(traits?.get()).ok()
}

fn same_trait(sent: &str, found: &str, is_spelled: impl Fn(&str) -> bool) -> bool {
    same_value(sent, found)
        || match (sent.as_bytes().first(), found.as_bytes().first()) {
            (Some(b'"'), Some(b'"')) => same_text(sent, found, is_spelled),
            (Some(b'['), Some(b'[')) => compare_parsed(sent, found, |sent: Vec<&RawValue>, found: Vec<&RawValue>| {
                sent.len() == found.len()
                    && sent.iter().zip(&found).all(|(sent, found)| same_entry(sent.get(), found.get()))
            }),
            _ => false,
        }
}

fn same_text(sent: &str, found: &str, is_spelled: impl Fn(&str) -> bool) -> bool {
    compare_parsed(sent, found, |sent: String, found: String| {
        is_spelled(&sent) && is_spelled(&found) && normal_form(&sent) == normal_form(&found)
    })
}

/// Whether both are the same value, or two entries of lists with the same address.
fn same_entry(sent: &str, found: &str) -> bool {
    same_value(sent, found)
        || compare_parsed(sent, found, |sent: Members<'_>, found: Members<'_>| {
            let is_address = |entry: &Members<'_>| entry.keys().eq(ADDRESS.iter());
            is_address(&sent)
                && is_address(&found)
                && sent.iter().zip(&found).all(|((name, sent), (_, found))| {
                    same_value(sent.get(), found.get())
                        || name == "value" && same_text(sent.get(), found.get(), is_email)
                })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_an_address_may_be_spelled_otherwise() {
        let same = |sent: &str, found: &str| {
            let [sent, found] = [sent, found].map(|text| RawValue::from_string(text.to_owned()).unwrap());
            same_traits(Some(&sent), Some(&found))
        };
        for (sent, found) in [
            (r#"{"email":"jörg@b.example"}"#, r#"{"email":"JO\u0308RG@B.example"}"#),
            (r#"{"username":"Ada"}"#, r#"{"username":"ada"}"#),
            (r#"{"mail":"a@bücher.example"}"#, r#"{"mail":"a@xn--bcher-kva.example"}"#),
            (
                r#"{"all":[{"value":"A@b.example","verified":true,"primary":false}]}"#,
                r#"{"all":[{"primary":false,"value":"a@B.example","verified":true}]}"#,
            ),
        ] {
            assert!(same(sent, found), "{sent} {found}");
        }
        for (sent, found) in [
            (r#"{"email":"a@b.example"}"#, r#"{"email":"ä@b.example"}"#),
            (r#"{"email":"a@b.example"}"#, r#"{"mail":"a@b.example"}"#),
            (r#"{"nickname":"Ada"}"#, r#"{"nickname":"ada"}"#),
            (r#"{"bio":"Me @ home"}"#, r#"{"bio":"me @ home"}"#),
            (r#"{"public_metadata":{"email":"A@b.example"}}"#, r#"{"public_metadata":{"email":"a@b.example"}}"#),
            (
                r#"{"all":[{"value":"A@b.example","verified":true,"primary":false}]}"#,
                r#"{"all":[{"value":"a@b.example","verified":false,"primary":false}]}"#,
            ),
            (
                r#"{"all":[{"value":"A@b.example","verified":true,"primary":false,"more":1}]}"#,
                r#"{"all":[{"value":"a@b.example","verified":true,"primary":false,"more":1}]}"#,
            ),
            (r#"{"all":["A@b.example"]}"#, r#"{"all":["a@b.example"]}"#),
        ] {
            assert!(!same(sent, found), "{sent} {found}");
        }
    }
}
