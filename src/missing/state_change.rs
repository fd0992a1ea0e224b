//! One line of `disabled.ndjson`: what a run did about an identity whose user was missing, or is back.

use serde::{Deserialize, Serialize};

use super::CreatedEarlier;

/// What was done, or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateChangeKind {
    /// About to be disabled. If nothing comes behind it, nobody knows whether it was.
    Disabling,
    /// Disabled, because the user was missing.
    Disabled,
    /// Enabled again, because the user is back in the export.
    Enabled,
    /// Left as it is while the user is missing: somebody else disabled it, it is gone, or it is not the tool's own.
    Left,
    /// The user is back, and nothing was done: who may sign in is what the import says.
    Returned,
}

impl StateChangeKind {
    /// Its byte in an index.
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Disabling => 0,
            Self::Disabled => 1,
            Self::Enabled => 2,
            Self::Left => 3,
            Self::Returned => 4,
        }
    }

    /// The one with this byte.
    pub(super) const fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Disabling),
            1 => Some(Self::Disabled),
            2 => Some(Self::Enabled),
            3 => Some(Self::Left),
            4 => Some(Self::Returned),
            _ => None,
        }
    }
}

/// What a run did about an identity. There is no `Debug`: external ids may be personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// What was done.
    pub change: StateChangeKind,
    /// Whose identity it is.
    #[serde(flatten)]
    pub user: CreatedEarlier,
}
