//! Whether a list comes to no end, because its pages come again and again.

/// Finds out that a sequence repeats itself while one member of it is kept (R. P. Brent, 1980): the one that is kept is
/// replaced after 1, 2, 4, 8 … steps, so that in the end it lies within the cycle and comes again.
#[derive(Debug, Default)]
pub(crate) struct RepeatingList {
    kept: String,
    steps: u64,
    until: u64,
}

impl RepeatingList {
    /// Whether the sequence is known to repeat itself now.
    pub(crate) fn closes_with(&mut self, token: &str) -> bool {
        if self.until > 0 && self.kept == token {
            return true;
        }
        self.steps += 1;
        if self.steps > self.until {
            token.clone_into(&mut self.kept);
            (self.steps, self.until) = (0, (2 * self.until).max(1));
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cycle_is_found_soon_wherever_it_begins_and_nothing_else_is_one(lead in 0u64..200, length in 1u64..200) {
            let mut cycle = RepeatingList::default();
            let token = |step: u64| if step < lead { step } else { lead + (step - lead) % length };
            let found = (0u64..10_000).find(|step| cycle.closes_with(&token(*step).to_string())).unwrap();
            prop_assert!(found >= lead + length, "not before a token came again: {found}");
            prop_assert!(found <= 4 * (lead + length) + 4, "{found} steps for {lead} and {length}");
            let mut line = RepeatingList::default();
            prop_assert!(!(0..2_000u64).any(|step| line.closes_with(&step.to_string())));
        }
    }
}
