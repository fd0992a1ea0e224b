//! Settings of the instance, one by one.

use serde_json::{Map, Value};

use super::{Item, ItemKind, Verdict};

/// Settings of organizations.
const OF_ORGANIZATIONS: &str = "organization_settings";

/// Settings whose values are written into the plan: switches, numbers and keys of roles.
const KNOWN: [&str; 20] = [
    "enabled",
    "max_allowed_memberships",
    "max_allowed_roles",
    "max_role_sets_allowed",
    "max_allowed_domains",
    "max_allowed_permissions",
    "creator_role",
    "admin_delete_enabled",
    "domains_enabled",
    "slug_disabled",
    "domains_enrollment_modes",
    "domains_default_role",
    "initial_role_set_key",
    "dynamic_oauth_client_registration",
    "default_scopes",
    "oauth_jwt_access_tokens",
    "client_id_metadata_documents_advertised",
    "client_id_metadata_documents_only_allow_pre_registered_clients",
    "client_id_metadata_documents_block_implicitly_allowed_clients",
    "environment_type",
];

/// The settings of an object with this name, each a thing of the plan.
pub(super) fn settings(of: &str, object: &Map<String, Value>) -> Vec<Item> {
    object.iter().filter(|(name, _)| *name != "object").map(|(name, value)| setting(of, name, value)).collect()
}

fn setting(of: &str, name: &str, value: &Value) -> Item {
    let is_known = KNOWN.contains(&name);
    let (verdict, why) = match name {
        "creator_role" | "domains_default_role" if of == OF_ORGANIZATIONS => {
            (Verdict::Check, "The role is a relation at the target: look whether members get it there.")
        }
        "domains_enrollment_modes" => (
            Verdict::ToDo,
            "Set up at the target how members of a domain join; the proof of each domain is to be repeated.",
        ),
        "dynamic_oauth_client_registration" => {
            (Verdict::ToDo, "If clients may register themselves, the target has to allow it, too.")
        }
        _ if is_known => (Verdict::ToDo, "Set it at the target if it matters to you: no call of the target takes it."),
        _ => (
            Verdict::ToDo,
            "This program does not know it, so its value is not written here: look at Clerk what it means.",
        ),
    };
    let item = Item::new(ItemKind::Setting, format!("{of}.{name}"), verdict, why);
    if is_known { item.at_target("value_at_clerk", value.clone()) } else { item }
}
