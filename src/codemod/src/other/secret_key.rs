//! Secret keys of Clerk's, which are shown to nobody, wherever they stand. A publishable key is in every page that a browser
//! gets; in code it is no secret.

/// How secret keys begin.
const BEGINNINGS: [&str; 3] = ["sk_live_", "sk_test_", "whsec_"];
/// A shorter word behind that is a hint such as `sk_test_…`.
const SHORTEST: usize = 6;

/// The text with `…` for each secret key.
pub fn hide_keys(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, beginning)) = BEGINNINGS.iter().filter_map(|one| Some((rest.find(one)?, *one))).min() {
        let behind = at + beginning.len();
        let is_part = |other: char| other.is_ascii_alphanumeric() || "_-+/=".contains(other);
        let end = rest[behind..].find(|other| !is_part(other)).map_or(rest.len(), |length| behind + length);
        hidden.push_str(&rest[..at]);
        hidden.push_str(if end - behind < SHORTEST { &rest[at..end] } else { "…" });
        rest = &rest[end..];
    }
    hidden + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_and_hints_stay() {
        assert_eq!(hide_keys("a=\"sk_live_abcDEF1\", whsec_AbC+/12== b"), "a=\"…\", … b");
        for text in ["", "sk_test_...", "sk_live_", "risk_test_a", "pk_live_Y2xlcmsuZXhhbXBsZQ"] {
            assert_eq!(hide_keys(text), text);
        }
    }
}
