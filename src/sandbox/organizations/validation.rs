//! What the target requires of an organization. It is deliberately written apart from the importer's rules.

use super::request::OrganizationFields;
use crate::sandbox::api_error::ApiError;

/// Checks the fields that are present.
pub(super) fn check(fields: &OrganizationFields<'_>) -> Result<(), ApiError> {
    let wrong = |field, message: &str| Err(ApiError::field(field, message));
    for (field, name) in [("organization.name", &fields.name), ("organization.slug", &fields.slug)] {
        if name.as_deref().is_some_and(|name| !is_url_safe(name)) {
            return wrong(field, "this has 2 to 64 lower-case letters, digits and hyphens");
        }
    }
    if fields.display_name.as_deref().is_some_and(|name| name.is_empty() || name.chars().count() > 255) {
        return wrong("organization.display_name", "a display name has 1 to 255 characters");
    }
    if fields.external_id.as_deref().is_some_and(|id| id.is_empty() || id.chars().count() > 255) {
        return wrong("organization.external_id", "an external id has 1 to 255 characters");
    }
    let modes = ["open", "invite_only", "sso_only", "disabled"];
    if fields.registration_mode.as_deref().is_some_and(|mode| !modes.contains(&mode)) {
        return wrong("organization.registration_mode", "the mode is open, invite_only, sso_only or disabled");
    }
    for (field, object) in [
        ("organization.feature_flags", fields.feature_flags),
        ("organization.security_policies", fields.security_policies),
        ("organization.metadata", fields.metadata),
        ("organization.admin_metadata", fields.admin_metadata),
    ] {
        if object.is_some_and(|object| !object.get().starts_with('{')) {
            return wrong(field, "this must be an object");
        }
    }
    Ok(())
}

/// Checks a new organization, which must have a name.
pub(super) fn check_new(fields: &OrganizationFields<'_>) -> Result<(), ApiError> {
    if fields.name.is_none() {
        return Err(ApiError::field("organization.name", "a name is required"));
    }
    check(fields)
}

fn is_url_safe(name: &str) -> bool {
    (2..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
