//! `apps apply`: makes clients.

use std::path::Path;

use super::account::AppsAccount;
use super::checklist::checklist;
use super::client_target::ClientTarget;
use super::plan_of_apps::PlanOfApps;
use crate::apps::{
    Applying, ClientFinding, ClientOutcome, ClientRegistry, Left, Planned, PlannedClient, apply_one, client_of_line,
};
use crate::avnology::KeyKind;
use crate::command::apps::apps_command_error::AppsCommandError;
use crate::command::shared::command_error::CommandError;
use crate::exit::ExitStatus;
use crate::made_once::{APPS_PREFIX, LostSecrets, MadeObjects, MadeState, SecretsFile};

/// Makes the applications of a plan clients of the target.
pub(super) async fn apply<R: ClientRegistry>(
    at: &ClientTarget<'_, R>,
    plan: &Path,
    secrets_out: Option<&Path>,
    dry_run: bool,
    force: bool,
) -> Result<ExitStatus, CommandError> {
    let output = &at.settings.output;
    let objects = MadeObjects::open(&at.settings.runs_directory, APPS_PREFIX, &at.name, "apps apply");
    let objects = objects.map_err(AppsCommandError::from)?;
    let secrets = SecretsFile::of(&objects, secrets_out).map_err(AppsCommandError::from)?;
    let mut new_secrets = 0;
    let plan = PlanOfApps::read(plan, |planned| {
        if let Planned::Client(client) = planned {
            let is_made = objects.get(&client.application)?.is_some_and(|object| object.state == MadeState::Made);
            new_secrets += u64::from(client.form.is_confidential() && !is_made);
        }
        Ok(())
    })?;
    if plan.instance.environment_type == "development" && at.key_kind == Some(KeyKind::Live) && !force {
        return Err(AppsCommandError::Development.into());
    }
    if !at.registry.is_there().await? {
        return checklist(at, "apps apply", plan).await;
    }
    if new_secrets > 0 && secrets.is_none() && !dry_run {
        return Err(AppsCommandError::NoSecretsFile { count: new_secrets }.into());
    }
    if let Some(secrets) = secrets.as_ref().filter(|_| new_secrets > 0 && !dry_run) {
        secrets.check_not_taken().map_err(AppsCommandError::from)?;
    }
    let mut account = AppsAccount::new("apps apply", &at.name, dry_run, output);
    let lost = lost_secrets(&objects, &mut account)?;
    let mut applying = Applying { registry: at.registry, objects: &objects, secrets, force, dry_run };
    apply_all(&mut applying, plan, &mut account).await?;
    let mut sentence = String::new();
    if !dry_run && let Some(secrets) = applying.secrets.take() {
        if secrets.has_any().map_err(AppsCommandError::from)? {
            let path = secrets.path().display();
            sentence = format!("The secrets of new clients are in {path}: hand each over, then delete the file.\n");
        }
        if lost.as_ref().is_none_or(|lost| !lost.are_open()) {
            secrets.finish().map_err(AppsCommandError::from)?;
        }
    }
    if let Some(lost) = lost.filter(|_| !dry_run) {
        lost.said(&objects).map_err(AppsCommandError::from)?;
    }
    account.end(output, &sentence)
}

/// Says whose secrets somebody took out of the file since they were written to it.
fn lost_secrets(objects: &MadeObjects, account: &mut AppsAccount) -> Result<Option<LostSecrets>, CommandError> {
    let lost = LostSecrets::look(objects, client_of_line).map_err(AppsCommandError::from)?;
    for (lost, object) in lost.iter().flat_map(|lost| lost.objects().iter().map(move |object| (lost, object))) {
        let path = lost.path().display();
        let sentence = format!(
            "Its secret was written to {path} and is there no more. Put its line back from a copy; if nobody has it, give the \
             client a new secret at the target. This is said until its line is back or that file is deleted."
        );
        let (application, client_id) = (Some(object.id.clone()), object.target_id.clone());
        account.find(ClientFinding { application, client_id, code: "secret_gone", sentence }, true)?;
    }
    Ok(lost)
}

/// Makes the client of each application, one after the other: of a secret that is lost there is one at the most.
async fn apply_all<R: ClientRegistry>(
    applying: &mut Applying<'_, R>,
    plan: PlanOfApps,
    account: &mut AppsAccount,
) -> Result<(), CommandError> {
    let mut applications = plan.applications();
    while let Some(planned) = applications.next().await {
        match planned {
            Planned::RegistersItself => account.count("registers_itself"),
            Planned::Impossible { application, why } => account.impossible(application, why)?,
            Planned::Client(client) => {
                let (outcome, client_id) = apply_one(applying, &client).await.map_err(AppsCommandError::from)?;
                tracing::debug!(
                    application = client.application,
                    client_id,
                    outcome = name_of(&outcome),
                    "an application"
                );
                report(account, &client, &outcome, &client_id)?;
            }
        }
    }
    applications.end().await
}

const fn name_of(outcome: &ClientOutcome) -> &'static str {
    match outcome {
        ClientOutcome::Created => "created",
        ClientOutcome::MadeAgain => "made_again",
        ClientOutcome::Changed(_) => "changed",
        ClientOutcome::Unchanged => "unchanged",
        ClientOutcome::Left(_) => "left_as_it_is",
        ClientOutcome::Refused(_) => "refused",
    }
}

/// Counts what became of an application, and says what somebody has to know.
fn report(
    account: &mut AppsAccount,
    client: &PlannedClient,
    outcome: &ClientOutcome,
    client_id: &str,
) -> Result<(), CommandError> {
    account.count(name_of(outcome));
    let finding = |code, sentence| ClientFinding {
        application: Some(client.application.clone()),
        client_id: Some(client_id.to_owned()),
        code,
        sentence,
    };
    match outcome {
        ClientOutcome::Left(left) => {
            let (code, sentence) = sentence_of(left);
            account.find(finding(code, sentence), true)?;
        }
        ClientOutcome::Refused(reason) => {
            let sentence = format!("The target does not take it: {reason}.");
            account.find(finding("refused", sentence), true)?;
        }
        ClientOutcome::MadeAgain => {
            let sentence = "An earlier run was broken off before its secret was kept: it was deleted and made again.";
            account.find(finding("made_again", sentence.to_owned()), false)?;
        }
        ClientOutcome::Changed(fields) => {
            account.find(finding("changed", format!("Changed: {}.", fields.join(", "))), false)?;
        }
        ClientOutcome::Created | ClientOutcome::Unchanged => {}
    }
    if client_id != client.form.client_id {
        let hosts = hosts(&client.form.redirect_uris).join(", ");
        let sentence = format!(
            "Its client id was {} at Clerk: those who run {hosts} have to use the new one.",
            client.form.client_id
        );
        account.find(finding("client_id_changed", sentence), false)?;
    }
    for (uri, why) in &client.refused {
        account.find(finding("redirect_uri_left_out", format!("{uri} is not registered. {why}")), false)?;
    }
    Ok(())
}

/// The hosts, or schemes, of redirect URIs, each once.
fn hosts(uris: &[String]) -> Vec<String> {
    let host = |uri: &String| {
        let url = url::Url::parse(uri).ok()?;
        Some(url.host_str().map_or_else(|| format!("{}:", url.scheme()), str::to_owned))
    };
    let mut hosts: Vec<String> = uris.iter().filter_map(host).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

fn sentence_of(left: &Left) -> (&'static str, String) {
    match left {
        Left::Foreign(fields) => (
            "foreign_client",
            format!(
                "A client with this id is there that this program did not make, and differs in {}. It is left as it is: delete \
                 it there, or make it equal.",
                fields.join(", ")
            ),
        ),
        Left::ChangedSince(fields) => (
            "changed_since",
            format!("Somebody changed it at the target: {}. It is left as it is; --force changes it.", fields.join(", ")),
        ),
        Left::OtherType => (
            "other_type",
            "It is public and should have a secret, or the other way round, which cannot be changed: `apps undo`, then \
             `apps apply`."
                .to_owned(),
        ),
        Left::SecretLost => (
            "secret_lost",
            "An earlier run was broken off before its secret was kept, and somebody changed it since: give it a new secret at \
             the target."
                .to_owned(),
        ),
    }
}
