//! The edge of the process: parse, prepare, run, exit code. Everything else is in the library.

use std::num::NonZeroUsize;
use std::process::ExitCode;

use avnology_migrate::{application, exit::ExitStatus};

/// glibc's allocator keeps memory for each thread, and more of it the longer a run takes: 35 MiB became 61 in ten million
/// users.
#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Readers and mappers have threads of their own. More of these would only make the allocator keep more memory.
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get) + 2;
    let runtime = match tokio::runtime::Builder::new_multi_thread().max_blocking_threads(threads).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return application::fail(&error.into(), ExitStatus::Unexpected).into(),
    };
    let status = runtime.block_on(application::run());
    // A reader blocked on standard input must not keep the process alive.
    runtime.shutdown_background();
    status.into()
}
