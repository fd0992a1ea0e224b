//! How a server is reached: options of every command that connects to one.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

/// How a server is reached. Each command says under which heading of its help they stand.
#[derive(Clone, Debug, Default, Args)]
pub struct ConnectionOptions {
    /// How many seconds to wait for a server that fails or asks to wait; then the command stops with exit code 7
    /// [default: 180]
    #[arg(long, value_name = "SECONDS")]
    pub max_wait: Option<u64>,

    /// How many seconds connecting may take [default: 10]
    #[arg(long, value_name = "SECONDS")]
    pub connect_timeout: Option<NonZeroU32>,

    /// How many seconds a request may take, from its first byte to the answer's last [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub request_timeout: Option<NonZeroU32>,

    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
}
