//! A token template, in the form from which a claim resolver can be built.

use serde::Serialize;

use super::template::TokenTemplateRecord;
use super::token_claim::{TokenClaim, token_claims};
use super::token_example::{Example, ExampleUser};
use super::{UnreadableRecord, Warning};
use crate::export::ExportKind;

/// A token template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenTemplate {
    /// Its name, by which code asks for it.
    pub template: String,
    /// Its id at Clerk.
    pub id: String,
    /// How long a token is good for, at Clerk.
    pub lifetime_seconds: Option<u64>,
    /// The algorithm by which Clerk signs it.
    pub algorithm: Option<String>,
    /// What else is to be known.
    pub warnings: Vec<Warning>,
    /// Its claims.
    pub claims: Vec<TokenClaim>,
}

impl TokenTemplate {
    /// Takes a record of an export apart.
    pub fn read(record: &[u8]) -> Result<Self, UnreadableRecord> {
        let template: TokenTemplateRecord = super::plan_builder::read(ExportKind::JwtTemplates, record)?;
        let (warnings, claims) = (template.warnings(), token_claims(&template.claims));
        let TokenTemplateRecord { id, name, lifetime, signing_algorithm, .. } = template;
        Ok(Self { template: name, id, lifetime_seconds: lifetime, algorithm: signing_algorithm, warnings, claims })
    }

    /// The template with what each claim is for a user.
    #[must_use]
    pub fn with_example(mut self, user: ExampleUser<'_>) -> Self {
        for claim in &mut self.claims {
            claim.example = Some(Example::of(&claim.original, user));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_is_what_a_resolver_needs() {
        let record = json!({"id": "jtmp_1", "name": "Supabase", "lifetime": 60, "claims": {
            "aud": "authenticated", "app_metadata": {"role": "{{user.public_metadata.role}}"},
            "hi": "Hi {{user.first_name || 'you'}}", "list": [1, "{{user.id}}"], "by": "{{org.role || 4}}",
        }});
        let template = TokenTemplate::read(record.to_string().as_bytes()).expect("a template");
        let found = serde_json::to_value(&template).expect("JSON");
        let why = |index: usize| found["claims"][index]["why"].clone();
        let [email, name, role] = [
            ("user.id", "admin_metadata.clerk.id", None),
            ("user.first_name", "first_name", Some("profile")),
            ("user.public_metadata.role", "traits.public_metadata.role", None),
        ]
        .map(|(shortcode, source, scope)| json!({"shortcode": shortcode, "source": source, "scope": scope}));
        let expected = json!([
            {"path": ["app_metadata", "role"], "kind": "shortcode", "shortcode": role["shortcode"], "source": role["source"],
             "scope": null, "automatic": false, "why": why(0)},
            {"path": ["aud"], "kind": "static", "value": "authenticated", "automatic": true, "why": why(1)},
            {"path": ["by"], "kind": "conditional", "automatic": false, "why": why(2),
             "first_of": [{"shortcode": "org.role", "source": null, "scope": null}, {"value": 4}]},
            {"path": ["hi"], "kind": "interpolated", "automatic": false, "why": why(3),
             "pieces": [{"text": "Hi "}, {"first_of": [name, {"value": "you"}]}]},
            {"path": ["list"], "kind": "list", "automatic": false, "why": why(4), "entries": [
                {"kind": "static", "value": 1},
                {"kind": "shortcode", "shortcode": email["shortcode"], "source": email["source"], "scope": null}]},
        ]);
        assert_eq!(found["claims"], expected);
        assert!(
            found["warnings"][0]["sentence"].as_str().is_some_and(|text| text.starts_with("Supabase has to trust"))
        );
    }
}
