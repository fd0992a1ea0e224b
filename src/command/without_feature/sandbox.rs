//! Stands in for `avnology sandbox` in a build without it.

use std::future::{Ready, ready};

use crate::cli::SandboxArguments;
use crate::sandbox::SandboxError;

/// Says how to get one.
pub fn run(_: SandboxArguments, _: impl Future<Output = ()>) -> Ready<Result<(), SandboxError>> {
    ready(Err(SandboxError::NotBuilt))
}
