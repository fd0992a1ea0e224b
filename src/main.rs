//! The edge of the process: parse, prepare, run, exit code. Everything else is in the library.

use std::process::ExitCode;

use avnology_migrate::{application, exit::ExitStatus};

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return application::fail(&error.into(), ExitStatus::Unexpected).into(),
    };
    let status = runtime.block_on(application::run());
    // A reader blocked on standard input must not keep the process alive.
    runtime.shutdown_background();
    status.into()
}
