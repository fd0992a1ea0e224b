//! A record that shares a verified address or number.

use serde::Serialize;

use super::counts::SameAs;
use crate::source::Position;

/// A record that has a verified address or number that another one has, too. Both are imported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SharingRecord {
    /// Where it stands.
    #[serde(flatten)]
    pub position: Position,
    /// The other one.
    pub same_as: SameAs,
}
