//! Which records a list names.

use std::fmt;
use std::str::FromStr;

use crate::mapping::{Notice, Notices, RejectCode};

/// Which records a list names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserList {
    /// All of which the journal knows.
    #[default]
    All,
    /// New at the target.
    Created,
    /// At the target already, and changed.
    Updated,
    /// At the target already, and left as they were.
    Unchanged,
    /// Those that did not move.
    Rejected,
    /// Sent, and the answer is not known.
    Unfinished,
    /// Users whom earlier runs created and who are no longer in the export: no records, for they have none any more.
    Missing,
    /// Users who moved and have to set a new password.
    NeedsReset,
    /// Rejected with this code.
    Code(RejectCode),
    /// Moved, and this is to be said of them.
    Notice(Notice),
}

/// The names that are no code.
const NAMES: [(&str, UserList); 8] = [
    ("all", UserList::All),
    ("created", UserList::Created),
    ("updated", UserList::Updated),
    ("unchanged", UserList::Unchanged),
    ("rejected", UserList::Rejected),
    ("unfinished", UserList::Unfinished),
    ("missing", UserList::Missing),
    ("needs-reset", UserList::NeedsReset),
];

impl UserList {
    /// Whether the list has the addresses of the users, because it is of no use without.
    pub fn has_addresses(self) -> bool {
        self == Self::NeedsReset
    }

    /// Whether a record is in the list that was rejected with this code, or that the target did not answer about (`None`).
    pub(super) fn takes_unmoved(self, code: Option<&str>) -> bool {
        match self {
            Self::All => true,
            Self::Rejected => code.is_some(),
            Self::Unfinished => code.is_none(),
            Self::Code(wanted) => code == Some(wanted.as_str()),
            _ => false,
        }
    }

    /// Whether a record is in the list that moved with this outcome and these notices.
    pub(super) fn takes_moved(self, outcome: Self, notices: Notices) -> bool {
        match self {
            Self::All => true,
            Self::NeedsReset => notices.iter().any(Notice::needs_password_reset),
            Self::Notice(wanted) => notices.contains(wanted),
            wanted => wanted == outcome,
        }
    }
}

impl fmt::Display for UserList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.iter().find(|(_, list)| list == self).map(|(name, _)| *name);
        formatter.write_str(match self {
            Self::Code(code) => code.as_str(),
            Self::Notice(notice) => notice.as_str(),
            _ => named.unwrap_or_default(),
        })
    }
}

impl FromStr for UserList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, list)| *list);
        let code = || RejectCode::from_code(text).map(Self::Code);
        let notice = || Notice::from_code(text).map(Self::Notice);
        named.or_else(code).or_else(notice).ok_or_else(|| {
            let all = NAMES.map(|(name, _)| name).join(", ");
            format!("expected one of {all}, or a code as a report has it, such as `email_taken` or `totp`")
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OUTCOMES: [UserList; 5] =
        [UserList::Created, UserList::Updated, UserList::Unchanged, UserList::Rejected, UserList::Unfinished];

    /// Whether a record is in a list.
    fn takes(list: UserList, outcome: UserList, code: RejectCode, notices: Notices) -> bool {
        match outcome {
            UserList::Rejected => list.takes_unmoved(Some(code.as_str())),
            UserList::Unfinished => list.takes_unmoved(None),
            moved => list.takes_moved(moved, notices),
        }
    }

    proptest! {
        /// Each record is in the list of all, in that of its outcome and in no other one of an outcome; in that of a code only if
        /// it has the code; and nobody has to set a new password who did not move.
        #[test]
        fn a_record_is_in_the_lists_that_it_belongs_to(
            outcome in 0..OUTCOMES.len(),
            code in 0..RejectCode::ALL.len(),
            bits in any::<u64>(),
        ) {
            let (outcome, code) = (OUTCOMES[outcome], RejectCode::ALL[code]);
            let mut notices = Notices::default();
            let chosen = Notice::ALL.iter().enumerate().filter(|(index, _)| (bits >> (index % 64)) & 1 == 1);
            chosen.for_each(|(_, notice)| notices.add(*notice));
            let is_in = |list| takes(list, outcome, code, notices);
            prop_assert!(is_in(UserList::All) && !is_in(UserList::Missing));
            for other in OUTCOMES {
                prop_assert_eq!(is_in(other), other == outcome);
            }
            for other in RejectCode::ALL {
                prop_assert_eq!(is_in(UserList::Code(*other)), outcome == UserList::Rejected && *other == code);
            }
            let has_moved = !matches!(outcome, UserList::Rejected | UserList::Unfinished);
            for notice in Notice::ALL {
                prop_assert_eq!(is_in(UserList::Notice(*notice)), has_moved && notices.contains(*notice));
            }
            let needs = notices.iter().any(Notice::needs_password_reset);
            prop_assert_eq!(is_in(UserList::NeedsReset), has_moved && needs);
        }
    }

    #[test]
    fn each_list_is_known_by_its_name_and_no_code_is_taken_for_another() {
        let named = NAMES.iter().map(|(_, list)| *list);
        let codes = RejectCode::ALL.iter().copied().map(UserList::Code);
        for list in named.chain(codes).chain(Notice::ALL.iter().copied().map(UserList::Notice)) {
            assert_eq!(list.to_string().parse(), Ok(list));
        }
        assert!("needs_reset".parse::<UserList>().unwrap_err().contains("needs-reset"));
    }
}
