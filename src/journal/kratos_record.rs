//! What `run.json` says of a Kratos, and of a Keto beside it.

use serde::{Deserialize, Serialize};

/// What has to be known of a Kratos. It decides what is sent, so a run that is resumed goes by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KratosRecord {
    /// The id of the identity schema, if one was named.
    pub schema: Option<String>,
    /// The trait that identities are known by, as in `trait:external_id`.
    pub key: String,
    /// What it calls providers, as in `google=google-oidc`.
    pub providers: Vec<String>,
    /// Hashers whose digests move although their form is not documented.
    #[serde(default)]
    pub assumed: Vec<String>,
    /// The Keto where the roles of its users go, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keto: Option<KetoRecord>,
    /// Whether organizations go into the metadata of their members.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub organizations_in_users: bool,
}

/// The two ports of a Keto.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KetoRecord {
    /// Where tuples are read.
    pub read: String,
    /// Where they are written.
    pub write: String,
}
