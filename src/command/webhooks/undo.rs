//! `avnology migrate clerk webhooks undo`: deletes exactly what `apply` registered.

use super::account::{ReportLine, With, finish};
use super::apply::calls;
use super::at_target::at_target;
use super::checklist::no_list;
use crate::avnology::RegisteredWebhook;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{Target, with_target};
use crate::command::shared::terminal::consent::{ask_consent, is_somebody_there};
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::human::plural;
use crate::made_once::{AppliedError, MadeObject, MadeObjects, WEBHOOKS_PREFIX};
use crate::settings::WebhooksUndoSettings;
use crate::signal::Signals;
use crate::webhooks::Registration;

/// Deletes what `apply` registered.
pub async fn undo(settings: WebhooksUndoSettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let (settings, signals) = (&settings, &mut signals);
    with_target(&settings.at.target, async |target| undo_at(&target, settings, signals).await).await
}

async fn undo_at(
    target: &Target,
    settings: &WebhooksUndoSettings,
    signals: &mut Signals,
) -> Result<ExitStatus, CommandError> {
    let at = &settings.at;
    let objects = MadeObjects::open(&at.runs_directory, WEBHOOKS_PREFIX, &target.name, "webhooks undo");
    let objects = objects.map_err(WebhooksCommandError::from)?;
    let made: Result<Vec<MadeObject>, AppliedError> = objects.each().and_then(Iterator::collect);
    let mut made = made.map_err(WebhooksCommandError::from)?;
    made.sort_by(|one, other| one.id.cmp(&other.id));
    if made.is_empty() {
        let runs = at.runs_directory.display();
        at.output.console.note(&format!("Nothing in {runs} says that webhooks were registered at {}.", target.name));
    }
    if !settings.dry_run && !settings.has_consent && !made.is_empty() {
        let endpoints = plural(made.len() as u64, "endpoint");
        let question = format!("{endpoints} of webhooks were registered at {}.\nDelete them?", target.name);
        if !is_somebody_there() || !ask_consent(&question, signals).await? {
            return Err(WebhooksCommandError::NoConsent.into());
        }
    }
    let deleting = delete_all(target, &objects, &made, settings);
    signals.unless_one_comes(deleting).await.map_err(WebhooksCommandError::Interrupted)?
}

async fn delete_all(
    target: &Target,
    objects: &MadeObjects,
    made: &[MadeObject],
    settings: &WebhooksUndoSettings,
) -> Result<ExitStatus, CommandError> {
    let (mut lines, calls) = (Vec::new(), calls(target, &settings.at)?);
    let there = if made.is_empty() { Some(Vec::new()) } else { calls.list().await? };
    for object in made {
        let name = &object.id;
        let Some(there) = &there else {
            lines.push(no_list(name, object.target_id.as_deref()));
            continue;
        };
        let mark = Registration::mark(objects.mark(), name);
        let Some(found) = at_target(object, &mark, there) else {
            if !settings.dry_run {
                objects.remove(name).map_err(WebhooksCommandError::from)?;
            }
            lines.push(ReportLine::ok(name, "gone_already", object.target_id.as_deref()));
            continue;
        };
        if let Some(why) = kept(object, found, &mark, settings.force) {
            lines.push(ReportLine::wrong(name, "kept", Some(&found.id), why));
        } else if settings.dry_run {
            lines.push(ReportLine::ok(name, "would_be_deleted", Some(&found.id)));
        } else if calls.delete(&found.id).await? {
            objects.remove(name).map_err(WebhooksCommandError::from)?;
            lines.push(ReportLine::ok(name, "deleted", Some(&found.id)));
        } else {
            let detail = "The target has no method for this: delete it in its dashboard.";
            lines.push(ReportLine::wrong(name, "by_hand", Some(&found.id), detail));
        }
    }
    finish("webhooks undo", With::Target(&target.name), &lines, &settings.at.output)
}

/// Why an endpoint is not deleted, if it is not.
fn kept(object: &MadeObject, found: &RegisteredWebhook, mark: &str, force: bool) -> Option<&'static str> {
    if !Registration::has_mark(&found.description, mark) {
        // Nothing says any more that it is ours.
        return Some("Its description does not have the mark of `apply` any more, so nothing proves that it is ours.");
    }
    if force {
        return None;
    }
    if found.active && !object.is_activated {
        return Some("Somebody activated it (--force deletes it, too).");
    }
    let is_unchanged = Registration::is_unchanged(&object.content, &found.url, &found.events, &found.description, mark);
    (!is_unchanged).then_some("Somebody changed it since (--force deletes it, too).")
}
