//! One thing of a tenant, and what becomes of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ItemKind;

/// What becomes of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It goes to the target as it is.
    Moved,
    /// It goes to the target, and somebody has to look whether it means the same there.
    Check,
    /// Somebody has to do something.
    ToDo,
    /// The target has nothing like it, or Clerk does not give it away.
    CannotMove,
}

impl Verdict {
    /// For people.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Check => "check",
            Self::ToDo => "to do",
            Self::CannotMove => "cannot move",
        }
    }
}

/// What somebody has to know of a thing beside its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable code.
    pub code: String,
    /// One sentence.
    pub sentence: String,
}

/// One thing of a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Clerk's id; of a part what no other part has.
    pub id: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub why: String,
    /// What it is at the target, as far as that is known.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub target: Map<String, Value>,
    /// What else is to be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Warning>,
    /// The `client_id` of the application that uses it: a decision of a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
    /// What a person wrote to it. It stays when the plan is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What it consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Item>,
}

impl Item {
    /// A thing without parts.
    pub(super) fn new(kind: ItemKind, id: impl Into<String>, verdict: Verdict, why: impl Into<String>) -> Self {
        let (name, target, warnings, assigned_to, note, parts) = Default::default();
        Self { kind, id: id.into(), name, verdict, why: why.into(), target, warnings, assigned_to, note, parts }
    }

    /// The item with a name.
    pub(super) fn named(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The item with something that is known of it at the target.
    pub(super) fn at_target(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.target.insert(name.to_owned(), value.into());
        self
    }

    /// The item with a warning.
    pub(super) fn warned(mut self, code: &str, sentence: &str) -> Self {
        self.warnings.push(Warning { code: code.to_owned(), sentence: sentence.to_owned() });
        self
    }

    /// The item with parts, in the order of their kinds and ids.
    pub(super) fn with_parts(mut self, parts: impl IntoIterator<Item = Self>) -> Self {
        self.parts.extend(parts);
        self.parts.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        self
    }

    /// It and all of which it consists.
    pub fn all(&self) -> Vec<&Self> {
        let parts = self.parts.iter().flat_map(Self::all);
        std::iter::once(self).chain(parts).collect()
    }
}
