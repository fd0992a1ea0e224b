//! `avnology migrate clerk webhooks try`: sends samples to a handler that somebody named.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::account::{ReportLine, With, finish};
use crate::command::shared::command_error::CommandError;
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::http::{PlainPoster, ReplyOutcome, Transport};
use crate::settings::TrySettings;
use crate::signal::Signals;
use crate::webhooks::{SampleEvent, TOLERANCE};

/// How long the handler may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a handler has to do with a sample.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Taken,
    Refused,
    /// Both sides advise it, and no more.
    BetterRefused,
}

/// Sends the samples, the falsified ones first.
pub async fn try_handler(settings: TrySettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    signals.unless_one_comes(send_all(&settings)).await.map_err(WebhooksCommandError::Interrupted)?
}

async fn send_all(settings: &TrySettings) -> Result<ExitStatus, CommandError> {
    let TrySettings { url, key, decoded, event, scheme, certificates, proxy, output } = settings;
    let key = decoded.as_deref().unwrap_or_else(|| key.expose_secret().as_bytes());
    let poster = PlainPoster::new(PATIENCE, certificates.as_deref(), proxy.as_deref()).map_err(TargetError::from)?;
    let now = Timestamp::now();
    let (sample, time) = (SampleEvent::new(*scheme, event, now), now.as_second());
    let old = time.saturating_sub_unsigned(4 * TOLERANCE);
    let signed = |time: i64, body: &[u8]| scheme.sign(key, &sample.id, time, body);
    let mut lines = Vec::new();
    for (name, wanted, headers, body) in [
        ("without_signature", Wanted::Refused, Vec::new(), &sample.body),
        ("changed_body", Wanted::Refused, signed(time, &sample.body), &sample.falsified),
        ("old_delivery", Wanted::BetterRefused, signed(old, &sample.body), &sample.body),
        ("signed", Wanted::Taken, signed(time, &sample.body), &sample.body),
    ] {
        let status = match poster.post_with(url.url().clone(), &headers, body.clone()).await {
            ReplyOutcome::Answered { status } => status,
            ReplyOutcome::Failed(transport) => {
                let proxy = proxy.as_ref().map(ToString::to_string);
                let problem = Transport::describe(transport, proxy.as_deref(), "--url").into_owned();
                return Err(WebhooksCommandError::Handler { origin: origin(settings), problem }.into());
            }
            _ => {
                let problem = "its answer cannot be understood".to_owned();
                return Err(WebhooksCommandError::Handler { origin: origin(settings), problem }.into());
            }
        };
        lines.push(judge(name, wanted, status));
    }
    finish("webhooks try", With::Handler(&origin(settings)), &lines, output)
}

fn origin(settings: &TrySettings) -> String {
    settings.url.url().origin().ascii_serialization()
}

fn judge(name: &str, wanted: Wanted, status: u16) -> ReportLine {
    let answered = format!("The handler answered HTTP {status}.");
    match (wanted, status) {
        (Wanted::Taken, 200..=299) => ReportLine::ok(name, "taken", None).saying(answered),
        (Wanted::Taken, _) => {
            let detail =
                format!("{answered} It has to take what is signed with its secret, with a status from 200 to 299.");
            ReportLine::wrong(name, "not_taken", None, detail)
        }
        (_, 400..=499) => ReportLine::ok(name, "refused", None).saying(answered),
        (Wanted::BetterRefused, 200..=299) => {
            let detail =
                format!("{answered} Better refuse what is older than {TOLERANCE} s: somebody may send it again.");
            ReportLine::ok(name, "taken", None).saying(detail)
        }
        (Wanted::BetterRefused, _) => ReportLine::ok(name, "other_answer", None).saying(answered),
        (Wanted::Refused, 200..=299) => {
            let detail = format!("{answered} Anybody could send it such deliveries.");
            ReportLine::wrong(name, "taken", None, detail)
        }
        (Wanted::Refused, _) => {
            let detail = format!("{answered} It has to refuse this with a status from 400 to 499.");
            ReportLine::wrong(name, "other_answer", None, detail)
        }
    }
}
