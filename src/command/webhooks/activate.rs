//! `avnology migrate clerk webhooks activate`: lets endpoints get deliveries, after the switch.

use super::account::{ReportLine, With, finish};
use super::apply::calls;
use super::checklist::no_list;
use super::inputs::registrations;
use crate::avnology::{RegisteredWebhook, WebhookCalls};
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{Target, with_target};
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::made_once::{AppliedError, MadeObject, MadeObjects, MadeState, WEBHOOKS_PREFIX};
use crate::settings::WebhooksActivateSettings;
use crate::signal::Signals;
use crate::webhooks::Registration;

/// Activates the endpoints of a plan that `apply` registered.
pub async fn activate(settings: WebhooksActivateSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let registrations = registrations(&settings.planned)?;
    with_target(&settings.at.target, async |target| {
        let activating = activate_at(&target, &registrations, &settings);
        signals.unless_one_comes(activating).await.map_err(WebhooksCommandError::Interrupted)?
    })
    .await
}

async fn activate_at(
    target: &Target,
    registrations: &[Registration],
    settings: &WebhooksActivateSettings,
) -> Result<ExitStatus, CommandError> {
    let at = &settings.at;
    let objects = MadeObjects::open(&at.runs_directory, WEBHOOKS_PREFIX, &target.name, "webhooks activate");
    let objects = objects.map_err(WebhooksCommandError::from)?;
    let calls = calls(target, at)?;
    let there = calls.list().await?;
    let mut lines = Vec::new();
    for registration in registrations {
        let known = objects.get(&registration.name).map_err(WebhooksCommandError::from)?;
        let Some(there) = &there else {
            lines.push(no_list(&registration.name, known.as_ref().and_then(|object| object.target_id.as_deref())));
            continue;
        };
        lines.push(match as_planned(registration, known, there, objects.mark()) {
            Err(line) => line,
            Ok((object, found)) if found.active => {
                if !settings.dry_run {
                    remember_active(&objects, object).map_err(WebhooksCommandError::from)?;
                }
                ReportLine::ok(&registration.name, "active", Some(&found.id))
            }
            Ok((_, found)) if settings.dry_run => {
                ReportLine::ok(&registration.name, "would_be_activated", Some(&found.id))
            }
            Ok((object, found)) => activate_one(&calls, &objects, &object, &found.id).await?,
        });
    }
    // A report of what would be done is no proof that it is.
    let command = if settings.dry_run { "webhooks activate --dry-run" } else { "webhooks activate" };
    finish(command, With::Target(&target.name), &lines, &at.output)
}

/// What is kept of an endpoint that is at the target as the plan has it, and how it is there; or why it is not.
fn as_planned<'t>(
    registration: &Registration,
    known: Option<MadeObject>,
    there: &'t [RegisteredWebhook],
    maker: &str,
) -> Result<(MadeObject, &'t RegisteredWebhook), ReportLine> {
    let name = &registration.name;
    let Some(object) = known.filter(|object| object.state == MadeState::Made) else {
        let why = "`apply` has not registered it, or did not finish.";
        return Err(ReportLine::wrong(name, "not_registered", None, why));
    };
    let id = object.target_id.clone().unwrap_or_default();
    let wrong = |outcome, why: &str| Err(ReportLine::wrong(name, outcome, Some(&id), why));
    let Some(found) = there.iter().find(|webhook| webhook.id == id) else {
        return wrong(
            "missing",
            "It was registered, and is at the target no more; `apply --force` registers it again.",
        );
    };
    let mark = Registration::mark(maker, name);
    let is_as_planned = object.content == registration.digest();
    if !is_as_planned
        || !Registration::is_unchanged(&object.content, &found.url, &found.events, &found.description, &mark)
    {
        return wrong("changed_since", "It is not as the plan has it: `verify` says in what. It stays as it is.");
    }
    Ok((object, found))
}

/// One that is active already is to be so: `verify` knows it from now on. It is not ours, and `undo` keeps it.
fn remember_active(objects: &MadeObjects, object: MadeObject) -> Result<(), AppliedError> {
    if object.is_to_be_active() {
        return Ok(());
    }
    objects.put(&MadeObject { was_found_active: true, ..object })
}

/// That it is ours to activate is durable before the target is asked: `undo` then deletes it after a kill, too.
async fn activate_one(
    calls: &WebhookCalls,
    objects: &MadeObjects,
    object: &MadeObject,
    id: &str,
) -> Result<ReportLine, CommandError> {
    objects.put(&MadeObject { is_activated: true, ..object.clone() }).map_err(WebhooksCommandError::from)?;
    if calls.activate(id).await? {
        return Ok(ReportLine::ok(&object.id, "activated", Some(id)));
    }
    objects.put(object).map_err(WebhooksCommandError::from)?;
    let why = "The target has no method for this: activate it in its dashboard.";
    Ok(ReportLine::wrong(&object.id, "by_hand", Some(id), why))
}
