//! One step of a migration.

use std::fmt;

use crate::kind::Kind;
use crate::source::Input;

/// All records of one kind: one run of the pipeline.
#[derive(Clone, Debug)]
pub struct Step {
    /// The kind.
    pub kind: Kind,
    /// Where they are, in the order in which that was said.
    pub inputs: Vec<Input>,
}

/// For people: `users from users.json, more.json`.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} from ", self.kind.plural())?;
        for (index, input) in self.inputs.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{}", input.name())?;
        }
        Ok(())
    }
}
