//! `avnology migrate clerk --import`: preflight, pipeline, report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::UndoError;
use super::duplicates;
use super::objects;
use super::passwords;
use super::prepare::{PrepareError, Prepared, prepare};
use super::recall::{Recalled, recall};
use super::target::{Target, at_target, connect};
use crate::avnology::{Capabilities, Client, Paced, TargetError, preflight};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::index::DuplicateFinder;
use crate::journal::{LockError, RunRecord, replace_private};
use crate::pace::Pace;
use crate::passwords::PasswordsError;
use crate::pipeline::{self, Delivery, DuplicateCheck, Job, Ledger, MemoryBound, StopReason, peak_memory, room};
use crate::report::{
    Bars, Console, JsonLines, Measured, PlainLines, Reporter, RunDetails, RunReport, Silent, write_summary,
};
use crate::sandbox::SandboxError;
use crate::settings::{Destination, ImportSettings, Progress};
use crate::signal::{Signal, Signals};

const MEBIBYTE: u64 = 1024 * 1024;

/// Why an import did not even start, or could not report.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The target is of no use.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The embedded target cannot be started.
    #[error("the sandbox cannot be started")]
    Sandbox(#[from] SandboxError),
    /// The run is not undone.
    #[error(transparent)]
    Undo(#[from] UndoError),
    /// The run cannot begin, or not go on.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// A file of the run cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The passwords that the users lack cannot be read.
    #[error(transparent)]
    Passwords(#[from] PasswordsError),
    /// The input cannot be looked through.
    #[error(transparent)]
    Search(#[from] StopReason),
    /// A signal came before the first record.
    #[error("interrupted by {0} before anything was sent")]
    Interrupted(Signal),
}

impl ImportError {
    /// The exit status for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Target(error) => ExitStatus::of_target(error),
            Self::Interrupted(Signal::Interrupt) => ExitStatus::Interrupted,
            Self::Interrupted(Signal::Terminate) => ExitStatus::Terminated,
            Self::Prepare(PrepareError::Source(error)) | Self::Passwords(PasswordsError::Source(error)) => {
                ExitStatus::of_source(error)
            }
            Self::Passwords(PasswordsError::NoTable { .. }) => ExitStatus::Input,
            Self::Prepare(PrepareError::Lock(LockError::Held { .. }))
            | Self::Undo(UndoError::Lock(LockError::Held { .. })) => ExitStatus::Locked,
            Self::Search(StopReason::Internal(_)) => ExitStatus::Unexpected,
            Self::Passwords(_)
            | Self::Search(_)
            | Self::Sandbox(_)
            | Self::Write { .. }
            | Self::Prepare(_)
            | Self::Undo(_) => ExitStatus::Usage,
        }
    }
}

/// Runs an import, or a dry run, to its end and reports.
pub async fn import(settings: ImportSettings, signals: Signals) -> Result<ExitStatus, ImportError> {
    let is_sent = !matches!(settings.destination, Destination::Nowhere);
    let sending = is_sent.then_some(&settings.pace);
    let MemoryBound { usual, largest } = MemoryBound::of(&settings.intake, sending);
    tracing::info!(
        usual_mib = usual / MEBIBYTE,
        with_largest_records_mib = largest / MEBIBYTE,
        "memory is bounded, whatever the number of users"
    );
    let status = run_import(&settings, signals).await;
    if let Some(peak) = peak_memory() {
        tracing::info!(kib = peak / 1024, "peak memory");
    }
    status
}

async fn run_import(settings: &ImportSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    objects::look(settings, &mut signals).await?;
    match &settings.destination {
        Destination::Nowhere => {
            begin(settings, None);
            let settings = &passwords::read(settings, &mut signals).await?;
            let mut reporter = measured(settings);
            let finder = DuplicateFinder::new(std::env::temp_dir());
            let job = Job { duplicates: DuplicateCheck::Find(Arc::new(finder)), ..dry_run(settings) };
            let ledger = pipeline::run(job, reporter.as_mut(), &mut signals).await;
            let passwords = passwords::close(settings, ledger.stopped.is_none(), None)?;
            Output::of(settings).report(&ledger, &RunDetails { passwords, ..RunDetails::default() }, None)
        }
        _ => at_target(settings, async |target| import_into(target, settings, signals).await).await,
    }
}

fn dry_run(settings: &ImportSettings) -> Job {
    Job::dry_run(settings.intake.clone(), settings.preview, settings.max_errors)
}

async fn import_into(
    target: Target,
    settings: &ImportSettings,
    mut signals: Signals,
) -> Result<ExitStatus, ImportError> {
    let Prepared { directory, journal, progress, ledger, record, continued, locks } = prepare(settings, &target.name)?;
    begin(settings, Some(directory.id()));
    let (client, capabilities) = connect(&target, settings, &mut signals, preflight).await?;
    tracing::info!(batch = capabilities.batch, run = directory.id(), "the target is ready");
    if continued {
        let done = ledger.counts().read;
        settings.console.note(&format!("Continuing run {}: {done} records are done already.", directory.id()));
    }
    let delivery = delivery(settings, client, capabilities, &record);
    let paced = Paced::new(delivery.client.clone(), delivery.batch, Arc::clone(&delivery.pace), delivery.budget);
    let Recalled { known, lookup } = tokio::select! {
        recalled = recall(settings, &target.name, directory.id(), &paced, delivery.batch) => recalled?,
        signal = signals.next() => return Err(ImportError::Interrupted(signal)),
    };
    let settings = &passwords::read(settings, &mut signals).await?;
    let duplicates = duplicates::check(settings, Some(&directory), &mut signals).await?;
    let job = Job {
        duplicates,
        delivery: Some(delivery),
        journal: Some(journal),
        known,
        lookup,
        progress,
        ledger,
        ..dry_run(settings)
    };
    let mut reporter = measured(settings);
    let ledger = pipeline::run(job, reporter.as_mut(), &mut signals).await;
    // Whatever happens to it, nobody is left without the account of the import.
    let joined = passwords::close(settings, ledger.stopped.is_none(), Some(&directory)).unwrap_or_else(|error| {
        tracing::warn!(%error, "the account of the passwords is missing");
        None
    });
    let details = RunDetails {
        shards: Vec::new(),
        passwords: joined,
        run: Some(directory.id().to_owned()),
        rejects_of: record.rejects_of,
        target: Some(target.base_url.to_string()),
        report_file: Some(directory.report().display().to_string()),
        sandbox_database: target.sandbox_database,
    };
    let status = Output::of(settings).report(&ledger, &details, Some(&directory.report()));
    // The report is what says that the run is over, so it is written under the locks.
    drop(locks);
    status
}

fn delivery(settings: &ImportSettings, client: Client, capabilities: Capabilities, record: &RunRecord) -> Delivery {
    // The target tells its time to the second.
    const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);
    let began: jiff::Timestamp = record.started.parse().unwrap_or(jiff::Timestamp::MAX);

    Delivery {
        client,
        batch: capabilities.batch,
        pace: Pace::new(&settings.pace),
        room: room(&settings.pace),
        budget: settings.retry,
        on_existing: settings.on_existing,
        run_id: record.id.clone(),
        began: began.checked_add(capabilities.clock_ahead - SLACK).unwrap_or(jiff::Timestamp::MAX),
    }
}

/// Whatever a job needs it has now, its locks above all: from here on its metrics are the current ones.
pub(super) fn begin(settings: &ImportSettings, run: Option<&str>) {
    if let Some(metrics) = &settings.metrics {
        metrics.begin(run);
    }
}

/// What shows the progress of the job itself.
pub(super) fn measured(settings: &ImportSettings) -> Box<dyn Reporter> {
    let shown = reporter(settings);
    match &settings.metrics {
        Some(metrics) => Box::new(Measured::new(shown, Arc::clone(metrics))),
        None => shown,
    }
}

/// What shows progress.
pub(super) fn reporter(settings: &ImportSettings) -> Box<dyn Reporter> {
    match settings.progress {
        Progress::Bars => Box::new(Bars::new(settings.intake.inputs.iter().map(crate::source::Input::size).sum())),
        Progress::Plain => Box::new(PlainLines::new()),
        Progress::Json(every) => Box::new(JsonLines::new(every)),
        Progress::None => Box::new(Silent),
    }
}

/// Where the account of the run goes.
pub(super) struct Output {
    format: OutputFormat,
    console: Console,
    further_report: Option<PathBuf>,
}

impl Output {
    pub(super) fn new(format: OutputFormat, console: Console) -> Self {
        Self { format, console, further_report: None }
    }

    fn of(settings: &ImportSettings) -> Self {
        Self { further_report: settings.report.clone(), ..Self::new(settings.output, settings.console) }
    }

    pub(super) fn report(
        self,
        ledger: &Ledger,
        details: &RunDetails,
        report_file: Option<&Path>,
    ) -> Result<ExitStatus, ImportError> {
        // Told first: whatever happens to files, nobody is left without the account of what was done. A reader that went
        // away (`| head`) is no reason to fail.
        self.print_summary(ledger, details);
        drop(self.print_data(ledger, details));
        for path in report_file.into_iter().chain(self.further_report.as_deref()) {
            let report = RunReport::new(ledger, details, false);
            write_report(path, &report).map_err(|source| ImportError::Write { path: path.to_path_buf(), source })?;
        }
        Ok(ExitStatus::of(ledger))
    }

    fn print_data(&self, ledger: &Ledger, details: &RunDetails) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.format == OutputFormat::Json {
            serde_json::to_writer(&mut stdout, &RunReport::new(ledger, details, true))?;
            writeln!(stdout)?;
        } else {
            for preview in &ledger.previews {
                writeln!(stdout, "{}", pretty(preview))?;
            }
        }
        stdout.flush()
    }

    fn print_summary(&self, ledger: &Ledger, details: &RunDetails) {
        let rejected = ledger.rejected();
        let exceptions = (rejected > 0).then(|| {
            let rejects = ledger.rejects_file.as_ref().map(|path| format!(": see {}", path.display()));
            format!("{rejected} of {} records were rejected{}", ledger.counts().read, rejects.unwrap_or_default())
        });
        let report = RunReport::new(ledger, details, false);
        self.console.account(|out| write_summary(out, ledger, details), &report, exceptions.as_deref());
        if let Some(reason) = &ledger.stopped {
            self.console.error(&reason.to_string());
        }
    }
}

pub(super) fn write_report(path: &Path, report: &impl Serialize) -> io::Result<()> {
    replace_private(path, |file| serde_json::to_writer_pretty(file, report).map_err(Into::into))
}

/// JSON for a person. Numbers and strings stay the text they are, so the preview shows what is sent.
fn pretty(json: &str) -> String {
    let mut reader = struson::reader::JsonStreamReader::new_custom(
        json.as_bytes(),
        struson::reader::ReaderSettings { restrict_number_values: false, ..Default::default() },
    );
    let mut text = Vec::new();
    let settings = struson::writer::WriterSettings { pretty_print: true, ..Default::default() };
    let mut writer = struson::writer::JsonStreamWriter::new_custom(&mut text, settings);
    let copied = struson::reader::JsonReader::transfer_to(&mut reader, &mut writer).is_ok()
        && struson::writer::JsonWriter::finish_document(writer).is_ok();
    match String::from_utf8(text) {
        Ok(text) if copied => text,
        _ => json.to_owned(),
    }
}
