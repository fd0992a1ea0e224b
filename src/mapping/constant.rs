//! A value that stands in the mapping file, for everybody.

use std::borrow::Cow;

use serde::Serialize;

/// A value that stands in the mapping file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Constant {
    /// Text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other finite number.
    Number(f64),
}

impl Constant {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            // As long as numbers get.
            Self::Flag(_) | Self::Integer(_) | Self::Number(_) => 24,
        }
    }

    /// As text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}
