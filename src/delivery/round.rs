//! What to do about records that were answered with an error that may pass: again together, alone, or no more.
//!
//! Pure, as [`super::verdict`] is.

/// All that the decision about records depends on that were answered with an error that may pass.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, each by its name")]
pub(super) struct RoundFacts {
    /// There is one such record, and not several.
    pub is_alone: bool,
    /// They were sent as often as a batch is tried.
    pub is_last_round: bool,
    /// Other records succeeded since these were first sent, those of the same request too.
    pub others_succeed: bool,
    /// As [`super::verdict::Facts::may_go_by_probes`].
    pub may_go_by_probes: bool,
    /// As [`super::verdict::Facts::is_failing`].
    pub is_failing: bool,
    /// The target was asked, after an earlier round, something with which nothing is wrong.
    pub was_asked: bool,
    /// Whether the target answered that well now, if it was asked.
    pub answers_probe: Option<bool>,
    /// By all answers so far it is the record's fault, and not chance.
    pub is_blamed: bool,
}

/// What to do about records that were answered with an error that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextRound {
    /// They are sent again in one request: after the usual wait, or `soon`.
    Together { soon: bool },
    /// Each is sent again in a request of its own.
    EachAlone,
    /// The target is asked first something with which nothing is wrong, and then it is decided.
    Ask,
    /// The only record is rejected.
    Reject,
    /// The run stops: the target fails on every user.
    GiveUp,
}

/// Decides over all facts about such records.
pub(super) const fn next_round(facts: RoundFacts) -> NextRound {
    let is_doubted = facts.is_last_round || facts.is_failing || facts.was_asked;
    // It may be the only record there is to send, and then no other one succeeds.
    if facts.is_alone && is_doubted && (facts.others_succeed || facts.may_go_by_probes) {
        return match facts.answers_probe {
            None => NextRound::Ask,
            Some(_) if facts.is_blamed => NextRound::Reject,
            Some(true) => NextRound::Together { soon: true },
            Some(false) if facts.is_failing => NextRound::GiveUp,
            Some(false) => NextRound::Together { soon: false },
        };
    }
    if facts.is_failing {
        return NextRound::GiveUp;
    }
    if facts.is_last_round && facts.others_succeed && !facts.is_alone {
        return NextRound::EachAlone;
    }
    NextRound::Together { soon: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::decision_tree_for_tests::tree;

    #[test]
    fn rounds_over_every_combination_of_facts() {
        let no_or_yes = |name| (name, vec!["no", "yes"]);
        let names = ["failing", "last round", "others succeed", "by probes", "alone", "was asked", "blamed"];
        let kinds: Vec<_> =
            names.map(no_or_yes).into_iter().chain([("well", vec!["not asked", "no", "yes"])]).collect();
        let facts = |number: u32| {
            let bit = |index: u32| (number / 3) >> index & 1 == 1;
            RoundFacts {
                is_failing: bit(6),
                is_last_round: bit(5),
                others_succeed: bit(4),
                may_go_by_probes: bit(3),
                is_alone: bit(2),
                was_asked: bit(1),
                is_blamed: bit(0),
                answers_probe: [None, Some(false), Some(true)][number as usize % 3],
            }
        };
        let all: Vec<NextRound> = (0..3 << 7).map(|number| next_round(facts(number))).collect();
        let mut lines = Vec::new();
        tree(&mut lines, 0, &kinds, &all);
        insta::assert_snapshot!(lines.join("\n"));
    }
}
