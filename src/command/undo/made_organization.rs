//! The organization that a run made for its users: undoing the run deletes it, unless anybody belongs to it.

use super::undo_error::UndoError;
use crate::avnology::{delete_organization, find_organization};
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{Target, client};
use crate::journal::RunRecord;
use crate::settings::Connection;
use crate::signal::Signals;

/// What became of the organization that an undone run made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MadeOrganization {
    /// The run made none, or it is gone.
    None,
    /// It was deleted.
    Deleted,
    /// It was kept: others belong to it by now, or users of the run who were kept.
    Kept,
}

/// Deletes the organization that a run made, unless anybody belongs to it.
pub(super) async fn delete_made(
    target: &Target,
    connection: &Connection,
    record: &RunRecord,
    signals: &mut Signals,
) -> Result<MadeOrganization, CommandError> {
    let Some(home) = record.organization.as_ref().filter(|home| home.create) else { return Ok(MadeOrganization::None) };
    let (client, budget) = (client(target, connection)?, &connection.retry);
    let deletion = async {
        let found = find_organization(&client, budget, home.id_or_name()).await?;
        let Some(made) = found.filter(|found| found.made_by.as_deref() == Some(record.id.as_str())) else {
            return Ok(MadeOrganization::None);
        };
        let is_deleted = delete_organization(&client, budget, &made.id).await?;
        Ok::<_, CommandError>(if is_deleted { MadeOrganization::Deleted } else { MadeOrganization::Kept })
    };
    tokio::select! {
        deleted = deletion => deleted,
        signal = signals.next() => Err(UndoError::Interrupted { signal, run: record.id.clone() }.into()),
    }
}
