//! What becomes of a scope of an application.

use super::{Item, ItemKind, Verdict};

/// A scope of an application as a part of it.
pub(super) fn scope(name: &str) -> Item {
    use Verdict::{Check, Moved, ToDo};
    let (verdict, why) = match name {
        "openid" => (Moved, "The target documents this scope."),
        "email" | "profile" => (Check, "It is a standard scope of OpenID Connect; the target does not document it."),
        "offline_access" => {
            (Check, "The client gets the grant refresh_token; the target does not document the scope's name.")
        }
        "public_metadata" => (ToDo, "A custom claim resolver has to give the public and the unsafe metadata."),
        "private_metadata" => {
            (ToDo, "A custom claim resolver has to give it; at the target only administrators see it.")
        }
        "user:org:read" => {
            (Check, "At the target the client names the organization in `organization_id` when it asks.")
        }
        _ => (ToDo, "It is a scope of your own: define it at the target under the same name."),
    };
    Item::new(ItemKind::Scope, name, verdict, why).at_target("scope", name)
}
