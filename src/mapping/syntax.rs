//! The forms of addresses, numbers, names and hashes. Conservative: the target has the last word.

use super::limits::{DOMAIN_LABEL_BYTES, EMAIL_BYTES, EMAIL_LOCAL_BYTES, PHONE_DIGITS};
use super::normal_form::is_invisible;

/// What is wrong with an email address; `None` when it has a deliverable form.
///
/// Narrower than RFC 5322 (no quoted local parts, comments or address literals), wider in letters (RFC 6531).
pub(super) fn email_fault(address: &str) -> Option<&'static str> {
    if is_plain(address) { None } else { fault(address) }
}

/// What a byte of a plain address is, by its value.
const KINDS: [AddressByte; 256] = {
    let mut kinds = [AddressByte::Other; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        kinds[byte as usize] = match byte {
            b'-' => AddressByte::Hyphen,
            b'.' => AddressByte::Dot,
            b'@' => AddressByte::At,
            b'_' | b'+' => AddressByte::OfLocal,
            _ if byte.is_ascii_alphanumeric() => AddressByte::Alphanumeric,
            _ => AddressByte::Other,
        };
        byte += 1;
    }
    kinds
};

#[derive(Clone, Copy, PartialEq)]
enum AddressByte {
    Alphanumeric,
    Hyphen,
    Dot,
    At,
    /// Only before the `@`.
    OfLocal,
    Other,
}

/// Whether an address is as nearly all are, and nothing is wrong with it: that is seen in one pass over its bytes.
fn is_plain(address: &str) -> bool {
    // The place of the `@`, and where the piece begins that is between two of them or dots.
    let (mut at, mut start, mut last) = (None, 0, AddressByte::Dot);
    for (index, byte) in address.bytes().enumerate() {
        let kind = KINDS[usize::from(byte)];
        let ends_piece = match kind {
            AddressByte::Alphanumeric => false,
            AddressByte::Hyphen if index > start => false,
            AddressByte::OfLocal if at.is_none() => false,
            AddressByte::Dot => true,
            AddressByte::At if at.is_none() => true,
            _ => return false,
        };
        if ends_piece {
            if index == start || last == AddressByte::Hyphen || at.is_some() && index - start > DOMAIN_LABEL_BYTES {
                return false;
            }
            start = index + 1;
        }
        if kind == AddressByte::At {
            at = Some(index);
        }
        last = kind;
    }
    let last_piece = address.len() - start;
    address.len() <= EMAIL_BYTES
        && (1..=DOMAIN_LABEL_BYTES).contains(&last_piece)
        && last != AddressByte::Hyphen
        && at.is_some_and(|at| at <= EMAIL_LOCAL_BYTES)
}

/// The same, by the rules one after the other.
#[cfg(test)]
fn is_plain_by_pieces(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let has_pieces = |text: &str, longest: usize, mark: fn(&u8) -> bool| {
        text.as_bytes().split(|byte| *byte == b'.').all(|piece| {
            let is_inside = |byte: &u8| byte.is_ascii_alphanumeric() || mark(byte);
            let ends = [piece.first(), piece.last()];
            piece.len() <= longest
                && piece.iter().all(is_inside)
                && !ends.iter().any(|end| matches!(end, None | Some(b'-')))
        })
    };
    address.len() <= EMAIL_BYTES
        && local.len() <= EMAIL_LOCAL_BYTES
        && has_pieces(local, EMAIL_LOCAL_BYTES, |byte| matches!(byte, b'_' | b'+' | b'-'))
        && has_pieces(domain, DOMAIN_LABEL_BYTES, |byte| *byte == b'-')
}

/// What is wrong with an address of any kind.
fn fault(address: &str) -> Option<&'static str> {
    if address.len() > EMAIL_BYTES {
        return Some("it is longer than 254 bytes");
    }
    if !address.bytes().all(|byte| byte.is_ascii_graphic()) {
        if address.chars().any(|character| character.is_whitespace() || character.is_control()) {
            return Some("it contains white space or control characters");
        }
        if address.chars().any(is_invisible) {
            return Some("it contains an invisible character, as documents and tables bring along; write it anew");
        }
    }
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Some("it has no `@`");
    };
    if local.is_empty() || local.len() > EMAIL_LOCAL_BYTES {
        return Some("the part before the `@` is empty or longer than 64 bytes");
    }
    if local.chars().any(|character| "@\"(),:;<>[\\]".contains(character)) {
        return Some("the part before the `@` contains a character that is not allowed there");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Some("the part before the `@` has a misplaced dot");
    }
    if !domain.split('.').all(is_label) {
        return Some("the part behind the `@` is not a domain name");
    }
    None
}

/// Whether a text is an email address.
pub(crate) fn is_email(text: &str) -> bool {
    email_fault(text).is_none()
}

fn is_label(label: &str) -> bool {
    (1..=DOMAIN_LABEL_BYTES).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|character| character.is_alphanumeric() || character == '-' || !character.is_ascii())
}

/// Whether a phone number is written as E.164: `+`, no leading zero, digits only.
pub(super) fn is_phone(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        PHONE_DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether a locale has the shape of a BCP 47 tag: a language of 2 to 8 letters, then subtags of 1 to 8 alphanumerics.
pub(super) fn is_locale(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let language = subtags.next().unwrap_or_default();
    (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags
            .all(|subtag| (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether a digest is bcrypt in modular crypt format: `$2a$`, `$2b$` or `$2y$`, a cost of 04 to 31, then 22
/// characters of salt and 31 of hash in bcrypt's own base 64.
pub(super) fn is_bcrypt(digest: &str) -> bool {
    let [b'$', b'2', b'a' | b'b' | b'y', b'$', tens, ones, b'$', hash @ ..] = digest.as_bytes() else {
        return false;
    };
    let is_cost = match tens {
        b'0' => matches!(ones, b'4'..=b'9'),
        b'1' | b'2' => ones.is_ascii_digit(),
        b'3' => matches!(ones, b'0' | b'1'),
        _ => false,
    };
    is_cost
        && hash.len() == 53
        && hash.iter().fold(true, |all, byte| all & (byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'/')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

        #[test]
        fn nothing_is_wrong_with_a_plain_address(
            address in "[a-zA-Z0-9._+@'é-]{0,5}[a-z._-]{0,70}[@.]{0,2}[a-z0-9.@_-]{0,70}[.]{0,2}[a-z-]{0,3}",
        ) {
            prop_assert_eq!(is_plain(&address), is_plain_by_pieces(&address), "{}", address);
            prop_assert!(!is_plain(&address) || fault(&address).is_none(), "{}", address);
        }
    }

    #[test]
    fn emails() {
        assert!(is_plain("first.last+tag@sub.example-site.com") && !is_plain("o'hara@example.com"));
        for good in
            ["a@b.co", "first.last+tag@sub.example.com", "o'hara@example.com", "用户@例え.jp", "admin@localhost"]
        {
            assert_eq!(email_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.co",
            "a@",
            "a b@c.de",
            "a@b..c",
            "a@-b.c",
            ".a@b.c",
            "a..b@c.d",
            "a@b@c.d",
            "<a@b.c>",
            "a@b.c.",
            "a@b_c.d",
            "a@b.c\n",
            "a\u{200b}b@c.d",
            "a@b\u{ad}c.d",
            "a@b.c\u{202c}",
            "\"a b\"@c.d",
            &format!("{}@b.co", "a".repeat(65)),
            &format!("a@{}.co", "b".repeat(64)),
        ] {
            assert!(email_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn phones_locales_and_hashes() {
        assert!(is_phone("+14155551234") && is_phone("+4930123"));
        assert!(
            !is_phone("14155551234")
                && !is_phone("+0415555123")
                && !is_phone("+1 415 555")
                && !is_phone("+1234567890123456")
        );
        assert!(
            is_locale("en") && is_locale("en-US") && is_locale("zh-Hant-TW") && !is_locale("e") && !is_locale("en_US")
        );
        let hash = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
        for good in ["$2a$10$", "$2b$04$", "$2y$31$"] {
            assert!(is_bcrypt(&format!("{good}{hash}")), "{good}");
        }
        for bad in ["$2x$10$", "$2$10$", "$2a$03$", "$2a$32$", "$2a$1$", "2a$10$", "$2a$10$x"] {
            assert!(!is_bcrypt(&format!("{bad}{hash}")), "{bad}");
        }
    }
}
