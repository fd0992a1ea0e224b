//! What changes at Clerk until the switch and after it, and how long the way back is open.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Finding, Verification};
use crate::human::{count, plural};

/// How many days the guide keeps Clerk after the switch, for its audit log.
pub const DECOMMISSION_DAYS: i64 = 30;

/// Two readings closer together say little.
const APART: SignedDuration = SignedDuration::from_mins(10);

/// The commands that bring changes.
const BRING: &str = "avnology migrate clerk export --since EXPORT --out CHANGES && avnology migrate clerk --import CHANGES \
                     --on-existing update";

/// What Clerk said about its users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClerkReading {
    /// When it was asked.
    pub at: Timestamp,
    /// How many there are.
    pub total: u64,
    /// How many are new or changed since `since`; at least this many, if `is_all` is false.
    pub changed: u64,
    /// Whether all of them were counted.
    pub is_all: bool,
    /// From when on.
    pub since: Timestamp,
}

/// Whether at most `most` users have changed at Clerk since the last import.
pub fn changes(reading: &ClerkReading, most: u64) -> Finding {
    let ClerkReading { changed, is_all, since, .. } = reading;
    let (at_least, since) = (if *is_all { "" } else { "at least " }, since.strftime("%F %T UTC"));
    let sentence = format!("{at_least}{} new or changed at Clerk since {since}", plural(*changed, "user"));
    if *changed > most { Finding::failed(sentence).then(BRING) } else { Finding::ok(sentence) }
}

/// Whether nothing changes at Clerk any more after the switch.
pub fn clerk_is_still(flip: Option<Timestamp>, earlier: &[ClerkReading], now: &ClerkReading, most: u64) -> Finding {
    let Some(flip) = flip else {
        return Finding::needs_you("the switch is not recorded yet (record flip)");
    };
    let of_changes = changes(now, most);
    if now.changed > most {
        return of_changes;
    }
    let before = earlier.iter().find(|reading| reading.at >= flip && now.at.duration_since(reading.at) >= APART);
    let Some(before) = before else {
        let minutes = APART.as_mins();
        return Finding::needs_you(format!(
            "Clerk has {}; check again in {minutes} minutes, for only two readings show that nothing changes",
            plural(now.total, "user")
        ));
    };
    if now.total > before.total {
        let (was, is) = (count(before.total), count(now.total));
        let when = before.at.strftime("%F %T UTC");
        return Finding::failed(format!("Clerk had {was} users at {when} and has {is} now: something still uses it"));
    }
    Finding::ok(format!("Clerk has {}, no more than at {}", plural(now.total, "user"), before.at.strftime("%F %T UTC")))
}

/// Whether Clerk may go.
pub fn retention(flip: Option<Timestamp>, now: Timestamp) -> Finding {
    let Some(flip) = flip else {
        return Finding::needs_you("the switch is not recorded yet (record flip)");
    };
    let over = flip.checked_add(SignedDuration::from_hours(24 * DECOMMISSION_DAYS)).unwrap_or(Timestamp::MAX);
    let over_at = over.strftime("%F %T UTC");
    if now < over {
        Finding::failed(format!(
            "{DECOMMISSION_DAYS} days since the switch are over at {over_at}; keep Clerk until then"
        ))
    } else {
        Finding::ok(format!("{DECOMMISSION_DAYS} days since the switch were over at {over_at}"))
    }
}

/// What the way back costs.
pub fn back(flip: Option<Timestamp>, verification: Option<&Verification>) -> Finding {
    let Some(flip) = flip else {
        return Finding::ok("before the switch the way back costs nothing: the program sends only GET to Clerk");
    };
    match verification.filter(|found| found.at > flip) {
        Some(found) if found.is_finished && !found.is_selection => Finding::ok(format!(
            "{} at the target and not in the export at {}: the way back loses them, and what else changed there since the switch",
            plural(found.extra, "identity"),
            found.at.strftime("%F %T UTC")
        )),
        _ => Finding::failed(
            "nobody compared the target with the last export since the switch: who is new there would be lost on the way back, \
             and is not known",
        )
        .then("avnology migrate clerk verify --import EXPORT"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutover::Outcome;

    fn moment(minute: u32) -> Timestamp {
        format!("2026-11-26T03:{minute:02}:00Z").parse().expect("a moment")
    }

    fn reading(minute: u32, total: u64, changed: u64) -> ClerkReading {
        ClerkReading { at: moment(minute), total, changed, is_all: true, since: moment(0) }
    }

    #[test]
    fn changes_fail_above_what_is_allowed() {
        assert_eq!(changes(&reading(1, 9, 0), 0).outcome, Outcome::Ok);
        assert_eq!(changes(&reading(1, 9, 1), 0).outcome, Outcome::Failed);
        assert_eq!(changes(&reading(1, 9, 1), 1).outcome, Outcome::Ok);
    }

    #[test]
    fn clerk_is_still_by_two_readings_after_the_switch_that_are_apart() {
        let outcome = |flip: Option<u32>, earlier: &[ClerkReading], now: &ClerkReading| {
            clerk_is_still(flip.map(moment), earlier, now, 0).outcome
        };
        assert_eq!(outcome(None, &[reading(1, 9, 0)], &reading(20, 9, 0)), Outcome::NeedsYou);
        assert_eq!(outcome(Some(5), &[], &reading(20, 9, 0)), Outcome::NeedsYou);
        assert_eq!(outcome(Some(5), &[reading(1, 9, 0)], &reading(20, 9, 0)), Outcome::NeedsYou, "before the switch");
        assert_eq!(outcome(Some(5), &[reading(15, 9, 0)], &reading(20, 9, 0)), Outcome::NeedsYou, "too close");
        assert_eq!(outcome(Some(5), &[reading(6, 9, 0)], &reading(20, 9, 0)), Outcome::Ok);
        assert_eq!(outcome(Some(5), &[reading(6, 8, 0)], &reading(20, 9, 0)), Outcome::Failed, "one more");
        assert_eq!(outcome(Some(5), &[reading(6, 9, 0)], &reading(20, 9, 1)), Outcome::Failed, "one changed");
    }

    #[test]
    fn thirty_days_are_thirty_days() {
        let now: Timestamp = "2026-12-26T03:00:00Z".parse().expect("a moment");
        assert_eq!(retention(None, now).outcome, Outcome::NeedsYou);
        assert_eq!(retention(Some(moment(0)), now).outcome, Outcome::Ok);
        let early = retention(Some(moment(1)), now);
        assert_eq!(early.outcome, Outcome::Failed);
        assert!(early.sentence.contains("2026-12-26 03:01:00 UTC"), "{}", early.sentence);
    }
}
