//! Files of a run's directory that cannot be used: a sentence says which one it is, what it is for, what is wrong with it and
//! what to do.

use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::RunDirectory;

/// The error about a file.
pub(super) fn fault(path: &Path, purpose: &str, problem: &str, advice: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{}`, {purpose}, {problem}; {advice}", path.display()))
}

/// Reads a JSON file; `None` if there is none. The error says what is wrong with it.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if text.trim_ascii().is_empty() {
        return Err("is empty".to_owned());
    }
    serde_json::from_slice(&text).map(Some).map_err(|error| {
        of_another_version(&text).unwrap_or_else(|| match error.classify() {
            serde_json::error::Category::Eof => "is cut off".to_owned(),
            _ => format!("is damaged (line {}, column {})", error.line(), error.column()),
        })
    })
}

/// What is wrong with a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        _ if path.is_dir() => "is a directory".to_owned(),
        io::ErrorKind::NotFound => "is missing".to_owned(),
        _ => format!("cannot be read ({error})"),
    }
}

/// Says so if the file names the version that wrote it, and that is another one.
fn of_another_version(text: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Written {
        version: String,
    }
    let Written { version } = serde_json::from_slice(text).ok()?;
    let this = env!("CARGO_PKG_VERSION");
    (version != this).then(|| format!("was written by version {version} of this tool, and this is version {this}"))
}

impl RunDirectory {
    /// Looks for directories in the place of files that are written before a run goes on or when it ends: with them it could not
    /// end, and its account would be lost.
    pub fn check_places(&self) -> io::Result<()> {
        let files = [
            (self.first_pass(), "which says what the inputs are"),
            (self.blocks(), "which holds the hashes of the inputs' blocks"),
            (self.duplicates(), "which says which records repeat an earlier one"),
            (self.passwords(), "which holds the account of the joined passwords"),
            (self.report(), "the account of the run"),
        ];
        let wrong = files.into_iter().find(|(path, _)| path.is_dir());
        wrong.map_or(Ok(()), |(path, purpose)| {
            Err(fault(&path, purpose, "is a directory", "move it away, and the same command goes on"))
        })
    }
}
