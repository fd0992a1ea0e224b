//! What a user belongs to, for the sign-in page.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction};

use super::api_error::ApiError;
use super::permissions;

/// An organization of a user, and what the user is in it.
#[derive(Debug, Default)]
pub(super) struct Belonging {
    /// What people call the organization.
    pub organization: String,
    /// Each in words: `user`, `member as admin`, `permission admin`.
    pub roles: Vec<String>,
}

/// The organizations of a user, by name.
pub(super) fn belongings(transaction: &Transaction<'_>, user: &str) -> Result<Vec<Belonging>, ApiError> {
    let mut found: BTreeMap<String, Belonging> = BTreeMap::new();
    let mut add = |organization: String, role: String| -> Result<(), ApiError> {
        if !found.contains_key(&organization) {
            let name = name_of(transaction, &organization)?;
            found.insert(organization.clone(), Belonging { organization: name, roles: Vec::new() });
        }
        found.entry(organization).or_default().roles.push(role);
        Ok(())
    };
    for (organization, role) in
        pairs(transaction, user, "SELECT organization_id, role FROM members WHERE user_id = ?1")?
    {
        add(organization, format!("member as {role}"))?;
    }
    let of = "SELECT organization_id, '' FROM identities WHERE id = ?1 AND organization_id IS NOT NULL";
    for (organization, _) in pairs(transaction, user, of)? {
        add(organization, "user".to_owned())?;
    }
    for (object, relation) in permissions::relations(transaction, user)? {
        add(object, format!("permission {relation}"))?;
    }
    let mut belongings: Vec<Belonging> = found.into_values().collect();
    belongings.sort_by(|one, other| one.organization.cmp(&other.organization));
    Ok(belongings)
}

fn pairs(transaction: &Transaction<'_>, user: &str, sql: &str) -> Result<Vec<(String, String)>, ApiError> {
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What people call the organization with this id. A tuple may name one that does not exist.
fn name_of(transaction: &Transaction<'_>, organization: &str) -> Result<String, ApiError> {
    let mut statement =
        transaction.prepare_cached("SELECT coalesce(display_name, name) FROM organizations WHERE id = ?1")?;
    let name = statement.query_row([organization], |row| row.get(0)).optional()?;
    Ok(name.unwrap_or_else(|| organization.to_owned()))
}
