//! Where keys come from: a variable, a file that a variable names, or `.env`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::super::SettingsError;
use super::super::found_key::FoundKey;
use super::Environment;
use super::dot_env::read_dot_env;
use crate::cli::{
    CLERK_SECRET_KEY, CLERK_SECRET_KEY_FILE, HYDRA_TOKEN, HYDRA_TOKEN_FILE, KRATOS_TOKEN, KRATOS_TOKEN_FILE,
    SECRET_KEY, SECRET_KEY_FILE,
};
use crate::http::{KeySource, check_key};

/// The variables that a key comes from.
#[derive(Clone, Copy, Debug)]
pub(in crate::settings) struct KeyVariables {
    /// The one that holds it.
    pub key: &'static str,
    /// The one that names a file with it.
    pub file: &'static str,
    /// What messages call the key.
    pub called: &'static str,
}

impl KeyVariables {
    /// Of the target's key.
    pub(in crate::settings) const ADMIN: Self =
        Self { key: SECRET_KEY, file: SECRET_KEY_FILE, called: "the admin key" };

    /// Of the token of a gateway before Kratos.
    pub(in crate::settings) const KRATOS: Self =
        Self { key: KRATOS_TOKEN, file: KRATOS_TOKEN_FILE, called: "the token for Kratos" };

    /// Of the token of a gateway before Hydra.
    pub(in crate::settings) const HYDRA: Self =
        Self { key: HYDRA_TOKEN, file: HYDRA_TOKEN_FILE, called: "the token for Hydra" };

    /// Of the key of Clerk's API.
    pub(in crate::settings) const CLERK: Self =
        Self { key: CLERK_SECRET_KEY, file: CLERK_SECRET_KEY_FILE, called: "Clerk's key" };

    /// All of them.
    pub(in crate::settings) const ALL: [Self; 4] = [Self::ADMIN, Self::KRATOS, Self::HYDRA, Self::CLERK];
}

impl Environment {
    /// Where a key is to be found, now and later.
    pub(in crate::settings) fn key_source(&self, names: KeyVariables) -> KeySource {
        let given = self.get(names.key).map(SecretString::from);
        match self.get(names.file) {
            Some(file) if given.is_none() => KeySource::File(PathBuf::from(file)),
            _ if given.is_some() && self.of_dot_env.contains(names.key) => {
                let dot_env = self.dot_env.clone();
                KeySource::Read(Arc::new(move || {
                    let text = std::fs::read_to_string(&dot_env).ok()?;
                    let variables = read_dot_env(&text).ok()?;
                    variables
                        .into_iter()
                        .rfind(|(name, _)| name == names.key)
                        .map(|(_, value)| SecretString::from(value))
                }))
            }
            _ => KeySource::Given(given),
        }
    }

    /// The key that is there now, if there is one. Warns if everybody on this machine can read it.
    pub(in crate::settings) fn checked_key(
        &self,
        source: &KeySource,
        names: KeyVariables,
    ) -> Result<Option<SecretString>, SettingsError> {
        let KeyVariables { file: variable, called, .. } = names;
        let Some(key) = source.read().map_err(|source| SettingsError::KeyFile { variable, source })? else {
            return Ok(None);
        };
        check_key(&key).map_err(|fault| SettingsError::Key { called, place: self.key_place(names), fault })?;
        self.warn_of_readers(names);
        Ok(Some(key))
    }

    /// The key that is there now, as far as it may be shown.
    pub(in crate::settings) fn found_key(&self, names: KeyVariables) -> Result<Option<FoundKey>, SettingsError> {
        let Some(key) = self.checked_key(&self.key_source(names), names)? else { return Ok(None) };
        let begins = |kind: &str| ["sk", "ak"].map(|begin| format!("{begin}_{kind}_"));
        let is = |kind: &str| begins(kind).iter().any(|begin| key.expose_secret().trim().starts_with(begin.as_str()));
        let kind = ["live", "test"].into_iter().find(|kind| is(kind));
        Ok(Some(FoundKey { kind, place: self.key_place(names) }))
    }

    /// What messages call the place that a key comes from.
    fn key_place(&self, names: KeyVariables) -> String {
        let KeyVariables { key, file: key_file, .. } = names;
        match (self.get(key), self.get(key_file)) {
            (None, Some(file)) => format!("`{file}` ({key_file})"),
            (Some(_), _) if self.of_dot_env.contains(key) => format!("`.env` ({key})"),
            _ => key.to_owned(),
        }
    }

    /// Warns if everybody on this machine can read the file that a key is in.
    fn warn_of_readers(&self, names: KeyVariables) {
        let file = match (self.get(names.key), self.get(names.file)) {
            (Some(_), _) => self.of_dot_env.contains(names.key).then(|| self.dot_env.clone()),
            (None, file) => file.map(PathBuf::from),
        };
        let Some(file) = file.filter(|file| can_all_read(file)) else { return };
        let (file, called) = (file.strip_prefix(".").unwrap_or(&file).display(), names.called);
        tracing::warn!("everybody on this machine can read {called} in `{file}`; `chmod 600 {file}` ends that");
    }
}

#[cfg(unix)]
fn can_all_read(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|data| std::os::unix::fs::PermissionsExt::mode(&data.permissions()) & 0o004 != 0)
}

#[cfg(not(unix))]
fn can_all_read(_: &Path) -> bool {
    false
}
