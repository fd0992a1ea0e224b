//! The steps of a migration, in their order.

use std::collections::BTreeMap;

use super::Step;
use crate::kind::Kind;
use crate::source::Input;

/// The steps of a migration: a step comes behind those whose ids it needs.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    steps: Vec<Step>,
}

impl MigrationPlan {
    /// The plan for these inputs: one step a kind, with the inputs in the order in which they were named.
    pub fn of(inputs: impl IntoIterator<Item = (Kind, Input)>) -> Self {
        let mut by_kind = BTreeMap::<Kind, Vec<Input>>::new();
        for (kind, input) in inputs {
            by_kind.entry(kind).or_default().push(input);
        }
        // Kinds stand in the order in which they need each other.
        Self { steps: by_kind.into_iter().map(|(kind, inputs)| Step { kind, inputs }).collect() }
    }

    /// The steps, the first one first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_inputs_of_a_kind_are_one_step_in_the_order_in_which_they_were_named() {
        let inputs = ["b.json", "a.json", "-"].map(|name| (Kind::User, Input::from_argument(name.as_ref())));
        let plan = MigrationPlan::of(inputs);
        let steps: Vec<String> = plan.steps().iter().map(Step::to_string).collect();
        assert_eq!(steps, ["users from b.json, a.json, -"]);
        assert!(MigrationPlan::of([]).steps().is_empty());
    }
}
