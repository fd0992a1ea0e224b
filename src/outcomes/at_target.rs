//! What a dry run found at the target.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::destination::Field;
use crate::source::Position;

/// How many records that differ are named; the file of `--findings` has them all.
const FIRST_POSITIONS: usize = 3;

/// Whether the target checked the users who are new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// It did, and created nobody.
    #[default]
    Done,
    /// The key may not ask it to.
    NotPermitted,
    /// It cannot check without creating.
    Unable,
}

/// What a dry run found at the target. Each user who was looked up is in exactly one of `new`, `equal` and `different`, or is
/// among the rejects of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AtTarget {
    /// What an import does with users who are there and differ: `skip`, `update` or `fail`.
    pub on_existing: &'static str,
    /// Identities at the target, those of others among them.
    pub identities: u64,
    /// Users who would be created.
    pub new: u64,
    /// Users who are there as the export has them.
    pub equal: u64,
    /// Users who are there and differ from the export.
    pub different: u64,
    /// In which fields, and how many of them.
    pub different_fields: BTreeMap<Field, u64>,
    /// Fields that users have and the target does not show.
    pub not_compared: BTreeMap<Field, u64>,
    /// The first records that differ.
    pub first_different: Vec<Position>,
    /// Whether the target checked the new users.
    pub validation: Validation,
    /// Scopes that an import needs and the key lacks.
    pub missing_scopes: Vec<&'static str>,
    /// The kind of the key: `live`, `test` or `unknown`; none without a key.
    pub key: Option<&'static str>,
}

impl AtTarget {
    /// Whether the key lacks a scope that an import needs.
    pub fn lacks_scopes(&self) -> bool {
        !self.missing_scopes.is_empty()
    }

    /// Users who were looked up and would not be refused.
    pub fn settled(&self) -> u64 {
        self.new + self.equal + self.different
    }

    /// Books a user who is there and differs in these fields.
    pub fn differs(&mut self, position: &Position, fields: &[Field]) {
        self.different += 1;
        for field in fields {
            *self.different_fields.entry(*field).or_default() += 1;
        }
        if self.first_different.len() < FIRST_POSITIONS {
            self.first_different.push(position.clone());
        }
    }
}
