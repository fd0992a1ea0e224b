//! What counts as the same address, and what nobody can see in one.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

use super::text::lowercase;

const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const LETTERS: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const COMPOSED: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();

/// The form of an email address, or of a username, in which equal means the same, wherever two are compared. Nobody sends
/// it: what is sent stays as it was.
///
/// The case of letters does not count, nor whether a letter and its accent are one character or two (what Unicode calls a
/// canonical caseless match); a domain is the one that is asked for in DNS, in punycode. Letters that only look alike are
/// others.
pub(crate) fn normal_form(address: &str) -> Cow<'_, str> {
    form(address, folded)
}

/// The form of an email address in which equal means one mailbox wherever mail is delivered. It keeps apart what only Unicode calls
/// the same, as `ß` and `ss`: a server may have a mailbox of each, so whoever proved that one is theirs did not prove the other.
pub(super) fn mailbox_form(address: &str) -> Cow<'_, str> {
    form(address, composed)
}

/// The form of an address whose letters get this one where they are not all of ASCII.
fn form(address: &str, letters: fn(&str) -> Cow<'_, str>) -> Cow<'_, str> {
    // Nearly all are, and nearly all of these are in small letters.
    if address.is_ascii() {
        return lowercase(Cow::Borrowed(address), true);
    }
    match address.rsplit_once('@') {
        None => letters(address),
        Some((local, domain)) => {
            let domain = idna::domain_to_ascii(domain).map_or_else(|_| letters(domain), Cow::Owned);
            Cow::Owned(format!("{}@{domain}", letters(local)))
        }
    }
}

/// Whether two addresses have the same form.
pub(super) fn are_same(one: &str, other: &str) -> bool {
    are_equal(one, other, normal_form)
}

/// Whether two addresses surely are one mailbox.
pub(super) fn are_one_mailbox(one: &str, other: &str) -> bool {
    are_equal(one, other, mailbox_form)
}

fn are_equal(one: &str, other: &str, form: fn(&str) -> Cow<'_, str>) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    form(one) == form(other)
}

fn folded(text: &str) -> Cow<'_, str> {
    let text = LETTERS.normalize(text);
    Cow::Owned(LETTERS.normalize(&CASES.fold_string(&text)).into_owned())
}

fn composed(text: &str) -> Cow<'_, str> {
    Cow::Owned(COMPOSED.normalize(text).to_ascii_lowercase())
}

/// Whether a character takes no room and changes nothing that can be seen: marks of byte order and of direction, spaces of
/// no width, hyphens that are not shown, joiners.
pub(super) fn is_invisible(character: char) -> bool {
    !character.is_ascii() && CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(character)
}

/// The text without what is blank or invisible at its ends: copying out of a document or a table often brings it along.
pub(super) fn trimmed(text: &str) -> &str {
    // Nearly all are as they should be.
    if let ([first, ..], [.., last]) = (text.as_bytes(), text.as_bytes())
        && first.is_ascii_graphic()
        && last.is_ascii_graphic()
    {
        return text;
    }
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_copied_of_an_address_in_small_letters() {
        assert!(matches!(normal_form("ada.lovelace+1@example.com"), Cow::Borrowed(_)));
        assert_eq!(normal_form("Ada@Example.COM"), "ada@example.com");
        assert_eq!(normal_form("İ@Bücher.example"), normal_form("i\u{307}@xn--BCHER-kva.example"));
    }

    #[test]
    fn only_what_is_at_the_ends_goes() {
        assert_eq!(trimmed("\u{feff} \u{202a}a\u{200b}b@c.d\u{ad}\u{202c}\n"), "a\u{200b}b@c.d");
        assert_eq!(trimmed("\u{200b}"), "");
        for character in "\u{200b}\u{feff}\u{ad}\u{202c}\u{2060}\u{200d}\u{fe0f}\u{2066}\u{e0001}".chars() {
            assert!(is_invisible(character), "{character:?}");
        }
        assert!(!"aé用ßक्ि😀\u{301}".chars().any(is_invisible));
    }

    proptest! {
        #[test]
        fn the_form_of_a_form_is_itself(address in "[\\PC@.]{0,12}@[\\PC.]{0,12}") {
            let form = normal_form(&address).into_owned();
            prop_assert_eq!(normal_form(&form), form.as_str());
        }

        /// With its letters composed or not, and in upper or lower case.
        #[test]
        fn spelling_does_not_count(local in "[a-zA-Zà-ÿΑ-ω]{1,9}", domain in "[a-zà-öÀ-Ö]{1,9}") {
            let address = format!("{local}@{domain}.example");
            let form = normal_form(&address);
            let decomposed = LETTERS.normalize(&address);
            prop_assert_eq!(normal_form(&decomposed), &*form);
            let upper: String = local.chars().flat_map(char::to_uppercase).collect();
            let upper = format!("{upper}@{domain}.EXAMPLE");
            prop_assert_eq!(normal_form(&upper), &*form);
            prop_assert!(are_same(&upper, &address) && are_same(&decomposed, &upper));
        }

        #[test]
        fn addresses_are_the_same_if_their_forms_are(one in "[aAbBäÄk\u{212a}.@]{0,4}", other in "[aAbBäÄk\u{212a}.@]{0,4}") {
            prop_assert_eq!(are_same(&one, &other), normal_form(&one) == normal_form(&other));
        }
    }
}
