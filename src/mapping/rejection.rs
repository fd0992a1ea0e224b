//! Why a record does not become an identity.

use super::RejectCode;

/// Why a record does not become an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The stable code.
    pub code: RejectCode,
    /// The field at fault as Clerk names it, where there is one.
    pub field: Option<String>,
    /// A sentence for a person. It never repeats the record's content.
    pub message: String,
    /// For a record that is not JSON: where in it the fault is, line from 1 and byte offset from 0, both within it.
    pub place: Option<crate::source::Place>,
    /// Of a duplicate: the record that comes first.
    pub same_as: Option<FirstOfDuplicates>,
}

/// The one of two records that claim the same which stays: it comes first, mostly also in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstOfDuplicates {
    /// Index of its input.
    pub input: u16,
    /// Its number within that, from 1.
    pub number: u64,
    /// The line on which it starts, from 1.
    pub line: u64,
}

impl Rejection {
    /// A rejection because of one field.
    pub(crate) fn of_field(code: RejectCode, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::of_record(code, message) }
    }

    /// A rejection of the record as a whole.
    pub(crate) fn of_record(code: RejectCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into(), place: None, same_as: None }
    }
}
