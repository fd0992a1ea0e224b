//! A file on which the program failed.

/// A file on which the program failed: a bug, and the file is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// What happened.
    pub reason: String,
}

impl Fault {
    /// It failed with a panic.
    pub(super) fn on(path: &str) -> Self {
        Self { path: path.to_owned(), reason: "the program failed on this file".to_owned() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.reason)
    }
}
