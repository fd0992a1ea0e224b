//! The settings of a job that nobody watches.

use std::path::PathBuf;
use std::time::Duration;

use super::environment::KeyVariables;
use super::{Environment, SettingsError};
use crate::cli::{CACERT, JobOptions, NOTIFY_URL};
use crate::http::BaseUrl;
use crate::notify::{EndProgram, WatcherOptions};

/// When a job is stopped, and who hears of it.
#[derive(Clone, Debug)]
pub struct JobSettings {
    /// How long it may take.
    pub max_duration: Option<Duration>,
    /// The service that watches it.
    pub watcher: Option<WatcherOptions>,
    /// The program that is run when it has ended.
    pub on_end: Option<EndProgram>,
}

impl JobSettings {
    /// Resolves what was typed; `certificates` is what was typed for `--cacert`.
    pub fn resolve(
        options: &JobOptions,
        certificates: Option<PathBuf>,
        environment: &Environment,
    ) -> Result<Self, SettingsError> {
        let JobOptions { max_duration, notify_url, on_end } = options.clone();
        let watcher = match environment.or_variable(notify_url, NOTIFY_URL)? {
            None => None,
            Some(url) => {
                let certificates = environment.or_variable(certificates, CACERT)?;
                // There is a way through a proxy to what may be a target, too.
                let origin = url.origin().parse::<BaseUrl>().ok();
                let proxy = origin.map(|origin| environment.proxy(&origin)).transpose()?.flatten();
                Some(WatcherOptions { url, certificates, proxy })
            }
        };
        // The path of the service's address is as good as a key.
        let secrets = KeyVariables::ALL.into_iter().map(|names| names.key).chain(NOTIFY_URL.variable);
        let on_end = on_end.map(|program| EndProgram::new(program, secrets.collect()));
        Ok(Self { max_duration, watcher, on_end })
    }
}
