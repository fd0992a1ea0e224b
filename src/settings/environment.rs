//! The environment and `.env`, read once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use secrecy::SecretString;

use super::SettingsError;
use crate::avnology::KeySource;
use crate::journal::LockDirectory;

pub(super) const KEY: &str = "AVNOLOGY_SECRET_KEY";
const KEY_FILE: &str = "AVNOLOGY_SECRET_KEY_FILE";

/// Where programs keep state between runs, by the XDG Base Directory Specification.
const STATE_HOME: &str = "XDG_STATE_HOME";

/// The variables that concern us, from the process and from `.env`.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The `.env` file that the key was found in.
    key_in: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment and `.env` in `directory`, which never overrides it.
    pub fn read(directory: &Path) -> Result<Self, SettingsError> {
        let mut variables = BTreeMap::new();
        match std::fs::read_to_string(directory.join(".env")) {
            Ok(text) => variables.extend(read_dot_env(&text)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(SettingsError::DotEnv(error.to_string())),
        }
        let of_process: BTreeMap<_, _> = std::env::vars_os()
            .filter_map(|(name, value)| {
                let name = name.into_string().ok().filter(|name| is_ours(name) || super::shard::is_of_engine(name))?;
                Some((name, value.into_string().ok()?))
            })
            .collect();
        let key_in = (!of_process.contains_key(KEY)).then(|| directory.join(".env"));
        variables.extend(of_process);
        Ok(Self { variables, key_in })
    }

    /// These variables, and no `.env`.
    #[cfg(test)]
    pub(super) fn of(variables: BTreeMap<String, String>) -> Self {
        Self { variables, key_in: None }
    }

    /// A variable's value; an empty one counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// What stores of inputs are reached by, under the names that their makers gave it.
    pub(super) fn of_stores(&self) -> Vec<(String, String)> {
        let variables = self.variables.iter().filter(|(name, value)| is_of_store(name) && !value.trim().is_empty());
        variables.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Where the locks of targets are. The specification says to ignore a relative path.
    pub(super) fn locks(&self) -> LockDirectory {
        LockDirectory::of_user(self.get(STATE_HOME).map(PathBuf::from).filter(|path| path.is_absolute()))
    }

    /// The files that settings are read from.
    pub fn files(&self) -> Vec<PathBuf> {
        std::iter::once(PathBuf::from(".env")).chain(self.get(KEY_FILE).map(PathBuf::from)).collect()
    }

    /// Where the admin key is to be found, now and later.
    pub(super) fn key_source(&self) -> KeySource {
        let given = self.get(KEY).map(SecretString::from);
        match (self.get(KEY_FILE), &self.key_in) {
            (Some(file), _) if given.is_none() => KeySource::File(PathBuf::from(file)),
            (_, Some(dot_env)) if given.is_some() => {
                let dot_env = dot_env.clone();
                KeySource::Read(Arc::new(move || {
                    let text = std::fs::read_to_string(&dot_env).ok()?;
                    let variables = read_dot_env(&text).ok()?;
                    variables.into_iter().rfind(|(name, _)| name == KEY).map(|(_, value)| SecretString::from(value))
                }))
            }
            _ => KeySource::Given(given),
        }
    }

    pub(super) fn parse<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, SettingsError>
    where
        T::Err: fmt::Display,
    {
        let value = self.get(name).map(|value| value.trim().parse());
        value.transpose().map_err(|error: T::Err| SettingsError::Variable { name, problem: error.to_string() })
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("AVNOLOGY_") || name == STATE_HOME || is_of_store(name)
}

fn is_of_store(name: &str) -> bool {
    ["AWS_", "AZURE_", "GOOGLE_", "IDENTITY_ENDPOINT"].iter().any(|prefix| name.starts_with(prefix))
}

/// Reads the lines that concern us; the others belong to other programs, and may be in their own dialect.
fn read_dot_env(text: &str) -> Result<Vec<(String, String)>, SettingsError> {
    let ours = |line: &str| {
        let line = line.trim_start();
        is_ours(line.strip_prefix("export ").unwrap_or(line).trim_start())
    };
    let mut variables = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| ours(line)) {
        for variable in dotenvy::from_read_iter(line.as_bytes()) {
            // dotenvy's own message would repeat the line, which may hold the key.
            let wrong = |_| {
                SettingsError::DotEnv(format!("line {number} cannot be understood; put the value in single quotes"))
            };
            variables.push(variable.map_err(wrong)?);
        }
    }
    Ok(variables)
}
