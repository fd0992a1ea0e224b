//! Which build this is. `build.rs` is the build script, which finds it out.

mod long_version;

pub use long_version::LONG_VERSION;
