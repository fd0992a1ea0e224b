//! What a person types into the dashboard of a target that has no methods for clients.

use super::account::AppsAccount;
use super::client_target::ClientTarget;
use super::plan_of_apps::PlanOfApps;
use crate::apps::{ClientFinding, Planned, checklist_entry};
use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::exit::ExitStatus;
use crate::report::print_text;

/// Lists the clients of a plan for a person, or as findings for a program. Each is something to do, so it ends with code 3.
pub(super) async fn checklist<R>(
    at: &ClientTarget<'_, R>,
    command: &'static str,
    plan: PlanOfApps,
) -> Result<ExitStatus, CommandError> {
    let output = &at.settings.output;
    let is_for_people = output.format == OutputFormat::Text;
    let mut account = AppsAccount::new(command, &at.name, true, output);
    output.console.error(&format!("{} has no methods for clients: make them in its dashboard, by this list", at.name));
    if is_for_people {
        print_text(&format!("# Clients to make at {}\n\n", at.name))?;
    }
    let mut applications = plan.applications();
    while let Some(planned) = applications.next().await {
        let (application, client_id, entry) = match planned {
            Planned::RegistersItself => {
                account.count("registers_itself");
                continue;
            }
            Planned::Impossible { application, why } => {
                let entry = format!("- [ ] {application}: {why}\n");
                (application, None, entry)
            }
            Planned::Client(client) => {
                let entry = checklist_entry(&client);
                (client.application, Some(client.form.client_id), entry)
            }
        };
        if is_for_people {
            print_text(&entry)?;
        }
        account.count("to_make_by_hand");
        account.note(
            ClientFinding { application: Some(application), client_id, code: "make_by_hand", sentence: entry },
            true,
        );
    }
    applications.end().await?;
    account.end(output, "")
}
