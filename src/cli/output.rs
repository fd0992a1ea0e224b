//! What is printed, and how: choices of options.

use clap::ValueEnum;

/// What standard output gets at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// For people: a dry run's previews, a list of runs; summaries go to standard error
    #[default]
    Text,
    /// One JSON object
    Json,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere; JSON lines with --log-format json
    #[default]
    Auto,
    /// A progress bar
    Bars,
    /// A line every few seconds
    Plain,
    /// A JSON object every second
    Json,
    /// Nothing
    None,
}
