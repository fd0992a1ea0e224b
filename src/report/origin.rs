//! Who ran a job, when, and how.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::version::LONG_VERSION;

/// Who ran a job, when, and how.
#[derive(Clone, Debug, Serialize)]
pub struct InputOrigin {
    /// When the run began, RFC 3339.
    pub started: Option<String>,
    /// When this account of it was given, RFC 3339.
    pub ended: String,
    /// The user of the operating system, as far as the environment names one.
    pub user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The commit, the features and the platform of the program, a line each.
    pub build: &'static str,
    /// What the run went by. No secret is in it.
    pub settings: Map<String, Value>,
}

impl InputOrigin {
    /// What ends now and was run by this user.
    pub fn now(user: Option<String>, started: Option<String>, settings: Map<String, Value>) -> Self {
        let ended = jiff::Timestamp::now().to_string();
        Self { started, ended, user, host: host(), build: LONG_VERSION, settings }
    }
}

#[cfg(target_os = "linux")]
fn host() -> Option<String> {
    let system = rustix::system::uname();
    Some(system.nodename().to_string_lossy().into_owned()).filter(|name| !name.is_empty())
}

#[cfg(not(target_os = "linux"))]
fn host() -> Option<String> {
    None
}
