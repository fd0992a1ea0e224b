//! One cell of a table.

use std::borrow::Cow;

use serde_json::Value;

/// One cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableCell<'a> {
    /// A text; an empty cell, or `null`, without one.
    Text(Option<Cow<'a, str>>),
    /// A number.
    Number(u64),
    /// Several words; in a CSV they have blanks between them.
    Words(Vec<&'a str>),
}

impl<'a> TableCell<'a> {
    /// A text that is there.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(Some(text.into()))
    }

    /// The text of the cell in a CSV.
    pub(super) fn csv(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => text.as_deref().unwrap_or_default().into(),
            Self::Number(number) => number.to_string().into(),
            Self::Words(words) => words.join(" ").into(),
        }
    }

    /// The cell as JSON.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_deref().into(),
            Self::Number(number) => (*number).into(),
            Self::Words(words) => words.clone().into(),
        }
    }
}
