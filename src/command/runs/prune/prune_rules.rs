//! What becomes of a run when it is pruned: decided by facts alone.

use std::time::Duration;

use crate::command::shared::run_overview::RunState;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PruneRules {
    /// Only runs that began longer ago than that.
    pub older_than: Duration,
    /// How many of the newest runs stay as they are.
    pub keep: usize,
    /// Only files with personal data are removed, and what else is kept of a run stays.
    pub personal_data: bool,
    /// Runs need not be resumed any more.
    pub give_up_resume: bool,
    /// Runs need not be undone any more.
    pub give_up_undo: bool,
}

/// What there is to know of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PruneFacts {
    pub state: RunState,
    /// How long ago it began.
    pub age: Duration,
    /// How many runs are newer.
    pub newer: usize,
    /// Something is at the target because of it, or is not there any more, or that may be so: it created somebody whom undo did not
    /// delete, disabled users, or removed memberships.
    pub has_changed: bool,
}

/// Why a run stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeptBecause {
    /// It is not old enough, or one of the newest.
    New,
    /// Some process is at it.
    Running,
    /// It can still be resumed, or undoing it can.
    Resumable,
    /// It can still be undone.
    Undoable,
}

/// What becomes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pruned {
    /// Nothing.
    Kept(KeptBecause),
    /// Its directory is removed.
    Removed,
    /// Its files with personal data are removed.
    Stripped {
        /// The journal, too.
        journal: bool,
    },
}

impl PruneRules {
    /// What becomes of a run.
    pub(super) fn decide(&self, facts: PruneFacts) -> Pruned {
        let PruneFacts { state, age, newer, has_changed } = facts;
        if state == RunState::Running {
            return Pruned::Kept(KeptBecause::Running);
        }
        if age < self.older_than || newer < self.keep {
            return Pruned::Kept(KeptBecause::New);
        }
        let (is_resumable, is_undoable) = match state {
            // Nobody knows what is in a damaged journal.
            RunState::Interrupted | RunState::Undoing | RunState::Damaged => (true, has_changed),
            // Undo has come to its end, and the target kept something: by force, or later, it may yet delete that.
            RunState::Finished | RunState::Undone => (false, has_changed),
            RunState::Pruned | RunState::Running => (false, false),
        };
        if is_resumable && !self.give_up_resume {
            return Pruned::Kept(KeptBecause::Resumable);
        }
        let needs_journal = is_undoable && !self.give_up_undo;
        match (self.personal_data, needs_journal) {
            (true, _) => Pruned::Stripped { journal: !needs_journal },
            (false, true) => Pruned::Kept(KeptBecause::Undoable),
            (false, false) => Pruned::Removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATES: [RunState; 7] = [
        RunState::Running,
        RunState::Interrupted,
        RunState::Finished,
        RunState::Undone,
        RunState::Undoing,
        RunState::Pruned,
        RunState::Damaged,
    ];

    fn facts() -> impl Strategy<Value = PruneFacts> {
        (0..STATES.len(), 0..200_u64, 0..9_usize, any::<bool>()).prop_map(|(state, age, newer, has_changed)| {
            PruneFacts { state: STATES[state], age: Duration::from_secs(age), newer, has_changed }
        })
    }

    fn rules() -> impl Strategy<Value = PruneRules> {
        (0..200_u64, 0..9_usize, any::<[bool; 3]>()).prop_map(|(older, keep, [personal_data, resume, undo])| {
            PruneRules {
                older_than: Duration::from_secs(older),
                keep,
                personal_data,
                give_up_resume: resume,
                give_up_undo: undo,
            }
        })
    }

    fn loses_the_journal(pruned: Pruned) -> bool {
        matches!(pruned, Pruned::Removed | Pruned::Stripped { journal: true })
    }

    proptest! {
        #[test]
        fn what_is_needed_goes_only_with_a_word(facts in facts(), rules in rules()) {
            let pruned = rules.decide(facts);
            let is_open = matches!(facts.state, RunState::Interrupted | RunState::Undoing | RunState::Damaged);
            let is_touched = !matches!(pruned, Pruned::Kept(_));
            prop_assert!(!(is_touched && facts.state == RunState::Running));
            prop_assert!(!(is_touched && (facts.age < rules.older_than || facts.newer < rules.keep)));
            prop_assert!(!(is_touched && is_open && !rules.give_up_resume));
            let can_be_undone =
                facts.has_changed && (is_open || matches!(facts.state, RunState::Finished | RunState::Undone));
            prop_assert!(!(loses_the_journal(pruned) && can_be_undone && !rules.give_up_undo));
            prop_assert!(!(pruned == Pruned::Removed && rules.personal_data), "the account stays");
        }

        /// A further word, a greater age and more newer runs never save a run.
        #[test]
        fn more_is_never_less(facts in facts(), rules in rules(), more in 0..50_u64) {
            let freed = PruneRules { give_up_resume: true, give_up_undo: true, ..rules };
            prop_assert!(!loses_the_journal(rules.decide(facts)) || loses_the_journal(freed.decide(facts)));
            let older = PruneFacts { age: facts.age + Duration::from_secs(more), newer: facts.newer + 1, ..facts };
            prop_assert!(matches!(rules.decide(facts), Pruned::Kept(_)) || rules.decide(older) == rules.decide(facts));
        }
    }
}
