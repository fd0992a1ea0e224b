//! What is found out about the target: whether it is there and takes the key, what its clock says, and whether the identity
//! schema of a Kratos takes what would be sent.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::finding::DoctorFinding;
use crate::avnology::{Capabilities, Client, preflight};
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::http::{self, ClientOptions, Timeouts};
use crate::kratos::{self, KratosOptions, SchemaCheck};
use crate::mapping::Rules;
use crate::settings::TargetSettings;

/// How long an answer is waited for. Somebody watches.
const PATIENCE: Duration = Duration::from_secs(5);

/// A clock that is further off makes trouble: certificates, times of users, dates until which to wait.
const OFF: Duration = Duration::from_mins(1);

/// Asks the target. `rules` are those of the users who would be sent; without them nobody looks whether it takes these.
pub(super) async fn target(
    settings: &TargetSettings,
    rules: Option<&Rules>,
    certificates: Option<PathBuf>,
) -> Vec<DoctorFinding> {
    let (base_url, key, key_source, proxy) = match settings {
        TargetSettings::Sandbox(_) => {
            return vec![DoctorFinding::ok("target", "the embedded one, which needs nothing")];
        }
        TargetSettings::Real { base_url, secret_key, key_source, proxy } => {
            (base_url, Some(secret_key.clone()), key_source, proxy)
        }
        TargetSettings::Kratos { base_url, token, key_source, proxy, .. } => {
            (base_url, token.clone(), key_source, proxy)
        }
    };
    let options = ClientOptions {
        base_url: base_url.clone(),
        secret_key: key,
        key_source: key_source.clone(),
        timeouts: Timeouts::default(),
        certificates,
        proxy: proxy.clone(),
    };
    let mut findings = Vec::new();
    if let Some(proxy) = proxy {
        findings.push(DoctorFinding::note("proxy", format!("{proxy} is on the way to the target")));
    }
    let asked = match settings {
        TargetSettings::Kratos { choice, .. } => kratos(&options, &choice.options, rules).await,
        _ => avnology(&options).await,
    };
    match asked {
        Ok(found) => findings.extend(found),
        Err(error) => findings.push(refusal("target", &error)),
    }
    findings
}

fn refusal(about: &'static str, error: &TargetError) -> DoctorFinding {
    DoctorFinding { status: ExitStatus::of_target(error), ..DoctorFinding::wrong(about, error.to_string()) }
}

async fn avnology(options: &ClientOptions) -> Result<Vec<DoctorFinding>, TargetError> {
    let client = Client::new(options)?;
    let Capabilities { batch } = preflight(&client, PATIENCE).await?;
    let batch = if batch { "with the batch methods" } else { "without batch methods: one user a request" };
    let mut findings =
        vec![DoctorFinding::ok("target", format!("{} answers and takes the key, {batch}", options.base_url))];
    let asked = Instant::now();
    let reply = client.list(None, 1).await;
    findings.extend(reply.date.map(|date| clock(SystemTime::now(), date, asked.elapsed())));
    Ok(findings)
}

async fn kratos(
    options: &ClientOptions,
    choice: &KratosOptions,
    rules: Option<&Rules>,
) -> Result<Vec<DoctorFinding>, TargetError> {
    let client = http::HttpClient::new(options)?;
    kratos::preflight(&client, choice, PATIENCE).await?;
    let mut findings = vec![DoctorFinding::ok("target", format!("the Ory Kratos at {} answers", options.base_url))];
    if let Some(rules) = rules {
        findings.push(match kratos::check_schema(&client, options, choice, rules, PATIENCE).await {
            Ok(SchemaCheck::Fits(id)) => {
                DoctorFinding::ok("schema", format!("the identity schema `{id}` takes what would be sent"))
            }
            Ok(SchemaCheck::Unread) => {
                let text =
                    "the identity schemas cannot be read, so nobody has looked whether they take what would be sent";
                DoctorFinding::note("schema", text)
            }
            Err(error) => refusal("schema", &error),
        });
    }
    Ok(findings)
}

/// Compares the clock here with the date of an answer, which has whole seconds and is as old as the answer took at most.
fn clock(here: SystemTime, date: SystemTime, taken: Duration) -> DoctorFinding {
    let (off, ahead) = match here.duration_since(date) {
        Ok(ahead) => (ahead.saturating_sub(taken + Duration::from_secs(1)), "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    if off > OFF {
        let seconds = off.as_secs();
        return DoctorFinding::wrong(
            "clock",
            format!("the clock here is {seconds} seconds {ahead} the target's; set it (`timedatectl set-ntp true`)"),
        );
    }
    DoctorFinding::ok("clock", "the clocks here and at the target agree to the minute")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Health;

    #[test]
    fn a_clock_that_is_far_off_is_found_in_both_directions() {
        let now = SystemTime::now();
        let health = |date: SystemTime, taken: u64| clock(now, date, Duration::from_secs(taken)).health;
        assert_eq!(health(now, 0), Health::Ok);
        assert_eq!(health(now - Duration::from_secs(62), 5), Health::Ok);
        assert_eq!(health(now - Duration::from_secs(90), 0), Health::Wrong);
        assert_eq!(health(now + Duration::from_secs(90), 20), Health::Wrong);
    }
}
