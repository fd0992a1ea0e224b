//! A file of namespaces for Keto that declares roles.

use std::fmt::Write;

/// A file of namespaces, in Keto's own language, in which `namespace` has these roles.
pub fn namespaces(namespace: &str, roles: &[String]) -> String {
    let mut text = String::from("import { Namespace } from \"@ory/keto-namespace-types\"\n\n");
    text.push_str("class identities implements Namespace {}\n\n");
    let mut body = String::new();
    for role in roles {
        // A name that is no identifier stands in quotes.
        let is_plain = role.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && !role.starts_with(|first: char| first.is_ascii_digit());
        let written = if is_plain {
            writeln!(body, "    {role}: identities[]")
        } else {
            writeln!(body, "    \"{role}\": identities[]")
        };
        debug_assert!(written.is_ok(), "writing to memory cannot fail");
    }
    text + &format!("class {namespace} implements Namespace {{\n  related: {{\n{body}  }}\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_is_declared() {
        let text = namespaces("orgs", &["admin".to_owned(), "team-lead".to_owned()]);
        assert!(
            text.contains("class orgs implements")
                && text.contains("    admin: identities[]\n    \"team-lead\": identities[]")
        );
    }
}
