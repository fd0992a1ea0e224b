//! What becomes of users and memberships that earlier runs created, and that are no longer in the export.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What becomes of users and memberships that earlier runs of the same source created, and that are no longer in the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnMissing {
    /// Count them, and name them in a file of the run
    Report,
    /// Also disable them at the target, and enable those whom an earlier run disabled and who are back
    Disable,
    /// Also remove memberships that are gone at Clerk, with their roles, if their users and organizations are still there
    Remove,
}

impl OnMissing {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Report, Self::Disable, Self::Remove];

    /// Its name, as an option and in `run.json`. It never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Disable => "disable",
            Self::Remove => "remove",
        }
    }

    /// Whether users who are missing are disabled.
    pub const fn disables_users(self) -> bool {
        matches!(self, Self::Disable | Self::Remove)
    }

    /// Whether memberships that are missing are removed.
    pub const fn removes_memberships(self) -> bool {
        matches!(self, Self::Remove)
    }
}

impl fmt::Display for OnMissing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for OnMissing {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|rule| rule.as_str() == name);
        found.ok_or_else(|| format!("`{name}` does not say what becomes of users who are missing"))
    }
}
