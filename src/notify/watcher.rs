//! Reports the start and the end of a job to a service that watches jobs.

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinHandle;
use url::Url;

use super::NotifyUrl;
use crate::exit::ExitStatus;
use crate::http::{ClientError, PlainPoster, Proxy, ReplyOutcome, Transport, is_transient};

/// How often a report is tried. A service that is down must not keep a job from ending for long.
const ATTEMPTS: u32 = 3;

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// Which service, and the way to it.
#[derive(Clone, Debug)]
pub struct WatcherOptions {
    /// The address of the check.
    pub url: NotifyUrl,
    /// A PEM file with certificates to trust, beside the system's.
    pub certificates: Option<PathBuf>,
    /// The proxy on the way.
    pub proxy: Option<Proxy>,
}

/// Why a report did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum WatcherError {
    /// It cannot be sent.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The service answered with an error.
    #[error("the service of --notify-url ({origin}) answered HTTP {status} to the {event} of the job")]
    Answered {
        /// The service.
        origin: String,
        /// The status.
        status: u16,
        /// What was reported.
        event: &'static str,
    },
    /// The service did not answer.
    #[error("the service of --notify-url ({origin}) did not hear of the {event} of the job: {problem}")]
    Failed {
        /// The service.
        origin: String,
        /// What was reported.
        event: &'static str,
        /// What went wrong on the way.
        problem: String,
    },
}

/// A job that is watched: its start is on its way.
#[derive(Debug)]
pub struct Watcher {
    url: NotifyUrl,
    poster: PlainPoster,
    proxy: Option<String>,
    job: &'static str,
    start: JoinHandle<ReplyOutcome>,
}

/// The body of a report: no name, no path, nothing personal.
#[derive(Serialize)]
struct Report {
    job: &'static str,
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
}

impl Report {
    fn of(job: &'static str, status: Option<ExitStatus>) -> Vec<u8> {
        let (exit_code, meaning) = status.map(|status| (status.code(), status.meaning())).unzip();
        // Texts and numbers always have a form in JSON.
        serde_json::to_vec(&Self { job, version: env!("CARGO_PKG_VERSION"), exit_code, meaning }).unwrap_or_default()
    }
}

impl Watcher {
    /// Reports the start, beside the job: it does not wait for that.
    pub fn start(options: &WatcherOptions, job: &'static str) -> Result<Self, WatcherError> {
        let WatcherOptions { url, certificates, proxy } = options;
        let poster = PlainPoster::new(PATIENCE, certificates.as_deref(), proxy.as_ref())?;
        let start = tokio::spawn(post(poster.clone(), url.started(), Report::of(job, None)));
        Ok(Self { url: url.clone(), poster, proxy: proxy.as_ref().map(ToString::to_string), job, start })
    }

    /// Reports the end, after the start. Returns what did not arrive.
    pub async fn end(self, status: ExitStatus) -> Vec<WatcherError> {
        let Self { url, poster, proxy, job, start } = self;
        let fault = |outcome, event| WatcherError::of(outcome, &url, proxy.as_deref(), event);
        let started = start.await.map_or(None, |outcome| fault(outcome, "start"));
        let ended = post(poster, url.ended(status), Report::of(job, Some(status))).await;
        started.into_iter().chain(fault(ended, "end")).collect()
    }
}

impl WatcherError {
    fn of(outcome: ReplyOutcome, url: &NotifyUrl, proxy: Option<&str>, event: &'static str) -> Option<Self> {
        let origin = url.origin();
        match outcome {
            outcome if outcome.is_success() => None,
            ReplyOutcome::Answered { status } => Some(Self::Answered { origin, status, event }),
            ReplyOutcome::Failed(transport) => {
                let problem = Transport::describe(transport, proxy, "--notify-url").into_owned();
                Some(Self::Failed { origin, event, problem })
            }
            _ => Some(Self::Failed { origin, event, problem: "it cannot be understood".to_owned() }),
        }
    }
}

async fn post(poster: PlainPoster, url: Url, body: Vec<u8>) -> ReplyOutcome {
    let mut outcome = poster.post(url.clone(), body.clone()).await;
    for _ in 1..ATTEMPTS {
        if !is_transient(outcome) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        outcome = poster.post(url.clone(), body.clone()).await;
    }
    outcome
}
