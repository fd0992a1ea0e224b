//! Where the output of a command goes: standard output, standard error, the report and the metrics.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::{OutputError, SettingsError};
use crate::cli::{OutputFormat, OutputOptions, ProgressStyle};
use crate::report::{Console, LogFormat, MetricsFile, ReportPath, is_page};

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

/// Where the output of a command goes.
#[derive(Clone, Debug)]
pub struct OutputSettings {
    /// What standard output gets.
    pub format: OutputFormat,
    /// What standard error gets of the progress.
    pub progress: ProgressMode,
    /// What else standard error gets.
    pub console: Console,
    /// Metrics for Prometheus.
    pub metrics: Option<Arc<MetricsFile>>,
    /// A further place for the report.
    pub report: Option<PathBuf>,
    /// Whether the page of the report names people.
    pub names_people: bool,
    /// Where the report is, once it is written.
    pub report_path: ReportPath,
}

impl OutputSettings {
    /// What was typed. The metrics file is not there yet.
    pub fn new(options: &OutputOptions) -> Self {
        Self {
            format: options.format,
            progress: progress(options),
            console: Console::new(options.log_format, is_quiet(options)),
            metrics: None,
            report: options.report.clone(),
            names_people: options.report_personal_data,
            report_path: ReportPath::default(),
        }
    }

    /// Begins the metrics of a job, if they are asked for. They are there before all other settings: if these are wrong, that
    /// is to be seen in the metrics.
    pub fn with_metrics(self, options: &OutputOptions, job: &'static str) -> Result<Self, SettingsError> {
        let Some(path) = &options.metrics_file else { return Ok(self) };
        let file = MetricsFile::new(path, job);
        let file = file.map_err(|source| SettingsError::Metrics { path: path.clone(), source })?;
        Ok(Self { metrics: Some(Arc::new(file)), ..self })
    }
}

impl OutputSettings {
    /// Fails if the report should be a page: there is one of an import and of a dry run only.
    pub(super) fn without_page(&self) -> Result<(), OutputError> {
        let page = self.report.as_ref().filter(|path| is_page(path));
        page.map_or(Ok(()), |path| Err(OutputError::NoPage { path: path.clone() }))
    }
}

/// Whether only news is printed. A user who types `--verbose` sees something, even if the config file asks for quiet.
pub(super) fn is_quiet(options: &OutputOptions) -> bool {
    options.quiet && options.verbose == 0
}

/// How progress is shown: as was asked, else as fits.
fn progress(options: &OutputOptions) -> ProgressMode {
    match options.progress {
        _ if is_quiet(options) => ProgressMode::None,
        ProgressStyle::Auto if options.log_format == LogFormat::Json => ProgressMode::Json(LOGGED_PROGRESS),
        // Log lines would tear a bar apart.
        ProgressStyle::Auto if std::io::stderr().is_terminal() && options.verbose == 0 => ProgressMode::Bars,
        ProgressStyle::Auto | ProgressStyle::Plain => ProgressMode::Plain,
        ProgressStyle::Bars => ProgressMode::Bars,
        ProgressStyle::Json => ProgressMode::Json(WATCHED_PROGRESS),
        ProgressStyle::None => ProgressMode::None,
    }
}
