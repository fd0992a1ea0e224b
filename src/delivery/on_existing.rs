//! What becomes of a user whose external id is at the target already.

use std::fmt;
use std::str::FromStr;

/// What becomes of a user whose external id is at the target already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExisting {
    /// Leave it as it is, and count it if it differs from the export
    #[default]
    Skip,
    /// Change what differs to what the export says, but never a password
    Update,
    /// Reject the record as `already_exists`
    Fail,
}

impl OnExisting {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Skip, Self::Update, Self::Fail];

    /// Its name, as an option and in `run.json`. It never changes: a run that an earlier version began is resumed by it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Update => "update",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for OnExisting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for OnExisting {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|rule| rule.as_str() == name);
        found.ok_or_else(|| format!("`{name}` does not say what becomes of users who are at the target already"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_run_files_never_change() {
        assert_eq!(OnExisting::ALL.map(OnExisting::as_str), ["skip", "update", "fail"]);
        for rule in OnExisting::ALL {
            assert_eq!(rule.to_string().parse(), Ok(rule));
        }
        assert!("Skip".parse::<OnExisting>().is_err());
    }
}
