//! The progress of a job for Prometheus: a file in its text format (0.0.4), as the textfile collector of its node exporter
//! reads it.
//!
//! The file is replaced in one step, every few seconds and at the end, so that a reader never sees half of it. It holds
//! counts and codes and nothing personal. Every user may read it, because the collector runs as another user.

mod text;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use text::{LAST_COMPLETION, LAST_SUCCESS, MetricsState, PREFIX, value};

use super::{ExportFigures, GivenPath, Moment};
use crate::exit::ExitStatus;
use crate::files::{directory_of, sync_directory_of};
use crate::outcomes::{Ledger, Reporter};

/// How often the file is written. By default Prometheus reads it every 15 seconds.
const EVERY: Duration = Duration::from_secs(5);

/// How much of an earlier file is read. It has a few kilobytes.
const MOST_BYTES: u64 = 256 * 1024;

/// The metrics of one job and their file.
#[derive(Debug)]
pub struct MetricsFile {
    path: PathBuf,
    state: Mutex<MetricsState>,
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
