//! Files of a run's directory that cannot be used: a sentence says which one it is, what it is for, what is wrong with it and
//! what to do.

use std::io;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The error about a file.
pub(super) fn fault(path: &Path, purpose: &str, problem: &str, advice: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("`{}`, {purpose}, {problem}; {advice}", path.display()))
}

/// Reads a JSON file; `None` if there is none. The error says what is wrong with it.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(run_file_problem(path, &error)),
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

/// What is wrong with a file of a run that cannot be read.
pub(super) fn run_file_problem(path: &Path, error: &io::Error) -> String {
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
