//! What was typed, what the environment says and what the defaults are, resolved into one set of settings.
//!
//! Flags win over the environment, the environment over `.env`, that over the config file, and that over the defaults. This
//! is the only module that reads the environment.

mod config;
mod engine;
mod environment;
mod error;
mod export;
mod import;
mod output;
mod output_error;
mod outputs;
mod run;
mod secrets;
mod shard;

pub use config::{CommandLineError, DEFAULT_CONFIG_FILE, command_line};
pub use engine::ShardError;
pub use environment::Environment;
pub use error::SettingsError;
pub use export::ExportSettings;
pub use import::{Destination, ImportSettings, Sample, Undo, WhichRun, runs_directory};
pub use output::{ProgressMode, console, metrics};
pub use output_error::OutputError;
