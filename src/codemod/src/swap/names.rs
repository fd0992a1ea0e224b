//! What becomes of each imported name.

use serde::Serialize;

use crate::rules::Equivalent;

/// What becomes of an imported name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is not Clerk's.
    Foreign,
    /// It stays with Clerk.
    Left,
    /// It moves.
    Moved(Equivalent),
    /// Nothing uses it any more.
    Gone,
}

/// The same for the account: every name that is imported from `@clerk/*` is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It comes from Avnology's packages now.
    Moved,
    /// Its import went with the code that used it.
    Gone,
    /// It still comes from Clerk.
    Left,
}

/// A name that the code imports from a module of Clerk's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NameUse {
    /// The module.
    pub module: String,
    /// The name there; `*` and `default` for the module as a whole.
    pub name: String,
    /// Whether it is only a type.
    pub is_type: bool,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether a rule of the customer's moved it.
    pub by_own_rule: bool,
}
