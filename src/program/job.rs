//! A job: a command that takes a while, can be interrupted, and may be watched.

use std::path::PathBuf;

use super::failed::{Failed, with_causes};
use crate::cli::OutputOptions;
use crate::command::{CommandError, log_peak};
use crate::exit::ExitStatus;
use crate::logging;
use crate::notify::{EndProgram, Watcher, WatcherError, WatcherOptions};
use crate::settings::{Environment, JobSettings, OutputSettings, SettingsError};
use crate::signal::{Signal, Signals};

/// A job that is about to run.
pub(super) struct RunningJob {
    /// Its name, for metrics and for the service that watches it.
    name: &'static str,
    /// Where its output goes.
    pub output: OutputSettings,
    settings: JobSettings,
}

impl RunningJob {
    /// Starts the log and the metrics of a job. If the metrics cannot be written, or its settings are wrong, it says so.
    pub(super) fn start(
        (options, certificates): (&OutputOptions, Option<PathBuf>),
        name: &'static str,
        environment: &Environment,
    ) -> Option<Self> {
        logging::start(options.verbose, options.log_format);
        let output = OutputSettings::new(options);
        let console = output.console;
        let settings = JobSettings::resolve(&options.job, certificates, environment);
        let started = settings.and_then(|settings| Ok((settings, output.with_metrics(options, name)?)));
        match started {
            Ok((settings, output)) => Some(Self { name, output, settings }),
            Err(error) => {
                console.error(&with_causes(&error.into()));
                None
            }
        }
    }

    /// Runs the job with its settings, if they are right, and says in the metrics and to others how it ended.
    pub(super) async fn run<S>(
        self,
        settings: Result<S, SettingsError>,
        command: impl AsyncFnOnce(S, Signals) -> Result<ExitStatus, CommandError>,
    ) -> ExitStatus {
        let Self { name, output, settings: JobSettings { max_duration, watcher, on_end } } = self;
        let OutputSettings { console, metrics, report_path, .. } = output;
        // A metrics file that is something else, too, is left alone.
        let metrics = metrics.filter(|_| !matches!(settings, Err(SettingsError::Output(_))));
        let watcher = watcher.as_ref().map(|options: &WatcherOptions| Watcher::start(options, name));
        let run = async {
            let settings = settings.map_err(|error| {
                let status = error.exit_status();
                Failed::from((error.into(), status))
            })?;
            let signals =
                Signals::listen(max_duration, leave).map_err(|error| (error.into(), ExitStatus::Unexpected))?;
            command(settings, signals).await.map_err(|error| {
                let status = error.exit_status();
                Failed::from((error.into(), status))
            })
        };
        let status = run.await.unwrap_or_else(|(error, status)| {
            console.error(&with_causes(&error));
            status
        });
        log_peak();
        if let Some(metrics) = metrics {
            metrics.end(status);
        }
        for fault in tell_others(watcher, on_end, report_path.path(), status).await {
            console.error(&format!("{}; the exit code stays {}", with_causes(&fault), status.code()));
        }
        status
    }
}

/// Says to the service that watches, and to the user's program, how the job ended. Returns what of it failed.
async fn tell_others(
    watcher: Option<Result<Watcher, WatcherError>>,
    on_end: Option<EndProgram>,
    report: Option<&std::path::Path>,
    status: ExitStatus,
) -> Vec<anyhow::Error> {
    let mut faults: Vec<anyhow::Error> = match watcher {
        None => Vec::new(),
        Some(Err(error)) => vec![error.into()],
        Some(Ok(watcher)) => watcher.end(status).await.into_iter().map(Into::into).collect(),
    };
    if let Some(program) = on_end
        && let Err(error) = program.run(report, status).await
    {
        faults.push(error.into());
    }
    faults
}

/// The third signal: the user does not want to wait for anything any more.
#[expect(clippy::exit, reason = "the third signal ends the process at once, in the middle of all work")]
pub(super) fn leave(signal: Signal) {
    std::process::exit(i32::from(ExitStatus::of_signal(signal).code()));
}
