//! Roles of members: Clerk's to the target's.

use crate::mapping::{RejectCode, Rejection, Rules};

/// The roles of members that the target documents.
const DOCUMENTED: [&str; 5] = ["owner", "admin", "member", "viewer", "billing"];

/// Longest name of a role, in bytes. Ours, as in the mapping file.
const ROLE_BYTES: usize = 128;

/// A role at the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// Its name, which is the relation of the tuple.
    pub name: String,
    /// Whether members of the target can have it.
    pub is_documented: bool,
}

impl Role {
    /// The role at the target for one of Clerk's: as a rule says, or the same name without `org:`.
    pub(super) fn of(clerk: &str, rules: &Rules) -> Result<Self, Rejection> {
        let rule = rules.roles.iter().find(|rule| rule.clerk == clerk);
        let name = match (rule, clerk) {
            (Some(rule), _) => rule.avnology.as_str(),
            // What Clerk called them before roles could be made.
            (None, "basic_member") => "member",
            (None, clerk) => clerk.strip_prefix("org:").unwrap_or(clerk),
        };
        Self::named(name)
    }

    /// The role with this name.
    pub(super) fn named(name: &str) -> Result<Self, Rejection> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
        if name.is_empty() || name.len() > ROLE_BYTES || !name.bytes().all(is_plain) {
            let message = "a role at the target has only letters A to Z, digits, `_`, `-`, `:` and `.`; give it another \
                           name in [roles] of the mapping file";
            return Err(Rejection::of_field(RejectCode::InvalidRole, "role", message));
        }
        Ok(Self { name: name.to_owned(), is_documented: DOCUMENTED.contains(&name) })
    }

    /// The role of the membership. A role that no member of the target has is granted by its tuple alone.
    pub(super) fn of_member(&self) -> &str {
        if self.is_documented { &self.name } else { "member" }
    }

    /// The name of a role that no member of the target has.
    pub(super) fn own(&self) -> Option<&str> {
        (!self.is_documented).then_some(self.name.as_str())
    }
}
