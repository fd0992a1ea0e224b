//! One entry of the map.

use serde::{Deserialize, Serialize};

use crate::journal::LearnedId;
use crate::kind::Kind;

/// What Clerk and the target call the same one. There is no `Debug`: external ids may be personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownId {
    /// Of which kind it is.
    pub kind: Kind,
    /// The id at Clerk.
    pub clerk_id: String,
    /// The external id at the target, if that is another one.
    external_id: Option<String>,
    /// The target's own id.
    pub id: String,
}

impl KnownId {
    /// What a run learned of one of this kind.
    pub fn of(kind: Kind, LearnedId { clerk_id, external_id, id, .. }: LearnedId<'_>) -> Self {
        let external_id = (external_id != clerk_id).then(|| external_id.to_owned());
        Self { kind, clerk_id: clerk_id.to_owned(), external_id, id: id.to_owned() }
    }

    /// The external id at the target.
    pub fn external_id(&self) -> &str {
        self.external_id.as_deref().unwrap_or(&self.clerk_id)
    }

    /// The external id and the id at the target.
    pub(super) fn into_ids(self) -> (String, String) {
        (self.external_id.unwrap_or(self.clerk_id), self.id)
    }
}
