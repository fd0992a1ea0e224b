//! What kinds of records move. A record mapper knows one of them; the pipeline, the journal and the id map only carry the name.

use serde::{Deserialize, Serialize};

/// A kind of record.
///
/// Files keep the name or the place in this list: a new kind is added at the end, and none is ever renamed or moved. Where a file
/// names no kind, it is about users. A file that names a kind of a later version is refused by this one.
///
/// The order is that in which kinds move: what a record refers to is of a kind before its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A user of Clerk, who becomes an identity.
    #[default]
    User,
}

impl Kind {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
        }
    }

    /// Several of them, for messages.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::User => "users",
        }
    }

    /// What one becomes at the target, for messages.
    pub const fn at_target(self) -> &'static str {
        match self {
            Self::User => "identity",
        }
    }

    /// Its number in entries on disk.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether it is the kind that files do not name.
    pub fn is_unnamed(&self) -> bool {
        *self == Self::default()
    }
}
