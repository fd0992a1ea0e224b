//! Who is to blame when a user alone fails again and again: the user, or a target that fails most of what it is asked?
//!
//! Between one try of the user and the next, the target is asked something with which nothing is wrong. If chance alone
//! decided, the answers that came would be spread over both; that all of them came to the probes, and none to the user, gets
//! less likely with each one. A target that fails nearly everything thus makes the user be tried many times, and one that is
//! well only a few.

use std::time::Duration;

use crate::destination::Destination;

/// A user who fails alone is tried again this long after a probe was answered.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// The user is blamed when chance would do the same to fewer than one in this many cases.
const CHANCE: f64 = 1e-4;

/// What was asked between the tries of a user who alone failed too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probes {
    asked: u32,
    answered: u32,
}

impl Probes {
    /// The target was asked, and was well or not.
    pub(super) fn note_answer(&mut self, answers_probe: bool) {
        self.asked += 1;
        self.answered += u32::from(answers_probe);
    }

    /// Whether the target was asked at all.
    pub(super) fn were_asked(self) -> bool {
        self.asked > 0
    }

    /// Whether it is the user's fault, who failed so often: of all ways to spread the answers over the user's tries and the
    /// probes, the share of those in which the user got none.
    pub(super) fn is_user_to_blame(self, failed: u32) -> bool {
        let Self { asked, answered } = self;
        let share = |already: u32| f64::from(asked - already) / f64::from(failed + asked - already);
        (0..answered).map(share).product::<f64>() < CHANCE
    }
}

/// Asks a destination something with which nothing is wrong: whether it answers that.
pub(super) async fn answers_probe(destination: &dyn Destination) -> bool {
    let mut permit = destination.pace().admit().await;
    permit.depart().await;
    destination.answers_probe(permit).await
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a user is tried who always fails, of whom `share` of the probes say that the target fails, too; after ten
    /// tries before the first probe.
    fn tries(share: f64, seed: u64) -> u32 {
        let (mut dice, mut probes) = (fastrand::Rng::with_seed(seed), Probes::default());
        (11..10_000)
            .find(|failed| {
                probes.note_answer(dice.f64() >= share);
                probes.is_user_to_blame(*failed)
            })
            .expect("it ends")
    }

    #[test]
    fn a_user_is_soon_blamed_where_the_target_is_well_and_late_where_it_is_not() {
        assert!(!Probes::default().is_user_to_blame(1000), "nobody is blamed without a probe that was answered");
        assert_eq!(tries(0.0, 1), 15);
        for seed in 0..100 {
            assert!((20..400).contains(&tries(0.85, seed)), "{}", tries(0.85, seed));
        }
    }

    #[test]
    fn chance_blames_nobody() {
        // Users who fail as often as everything else, and have failed ten times already.
        let mut dice = fastrand::Rng::with_seed(7);
        let blamed = (0..2_000).filter(|_| {
            let mut probes = Probes::default();
            for failed in 11.. {
                probes.note_answer(dice.f64() >= 0.85);
                if dice.f64() >= 0.85 {
                    return false;
                }
                if probes.is_user_to_blame(failed) {
                    return true;
                }
            }
            false
        });
        assert!(blamed.count() <= 2);
    }
}
