//! `avnology migrate clerk webhooks verify`: compares what is registered with the plan.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret;

use super::account::{ReportLine, With, finish};
use super::apply::calls;
use super::at_target::at_target;
use super::checklist::no_list;
use super::inputs::registrations;
use crate::avnology::RegisteredWebhook;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{Target, with_target};
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::made_once::{MadeObject, MadeObjects, MadeState, WEBHOOKS_PREFIX};
use crate::settings::WebhooksVerifySettings;
use crate::signal::Signals;
use crate::webhooks::Registration;

/// Why an endpoint should not be active.
const ACTIVE_ALREADY: &str = "It is active, and `activate` was not run for it: what an import changes would be delivered. \
                              Deactivate it in the target's dashboard, or run `activate` if the switch is done.";

/// Why an endpoint should be active.
const NOT_ACTIVE: &str = "`activate` was run for it, and it is not active: run `activate` again.";

/// What is to be said of an endpoint that left the plan.
const NOT_IN_PLAN: &str = "`apply` registered it, and by the plan it is not to be there any more. Delete it in the target's \
                           dashboard, or put it back into the plan.";

/// Compares what is registered with the plan. It changes nothing.
pub async fn verify(settings: WebhooksVerifySettings, mut signals: Signals) -> Result<ExitStatus, CommandError> {
    let registrations = registrations(&settings.planned)?;
    with_target(&settings.at.target, async |target| {
        let comparing = verify_at(&target, &registrations, &settings);
        signals.unless_one_comes(comparing).await.map_err(WebhooksCommandError::Interrupted)?
    })
    .await
}

async fn verify_at(
    target: &Target,
    registrations: &[Registration],
    settings: &WebhooksVerifySettings,
) -> Result<ExitStatus, CommandError> {
    let at = &settings.at;
    let objects = MadeObjects::open(&at.runs_directory, WEBHOOKS_PREFIX, &target.name, "webhooks verify");
    let objects = objects.map_err(WebhooksCommandError::from)?;
    let there = calls(target, at)?.list().await?;
    let (mut lines, mut ours) = (Vec::new(), BTreeSet::new());
    for registration in registrations {
        let known = objects.get(&registration.name).map_err(WebhooksCommandError::from)?;
        let id = known.as_ref().and_then(|object| object.target_id.clone());
        lines.push(match &there {
            None => no_list(&registration.name, id.as_deref()),
            Some(there) => compare(registration, known.as_ref(), there),
        });
        ours.extend(id);
    }
    let there = there.unwrap_or_default();
    for (name, webhook) in not_in_plan(&objects, registrations, &there)? {
        let line = ReportLine::wrong(&name, "not_in_plan", Some(&webhook.id), NOT_IN_PLAN);
        lines.push(ReportLine { active: Some(webhook.active), ..line });
        ours.insert(webhook.id.clone());
    }
    for webhook in there.iter().filter(|webhook| !ours.contains(&webhook.id)) {
        // What it is called there may be secret, and its address, too.
        let line = ReportLine::ok(&webhook.id, "not_ours", None);
        lines.push(line.saying("It is at the target, and `apply` did not register it."));
    }
    finish("webhooks verify", With::Target(&target.name), &lines, &at.output)
}

/// The endpoints that `apply` registered, that are at the target, and that the plan does not have any more; by name.
fn not_in_plan<'t>(
    objects: &MadeObjects,
    registrations: &[Registration],
    there: &'t [RegisteredWebhook],
) -> Result<BTreeMap<String, &'t RegisteredWebhook>, CommandError> {
    let planned: BTreeSet<&str> = registrations.iter().map(|registration| registration.name.as_str()).collect();
    let mut left = BTreeMap::new();
    for object in objects.each().map_err(WebhooksCommandError::from)? {
        let object = object.map_err(WebhooksCommandError::from)?;
        if planned.contains(object.id.as_str()) {
            continue;
        }
        let mark = Registration::mark(objects.mark(), &object.id);
        left.extend(at_target(&object, &mark, there).map(|webhook| (object.id, webhook)));
    }
    Ok(left)
}

fn compare(registration: &Registration, known: Option<&MadeObject>, there: &[RegisteredWebhook]) -> ReportLine {
    let name = &registration.name;
    let Some(object @ MadeObject { state: MadeState::Made, target_id: Some(id), .. }) = known else {
        return ReportLine::wrong(name, "not_registered", None, "`apply` has not registered it, or did not finish.");
    };
    let Some(found) = there.iter().find(|webhook| webhook.id == *id) else {
        return ReportLine::wrong(
            name,
            "missing",
            Some(id),
            "It was registered, and is at the target no more; `apply --force` registers it again.",
        );
    };
    let mut differences = Vec::new();
    if found.url.expose_secret() != registration.url().expose_secret() {
        differences.push("its address is another one".to_owned());
    }
    let (has, wants): (BTreeSet<&String>, BTreeSet<&String>) =
        (found.events.iter().collect(), registration.events.iter().collect());
    let listed = |events: Vec<&&String>| events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(", ");
    let (lacks, extra) = (listed(wants.difference(&has).collect()), listed(has.difference(&wants).collect()));
    if !lacks.is_empty() {
        differences.push(format!("it lacks the events {lacks}"));
    }
    if !extra.is_empty() {
        differences.push(format!("it also gets the events {extra}"));
    }
    let unexpected = match (found.active, object.is_to_be_active()) {
        (true, false) => Some(("active_already", ACTIVE_ALREADY)),
        (false, true) => Some(("not_active", NOT_ACTIVE)),
        _ => None,
    };
    let mut differences: Vec<String> =
        (!differences.is_empty()).then(|| format!("At the target {}.", differences.join("; "))).into_iter().collect();
    // Of headers the target does not say what they hold.
    if object.content != registration.digest() {
        differences.push("The plan or the endpoints file has changed since it was registered.".to_owned());
    }
    let differences = (!differences.is_empty()).then(|| differences.join(" "));
    let line = match (differences, unexpected) {
        (None, None) if found.active => ReportLine::ok(name, "same_and_active", Some(id)),
        (None, None) => ReportLine::ok(name, "same_and_inactive", Some(id)),
        (None, Some((outcome, why))) => ReportLine::wrong(name, outcome, Some(id), why),
        (Some(differences), None) => ReportLine::wrong(name, "differs", Some(id), differences),
        (Some(differences), Some((_, why))) => {
            ReportLine::wrong(name, "differs", Some(id), format!("{differences} {why}"))
        }
    };
    ReportLine { active: Some(found.active), ..line }
}
