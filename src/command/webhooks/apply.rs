//! `avnology migrate clerk webhooks apply`: registers endpoints, inactive, each once.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::time::sleep;

use super::account::{ReportLine, With, finish};
use super::checklist::by_hand;
use super::inputs::registrations;
use crate::avnology::{Registered, RegisteredWebhook, WebhookCalls};
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{Target, client, with_target};
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::made_once::{LostSecrets, MadeObject, MadeObjects, MadeState, SecretsFile, WEBHOOKS_PREFIX};
use crate::pace::PaceGate;
use crate::settings::{WebhooksApplySettings, WebhooksTargetSettings};
use crate::signal::Signals;
use crate::webhooks::Registration;

/// How often one endpoint is asked for whose answers are lost.
const ATTEMPTS: u32 = 5;

/// How long to wait before another attempt, and before each further one as much longer.
const PAUSE: Duration = Duration::from_millis(200);

/// A line of the file of secrets.
#[derive(Serialize)]
struct SecretLine<'a> {
    name: &'a str,
    id: &'a str,
    secret: &'a str,
}

/// What came of one endpoint.
enum Outcome {
    Line(ReportLine),
    /// The target has no method for it, nor for any other one.
    NoMethod,
}

/// Registers the endpoints of a plan.
pub async fn apply(settings: WebhooksApplySettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let registrations = registrations(&settings.planned)?;
    with_target(&settings.at.target, async |target| {
        let applying = apply_at(&target, &registrations, &settings);
        signals.unless_one_comes(applying).await.map_err(WebhooksCommandError::Interrupted)?
    })
    .await
}

/// Calls at the pace of the settings.
pub(super) fn calls(target: &Target, at: &WebhooksTargetSettings) -> Result<WebhookCalls, CommandError> {
    Ok(WebhookCalls::new(client(target, &at.connection)?, PaceGate::new(&at.connection.pace), at.connection.retry))
}

async fn apply_at(
    target: &Target,
    registrations: &[Registration],
    settings: &WebhooksApplySettings,
) -> Result<ExitStatus, CommandError> {
    let at = &settings.at;
    let objects = MadeObjects::open(&at.runs_directory, WEBHOOKS_PREFIX, &target.name, "webhooks apply");
    let objects = objects.map_err(WebhooksCommandError::from)?;
    let lost = LostSecrets::look(&objects, id_of_line).map_err(WebhooksCommandError::from)?;
    let secrets = SecretsFile::of(&objects, settings.secrets_out.as_deref()).map_err(WebhooksCommandError::from)?;
    let mut work = Work { calls: calls(target, at)?, objects, secrets, there: None, lost, force: settings.force };
    let mut lines = Vec::new();
    for (index, registration) in registrations.iter().enumerate() {
        if settings.dry_run {
            lines.push(work.would_register(registration)?);
            continue;
        }
        match work.register(registration).await? {
            Outcome::Line(line) => lines.push(line),
            Outcome::NoMethod => {
                lines.extend(by_hand(&registrations[index..]));
                break;
            }
        }
    }
    if let Some(secrets) = work.secrets.filter(|_| !settings.dry_run) {
        let path = secrets.path().to_path_buf();
        // As long as something is open, the same command goes on with the same file; one without a secret goes.
        let has_none = !secrets.has_any().map_err(WebhooksCommandError::from)?;
        let is_open = work.lost.as_ref().is_some_and(LostSecrets::are_open);
        if lines.iter().all(|line| line.ok) || has_none && !is_open {
            secrets.finish().map_err(WebhooksCommandError::from)?;
        }
        if lines.iter().any(|line| line.outcome == "registered") {
            at.output.console.note(&format!("Secrets: {} (keep it safe; nobody shows them again)", path.display()));
        }
    }
    if let Some(lost) = work.lost.filter(|_| !settings.dry_run) {
        lost.said(&work.objects).map_err(WebhooksCommandError::from)?;
    }
    finish("webhooks apply", With::Target(&target.name), &lines, &at.output)
}

/// The work at one target.
struct Work {
    calls: WebhookCalls,
    objects: MadeObjects,
    secrets: Option<SecretsFile>,
    /// The endpoints that are there, once somebody has to know.
    there: Option<Vec<RegisteredWebhook>>,
    /// Those whose secret somebody took out of the file.
    lost: Option<LostSecrets>,
    force: bool,
}

impl Work {
    /// What is kept of an endpoint.
    fn known(&self, registration: &Registration) -> Result<Option<MadeObject>, WebhooksCommandError> {
        Ok(self.objects.get(&registration.name)?)
    }

    /// What would be done.
    fn would_register(&self, registration: &Registration) -> Result<ReportLine, WebhooksCommandError> {
        let line = |outcome| ReportLine::ok(&registration.name, outcome, None);
        Ok(match self.known(registration)? {
            Some(MadeObject { state: MadeState::Made, content, target_id, .. }) => {
                self.settled(registration, &content, target_id.as_deref())
            }
            Some(_) => line("would_be_looked_for"),
            None => line("would_be_registered"),
        })
    }

    async fn register(&mut self, registration: &Registration) -> Result<Outcome, CommandError> {
        let (mut is_new, mut is_forced) = (true, self.force);
        if let Some(MadeObject { state, content, target_id, .. }) = self.known(registration)? {
            if state == MadeState::Made {
                let is_missing = self.is_missing(target_id.as_deref()).await?;
                match target_id.as_deref().filter(|_| is_missing) {
                    None => return Ok(Outcome::Line(self.settled(registration, &content, target_id.as_deref()))),
                    Some(id) if !self.force => return Ok(Outcome::Line(missing(registration, id))),
                    Some(_) => {}
                }
            }
            is_new = state == MadeState::Made;
        }
        if self.secrets.is_none() {
            return Err(WebhooksCommandError::NoSecretsFile.into());
        }
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                sleep(PAUSE * attempt).await;
            }
            // An answer was lost, now or before a kill.
            if !is_new && let Some(line) = self.look_for(registration, is_forced).await? {
                return Ok(Outcome::Line(line));
            }
            self.remember(registration, MadeState::Creating, None)?;
            if let Some(secrets) = &mut self.secrets {
                secrets.ready().map_err(WebhooksCommandError::from)?;
            }
            let mark = self.mark(registration);
            match self.calls.register(Bytes::from(registration.body(&mark))).await? {
                Registered::Made { id, secret } => return self.made(registration, &id, &secret).map(Outcome::Line),
                // Whether it is there now is in doubt anew: nobody has looked since.
                Registered::Unknown => (is_new, self.there, is_forced) = (false, None, false),
                Registered::Refused(why) => {
                    self.forget(registration, is_new)?;
                    return Ok(Outcome::Line(ReportLine::wrong(&registration.name, "refused", None, why + ".")));
                }
                Registered::NoMethod => {
                    self.forget(registration, is_new)?;
                    return Ok(Outcome::NoMethod);
                }
            }
        }
        let detail = "The answers of the target were lost each time; the same command looks again and goes on.";
        Ok(Outcome::Line(ReportLine::wrong(&registration.name, "not_registered", None, detail)))
    }

    /// Whether an endpoint that was registered is at the target no more, as far as the target says.
    async fn is_missing(&mut self, id: Option<&str>) -> Result<bool, CommandError> {
        if self.there.is_none() {
            self.there = self.calls.list().await?;
        }
        let is_it = |webhook: &RegisteredWebhook| Some(webhook.id.as_str()) == id;
        Ok(self.there.as_ref().is_some_and(|there| !there.iter().any(is_it)))
    }

    /// Forgets an endpoint that the target did not take. If an earlier answer was lost, only the target's list makes sure of it.
    fn forget(&self, registration: &Registration, is_new: bool) -> Result<(), WebhooksCommandError> {
        if is_new || self.there.is_some() {
            self.objects.remove(&registration.name)?;
        }
        Ok(())
    }

    fn mark(&self, registration: &Registration) -> String {
        Registration::mark(self.objects.mark(), &registration.name)
    }

    /// Looks whether an endpoint is at the target by its mark, and takes it over: its secret is new if nobody has the first one.
    /// Nothing if it is not there, and so can be asked for; at a target without a list, if that `is_forced`.
    async fn look_for(
        &mut self,
        registration: &Registration,
        is_forced: bool,
    ) -> Result<Option<ReportLine>, CommandError> {
        let mark = self.mark(registration);
        if self.there.is_none() {
            self.there = self.calls.list().await?;
        }
        let Some(there) = &self.there else {
            return Ok((!is_forced).then(|| in_doubt(registration, &mark)));
        };
        let found = there.iter().find(|webhook| Registration::has_mark(&webhook.description, &mark));
        let Some(id) = found.map(|webhook| webhook.id.clone()) else { return Ok(None) };
        let is_its_line = |line: &serde_json::Value| line["id"].as_str() == Some(id.as_str());
        let has_secret = self.secrets.as_ref().map(|secrets| secrets.has(is_its_line)).transpose();
        if has_secret.map_err(WebhooksCommandError::from)? == Some(true) {
            self.remember(registration, MadeState::Made, Some(&id))?;
            return Ok(Some(ReportLine::ok(&registration.name, "registered", Some(&id))));
        }
        if let Some(secrets) = &mut self.secrets {
            secrets.ready().map_err(WebhooksCommandError::from)?;
        }
        let secret = self.calls.rotate_secret(&id).await?;
        self.made(registration, &id, &secret).map(Some)
    }

    /// Its secret first, then what is kept of it.
    fn made(
        &mut self,
        registration: &Registration,
        id: &str,
        secret: &SecretString,
    ) -> Result<ReportLine, CommandError> {
        let secrets = self.secrets.as_mut().ok_or(WebhooksCommandError::NoSecretsFile)?;
        let line = SecretLine { name: &registration.name, id, secret: secret.expose_secret() };
        secrets.add(&line).map_err(WebhooksCommandError::from)?;
        self.remember(registration, MadeState::Made, Some(id))?;
        Ok(ReportLine::ok(&registration.name, "registered", Some(id)))
    }

    fn remember(
        &self,
        registration: &Registration,
        state: MadeState,
        id: Option<&str>,
    ) -> Result<(), WebhooksCommandError> {
        let (name, content, target_id) = (registration.name.clone(), registration.digest(), id.map(str::to_owned));
        let secrets_of = self.secrets.as_ref().filter(|_| state == MadeState::Made);
        let secrets_of = secrets_of.map(|secrets| secrets.begin().to_owned());
        let (is_activated, was_found_active) = (false, false);
        let object = MadeObject { id: name, state, target_id, content, secrets_of, is_activated, was_found_active };
        Ok(self.objects.put(&object)?)
    }

    /// What is to be said of an endpoint that is registered.
    fn settled(&self, registration: &Registration, content: &str, id: Option<&str>) -> ReportLine {
        let is_it = |object: &MadeObject| object.id == registration.name;
        match self.lost.as_ref().filter(|lost| lost.objects().iter().any(is_it)) {
            Some(lost) => secret_gone(registration, lost.path(), id),
            None if content == registration.digest() => ReportLine::ok(&registration.name, "unchanged", id),
            None => changed_since(registration, id),
        }
    }
}

/// The id that a line of the file of secrets is about.
fn id_of_line(line: &serde_json::Value) -> Option<&str> {
    line["secret"].as_str()?;
    line["id"].as_str()
}

fn secret_gone(registration: &Registration, path: &Path, id: Option<&str>) -> ReportLine {
    let path = path.display();
    let detail = format!(
        "Its secret was written to {path} and is there no more. Put its line back from a copy; if nobody has it, rotate the \
         secret in the target's dashboard. This is said until its line is back or that file is deleted."
    );
    ReportLine::wrong(&registration.name, "secret_gone", id, detail)
}

fn changed_since(registration: &Registration, id: Option<&str>) -> ReportLine {
    let detail = "It is registered, and the plan or the endpoints file has changed since. `undo` deletes what was registered, and \
                  then `apply` registers it anew with another secret; or change it in the target's dashboard.";
    ReportLine::wrong(&registration.name, "changed_since", id, detail)
}

fn missing(registration: &Registration, id: &str) -> ReportLine {
    let detail = "It was registered, and is at the target no more. --force registers it again, with another secret.";
    ReportLine::wrong(&registration.name, "missing", Some(id), detail)
}

fn in_doubt(registration: &Registration, mark: &str) -> ReportLine {
    let detail = format!(
        "The answer of the target was lost, and it has no list of its endpoints: look in its dashboard for one whose description \
         ends with ({mark}), delete it, and run the same command with --force."
    );
    ReportLine::wrong(&registration.name, "in_doubt", None, detail)
}
