//! `apps verify`: compares clients with a plan.

use std::ops::ControlFlow;
use std::path::Path;

use super::account::AppsAccount;
use super::checklist::checklist;
use super::client_target::ClientTarget;
use super::plan_of_apps::PlanOfApps;
use crate::apps::{ClientFinding, ClientRegistry, FoundClient, Planned, PlannedClient};
use crate::command::apps::apps_command_error::AppsCommandError;
use crate::command::shared::command_error::CommandError;
use crate::exit::ExitStatus;
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::made_once::{APPS_PREFIX, MadeObjects};

/// Ids in memory before they are spilled.
const CAPACITY: usize = 1 << 14;

/// The kind of the hashes.
const OF_CLIENTS: u8 = b'c';

/// Compares the clients of the target with a plan, and names what else is there.
pub(super) async fn verify<R: ClientRegistry>(
    at: &ClientTarget<'_, R>,
    plan: &Path,
) -> Result<ExitStatus, CommandError> {
    let output = &at.settings.output;
    let objects = MadeObjects::open(&at.settings.runs_directory, APPS_PREFIX, &at.name, "apps verify");
    let objects = objects.map_err(AppsCommandError::from)?;
    let plan = PlanOfApps::read(plan, |_| Ok(()))?;
    if !at.registry.is_there().await? {
        return checklist(at, "apps verify", plan).await;
    }
    let mut account = AppsAccount::new("apps verify", &at.name, false, output);
    let mut known: Table<HASH_BYTES> = Table::new(CAPACITY, std::env::temp_dir());
    let mut applications = plan.applications();
    while let Some(planned) = applications.next().await {
        match planned {
            Planned::RegistersItself => account.count("registers_itself"),
            Planned::Impossible { application, why } => account.impossible(application, why)?,
            Planned::Client(client) => {
                let id = compare(at, &objects, &client, &mut account).await?;
                known.insert(hash_of(OF_CLIENTS, &id)).map_err(AppsCommandError::from)?;
            }
        }
    }
    applications.end().await?;
    extras(at, &known, &mut account).await?;
    account.end(output, "")
}

/// Compares the client of one application. Returns its id at the target.
async fn compare<R: ClientRegistry>(
    at: &ClientTarget<'_, R>,
    objects: &MadeObjects,
    client: &PlannedClient,
    account: &mut AppsAccount,
) -> Result<String, CommandError> {
    let remembered = objects.get(&client.application).map_err(AppsCommandError::from)?;
    let id = remembered.and_then(|object| object.target_id).unwrap_or_else(|| client.form.client_id.clone());
    let finding = |code, sentence| ClientFinding {
        application: Some(client.application.clone()),
        client_id: Some(id.clone()),
        code,
        sentence,
    };
    match at.registry.read(&id).await? {
        None => {
            account.count("missing");
            account
                .find(finding("missing", "It has no client at the target: `apps apply` makes it.".to_owned()), true)?;
        }
        Some(found) => {
            let differences = found.content().differences(&client.form.content());
            if differences.is_empty() {
                account.count("equal");
            } else {
                account.count("different");
                let sentence = format!("Its client differs from the plan in {}.", differences.join(", "));
                account.find(finding("different", sentence), true)?;
            }
        }
    }
    Ok(id)
}

/// Names the clients that are of no application of the plan. Those that this program made are too many.
async fn extras<R: ClientRegistry>(
    at: &ClientTarget<'_, R>,
    known: &Table<HASH_BYTES>,
    account: &mut AppsAccount,
) -> Result<(), CommandError> {
    let look = |client: FoundClient| {
        if known.find(&hash_of(OF_CLIENTS, &client.client_id)).map_err(AppsCommandError::from)?.is_some() {
            return Ok(ControlFlow::Continue(()));
        }
        account.count_other("extra");
        let (name, is_difference) = (client.name(), client.is_marked());
        let (code, sentence) = if is_difference {
            ("extra", format!("This program made the client \u{201c}{name}\u{201d}, and the plan does not have it."))
        } else {
            ("other_client", format!("The client \u{201c}{name}\u{201d} is there, too, and not of this plan."))
        };
        let client_id = Some(client.client_id);
        account.find(ClientFinding { application: None, client_id, code, sentence }, is_difference)?;
        Ok(ControlFlow::Continue(()))
    };
    at.registry.each(look).await
}
