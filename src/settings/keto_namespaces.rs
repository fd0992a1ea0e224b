//! What `--print-keto-namespaces` prints.

use super::SettingsError;
use crate::keto::namespaces;
use crate::mapping::{TupleRules, is_role};

/// A file of namespaces for Keto with these roles, in the namespace that tuples have if no mapping file says otherwise.
pub fn keto_namespaces(roles: &[String]) -> Result<String, SettingsError> {
    match roles.iter().find(|role| !is_role(role)) {
        Some(role) => Err(SettingsError::NoRole { role: role.clone() }),
        None => Ok(namespaces(&TupleRules::of_guide().namespace, roles)),
    }
}
