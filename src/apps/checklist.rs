//! What a person types into the dashboard of a target that has no methods for clients.

use std::fmt::Write;

use super::PlannedClient;

/// The entry of one application, as Markdown.
pub fn checklist_entry(client: &PlannedClient) -> String {
    let form = &client.form;
    let kind = if form.is_confidential() { "confidential (with a secret)" } else { "public (no secret, PKCE)" };
    let consent = if form.skip_consent { "without a consent screen" } else { "with a consent screen" };
    let mut text = format!(
        "- [ ] {} ({})\n  - type: {kind}, PKCE S256, {consent}\n  - client id, if it can be chosen: `{}`\n  - grants: {}\n  - scopes: \
         {}\n",
        form.client_name,
        client.application,
        form.client_id,
        form.grant_types.join(", "),
        form.scope
    );
    if let Some(uri) = &form.client_uri {
        push(&mut text, "page", uri);
    }
    for uri in &form.redirect_uris {
        push(&mut text, "redirect URI, byte for byte", uri);
    }
    for (uri, why) in &client.refused {
        push(&mut text, "not to be registered", &format!("{uri}: {why}"));
    }
    text
}

fn push(text: &mut String, name: &str, value: &str) {
    // A text takes all that is written.
    let written = writeln!(text, "  - {name}: {value}");
    debug_assert!(written.is_ok());
}
