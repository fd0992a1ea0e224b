//! One line of `removed.ndjson`: what a run did about a membership that is missing, or about the tuple of its role.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::CreatedEarlier;
use crate::kind::Kind;

/// What was done, or found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovalKind {
    /// Removed, because it was missing.
    Removed,
    /// Left as it is: it is gone, or it is not the tool's own.
    Left,
    /// About to be removed. If nothing comes behind it, nobody knows whether it was.
    Removing,
}

impl RemovalKind {
    /// The last word about one comes first: all that a run says about one stands in this order.
    pub(super) const ALL: [Self; 3] = [Self::Removed, Self::Left, Self::Removing];
}

/// What a run did about a membership or a tuple. There is no `Debug`: external ids may be personal data.
#[derive(Clone, Serialize, Deserialize)]
pub struct Removal {
    /// What was done.
    pub change: RemovalKind,
    /// Whether it is a membership or a tuple.
    pub kind: Kind,
    /// Which one.
    pub known: CreatedEarlier,
    /// The external ids of the organization and the user, by which undo makes sure that they are still the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<[String; 2]>,
    /// The role that the member had at the target, for undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The metadata of the membership there, to the byte, for undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<RawValue>>,
}
