//! How many endpoints and events there are, by what becomes of them.

use serde::{Deserialize, Serialize};

use crate::tenant_plan::Verdict;

/// How many there are, by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictCount {
    /// All of them: the others add up to it.
    pub all: u64,
    /// [`Verdict::Moved`]
    pub moved: u64,
    /// [`Verdict::Check`]
    pub check: u64,
    /// [`Verdict::CannotMove`]
    pub cannot_move: u64,
}

impl VerdictCount {
    pub(super) fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        verdicts.fold(Self::default(), |count, verdict| {
            let one = |is_it: bool| u64::from(is_it);
            Self {
                all: count.all + 1,
                moved: count.moved + one(verdict == Verdict::Moved),
                check: count.check + one(matches!(verdict, Verdict::Check | Verdict::ToDo)),
                cannot_move: count.cannot_move + one(verdict == Verdict::CannotMove),
            }
        })
    }
}

/// How many endpoints and events there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhooksTotals {
    /// Endpoints.
    pub endpoints: VerdictCount,
    /// Events of endpoints: one that two endpoints get counts twice.
    pub events: VerdictCount,
}
