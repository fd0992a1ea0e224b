//! The edge of the process: its allocator and its exit code. Everything else is in the library: `lib.rs` draws it, and
//! follows one user from the file to the server.

use std::process::ExitCode;

use avnology_migrate::program;

/// glibc's allocator keeps memory for each thread, and more of it the longer a run takes: 35 MiB became 61 in ten million
/// users.
#[cfg(all(feature = "jemalloc", not(target_env = "msvc")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    program::run().into()
}
