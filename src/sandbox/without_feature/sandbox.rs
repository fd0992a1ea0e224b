//! Stands in for the sandbox in a build without it. No sandbox can be started.

use std::future::{Ready, ready};
use std::path::PathBuf;

use secrecy::SecretString;

/// No value of this type exists.
#[derive(Debug)]
pub enum RunningSandbox {}

impl RunningSandbox {
    /// The base URL of a running sandbox.
    pub fn base_url(&self) -> String {
        match *self {}
    }

    /// Ends a running sandbox.
    pub fn shutdown(self) -> Ready<()> {
        match self {}
    }
}

/// Why a sandbox cannot run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// This build leaves it out.
    #[error("this build has no sandbox; build it with `cargo install --path . --features sandbox`")]
    NotBuilt,
}

/// Returns the error that says how to get a build with the sandbox.
pub fn start_for(_: PathBuf, _: SecretString) -> Ready<Result<RunningSandbox, SandboxError>> {
    ready(Err(SandboxError::NotBuilt))
}
