//! A key that is there, as far as it may be shown.

/// A key that is there: what kind it is, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundKey {
    /// `live`, `test`, or nothing if the key does not say.
    pub kind: Option<&'static str>,
    /// The variable or the file.
    pub place: String,
}
