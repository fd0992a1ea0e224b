//! One step of a migration.

use std::fmt;
use std::ops::Range;

use crate::kind::Kind;

/// All records of one kind: one run of the pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The kind.
    pub kind: Kind,
    /// Which of the run's inputs they are in.
    pub inputs: Range<usize>,
    /// What these are called.
    pub(super) names: Vec<String>,
}

/// For people: `users from users.json, more.json`.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} from {}", self.kind.plural(), self.names.join(", "))
    }
}
