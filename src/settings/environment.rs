//! The environment and `.env`, read once.

mod dot_env;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use dot_env::read_dot_env;
pub(super) use keys::KeyVariables;

use super::SettingsError;
use super::engine::is_of_engine;
use crate::cli::{CLERK_SECRET_KEY, CLERK_URL, OptionRow};
use crate::http::{BaseUrl, Proxy, check_proxy};
use crate::journal::LockDirectory;

/// Where programs keep state between runs, by the XDG Base Directory Specification.
const STATE_HOME: &str = "XDG_STATE_HOME";

/// What names proxies, and where none is to be used: the first of each that is set.
const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL_PROXY: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// What names the user of the operating system: the first of these that is set.
const USER: [&str; 3] = ["USER", "LOGNAME", "USERNAME"];

/// Our own variables begin with it.
const OURS: &str = "AVNOLOGY_";

/// The variables that concern us, from the process and from `.env`.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The `.env` file, and which of the variables are in it and not in the process's environment.
    dot_env: PathBuf,
    of_dot_env: BTreeSet<String>,
    /// The config file, which is no less the user's.
    config_file: Option<PathBuf>,
}

impl Environment {
    /// Reads the process's environment and `.env` in `directory`, which never overrides it.
    pub fn read(directory: &Path) -> Result<Self, SettingsError> {
        let mut variables = BTreeMap::new();
        match std::fs::read(directory.join(".env")) {
            Ok(bytes) => {
                let no_text = |_| SettingsError::DotEnv("it is not UTF-8; save it as such".to_owned());
                variables.extend(read_dot_env(&String::from_utf8(bytes).map_err(no_text)?)?);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(SettingsError::DotEnv(error.to_string())),
        }
        let of_process = of_process()?;
        let of_dot_env = variables.keys().filter(|name| !of_process.contains_key(*name)).cloned().collect();
        variables.extend(of_process);
        Ok(Self { variables, dot_env: directory.join(".env"), of_dot_env, config_file: None })
    }

    /// These variables, and no `.env`.
    #[cfg(test)]
    pub(super) fn of(variables: BTreeMap<String, String>) -> Self {
        Self { variables, ..Self::default() }
    }

    /// The environment beside this config file.
    #[must_use]
    pub fn with_config_file(self, path: PathBuf) -> Self {
        Self { config_file: Some(path), ..self }
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

    /// The user of the operating system, as far as somebody names one.
    pub(super) fn user(&self) -> Option<String> {
        USER.iter().find_map(|name| self.get(name)).map(str::to_owned)
    }

    /// Where the locks of targets are. The specification says to ignore a relative path.
    pub(super) fn locks(&self) -> LockDirectory {
        LockDirectory::of_user(self.get(STATE_HOME).map(PathBuf::from).filter(|path| path.is_absolute()))
    }

    /// The files that settings are read from.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let key_files = KeyVariables::ALL.into_iter().filter_map(|names| self.get(names.file).map(PathBuf::from));
        [PathBuf::from(".env")].into_iter().chain(key_files).chain(self.config_file.clone()).collect()
    }

    /// The proxy on the way to a target. There is none to this machine.
    pub(super) fn proxy(&self, target: &BaseUrl) -> Result<Option<Proxy>, SettingsError> {
        let Some((name, value)) = self.https_proxy().filter(|_| !target.is_loopback()) else { return Ok(None) };
        let excluded = self.first_set(&NO_PROXY).map_or("", |(_, value)| value);
        Proxy::of(name, value, excluded, target).map_err(|problem| SettingsError::Proxy { name, problem })
    }

    /// Fails if there should be a proxy on the way to wherever, and nobody would notice it.
    pub(super) fn check_proxy(&self) -> Result<(), SettingsError> {
        let Some((name, value)) = self.https_proxy() else { return Ok(()) };
        check_proxy(value).map_err(|problem| SettingsError::Proxy { name, problem })
    }

    /// What says which proxy is used for https; one that is empty says that there is none.
    fn https_proxy(&self) -> Option<(&'static str, &str)> {
        let own = self.first_set(&HTTPS_PROXY).filter(|(_, value)| !value.trim().is_empty());
        own.or_else(|| self.first_set(&ALL_PROXY)).filter(|(_, value)| !value.trim().is_empty())
    }

    fn first_set(&self, names: &[&'static str]) -> Option<(&'static str, &str)> {
        names.iter().find_map(|name| Some((*name, self.variables.get(*name)?.as_str())))
    }

    /// What was typed, else what the option's variable says.
    pub(super) fn or_variable<T: FromStr>(
        &self,
        typed: Option<T>,
        option: OptionRow,
    ) -> Result<Option<T>, SettingsError>
    where
        T::Err: fmt::Display,
    {
        match (typed, option.variable) {
            (None, Some(variable)) => self.parse(variable),
            (typed, _) => Ok(typed),
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

/// The variables of the process that concern us. One that is no text must not be overlooked: it may name the target.
fn of_process() -> Result<BTreeMap<String, String>, SettingsError> {
    let mut variables = BTreeMap::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        if USER.contains(&name.as_str()) {
            variables.extend(value.into_string().ok().map(|value| (name, value)));
            continue;
        }
        let is_of_proxy = [HTTPS_PROXY, ALL_PROXY, NO_PROXY].as_flattened().contains(&name.as_str());
        if is_ours(&name) || is_of_proxy || is_of_engine(&name) {
            let Ok(value) = value.into_string() else { return Err(SettingsError::NoText { name }) };
            variables.insert(name, value);
        }
    }
    Ok(variables)
}

fn is_ours(name: &str) -> bool {
    let of_clerk = [Some(CLERK_SECRET_KEY), CLERK_URL.variable];
    name.starts_with(OURS)
        || name == STATE_HOME
        || is_of_store(name)
        || of_clerk.into_iter().flatten().any(|ours| name.starts_with(ours))
}

fn is_of_store(name: &str) -> bool {
    ["AWS_", "AZURE_", "GOOGLE_", "IDENTITY_ENDPOINT"].iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_env_never_overrides_the_environment_and_is_not_quoted_in_errors() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".env"), "AVNOLOGY_RATE=7/s\n").unwrap();
        assert_eq!(Environment::read(directory.path()).unwrap().get("AVNOLOGY_RATE"), Some("7/s"));
        std::fs::write(directory.path().join(".env"), "SITE_NAME=My App\nexport AVNOLOGY_RATE='8/s'\n").unwrap();
        let other_programs = Environment::read(directory.path()).unwrap();
        assert_eq!(other_programs.get("AVNOLOGY_RATE"), Some("8/s"));
        std::fs::write(directory.path().join(".env"), "AVNOLOGY_SECRET_KEY=\"sk_live_secret\n").unwrap();
        let error = Environment::read(directory.path()).err().unwrap().to_string();
        assert!(!error.contains("sk_live_secret"), "{error}");
    }
}
