//! A permission as a tuple, and what is one.

use std::fmt;

use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::sandbox::api_error::ApiError;

/// Which subject has which relation to which object. Neither needs to exist.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::sandbox) struct PermissionTuple {
    pub namespace: String,
    pub object: String,
    pub relation: String,
    /// `namespace:object`, `namespace:object#relation`, or an object alone.
    pub subject: String,
}

impl PermissionTuple {
    /// A tuple from a row of its four columns, after the number.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { namespace: row.get(1)?, object: row.get(2)?, relation: row.get(3)?, subject: row.get(4)? })
    }

    /// The values of the columns, in order.
    pub(super) fn columns(&self) -> [&str; 4] {
        [&self.namespace, &self.object, &self.relation, &self.subject]
    }

    /// Refuses what is no tuple.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let is_word = |text: &str| {
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        };
        let is_object = |text: &str| {
            (1..=255).contains(&text.len()) && !text.contains([':', '#', '@']) && !text.contains(char::is_whitespace)
        };
        let (subject, relation) = match self.subject.split_once('#') {
            Some((subject, relation)) => (subject, Some(relation)),
            None => (self.subject.as_str(), None),
        };
        let (namespace, object) = match subject.split_once(':') {
            Some((namespace, object)) => (Some(namespace), object),
            None => (None, subject),
        };
        let is_subject = is_object(object) && namespace.is_none_or(is_word) && relation.is_none_or(is_word);
        for (field, is_good) in [
            ("permission.namespace", is_word(&self.namespace)),
            ("permission.object", is_object(&self.object)),
            ("permission.relation", is_word(&self.relation)),
            ("permission.subject", is_subject),
        ] {
            if !is_good {
                return Err(ApiError::field(field, "this is missing or malformed"));
            }
        }
        Ok(())
    }
}

impl fmt::Display for PermissionTuple {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, object, relation, subject } = self;
        write!(formatter, "{namespace}:{object}#{relation}@{subject}")
    }
}
