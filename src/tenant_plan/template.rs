//! Templates of tokens, taken apart claim by claim.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::claim::claims;
use super::consumer::settings_of;
use super::{Item, ItemKind, Verdict, Warning};

/// What is read of a template.
#[derive(Debug, Deserialize)]
pub(super) struct TokenTemplateRecord {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub claims: Map<String, Value>,
    pub lifetime: Option<u64>,
    pub signing_algorithm: Option<String>,
    #[serde(default)]
    custom_signing_key: bool,
}

impl TokenTemplateRecord {
    /// It as a thing of the plan, with its claims.
    pub(super) fn item(self) -> Item {
        let why = "Build it from scopes and a claim resolver; code asks for it by name (`getToken({ template })`).";
        let warnings = self.warnings();
        let template = Item::new(ItemKind::Template, self.id, Verdict::ToDo, why)
            .named(&self.name)
            .at_target("lifetime_at_clerk_seconds", self.lifetime.map_or(Value::Null, Value::from))
            .at_target("algorithm_at_clerk", self.signing_algorithm.map_or(Value::Null, Value::from));
        Item { warnings, ..template }.with_parts(claims(&self.claims))
    }

    /// What is to be known of it beside its claims.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let key = self.custom_signing_key.then_some((
            "custom_signing_key",
            "It is signed with a key of your own, which does not move: the other side needs the target's keys.",
        ));
        let consumer = settings_of(&self.name).map(|sentence| ("settings_of_the_other_side", sentence));
        let warning = |(code, sentence): (&str, &str)| Warning { code: code.to_owned(), sentence: sentence.to_owned() };
        key.into_iter().chain(consumer).map(warning).collect()
    }
}
