//! What is known of a package.json.

use super::facts::Range;

/// An object in a JSON document, below the document's own.
#[derive(Clone, Debug)]
pub struct JsonSection {
    /// Its key.
    pub name: String,
    /// Between its braces.
    pub inner: Range,
    /// What is in it.
    pub entries: Vec<JsonEntry>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct JsonEntry {
    /// The key.
    pub key: String,
    /// From the key's quote to the end of the value.
    pub range: Range,
    /// The value, if it is a text.
    pub value: Option<String>,
}

/// What is known of a package.json.
#[derive(Clone, Debug, Default)]
pub struct PackageJson {
    /// Its `name`.
    pub name: Option<String>,
    /// Whether it has `workspaces`.
    pub has_workspaces: bool,
    /// Its objects.
    pub sections: Vec<JsonSection>,
}
