//! The organization that the users of an import go into: found at the target, or made there.
//!
//! A name is looked up once. From then on the run goes by the id that its record has: an organization that gets the name later is another
//! organization.

use super::super::command_error::CommandError;
use super::super::run_start_error::RunStartError;
use super::{Target, client};
use crate::avnology::{HomeOrganization, check_organization, ensure_organization, need_organization};
use crate::journal::{OrganizationRecord, RunRecord};
use crate::rehearsal::Home;
use crate::settings::{Connection, ImportSettings, ReadingSettings, RunOnDisk};
use crate::signal::Signals;

/// The organization of an import, if it is there, and the settings of reading with it. One that the import is to make is made later,
/// by [`into_organization`]: until then nothing is sent.
pub(in crate::command) async fn organization_if_there(
    target: &Target,
    settings: &ImportSettings,
    run: &RunOnDisk,
    signals: &mut Signals,
) -> Result<(ReadingSettings, Option<HomeOrganization>), CommandError> {
    let ImportSettings { reading, connection, .. } = settings;
    let Some(home) = &run.record.organization else { return Ok((reading.clone(), None)) };
    let makes = home.id.is_none() && home.create;
    let found = find_or_need(target, connection, (home.id_or_name(), makes), signals).await?;
    Ok((within(reading, found.as_ref()), found))
}

/// The settings of reading with the organization of an import, which was `found` or is made.
pub(in crate::command) async fn into_organization(
    target: &Target,
    settings: &ImportSettings,
    (run, found): (&RunOnDisk, Option<HomeOrganization>),
    signals: &mut Signals,
) -> Result<ReadingSettings, CommandError> {
    let ImportSettings { reading, connection, output, .. } = settings;
    let RunOnDisk { directory, record } = run;
    let Some(home) = &record.organization else { return Ok(reading.clone()) };
    let client = client(target, connection)?;
    let found = if let Some(found) = found {
        found
    } else {
        tokio::select! {
            made = ensure_organization(&client, &connection.retry, &home.asked, &record.id) => made?,
            signal = signals.next() => return Err(CommandError::Interrupted(signal)),
        }
    };
    if home.id.is_none() {
        let home = OrganizationRecord { id: Some(found.id.clone()), ..home.clone() };
        let known = RunRecord { organization: Some(home), ..record.clone() };
        let failed = |source| RunStartError::Io { path: directory.path().to_path_buf(), source };
        directory.write_record(&known).map_err(failed)?;
    }
    let made = if found.made_by.as_deref() == Some(record.id.as_str()) { ", which this run made" } else { "" };
    output.console.note(&format!("The users go into organization {}{made}.", found.id));
    Ok(within(reading, Some(&found)))
}

/// The settings of reading with the organization of a verification.
pub(in crate::command) async fn of_organization(
    target: &Target,
    reading: &ReadingSettings,
    connection: &Connection,
    signals: &mut Signals,
) -> Result<ReadingSettings, CommandError> {
    let Some(wanted) = &reading.organization else { return Ok(reading.clone()) };
    let found = find_or_need(target, connection, (wanted.as_str(), false), signals).await?;
    Ok(within(reading, found.as_ref()))
}

/// The settings of reading for the rehearsal of an import, and which organization its users would go into. If the import `makes` it
/// and it is not there, nothing is made.
pub(in crate::command) async fn organization_of_rehearsal(
    target: &Target,
    reading: &ReadingSettings,
    (connection, makes): (&Connection, bool),
    signals: &mut Signals,
) -> Result<(ReadingSettings, Home), CommandError> {
    let Some(wanted) = &reading.organization else { return Ok((reading.clone(), Home::Anywhere)) };
    let found = find_or_need(target, connection, (wanted.as_str(), makes), signals).await?;
    let mut within = reading.clone();
    within.rules.organization = found.map(|found| found.id);
    let home = within.rules.organization.clone().map_or(Home::New, Home::There);
    Ok((within, home))
}

/// Looks for an organization, which has to be there unless the import `makes` it.
async fn find_or_need(
    target: &Target,
    connection: &Connection,
    (wanted, makes): (&str, bool),
    signals: &mut Signals,
) -> Result<Option<HomeOrganization>, CommandError> {
    let client = client(target, connection)?;
    let found = async {
        if makes {
            check_organization(&client, &connection.retry, wanted).await
        } else {
            need_organization(&client, &connection.retry, wanted).await.map(Some)
        }
    };
    tokio::select! {
        found = found => Ok(found?),
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
    }
}

/// The settings of reading with an organization; as they are if there is none.
fn within(reading: &ReadingSettings, found: Option<&HomeOrganization>) -> ReadingSettings {
    let mut reading = reading.clone();
    if let Some(found) = found {
        reading.rules.organization = Some(found.id.clone());
    }
    reading
}
