//! Makes the client of one application, so that it is made once and its secret is never lost.

use super::secret_line::SecretLine;
use super::{
    ChangedClient, ClientContent, ClientFacts, ClientForm, ClientOutcome, ClientRegistry, Created, FoundClient, Left,
    PlannedClient,
};
use super::{ClientStep, decide, find_ours};
use crate::destination::TargetError;
use crate::made_once::{AppliedError, MadeObject, MadeObjects, MadeState, SecretsFile};

/// How often it is looked again what is at the target, before that makes no sense any more.
const ROUNDS: u32 = 8;

/// Why an application does not get its client now.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The target is of no use.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// What is made cannot be remembered.
    #[error(transparent)]
    Applied(#[from] AppliedError),
    /// There is no file for secrets.
    #[error("--secrets-out FILE is needed: clients get a secret, which the target shows once")]
    NoSecretsFile,
    /// It makes the client, and says that it did not, or the other way round.
    #[error("the target does not say the same twice about the client of application {0}; run the same command again")]
    Unsettled(String),
    /// It made a client with a secret, and the answer does not have the secret.
    #[error(
        "the target made the client of application {0} and showed no secret: is it an address of its API? Nothing more was sent"
    )]
    NoSecret(String),
}

/// What the applications of a plan need.
pub struct Applying<'a, R> {
    /// The target.
    pub registry: &'a R,
    /// What is made there.
    pub objects: &'a MadeObjects,
    /// Where secrets go.
    pub secrets: Option<SecretsFile>,
    /// Whether what somebody changed is changed back.
    pub force: bool,
    /// Whether nothing is sent that changes anything.
    pub dry_run: bool,
}

impl<R> Applying<'_, R> {
    /// Which file gets a secret now, by its first line.
    fn secrets_of(&self) -> Option<String> {
        self.secrets.as_ref().map(|secrets| secrets.begin().to_owned())
    }

    fn has_secret(&self, application: &str, client_id: &str) -> Result<bool, AppliedError> {
        let Some(secrets) = &self.secrets else { return Ok(false) };
        secrets.has(|line| SecretLine::is_of(line, application, client_id))
    }
}

/// What an application is to have.
struct Wanted<'p> {
    application: &'p str,
    form: ClientForm,
    content: ClientContent,
}

/// What is known of an application before a step.
struct Known {
    found: Option<FoundClient>,
    remembered: Option<MadeObject>,
    /// Whether the secret of the client that was found is in the file of secrets.
    has_secret: bool,
}

/// Makes the client of an application. Returns what became of it, and its id at the target.
pub async fn apply_one<R: ClientRegistry>(
    applying: &mut Applying<'_, R>,
    planned: &PlannedClient,
) -> Result<(ClientOutcome, String), ApplyError> {
    let application = &planned.application;
    let form = planned.form.clone().marked(application, applying.objects.mark());
    let wanted = Wanted { application, content: form.content(), form };
    let mut outcome = None;
    for _ in 0..ROUNDS {
        let known = look(applying, &wanted).await?;
        let client_id = known.found.as_ref().map_or(&wanted.form.client_id, |found| &found.client_id).clone();
        let step = decide(&ClientFacts {
            application,
            wanted: &wanted.content,
            found: known.found.as_ref(),
            remembered: known.remembered.as_ref(),
            mark: applying.objects.mark(),
            has_secret: known.has_secret,
            force: applying.force,
        });
        if applying.dry_run {
            return Ok((would_become(step), client_id));
        }
        let settled = carry_out(applying, &wanted, step, known, &mut outcome).await?;
        if let Some((settled, made)) = settled {
            return Ok((settled, made.unwrap_or(client_id)));
        }
    }
    Err(ApplyError::Unsettled(application.clone()))
}

/// What would become of an application after this step, which a dry run does not take.
fn would_become(step: ClientStep) -> ClientOutcome {
    match step {
        ClientStep::Keep | ClientStep::Remember => ClientOutcome::Unchanged,
        ClientStep::Leave(left) => ClientOutcome::Left(left),
        ClientStep::Create => ClientOutcome::Created,
        ClientStep::Recreate => ClientOutcome::MadeAgain,
        ClientStep::Change(fields) => ClientOutcome::Changed(fields),
    }
}

/// Takes a step. Returns what became of the application, and the id of its client if that is new; nothing if it has to be looked at
/// again. `outcome` is what the steps before came to.
async fn carry_out<R: ClientRegistry>(
    applying: &mut Applying<'_, R>,
    wanted: &Wanted<'_>,
    step: ClientStep,
    Known { found, remembered, has_secret }: Known,
    outcome: &mut Option<ClientOutcome>,
) -> Result<Option<(ClientOutcome, Option<String>)>, ApplyError> {
    let settled = match (step, found) {
        (ClientStep::Keep, _) => Some(outcome.take().unwrap_or(ClientOutcome::Unchanged)),
        (ClientStep::Leave(left), _) => Some(ClientOutcome::Left(left)),
        (ClientStep::Remember, Some(found)) => {
            let secrets_of = applying.secrets_of().filter(|_| has_secret);
            let object = made(wanted.application, &found.client_id, &found.content(), secrets_of);
            applying.objects.put(&match remembered {
                Some(before) if before.state == MadeState::Made => {
                    MadeObject { secrets_of: before.secrets_of, ..object }
                }
                // What was sent, and not what is there: somebody may have changed it since.
                Some(before) => MadeObject { content: before.content, ..object },
                None => object,
            })?;
            None
        }
        (ClientStep::Recreate, Some(found)) => {
            applying.registry.delete(&found.client_id).await?;
            *outcome = Some(ClientOutcome::MadeAgain);
            None
        }
        (ClientStep::Change(fields), Some(found)) => change(applying, &wanted.form, &found, fields, outcome).await?,
        (ClientStep::Create | ClientStep::Recreate | ClientStep::Remember | ClientStep::Change(_), _) => {
            match create(applying, wanted).await? {
                Some(Ok(id)) => return Ok(Some((outcome.take().unwrap_or(ClientOutcome::Created), Some(id)))),
                Some(Err(reason)) => Some(ClientOutcome::Refused(reason)),
                None => None,
            }
        }
    };
    Ok(settled.map(|settled| (settled, None)))
}

/// What is known of an application: what is remembered of it, and its client as the target has it.
async fn look<R: ClientRegistry>(applying: &Applying<'_, R>, wanted: &Wanted<'_>) -> Result<Known, ApplyError> {
    let Wanted { application, form, .. } = wanted;
    let remembered = applying.objects.get(application)?;
    let id = remembered.as_ref().and_then(|object| object.target_id.as_ref()).unwrap_or(&form.client_id);
    let mut found = applying.registry.read(id).await?;
    let is_in_doubt = remembered.as_ref().is_some_and(|object| object.state == MadeState::Creating);
    // A target that gives ids of its own may have made it under another one.
    if is_in_doubt && !found.as_ref().is_some_and(|found| found.is_of(application, applying.objects.mark())) {
        let ours = find_ours(applying.registry, application, applying.objects.mark()).await?;
        found = ours.or(found);
    }
    let client_id = found.as_ref().map_or(&form.client_id, |found| &found.client_id);
    // The file is read for those alone whose answer was lost: there may be many lines in it.
    let has_secret = is_in_doubt && applying.has_secret(application, client_id)?;
    Ok(Known { found, remembered, has_secret })
}

/// Makes a client. Nothing if that is not known; else its id, or why the target does not take it.
async fn create<R: ClientRegistry>(
    applying: &mut Applying<'_, R>,
    Wanted { application, form, content }: &Wanted<'_>,
) -> Result<Option<Result<String, String>>, ApplyError> {
    if form.is_confidential() {
        // Before there is a secret: that the file can be written.
        applying.secrets.as_mut().ok_or(ApplyError::NoSecretsFile)?.ready()?;
    }
    let creating = MadeObject { state: MadeState::Creating, ..made(application, &form.client_id, content, None) };
    applying.objects.put(&creating)?;
    match applying.registry.create(form).await? {
        Created::Client(client) => {
            if form.is_confidential() {
                let secret = client.secret.ok_or_else(|| ApplyError::NoSecret((*application).to_owned()))?;
                let line = SecretLine::new(application, &form.client_name, &client.client_id, &secret);
                applying.secrets.as_mut().ok_or(ApplyError::NoSecretsFile)?.add(&line)?;
            }
            let secrets_of = applying.secrets_of().filter(|_| form.is_confidential());
            applying.objects.put(&made(application, &client.client_id, content, secrets_of))?;
            Ok(Some(Ok(client.client_id)))
        }
        Created::Refused { reason } => {
            applying.objects.remove(application)?;
            Ok(Some(Err(reason)))
        }
        Created::Taken | Created::Unknown => Ok(None),
    }
}

/// Changes a client. Nothing if it has to be looked at again.
async fn change<R: ClientRegistry>(
    applying: &Applying<'_, R>,
    form: &ClientForm,
    found: &FoundClient,
    fields: Vec<&'static str>,
    outcome: &mut Option<ClientOutcome>,
) -> Result<Option<ClientOutcome>, ApplyError> {
    match applying.registry.change(&found.client_id, form, &fields).await? {
        ChangedClient::Refused { reason } => Ok(Some(ClientOutcome::Refused(reason))),
        ChangedClient::Done if outcome.is_some() => {
            // It says that it did it and does not.
            Ok(Some(ClientOutcome::Left(Left::ChangedSince(fields))))
        }
        ChangedClient::Done => {
            *outcome = Some(ClientOutcome::Changed(fields));
            Ok(None)
        }
    }
}

fn made(application: &str, client_id: &str, content: &ClientContent, secrets_of: Option<String>) -> MadeObject {
    let (id, target_id) = (application.to_owned(), Some(client_id.to_owned()));
    let content = content.digest();
    let (is_activated, was_found_active) = (false, false);
    MadeObject { id, state: MadeState::Made, target_id, content, secrets_of, is_activated, was_found_active }
}
