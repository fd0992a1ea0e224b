//! The steps of a migration, in their order.

use super::Step;
use crate::kind::Kind;
use crate::source::Input;

/// The steps of a migration: a step comes behind those whose ids it needs.
#[derive(Clone, Debug)]
pub struct MigrationPlan {
    steps: Vec<Step>,
}

impl MigrationPlan {
    /// The plan for the inputs of a run, which [`Self::in_order`] put in order: one step a kind.
    pub fn of<'a>(inputs: impl IntoIterator<Item = (Kind, &'a Input)>) -> Self {
        let mut steps = Vec::<Step>::new();
        for (index, (kind, input)) in inputs.into_iter().enumerate() {
            let name = input.name().to_string();
            match steps.last_mut().filter(|step| step.kind == kind) {
                Some(step) => {
                    step.inputs.end = index + 1;
                    step.names.push(name);
                }
                None => steps.push(Step { kind, inputs: index..index + 1, names: vec![name] }),
            }
        }
        Self { steps }
    }

    /// Puts inputs in the order in which their kinds need each other; those of a kind stay in the order in which they were named.
    pub fn in_order<T>(mut inputs: Vec<(Kind, T)>) -> Vec<(Kind, T)> {
        inputs.sort_by_key(|(kind, _)| *kind);
        inputs
    }

    /// The steps, the first one first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(inputs: &[(Kind, &str)]) -> Vec<String> {
        let inputs = inputs.iter().map(|(kind, name)| (*kind, Input::from_argument(name.as_ref()))).collect();
        let inputs = MigrationPlan::in_order(inputs);
        let plan = MigrationPlan::of(inputs.iter().map(|(kind, input)| (*kind, input)));
        plan.steps().iter().map(|step| format!("{:?}: {step}", step.inputs)).collect()
    }

    #[test]
    fn the_inputs_of_a_kind_are_one_step_in_the_order_in_which_they_were_named() {
        let users = ["b.json", "a.json", "-"].map(|name| (Kind::User, name));
        assert_eq!(plan(&users), ["0..3: users from b.json, a.json, -"]);
        assert!(plan(&[]).is_empty());
    }

    #[test]
    fn a_step_comes_behind_those_whose_ids_it_needs() {
        let inputs = [
            (Kind::RoleTuple, "m.json"),
            (Kind::Membership, "m.json"),
            (Kind::User, "u.json"),
            (Kind::Invitation, "i.json"),
            (Kind::Organization, "o.json"),
            (Kind::User, "v.json"),
        ];
        assert_eq!(
            plan(&inputs),
            [
                "0..2: users from u.json, v.json",
                "2..3: organizations from o.json",
                "3..4: memberships from m.json",
                "4..5: tuples from m.json",
                "5..6: invitations from i.json"
            ]
        );
    }
}
