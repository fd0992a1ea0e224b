//! Enables the users again whom the run that is undone had disabled, because they were missing from its export.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::shared::command_error::CommandError;
use super::super::shared::target::earlier_identity::{FoundIdentity, look_at, pages};
use super::undo_error::{NothingThere, UndoError};
use crate::destination::Destination;
use crate::index::Texts;
use crate::journal::{LostRun, RunDirectory};
use crate::missing::{CreatedEarlier, MissingSearch, SearchError};
use crate::settings::{RunOnDisk, UndoSettings};

/// Enables the identities that a run disabled, and says how many. One that is enabled already, is not proven to be the user's, or
/// of which a later run decided, stays as it is. In a dry run they are only counted. Fails if none of them is there.
pub(super) async fn enable_disabled(
    runs: PathBuf,
    settings: &UndoSettings,
    target: &Arc<dyn Destination>,
) -> Result<u64, CommandError> {
    let UndoSettings { run: RunOnDisk { directory, record }, dry_run, even_if_gone, .. } = settings;
    if !directory.disabled().exists() {
        return Ok(0);
    }
    let (directory, record): (RunDirectory, _) = (directory.clone(), record.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let mut users = Texts::new(&std::env::temp_dir())?;
        MissingSearch::disabled_by(&runs, (&directory, &record), |user| {
            users.add(&serde_json::to_vec(&user)?).map(drop)
        })?;
        Ok::<Texts, SearchError>(users)
    });
    let users = reading.await.map_err(std::io::Error::other).map_err(UndoError::Io)?.map_err(|error| match error {
        SearchError::Io(error) => UndoError::Io(error),
        SearchError::Lost(LostRun { directory, problem }) => {
            UndoError::LostRun { directory: directory.display().to_string(), problem }
        }
        SearchError::Source(error) => UndoError::Io(std::io::Error::other(error)),
    })?;
    let users =
        users.iter().map(|text| text.and_then(|(_, text)| Ok(serde_json::from_slice::<CreatedEarlier>(&text)?)));
    let (mut enabled, mut all, mut gone) = (0, 0, 0);
    for page in pages(users) {
        for user in page.map_err(UndoError::Io)? {
            all += 1;
            match look_at(target.as_ref(), &user).await? {
                FoundIdentity::Disabled => {
                    enabled += u64::from(*dry_run || target.set_disabled(&user.id, false).await?);
                }
                FoundIdentity::Gone => gone += 1,
                FoundIdentity::Active | FoundIdentity::NotProven => {}
            }
        }
    }
    if all > 0 && gone == all && !dry_run && !even_if_gone {
        return Err(UndoError::NothingThere(NothingThere::new(
            &settings.run.record.target,
            all,
            "user",
            "whom the run disabled",
        ))
        .into());
    }
    Ok(enabled)
}
