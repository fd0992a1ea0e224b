//! The progress of a job for Prometheus: a file in its text format (0.0.4), as the textfile collector of its node exporter
//! reads it.
//!
//! The file is replaced in one step, every few seconds and at the end, so that a reader never sees half of it. It holds
//! counts and codes and nothing personal. Every user may read it, because the collector runs as another user.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::moment::Figures;
use super::{ExportFigures, GivenPath, Moment};
use crate::account::{Ledger, Reporter};
use crate::exit::ExitStatus;
use crate::files::{directory_of, sync_directory_of};
use crate::pace::PaceFigures;

/// How often the file is written. By default Prometheus reads it every 15 seconds.
const EVERY: Duration = Duration::from_secs(5);

/// How much of an earlier file is read. It has a few kilobytes.
const MOST_BYTES: u64 = 256 * 1024;

/// The beginning of the name of every metric.
const PREFIX: &str = "avnology_migrate_";

/// Times that outlive a job: the next job's file takes them from the file of the last one.
const LAST_SUCCESS: &str = "last_success_timestamp_seconds";
const LAST_COMPLETION: &str = "last_completion_timestamp_seconds";

/// The metrics of one job and their file.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    state: Mutex<MetricsState>,
}

/// The content of the file.
#[derive(Clone, Debug, Default)]
struct MetricsState {
    /// `import`, `dry-run`, `verify`, `undo` or `export`.
    job: &'static str,
    run: Option<String>,
    started: Option<Timestamp>,
    ended: Option<(Timestamp, ExitStatus)>,
    last_success: Option<i64>,
    last_completion: Option<i64>,
    figures: Option<Figures>,
    /// Of an export from Clerk's API.
    exported: Option<ExportFigures>,
    rejected_by_code: Vec<(&'static str, u64)>,
    /// Whether the inputs have any record.
    has_records: bool,
}

/// The only kind of job that can be a success of an import.
const IMPORT: &str = "import";

impl MetricsFile {
    /// The metrics of a job that is about to begin. This writes nothing yet, but fails if the file could not be written.
    pub fn new(path: &Path, job: &'static str) -> io::Result<Self> {
        let GivenPath::File(path) = GivenPath::of(path)? else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a file, and metrics replace a whole file",
            ));
        };
        let before = read_earlier(&path)?;
        drop(temporary(&path)?);
        let state = MetricsState {
            job,
            last_success: value(&before, LAST_SUCCESS),
            last_completion: value(&before, LAST_COMPLETION),
            ..MetricsState::default()
        };
        Ok(Self { path, state: Mutex::new(state) })
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The job has all it needs, its locks too, and begins.
    pub fn begin(&self, run: Option<&str>) {
        self.change(|state| {
            state.started = Some(Timestamp::now());
            state.run = run.map(str::to_owned);
        });
    }

    /// The job has ended. If another job has the lock, the file belongs to that job. A dry run or a verification is not a
    /// success of an import, and neither is an import without records.
    pub fn end(&self, status: ExitStatus) {
        if status == ExitStatus::Locked {
            return;
        }
        self.change(|state| {
            let now = Timestamp::now();
            state.ended = Some((now, status));
            if state.job != IMPORT || !state.has_records {
                return;
            }
            if status == ExitStatus::Success {
                state.last_success = Some(now.as_second());
            }
            if matches!(status, ExitStatus::Success | ExitStatus::Rejected) {
                state.last_completion = Some(now.as_second());
            }
        });
    }

    /// The progress of an export.
    pub fn exported(&self, figures: &ExportFigures) {
        self.change(|state| state.exported = Some(figures.clone()));
    }

    fn record(&self, moment: &Moment<'_>) {
        self.change(|state| {
            state.figures = Some(moment.figures());
            state.has_records = moment.ledger.records() > 0;
            let rejected = moment.ledger.rejected_by_code().iter();
            state.rejected_by_code = rejected.map(|(code, count)| (code.as_str(), count.count)).collect();
        });
    }

    /// Changes the content and writes the file. A failure to write it does not stop the job.
    fn change(&self, change: impl FnOnce(&mut MetricsState)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        if let Err(error) = write(&self.path, &state.to_string()) {
            tracing::warn!(%error, "the metrics file cannot be written");
        }
    }
}

/// Shows progress, and keeps the metrics up to date.
#[derive(Debug)]
pub struct Measured {
    shown: Box<dyn Reporter>,
    metrics: Arc<MetricsFile>,
    last: Option<Duration>,
}

impl Measured {
    /// A reporter that shows progress on `shown`, too.
    pub fn new(shown: Box<dyn Reporter>, metrics: Arc<MetricsFile>) -> Self {
        Self { shown, metrics, last: None }
    }
}

impl Reporter for Measured {
    fn update(&mut self, ledger: &Ledger, stopping: bool) {
        let now = ledger.elapsed;
        if self.last.is_none_or(|last| now.saturating_sub(last) >= EVERY) {
            self.last = Some(now);
            self.metrics.record(&Moment::of(ledger, stopping));
        }
        self.shown.update(ledger, stopping);
    }

    fn finish(&mut self, ledger: &Ledger) {
        self.metrics.record(&Moment::of(ledger, false));
        self.shown.finish(ledger);
    }
}

/// The text of an earlier job's file, or nothing if there is no file. Any other file must not be replaced: it may be the
/// export.
fn read_earlier(path: &Path) -> io::Result<String> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    match String::from_utf8(bytes) {
        Ok(text) if text.is_empty() || text.starts_with(&format!("# HELP {PREFIX}")) => Ok(text),
        _ => Err(io::Error::other("there is a file of another kind, which would be overwritten; name another file")),
    }
}

fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    // The collector reads files that end in `.prom`; this name does not.
    tempfile::Builder::new().prefix(".avnology-metrics-").tempfile_in(directory_of(path))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = temporary(path)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    // Without this, a power cut may leave an empty file in place of the old one.
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_directory_of(path)
}

/// The value of a metric without labels in an earlier file.
fn value(text: &str, name: &str) -> Option<i64> {
    text.lines().find_map(|line| line.strip_prefix(PREFIX)?.strip_prefix(name)?.trim().parse().ok())
}

/// The text of the file.
impl fmt::Display for MetricsState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut metrics = Metrics(formatter);
        let run = self.run.as_deref().unwrap_or_default();
        let labels = format!("{{job=\"{}\",run=\"{run}\",version=\"{}\"}}", self.job, env!("CARGO_PKG_VERSION"));
        metrics.family("info", "The job that these metrics describe.", [(labels, 1.0)])?;
        let running = self.started.is_some() && self.ended.is_none();
        metrics.single("running", "1 while the job runs.", Some(f64::from(u8::from(running))))?;
        metrics.single("start_timestamp_seconds", "When the job began.", self.started.map(seconds))?;
        metrics.single("end_timestamp_seconds", "When it ended.", self.ended.map(|(end, _)| seconds(end)))?;
        let code = self.ended.map(|(_, status)| f64::from(status.code()));
        metrics.single("exit_code", "The exit code, as --help lists it.", code)?;
        let moment = |second: Option<i64>| second.and_then(|second| Timestamp::from_second(second).ok()).map(seconds);
        metrics.single(LAST_SUCCESS, "When an import last ended with nothing rejected.", moment(self.last_success))?;
        metrics.single(LAST_COMPLETION, "When an import last settled all records.", moment(self.last_completion))?;
        if let Some(figures) = &self.exported {
            metrics.exported(figures)?;
        }
        let Some(figures) = &self.figures else { return Ok(()) };
        metrics.figures(figures)?;
        let rejected = self.rejected_by_code.iter().map(|(code, count)| (label("code", code), number(*count)));
        metrics.family("rejected_records", "Rejected records by code.", rejected)
    }
}

/// Writes families of metrics.
struct Metrics<'f, 'a>(&'f mut fmt::Formatter<'a>);

impl Metrics<'_, '_> {
    /// Writes one family. All are gauges: they describe one job, and the next job begins at zero.
    fn family(&mut self, name: &str, help: &str, samples: impl IntoIterator<Item = (String, f64)>) -> fmt::Result {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        writeln!(self.0, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} gauge")?;
        samples.try_for_each(|(labels, value)| writeln!(self.0, "{PREFIX}{name}{labels} {value}"))
    }

    fn single(&mut self, name: &str, help: &str, value: Option<f64>) -> fmt::Result {
        self.family(name, help, value.map(|value| (String::new(), value)))
    }

    fn figures(&mut self, figures: &Figures) -> fmt::Result {
        let counts = &figures.counts;
        let outcomes = [
            ("valid", counts.valid),
            ("created", Some(counts.created)),
            ("updated", Some(counts.updated)),
            ("unchanged", Some(counts.unchanged)),
            ("rejected", Some(counts.rejected)),
            ("unfinished", Some(counts.unfinished)),
        ];
        let records = outcomes.iter().filter_map(|(name, count)| Some((label("outcome", name), number((*count)?))));
        self.family("records", "Records read so far, by outcome.", records)?;
        self.single("read_bytes", "Bytes of the input read so far.", Some(number(figures.bytes)))?;
        self.single("input_bytes", "Bytes of the input, if known.", figures.bytes_total.map(number))?;
        self.requests(figures.requests, figures.retries, figures.throttled)?;
        figures.pace.as_ref().map_or(Ok(()), |pace| self.pace(pace))
    }

    fn exported(&mut self, figures: &ExportFigures) -> fmt::Result {
        self.single("exported_records", "Records in the files of the export.", Some(number(figures.exported)))?;
        self.single("exported_bytes", "Their bytes.", Some(number(figures.bytes)))?;
        self.requests(figures.requests, figures.retries, figures.throttled)?;
        self.pace(&figures.pace)
    }

    fn requests(&mut self, sent: u64, retried: u64, refused: u64) -> fmt::Result {
        let requests = [("sent", sent), ("retried", retried), ("refused", refused)];
        let requests = requests.map(|(kind, count)| (label("kind", kind), number(count)));
        self.family(
            "requests",
            "Requests sent; retries among them; requests refused because they came too fast.",
            requests,
        )
    }

    fn pace(&mut self, pace: &PaceFigures) -> fmt::Result {
        self.single("allowed_requests_per_second", "The rate that the program keeps.", Some(pace.rate))?;
        let concurrency = u32::try_from(pace.concurrency).unwrap_or(u32::MAX);
        self.single("concurrency", "Requests that may be in flight at once.", Some(concurrency.into()))?;
        let holding = f64::from(u8::from(pace.holding.is_some()));
        self.single("holding", "1 while all requests wait for the target.", Some(holding))
    }
}

fn label(name: &str, value: &str) -> String {
    format!("{{{name}=\"{value}\"}}")
}

/// The format has floating point numbers only.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Whole seconds, as in the times that are read back from the file. So the time of a success is the end of its job.
#[expect(clippy::cast_precision_loss, reason = "exact for as long as there are calendars")]
fn seconds(moment: Timestamp) -> f64 {
    moment.as_second() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_at_the_second_at_which_the_job_ended() {
        let end: Timestamp = "2026-11-23T03:00:00.7Z".parse().expect("a moment");
        let state = MetricsState {
            ended: Some((end, ExitStatus::Success)),
            last_success: Some(end.as_second()),
            ..MetricsState::default()
        };
        let text = state.to_string();
        assert_eq!(value(&text, "end_timestamp_seconds"), value(&text, LAST_SUCCESS), "{text}");
    }
}
