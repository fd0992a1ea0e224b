//! What kinds of records move. A record mapper knows one of them; the pipeline, the journal and the id map only carry the name.

use serde::{Deserialize, Serialize};

/// A kind of record.
///
/// Files keep the name or the place in this list: a new kind is added at the end, and none is ever renamed or moved. Where a file
/// names no kind, it is about users. A file that names a kind of a later version is refused by this one.
///
/// Kinds compare in the order in which they move: what a record refers to is of a kind before its own. Until now that is the order
/// of this list, too. A new kind that has to move before one of these needs an `Ord` that is written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A user of Clerk, who becomes an identity.
    #[default]
    User,
    /// An organization.
    Organization,
    /// A membership of a user in an organization.
    Membership,
    /// The role of a member, as a tuple of the target's permissions. It is read from a membership.
    RoleTuple,
    /// An invitation to an organization that is still open.
    Invitation,
}

impl Kind {
    /// All of them, in the order in which they move.
    pub const ALL: [Self; 5] = [Self::User, Self::Organization, Self::Membership, Self::RoleTuple, Self::Invitation];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Organization => "organization",
            Self::Membership => "membership",
            Self::RoleTuple => "role_tuple",
            Self::Invitation => "invitation",
        }
    }

    /// Several of them, for messages.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Organization => "organizations",
            Self::Membership => "memberships",
            Self::RoleTuple => "tuples",
            Self::Invitation => "invitations",
        }
    }

    /// The noun for what one becomes at the target, for messages.
    pub const fn noun_at_target(self) -> &'static str {
        match self {
            Self::User => "identity",
            Self::Organization => "organization",
            Self::Membership => "membership",
            Self::RoleTuple => "role tuple",
            Self::Invitation => "invitation",
        }
    }

    /// Its number in entries on disk.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it has to be known what the target calls one later: records of other kinds refer to it, or it can get another id, as the
    /// tuple of a role that becomes another one.
    pub const fn is_referred_to(self) -> bool {
        matches!(self, Self::User | Self::Organization | Self::Membership | Self::RoleTuple)
    }

    /// Whether its records say of others which ones they belong to: nothing of it is sent without the target's ids of those.
    pub const fn refers_to_others(self) -> bool {
        match self {
            Self::User | Self::Organization => false,
            Self::Membership | Self::RoleTuple | Self::Invitation => true,
        }
    }

    /// Whether it is the kind that files do not name.
    pub fn is_unnamed(&self) -> bool {
        *self == Self::default()
    }
}

/// By the name of its step: `users`, `organizations` and so on.
impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|kind| kind.plural() == text);
        named.ok_or_else(|| format!("expected one of {}", Self::ALL.map(Self::plural).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_listed_as_they_move_and_what_refers_to_others_behind_those() {
        assert!(Kind::ALL.is_sorted());
        assert!(Kind::ALL.is_sorted_by_key(|kind| kind.refers_to_others()));
    }
}
