//! `apps undo`: deletes the clients that `apps apply` made.

use super::account::AppsAccount;
use super::client_target::ClientTarget;
use crate::apps::{ClientFinding, ClientRegistry, Undoing, Undone, undo_one};
use crate::command::apps::apps_command_error::AppsCommandError;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::terminal::consent::{ask_consent, is_somebody_there};
use crate::exit::ExitStatus;
use crate::made_once::{APPS_PREFIX, MadeObjects};
use crate::signal::Signals;

/// Asks the person at the terminal. Without one the answer is no.
pub(super) async fn confirm(target: &str, signals: &mut Signals) -> Result<bool, CommandError> {
    if !is_somebody_there() {
        return Ok(false);
    }
    ask_consent(&format!("Delete all clients that `apps apply` made at {target}? Sign-ins through them end."), signals)
        .await
}

/// Deletes the clients that were made at the target, as far as they are ours and nobody changed them.
pub(super) async fn undo<R: ClientRegistry>(
    at: &ClientTarget<'_, R>,
    dry_run: bool,
    force: bool,
) -> Result<ExitStatus, CommandError> {
    let output = &at.settings.output;
    let objects = MadeObjects::open(&at.settings.runs_directory, APPS_PREFIX, &at.name, "apps undo");
    let objects = objects.map_err(AppsCommandError::from)?;
    let mut account = AppsAccount::new("apps undo", &at.name, dry_run, output);
    let mut has_none = true;
    let undoing = Undoing { registry: at.registry, objects: &objects, force, dry_run };
    for object in objects.each().map_err(AppsCommandError::from)? {
        has_none = false;
        let object = object.map_err(AppsCommandError::from)?;
        let (undone, client_id) = undo_one(&undoing, &object).await.map_err(AppsCommandError::from)?;
        let kept = match undone {
            Undone::Deleted => {
                account.count("deleted");
                None
            }
            Undone::Gone => {
                account.count("gone_before");
                None
            }
            Undone::KeptForeign => {
                account.count("kept");
                Some((
                    "foreign_client",
                    "Its client id belongs to a client that this program did not make: it is kept.",
                ))
            }
            Undone::KeptChanged => {
                account.count("kept");
                Some(("changed_since", "Somebody changed it since it was made: it is kept; --force deletes it."))
            }
        };
        if let Some((code, why)) = kept {
            let sentence = why.to_owned();
            account.find(ClientFinding { application: Some(object.id), client_id, code, sentence }, true)?;
        }
    }
    if has_none {
        let (runs, target) = (at.settings.runs_directory.display(), &at.name);
        output.console.note(&format!("Nothing in {runs} says that applications were made clients of {target}."));
    }
    account.end(output, "")
}
