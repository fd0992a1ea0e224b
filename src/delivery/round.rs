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
    /// As [`super::verdict::Facts::is_failing`].
    pub is_failing: bool,
}

/// What to do about records that were answered with an error that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextRound {
    /// They are sent again in one request.
    Together,
    /// Each is sent again in a request of its own.
    EachAlone,
    /// It is sent again after the target was asked something with which nothing is wrong.
    AfterAsking,
    /// The run stops: the target fails on every user.
    GiveUp,
}

/// Decides over all facts about such records.
pub(super) const fn next_round(facts: RoundFacts) -> NextRound {
    if facts.is_failing {
        return NextRound::GiveUp;
    }
    match (facts.is_last_round && facts.others_succeed, facts.is_alone) {
        (false, _) => NextRound::Together,
        (true, false) => NextRound::EachAlone,
        (true, true) => NextRound::AfterAsking,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::decision_tree_for_tests::tree;

    #[test]
    fn rounds_over_every_combination_of_facts() {
        let kinds = ["failing", "last round", "others succeed", "alone"].map(|name| (name, vec!["no", "yes"]));
        let facts = |bits: u32| {
            let bit = |index: u32| bits >> index & 1 == 1;
            RoundFacts { is_failing: bit(3), is_last_round: bit(2), others_succeed: bit(1), is_alone: bit(0) }
        };
        let all: Vec<NextRound> = (0..16).map(|bits| next_round(facts(bits))).collect();
        let mut lines = Vec::new();
        tree(&mut lines, 0, &kinds, &all);
        insta::assert_snapshot!(lines.join("\n"));
    }
}
