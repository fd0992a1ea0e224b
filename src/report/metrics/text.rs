//! The text of a metrics file.

use std::fmt;

use jiff::Timestamp;

use super::super::ExportFigures;
use super::super::moment::Figures;
use super::{LAST_COMPLETION, LAST_SUCCESS, MetricsState};
use crate::pace::PaceFigures;

/// The beginning of the name of every metric.
pub(super) const PREFIX: &str = "avnology_migrate_";

/// The value of a metric without labels in an earlier file.
pub(super) fn value(text: &str, name: &str) -> Option<i64> {
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
