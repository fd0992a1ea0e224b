//! `avnology migrate clerk --import`: preflight, pipeline, report.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::avnology::{BaseUrl, Capabilities, Client, ClientOptions, Pace, TargetError, preflight};
use crate::cli::OutputFormat;
use crate::exit::ExitStatus;
use crate::journal::{RejectsFile, RunDirectory, create_private};
use crate::pipeline::{self, Delivery, Job, Ledger};
use crate::report::{Bars, JsonLines, PlainLines, Reporter, RunDetails, RunReport, Silent, write_summary};
use crate::sandbox::{self, ApiKey, RunningSandbox, SandboxError, SandboxOptions};
use crate::settings::{Destination, ImportSettings, Progress};
use crate::signal::{Signal, Signals};

/// For making a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// For one request. A batch of 500 users takes well under a second where it is done in bulk.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);

/// Why an import did not even start, or could not report.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The target is of no use.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The embedded target cannot be started.
    #[error("the sandbox cannot be started")]
    Sandbox(#[from] SandboxError),
    /// A file or directory of the run cannot be made.
    #[error("cannot write `{path}`")]
    Write {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
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
            Self::Sandbox(_) | Self::Write { .. } => ExitStatus::Usage,
        }
    }
}

/// Runs an import to its end and reports.
pub async fn import(settings: ImportSettings, mut signals: Signals) -> Result<ExitStatus, ImportError> {
    let output = Output::of(&settings);
    let mut reporter = reporter(&settings);
    let destination = settings.destination.clone();
    let (sandbox, target) = match destination {
        Destination::Nowhere => (None, None),
        Destination::Target { base_url, secret_key } => (None, Some((base_url, secret_key))),
        Destination::Sandbox(database) => {
            let (sandbox, base_url, secret_key) = start_sandbox(&database).await?;
            (Some((sandbox, database)), Some((base_url, secret_key)))
        }
    };
    let mut details = RunDetails {
        sandbox_database: sandbox.as_ref().map(|(_, database)| database.display().to_string()),
        ..RunDetails::default()
    };
    let (job, report_file) = match target {
        None => (job(settings, None, None), None),
        Some((base_url, secret_key)) => {
            details.target = Some(base_url.to_string());
            let options = ClientOptions {
                base_url,
                secret_key,
                connect_timeout: CONNECT_TIMEOUT,
                request_timeout: REQUEST_TIMEOUT,
            };
            let client = Client::new(&options)?;
            let capabilities = tokio::select! {
                capabilities = preflight(&client) => capabilities?,
                signal = signals.next() => return Err(ImportError::Interrupted(signal)),
            };
            tracing::info!(batch = capabilities.batch, "the target is ready");
            let directory = RunDirectory::create(&settings.runs_directory)
                .map_err(|source| ImportError::Write { path: settings.runs_directory.clone(), source })?;
            details.run = Some(directory.id().to_owned());
            let report = directory.report();
            details.report_file = Some(report.display().to_string());
            let delivery = delivery(&settings, client, capabilities, directory.id());
            (job(settings, Some(delivery), Some(RejectsFile::new(directory.rejects()))), Some(report))
        }
    };
    let ledger = pipeline::run(job, reporter.as_mut(), signals).await;
    if let Some((sandbox, _)) = sandbox {
        sandbox.shutdown().await;
    }
    output.report(&ledger, &details, report_file.as_deref())
}

async fn start_sandbox(database: &Path) -> Result<(RunningSandbox, BaseUrl, secrecy::SecretString), ImportError> {
    // The key lives as long as this process and is known to nobody else.
    let secret_key = secrecy::SecretString::from(format!("sk_test_{}", uuid::Uuid::new_v4().simple()));
    let mut options = SandboxOptions::new(database.to_path_buf());
    options.api_keys = vec![ApiKey::full_access(secret_key.clone())];
    let sandbox = sandbox::start(options).await?;
    let base_url = sandbox.base_url().parse().map_err(|_| {
        let error = io::Error::other("the sandbox's own address is not usable");
        ImportError::Write { path: database.to_path_buf(), source: error }
    })?;
    Ok((sandbox, base_url, secret_key))
}

fn delivery(settings: &ImportSettings, client: Client, capabilities: Capabilities, run_id: &str) -> Delivery {
    Delivery {
        client,
        batch: capabilities.batch,
        limits: settings.batch,
        concurrency: settings.concurrency,
        pace: Arc::new(Pace::new(settings.rate)),
        budget: settings.retry,
        run_id: run_id.to_owned(),
    }
}

fn job(settings: ImportSettings, delivery: Option<Delivery>, rejects: Option<RejectsFile>) -> Job {
    Job {
        inputs: settings.inputs,
        reader: settings.reader,
        rules: settings.rules,
        preview: settings.preview,
        workers: settings.workers,
        delivery,
        rejects,
        max_errors: settings.max_errors,
    }
}

fn reporter(settings: &ImportSettings) -> Box<dyn Reporter> {
    match settings.progress {
        Progress::Bars => Box::new(Bars::new(settings.inputs.iter().map(crate::source::Input::size).sum())),
        Progress::Plain => Box::new(PlainLines::new()),
        Progress::Json => Box::new(JsonLines::new()),
        Progress::None => Box::new(Silent),
    }
}

/// Where the account of the run goes.
struct Output {
    format: OutputFormat,
    quiet: bool,
    further_report: Option<PathBuf>,
}

impl Output {
    fn of(settings: &ImportSettings) -> Self {
        Self { format: settings.output, quiet: settings.quiet, further_report: settings.report.clone() }
    }

    fn report(
        self,
        ledger: &Ledger,
        details: &RunDetails,
        report_file: Option<&Path>,
    ) -> Result<ExitStatus, ImportError> {
        for path in report_file.into_iter().chain(self.further_report.as_deref()) {
            let report = RunReport::new(ledger, details, false);
            write_report(path, &report).map_err(|source| ImportError::Write { path: path.to_path_buf(), source })?;
        }
        // A reader that went away (`| head`) is no reason to fail: the work is done and on disk.
        drop(self.print(ledger, details));
        Ok(ExitStatus::of(ledger))
    }

    fn print(&self, ledger: &Ledger, details: &RunDetails) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        if self.format == OutputFormat::Json {
            serde_json::to_writer(&mut stdout, &RunReport::new(ledger, details, true))?;
            writeln!(stdout)?;
        } else {
            for preview in &ledger.previews {
                writeln!(stdout, "{}", pretty(preview))?;
            }
        }
        stdout.flush()?;
        let mut stderr = anstream::stderr().lock();
        if !self.quiet {
            let mut summary = String::new();
            write_summary(&mut summary, ledger, details).map_err(io::Error::other)?;
            stderr.write_all(summary.as_bytes())?;
        }
        if let Some(reason) = &ledger.stopped {
            writeln!(stderr, "error: {reason}")?;
        }
        stderr.flush()
    }
}

fn write_report(path: &Path, report: &RunReport<'_>) -> io::Result<()> {
    let mut file = io::BufWriter::new(create_private(path)?);
    serde_json::to_writer_pretty(&mut file, report)?;
    file.write_all(b"\n")?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
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
