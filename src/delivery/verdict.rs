//! What to do about a request that settled nothing: the same again, in halves, or no more; and who is to blame.
//!
//! Pure: the exchange gathers the facts, asks here, and carries out what comes back.

use crate::destination::Failure;

/// Requests without an answer in time after which a batch is split.
const TIMEOUTS_BEFORE_SPLIT: u32 = 2;

/// Attempts after which a batch is split that may hold a record that the target fails on; and fewer if the batch is suspect.
const ATTEMPTS_BEFORE_SPLIT: u32 = 5;
const ATTEMPTS_OF_A_SUSPECT: u32 = 3;

/// How long the target asks to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// It does not say.
    Unknown,
    /// No longer than anybody is ready to wait.
    Bearable,
    /// Longer than that.
    TooLong,
}

/// All that the decision about a request depends on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent facts, each by its name")]
pub(super) struct Facts {
    pub failure: Failure,
    pub wait: Wait,
    /// One record was sent, and not several.
    pub is_alone: bool,
    /// It is suspect: sent again after it failed, in a request that failed as a whole or in an answer for these records alone, while
    /// it is watched whether others succeed ([`PendingBatch::suspect_since`](super::PendingBatch)).
    pub is_suspect: bool,
    /// Requests that failed in a way that may pass, but for those that were sent too fast; this one among them.
    pub attempts: u32,
    /// How many attempts there are for one batch.
    pub most_attempts: u32,
    /// Requests without an answer in time, this one among them.
    pub timeouts: u32,
    /// The target may have carried out a request with these records.
    pub may_have_been_applied: bool,
    /// The refusal is the target's own word.
    pub is_explained: bool,
    /// Other batches succeeded since this one, or the one it is a part of, was first sent.
    pub others_succeed: bool,
    /// Probes may decide although no other batch succeeds (`SuccessClock`).
    pub may_go_by_probes: bool,
    /// Nothing has succeeded for longer than the retry budget allows.
    pub is_failing: bool,
    /// The target can be asked to check a batch without creating anything.
    pub can_check: bool,
    /// The target was asked, after an earlier attempt, something with which nothing is wrong.
    pub was_asked: bool,
    /// Whether the target answered that well now, if it was asked.
    pub answers_probe: Option<bool>,
    /// By all answers so far it is the record's fault, and not chance.
    pub is_blamed: bool,
}

/// What to do after a request that settled nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Send the same request again: after the usual wait, or `soon`.
    Again { soon: bool },
    /// Find out first whether the target answers well to what is right, and decide then.
    Ask,
    /// Send the same records again, in requests that keep to the bounds as they are now.
    WithinBounds,
    /// Two halves, to find the record at fault. `in_doubt` says whether the target may have carried out some of it.
    Halve { suspected: Suspected, in_doubt: bool },
    /// The only record of the request is rejected.
    Reject,
    /// The run stops; what is not settled stays unfinished.
    GiveUp(Reason),
}

/// From when on the successes of others say that it is these records, and not the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suspected {
    /// As was known of this batch before.
    AsBefore,
    /// From the first request with this batch on.
    SinceFirst,
    /// From now on; and the time that the target may fail until the run is given up begins anew, so that the halves can be tried. It
    /// does so once for a batch, and not at each split: there are as many splits as users.
    SinceNow,
}

/// Why a run stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The target does not let us in.
    NoAccess,
    /// It asks to wait for too long.
    AsksToWait,
    /// It keeps failing.
    Unreachable,
}

/// Decides over all facts.
pub(super) fn next(facts: &Facts) -> Next {
    match facts.failure {
        Failure::NoAccess => Next::GiveUp(Reason::NoAccess),
        Failure::TooLarge if !facts.is_alone && !facts.may_have_been_applied => Next::WithinBounds,
        Failure::TooLarge | Failure::Content => refused_as_sent(facts),
        // Of a request that takes so long nothing says that it is the records' fault.
        Failure::Timeout if !facts.is_alone && facts.timeouts >= TIMEOUTS_BEFORE_SPLIT => {
            Next::Halve { suspected: Suspected::AsBefore, in_doubt: true }
        }
        Failure::Throttled | Failure::Timeout | Failure::Breakdown | Failure::Gateway | Failure::Away => failed(facts),
    }
}

/// What was sent was refused: the same would be refused again.
///
/// A single record is at fault if the target says so in its own words, if others got through meanwhile, or, for one that was
/// alone from the beginning, if the target takes another one.
fn refused_as_sent(facts: &Facts) -> Next {
    if !facts.is_alone {
        let suspected = if facts.is_suspect { Suspected::AsBefore } else { Suspected::SinceFirst };
        return Next::Halve { suspected, in_doubt: facts.may_have_been_applied };
    }
    if facts.is_explained || facts.others_succeed {
        return Next::Reject;
    }
    match facts.answers_probe.filter(|_| !facts.is_suspect && facts.can_check) {
        Some(true) => Next::Reject,
        None if !facts.is_suspect && facts.can_check => Next::Ask,
        Some(false) | None => Next::GiveUp(Reason::NoAccess),
    }
}

/// The target failed: the same may succeed later, unless a record is the reason.
fn failed(facts: &Facts) -> Next {
    // Being refused for going too fast may pass sooner than the target says, and is doubted at first.
    if facts.wait == Wait::TooLong && (facts.is_failing || facts.failure != Failure::Throttled) {
        return Next::GiveUp(Reason::AsksToWait);
    }
    let may_be_at_fault = facts.failure.may_come_from_a_record() && facts.wait == Wait::Unknown;
    // It may be the only record there is to send, and then no other one succeeds.
    let may_be_blamed = facts.others_succeed || facts.may_go_by_probes;
    if facts.is_alone && may_be_at_fault && may_be_blamed && is_doubted(facts) {
        return match facts.answers_probe {
            None => Next::Ask,
            Some(_) if facts.is_blamed => Next::Reject,
            // The user is tried again soon, as long as the target answers others.
            Some(true) => Next::Again { soon: true },
            Some(false) if facts.is_failing => Next::GiveUp(Reason::Unreachable),
            Some(false) => Next::Again { soon: false },
        };
    }
    // Halves without the bad record succeed soon; the bad record itself still gets all its attempts.
    let enough = if facts.is_suspect { ATTEMPTS_OF_A_SUSPECT } else { ATTEMPTS_BEFORE_SPLIT };
    let was_tried_enough = facts.attempts >= enough;
    if !facts.is_alone && may_be_at_fault && (was_tried_enough || facts.is_failing) {
        // A batch may be split even if nothing else succeeds: it may be the only one. If the target breaks down and not a record, no
        // part succeeds, and nothing is rejected. Where a gateway fails, there may be nothing behind it: so a probe is sent first.
        let breaks_down = facts.failure == Failure::Breakdown;
        // The parts of what breaks down are split again without a probe, for as long as the target may fail.
        let may_go_by_probe = facts.may_go_by_probes && !(breaks_down && facts.is_suspect);
        let goes_by_probe = may_go_by_probe && facts.answers_probe == Some(true);
        if facts.others_succeed || breaks_down && !facts.is_failing || goes_by_probe {
            let suspected = if facts.is_suspect { Suspected::AsBefore } else { Suspected::SinceNow };
            return Next::Halve { suspected, in_doubt: true };
        }
        if may_go_by_probe && facts.answers_probe.is_none() {
            return Next::Ask;
        }
    }
    if facts.is_failing { Next::GiveUp(Reason::Unreachable) } else { Next::Again { soon: false } }
}

/// Whether a record that alone was not answered for was tried too often or for too long; and from then on.
const fn is_doubted(facts: &Facts) -> bool {
    facts.is_failing || facts.attempts >= facts.most_attempts || facts.was_asked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::decision_tree_for_tests::tree;

    /// A change of the facts.
    type Set = fn(&mut Facts);

    /// One kind of fact and all that it can be.
    type Kind = (&'static str, Vec<(&'static str, Set)>);

    fn yes_or_no(name: &'static str, no: Set, yes: Set) -> Kind {
        (name, vec![("no", no), ("yes", yes)])
    }

    /// What is known from the answer and the batch.
    fn kinds_of_answer() -> Vec<Kind> {
        vec![
            (
                "failure",
                vec![
                    ("no access", |facts| facts.failure = Failure::NoAccess),
                    ("too large", |facts| facts.failure = Failure::TooLarge),
                    ("content", |facts| facts.failure = Failure::Content),
                    ("throttled", |facts| facts.failure = Failure::Throttled),
                    ("timeout", |facts| facts.failure = Failure::Timeout),
                    ("breakdown", |facts| facts.failure = Failure::Breakdown),
                    ("gateway", |facts| facts.failure = Failure::Gateway),
                    ("away", |facts| facts.failure = Failure::Away),
                ],
            ),
            yes_or_no("alone", |facts| facts.is_alone = false, |facts| facts.is_alone = true),
            (
                "timeouts",
                vec![
                    ("1", |facts| facts.timeouts = TIMEOUTS_BEFORE_SPLIT - 1),
                    ("2", |facts| facts.timeouts = TIMEOUTS_BEFORE_SPLIT),
                ],
            ),
            (
                "wait",
                vec![
                    ("unknown", |facts| facts.wait = Wait::Unknown),
                    ("bearable", |facts| facts.wait = Wait::Bearable),
                    ("too long", |facts| facts.wait = Wait::TooLong),
                ],
            ),
            yes_or_no("explained", |facts| facts.is_explained = false, |facts| facts.is_explained = true),
        ]
    }

    /// What is known from before, and from asking.
    fn kinds_of_circumstances() -> Vec<Kind> {
        vec![
            yes_or_no("others succeed", |facts| facts.others_succeed = false, |facts| facts.others_succeed = true),
            yes_or_no("by probes", |facts| facts.may_go_by_probes = false, |facts| facts.may_go_by_probes = true),
            yes_or_no("failing", |facts| facts.is_failing = false, |facts| facts.is_failing = true),
            yes_or_no("suspect", |facts| facts.is_suspect = false, |facts| facts.is_suspect = true),
            (
                "attempts",
                vec![
                    ("2", |facts| facts.attempts = ATTEMPTS_OF_A_SUSPECT - 1),
                    ("3", |facts| facts.attempts = ATTEMPTS_OF_A_SUSPECT),
                    ("4", |facts| facts.attempts = ATTEMPTS_BEFORE_SPLIT - 1),
                    ("5", |facts| facts.attempts = ATTEMPTS_BEFORE_SPLIT),
                    ("all", |facts| facts.attempts = facts.most_attempts),
                ],
            ),
            yes_or_no(
                "may be applied",
                |facts| facts.may_have_been_applied = false,
                |facts| facts.may_have_been_applied = true,
            ),
            yes_or_no("can check", |facts| facts.can_check = false, |facts| facts.can_check = true),
            yes_or_no("was asked", |facts| facts.was_asked = false, |facts| facts.was_asked = true),
            (
                "well",
                vec![
                    ("not asked", |facts| facts.answers_probe = None),
                    ("no", |facts| facts.answers_probe = Some(false)),
                    ("yes", |facts| facts.answers_probe = Some(true)),
                ],
            ),
            yes_or_no("blamed", |facts| facts.is_blamed = false, |facts| facts.is_blamed = true),
        ]
    }

    const NOTHING: Facts = Facts {
        failure: Failure::NoAccess,
        wait: Wait::Unknown,
        is_alone: false,
        is_suspect: false,
        attempts: 0,
        most_attempts: 10,
        timeouts: 0,
        may_have_been_applied: false,
        is_explained: false,
        others_succeed: false,
        may_go_by_probes: false,
        is_failing: false,
        can_check: false,
        was_asked: false,
        answers_probe: None,
        is_blamed: false,
    };

    #[test]
    fn verdicts_over_every_combination_of_facts() {
        let kinds = [kinds_of_answer(), kinds_of_circumstances()].concat();
        let mut all = vec![NOTHING];
        for (_, values) in &kinds {
            let each = |facts: &Facts| {
                let facts = *facts;
                values.iter().map(move |(_, set)| {
                    let mut facts = facts;
                    set(&mut facts);
                    facts
                })
            };
            all = all.iter().flat_map(each).collect();
        }
        assert_eq!(all.len(), 8 * 2 * 2 * 3 * 2 * 2 * 2 * 2 * 2 * 5 * 2 * 2 * 2 * 3 * 2);
        let verdicts: Vec<Next> = all.iter().map(next).collect();
        let names = |(name, values): &Kind| (*name, values.iter().map(|(value, _)| *value).collect());
        let kinds: Vec<(&str, Vec<&str>)> = kinds.iter().map(names).collect();
        let mut lines = Vec::new();
        tree(&mut lines, 0, &kinds, &verdicts);
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_question_is_asked_once() {
        // With all other facts: once it is known whether the target is well, it is not asked again.
        for failure in [Failure::TooLarge, Failure::Content, Failure::Timeout, Failure::Breakdown, Failure::Gateway] {
            for bits in 0..1_u32 << 10 {
                let bit = |index: u32| bits >> index & 1 == 1;
                let facts = Facts {
                    failure,
                    wait: Wait::Unknown,
                    is_alone: true,
                    is_suspect: bit(0),
                    attempts: 10,
                    most_attempts: 10,
                    timeouts: 2,
                    may_have_been_applied: bit(1),
                    is_explained: bit(2),
                    others_succeed: bit(3),
                    is_failing: bit(4),
                    can_check: bit(5),
                    was_asked: bit(6),
                    answers_probe: Some(bit(7)),
                    is_blamed: bit(8),
                    may_go_by_probes: bit(9),
                };
                assert_ne!(next(&facts), Next::Ask, "{facts:?}");
            }
        }
    }
}
