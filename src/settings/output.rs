//! What standard error and the metrics get.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use super::SettingsError;
use crate::cli::{OutputOptions, ProgressStyle};
use crate::report::{Console, LogFormat, MetricsFile};

/// How often a program that watches hears of the progress.
const WATCHED_PROGRESS: Duration = Duration::from_secs(1);

/// How often a log does.
const LOGGED_PROGRESS: Duration = Duration::from_secs(10);

/// How progress is shown, decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgressMode {
    /// A bar.
    Bars,
    /// Lines for people.
    Plain,
    /// Lines for programs, every so often.
    Json(Duration),
    /// Nothing.
    None,
}

/// What standard error gets beside progress. A user who types `--verbose` sees something, even if the config file asks for quiet.
pub fn console(options: &OutputOptions) -> Console {
    Console::new(options.log_format, is_quiet(options))
}

/// Whether only news is printed.
pub(super) fn is_quiet(options: &OutputOptions) -> bool {
    options.quiet && options.verbose == 0
}

/// The metrics of a job, if they are asked for.
pub fn metrics(options: &OutputOptions, job: &'static str) -> Result<Option<Arc<MetricsFile>>, SettingsError> {
    let Some(path) = &options.metrics_file else { return Ok(None) };
    let file = MetricsFile::new(path, job).map_err(|source| SettingsError::Metrics { path: path.clone(), source })?;
    Ok(Some(Arc::new(file)))
}

/// How progress is shown: as was asked, else as fits.
pub(super) fn progress(arguments: &OutputOptions) -> ProgressMode {
    match arguments.progress {
        _ if is_quiet(arguments) => ProgressMode::None,
        ProgressStyle::Auto if arguments.log_format == LogFormat::Json => ProgressMode::Json(LOGGED_PROGRESS),
        // Log lines would tear a bar apart.
        ProgressStyle::Auto if std::io::stderr().is_terminal() && arguments.verbose == 0 => ProgressMode::Bars,
        ProgressStyle::Auto | ProgressStyle::Plain => ProgressMode::Plain,
        ProgressStyle::Bars => ProgressMode::Bars,
        ProgressStyle::Json => ProgressMode::Json(WATCHED_PROGRESS),
        ProgressStyle::None => ProgressMode::None,
    }
}
