//! Stands in for the sandbox in a build without it, in which none can be started.

use std::future::{Ready, ready};
use std::path::PathBuf;

use secrecy::SecretString;

/// There is none.
#[derive(Debug)]
pub enum RunningSandbox {}

impl RunningSandbox {
    /// Where it would be.
    pub fn base_url(&self) -> String {
        match *self {}
    }

    /// There is nothing to end.
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

/// Says how to get one.
pub fn start_for(_: PathBuf, _: SecretString) -> Ready<Result<RunningSandbox, SandboxError>> {
    ready(Err(SandboxError::NotBuilt))
}
