//! Values of which only the presence is kept.

use serde_json::value::RawValue;

use super::text::Text;

/// A secret string. Only its presence is kept.
#[derive(Clone, Copy, Debug)]
pub struct Secret {
    /// Whether the string is not empty.
    pub present: bool,
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Ok(Self { present: !text.is_empty() })
    }
}

/// A list, an object or a text that is never kept, only whether it has anything in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Whether there is anything in it.
    pub present: bool,
}

impl<'de> serde::Deserialize<'de> for Presence {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(<&RawValue>::deserialize(deserializer)?.get()))
    }
}

impl Presence {
    /// Of a value that is written like this.
    pub(super) fn of(json: &str) -> Self {
        let is_empty = |inside: &str| inside.trim_ascii().is_empty();
        let empty = [("[", "]"), ("\"", "\""), ("{", "}")].iter().any(|(open, close)| {
            json.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)).is_some_and(is_empty)
        });
        Self { present: !empty && json != "false" }
    }
}
