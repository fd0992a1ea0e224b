//! Options of jobs that nobody watches.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::notify::NotifyUrl;

/// Options of jobs that nobody watches.
#[derive(Clone, Debug, Default, Args)]
pub struct JobOptions {
    /// Stop after this time, as in `90s`, `45m` or `2h 30m`, with exit code 9. The same command goes on where it stopped; with
    /// --new-run, `resume` does
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Output")]
    pub max_duration: Option<Duration>,

    /// Report the start and the end of the job to a service that watches jobs, by POST: URL/start, then URL (all went well)
    /// or URL/EXIT-CODE, as healthchecks.io has it
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub notify_url: Option<NotifyUrl>,

    /// Run this program when the job has ended, without a shell, as `PROGRAM REPORT EXIT-CODE`: the path of the report (empty
    /// if there is none), and the exit code
    #[arg(long, value_name = "PROGRAM", help_heading = "Output")]
    pub on_end: Option<PathBuf>,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed = text.trim().parse::<jiff::SignedDuration>().ok();
    let parsed = parsed.and_then(|duration| Duration::try_from(duration).ok()).filter(|duration| !duration.is_zero());
    parsed.ok_or_else(|| "expected a time as in `90s`, `45m` or `2h 30m`".to_owned())
}
