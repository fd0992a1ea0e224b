//! What Clerk says: only GET is sent, and no user is kept.

use jiff::Timestamp;

use crate::clerk_api::ClerkCalls;
use crate::command::shared::command_error::CommandError;
use crate::cutover::{ClerkReading, Finding};
use crate::export::{ChangedUsers, ExportError};
use crate::pace::PaceGate;
use crate::settings::CutoverCheckSettings;
use crate::signal::Signals;

/// How many users have changed since a moment; or what keeps that from being known.
pub(super) async fn ask(
    settings: &CutoverCheckSettings,
    since: Option<Timestamp>,
    signals: &mut Signals,
) -> Result<Result<ClerkReading, Finding>, CommandError> {
    let Some(since) = since else {
        return Ok(Err(Finding::needs_you(
            "it is not known when the export of the last import was begun; say it with --exported-at",
        )));
    };
    let (client, pace) = match &settings.clerk {
        Ok(clerk) => clerk,
        Err(error) => return Ok(Err(Finding::needs_you(error.to_string()))),
    };
    let at = Timestamp::now();
    let asked = async {
        let calls = ClerkCalls::new(client, PaceGate::new(pace), settings.retry).map_err(ExportError::from)?;
        ChangedUsers::since(&calls, since, settings.max_changes).await
    };
    Ok(match signals.unless_one_comes(asked).await.map_err(CommandError::Interrupted)? {
        Ok(ChangedUsers { total, changed, is_all }) => Ok(ClerkReading { at, total, changed, is_all, since }),
        Err(error) => Err(Finding::failed(error.to_string())),
    })
}
