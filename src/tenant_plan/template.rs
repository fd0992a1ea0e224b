//! Templates of tokens, taken apart claim by claim.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::claim::claims;
use super::{Item, ItemKind, Verdict};

/// Names of templates whose other side has settings of its own.
const CONSUMERS: [&str; 7] = ["convex", "supabase", "hasura", "firebase", "grafbase", "fauna", "nhost"];

/// What is read of a template.
#[derive(Debug, Deserialize)]
pub(super) struct Template {
    id: String,
    name: String,
    #[serde(default)]
    claims: Map<String, Value>,
    lifetime: Option<u64>,
    signing_algorithm: Option<String>,
    #[serde(default)]
    custom_signing_key: bool,
}

impl Template {
    /// It as a thing of the plan, with its claims.
    pub(super) fn item(self) -> Item {
        let why = "Build it from scopes and a claim resolver; code asks for it by name (`getToken({ template })`).";
        let mut template = Item::new(ItemKind::Template, self.id, Verdict::ToDo, why)
            .named(&self.name)
            .at_target("lifetime_at_clerk_seconds", self.lifetime.map_or(Value::Null, Value::from))
            .at_target("algorithm_at_clerk", self.signing_algorithm.map_or(Value::Null, Value::from));
        if self.custom_signing_key {
            template = template.warned(
                "custom_signing_key",
                "It is signed with a key of your own, which does not move: the other side needs the target's keys.",
            );
        }
        if CONSUMERS.contains(&self.name.to_ascii_lowercase().as_str()) {
            template = template.warned(
                "settings_of_the_other_side",
                "The service of this name has to trust the target: set its issuer, audience and key set.",
            );
        }
        template.with_parts(claims(&self.claims))
    }
}
