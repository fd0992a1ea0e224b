//! What `avnology --version` prints behind the name.

/// The version, the commit, the features that are on, and the target that it was built for, each on its own line.
pub const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit:   ",
    env!("AVNOLOGY__COMMIT"),
    "\nfeatures: ",
    env!("AVNOLOGY__FEATURES"),
    "\ntarget:   ",
    env!("AVNOLOGY__TARGET"),
);
