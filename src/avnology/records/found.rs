//! What was read back, in one form for all kinds: a list of what can be compared.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::destination::Comparable;
use crate::http::Body;

/// One that was found, in the names of [`Comparable`].
#[derive(Default, Serialize)]
pub(super) struct FoundRecord<'a> {
    pub external_id: &'a str,
    pub id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Cow<'a, str>>,
    /// The metadata, in which the mark of a run stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_metadata: Option<&'a RawValue>,
    #[serde(flatten)]
    pub times: Times,
}

/// The target says no times of these records: they count as nobody's change.
#[derive(Serialize)]
pub(super) struct Times {
    create_time: &'static str,
    update_time: &'static str,
}

impl Default for Times {
    fn default() -> Self {
        Self { create_time: "unknown", update_time: "unknown" }
    }
}

/// A list of those that were found.
pub(super) fn list_of(found: &[FoundRecord<'_>]) -> Body {
    #[derive(Serialize)]
    struct List<'a> {
        found: &'a [FoundRecord<'a>],
    }
    Body::from(serde_json::to_vec(&List { found }).unwrap_or_default())
}

/// Reads such a list, or one of organizations, and the token of the next page.
pub(super) fn read_found(body: &[u8]) -> Option<(Vec<Comparable<'_>>, Option<String>)> {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow, alias = "organizations")]
        found: Vec<Comparable<'a>>,
        #[serde(default)]
        next_page_token: Option<String>,
    }
    let list: List<'_> = serde_json::from_slice(body).ok()?;
    Some((list.found, list.next_page_token.filter(|token| !token.is_empty())))
}
