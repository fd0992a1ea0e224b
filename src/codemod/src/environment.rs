//! The names of environment variables: the guide's, and those of Clerk's without an equivalent.

/// Clerk's publishable key.
pub const PUBLISHABLE_KEY: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY";
/// Clerk's secret key.
pub const SECRET_KEY: &str = "CLERK_SECRET_KEY";
/// The page to sign in.
pub const SIGN_IN_URL: &str = "NEXT_PUBLIC_CLERK_SIGN_IN_URL";
/// The page to sign up.
pub const SIGN_UP_URL: &str = "NEXT_PUBLIC_CLERK_SIGN_UP_URL";
/// Where the target is, for the provider.
pub const DOMAIN: &str = "NEXT_PUBLIC_AVNOLOGY_DOMAIN";

/// The documented equivalent of a variable.
pub fn new_name(name: &str) -> Option<&'static str> {
    match name {
        PUBLISHABLE_KEY => Some("NEXT_PUBLIC_AVNOLOGY_PUBLISHABLE_KEY"),
        SECRET_KEY => Some("AVNOLOGY_SECRET_KEY"),
        _ => None,
    }
}

/// Whether a name is that of a variable of Clerk's: `CLERK` is one of its words, and it looks like a variable.
pub fn is_clerks_variable(name: &str) -> bool {
    name.len() > "CLERK_".len()
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && name.split('_').any(|word| word == "CLERK")
}

/// The variables of Clerk's in a text, with their places: whole words only.
pub fn variables(text: &str) -> Vec<(usize, &str)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(bytes, b"CLERK") {
        let start = bytes[..at].iter().rposition(|byte| !is_part(*byte)).map_or(0, |before| before + 1);
        let end = bytes[at..].iter().position(|byte| !is_part(*byte)).map_or(bytes.len(), |behind| at + behind);
        let name = &text[start..end];
        if is_clerks_variable(name) && found.last() != Some(&(start, name)) {
            found.push((start, name));
        }
    }
    found
}

/// Whether a text calls Clerk's own API: a key that it names goes there, and under the new name it would be Avnology's key that
/// goes to Clerk.
pub fn calls_clerk(text: &str) -> bool {
    text.contains("api.clerk.") || text.contains("CLERK_API_URL")
}

/// Whether a text gives a variable a key of Clerk's that is written out: under the new name it would be a key of Avnology's.
pub fn has_key(text: &str, name: &str) -> bool {
    let between = |other: char| other.is_whitespace() || "\"'`:=?|,])!-".contains(other);
    variables(text).into_iter().filter(|(_, found)| *found == name).any(|(at, _)| {
        let behind = text[at + name.len()..].trim_start_matches(between);
        // `- name: CLERK_SECRET_KEY`, and on the next line `value: …`.
        let value = behind.strip_prefix("value").unwrap_or(behind).trim_start_matches(between);
        ["pk_live_", "pk_test_", "sk_live_", "sk_test_"].iter().any(|beginning| value.starts_with(beginning))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_written_out_is_seen() {
        let has = |text| has_key(text, SECRET_KEY);
        for text in [
            "CLERK_SECRET_KEY=sk_live_a",
            "CLERK_SECRET_KEY: 'sk_test_a'",
            "- name: CLERK_SECRET_KEY\n  value: \"sk_live_a\"",
            "process.env[\"CLERK_SECRET_KEY\"] ?? \"sk_test_a\"",
        ] {
            assert!(has(text), "{text}");
        }
        for text in
            ["CLERK_SECRET_KEY=$CLERK_SECRET_KEY", "OLD_CLERK_SECRET_KEY=sk_live_a", "CLERK_SECRET_KEY=\nA=sk_live_a"]
        {
            assert!(!has(text), "{text}");
        }
    }

    #[test]
    fn a_call_of_clerks_api_is_seen_by_its_address_or_the_variable_that_holds_it() {
        for text in ["curl https://api.clerk.com/v1/users", "https://api.clerk.dev", "curl $CLERK_API_URL/v1/users"] {
            assert!(calls_clerk(text), "{text}");
        }
        assert!(!calls_clerk("https://clerk.com/docs CLERK_SECRET_KEY"));
    }

    #[test]
    fn only_whole_words_that_look_like_variables_are_variables() {
        let names = |text| variables(text).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("a=$CLERK_SECRET_KEY; ${VITE_CLERK_KEY}"), ["CLERK_SECRET_KEY", "VITE_CLERK_KEY"]);
        assert_eq!(names("NEXT_PUBLIC_CLERK_A_CLERK_B=1"), ["NEXT_PUBLIC_CLERK_A_CLERK_B"]);
        assert!(names("CLERK Clerk_KEY SHOPCLERK_KEY CLERKS_KEY myCLERK_KEY").is_empty());
    }
}
