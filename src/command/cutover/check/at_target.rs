//! What the target says.

use std::path::Path;
use std::time::Duration;

use crate::avnology::{AuthorizationAnswer, Client, KeyKind, PublicDocuments};
use crate::command::shared::command_error::CommandError;
use crate::command::shared::target::{ConnectPurpose, client, connect, with_target};
use crate::cutover::TriedClient;
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::settings::{CutoverCheckSettings, TargetSettings};
use crate::signal::Signals;

/// What the target says; what keeps it from saying something is a sentence for a person.
#[derive(Clone, Debug)]
pub(super) struct TargetAnswers {
    /// Whether it answers and takes the key.
    pub reached: Result<(), String>,
    /// The kind of the key; nothing if there is none.
    pub key: Option<KeyKind>,
    /// What it says to everybody; nothing of a Kratos, which issues no tokens.
    pub documents: Option<Result<PublicDocuments, String>>,
    /// What it makes of a request to sign somebody in for a client: at an address of the client's, and at another one. Nothing if
    /// none was named.
    pub sign_ins: Option<Result<(AuthorizationAnswer, AuthorizationAnswer), String>>,
}

/// What runs call the target.
pub(super) fn name(settings: &TargetSettings) -> String {
    let of_sandbox = |database: &Path| {
        let path = std::path::absolute(database).unwrap_or_else(|_| database.to_path_buf());
        format!("sandbox:{}", path.display())
    };
    settings.name().unwrap_or_else(|| match settings {
        TargetSettings::Sandbox(database) => of_sandbox(database),
        TargetSettings::Real { .. } | TargetSettings::Kratos { .. } => String::new(),
    })
}

/// Asks the target. A signal ends that.
pub(super) async fn ask(
    target: &TargetSettings,
    settings: &CutoverCheckSettings,
    tried: Option<&TriedClient>,
    signals: &mut Signals,
) -> Result<TargetAnswers, CommandError> {
    let mut answers = TargetAnswers { reached: Ok(()), key: None, documents: None, sign_ins: None };
    let connection = &settings.connection;
    with_target(target, async |target| {
        answers.key = target.key_kind();
        answers.reached = match connect(&target, connection, ConnectPurpose::Existing, signals).await {
            Ok(_) => Ok(()),
            Err(CommandError::Target(error)) => Err(error.to_string()),
            Err(error) => return Err(error),
        };
        if answers.reached.is_ok()
            && let Ok(client) = client(&target, connection)
        {
            let asked = async {
                answers.documents = Some(said(PublicDocuments::read(&client, connection.retry.total).await));
                if let Some(tried) = tried {
                    answers.sign_ins = Some(said(sign_ins(&client, connection.retry.total, tried).await));
                }
            };
            signals.unless_one_comes(asked).await.map_err(CommandError::Interrupted)?;
        }
        Ok(ExitStatus::Success)
    })
    .await?;
    Ok(answers)
}

fn said<T>(answer: Result<T, TargetError>) -> Result<T, String> {
    answer.map_err(|error| error.to_string())
}

/// Tries to sign in for a client, at its own address and at one that it has not.
async fn sign_ins(
    client: &Client,
    patience: Duration,
    tried: &TriedClient,
) -> Result<(AuthorizationAnswer, AuthorizationAnswer), TargetError> {
    let TriedClient { client_id, redirect_uri } = tried;
    let other = format!("{redirect_uri}-not-registered");
    Ok((
        AuthorizationAnswer::to(client, patience, client_id, redirect_uri).await?,
        AuthorizationAnswer::to(client, patience, client_id, &other).await?,
    ))
}
