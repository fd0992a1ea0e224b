//! `avnology migrate clerk webhooks`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{AvnologyTargetArguments, ObjectOptions, OutputFormat, OutputOptions, exit_codes};
use crate::webhooks::EndpointUrl;

pub(super) const LONG_ABOUT: &str = "\
Move endpoints of webhooks, and try the handlers behind them.

Clerk's API gives no list of endpoints. Write them into a small file (`avnology help webhooks` shows it), as the Dashboard shows \
them. `plan` says of each event what becomes of it; `apply` registers the endpoints at the target, inactive, and writes their \
new secrets to a file; `verify` compares; `activate` lets them get deliveries, after the switch; `undo` deletes what `apply` \
registered. `try` sends samples to a handler, and \
`verify-signature` says of one delivery whether its signature is valid, or why not.";

pub(super) fn examples() -> String {
    format!(
        "\
Examples:
  What becomes of each event:
    avnology migrate clerk webhooks plan --endpoints endpoints.toml --out webhooks-plan.json
  Register the endpoints, inactive; their secrets go to a new file:
    avnology migrate clerk webhooks apply --plan webhooks-plan.json --endpoints endpoints.toml --secrets-out secrets.ndjson
  After the switch, let them get deliveries:
    avnology migrate clerk webhooks activate --plan webhooks-plan.json --endpoints endpoints.toml
  Does the new handler take what is signed, and refuse what is not?
    avnology migrate clerk webhooks try --url https://staging.example.com/hook --secret-file secrets.ndjson --endpoint billing
  Is the signature of this delivery valid?
    avnology migrate clerk webhooks verify-signature --secret-file secret --headers headers.txt < body.json

{}",
        exit_codes()
    )
}

/// `avnology migrate clerk webhooks`
#[derive(Debug, Args)]
pub struct WebhooksArguments {
    /// What to do.
    #[command(subcommand)]
    pub command: WebhooksCommand,
}

/// What to do with webhooks.
#[derive(Debug, Subcommand)]
pub enum WebhooksCommand {
    /// Say of each endpoint and event what becomes of it
    Plan(Box<WebhooksPlanArguments>),
    /// Register the endpoints of a plan at the target, inactive, each once
    Apply(Box<WebhooksApplyArguments>),
    /// Compare the endpoints at the target with the plan
    Verify(Box<WebhooksVerifyArguments>),
    /// Activate the endpoints that `apply` registered, after the switch
    Activate(Box<WebhooksActivateArguments>),
    /// Delete exactly the endpoints that `apply` registered
    Undo(Box<WebhooksUndoArguments>),
    /// Send a signed and a falsified sample to a handler, and say whether it takes the one and refuses the other
    Try(Box<TryArguments>),
    /// Say whether the signature of a delivery is valid, or why not; its body comes on standard input
    VerifySignature(VerifySignatureArguments),
}

/// `avnology migrate clerk webhooks plan`
#[derive(Debug, Args)]
pub struct WebhooksPlanArguments {
    /// The endpoints, as you wrote them down: a TOML file
    #[arg(long, value_name = "FILE")]
    pub endpoints: PathBuf,

    /// The JSON report of `codemod`: events that the code handles and no endpoint gets are named
    #[arg(long, value_name = "FILE")]
    pub code_report: Option<PathBuf>,

    /// The file for the plan. If it is a plan already, what a person decided in it stays
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// Where endpoints are registered: options of commands that ask the target about them.
#[derive(Debug, Args)]
pub struct WebhooksTargetArguments {
    /// Which target.
    #[command(flatten)]
    pub target: AvnologyTargetArguments,

    /// How to do it.
    #[command(flatten)]
    pub options: ObjectOptions,
}

/// A plan and the file that it was made of.
#[derive(Clone, Debug, Args)]
pub struct PlannedWebhooksArguments {
    /// The plan
    #[arg(long, value_name = "FILE")]
    pub plan: PathBuf,

    /// The file that the plan was made of: what may be secret is in it alone
    #[arg(long, value_name = "FILE")]
    pub endpoints: PathBuf,
}

/// `avnology migrate clerk webhooks apply`
#[derive(Debug, Args)]
pub struct WebhooksApplyArguments {
    /// What is registered.
    #[command(flatten)]
    pub planned: PlannedWebhooksArguments,

    /// A new file for the secrets of the endpoints, for its owner only; needed when something is to be registered
    #[arg(long, value_name = "FILE")]
    pub secrets_out: Option<PathBuf>,

    /// Register nothing: show what would be registered
    #[arg(long)]
    pub dry_run: bool,

    /// Also register endpoints of which nobody knows whether an earlier `apply` registered them
    #[arg(long)]
    pub force: bool,

    /// Where.
    #[command(flatten)]
    pub at: WebhooksTargetArguments,
}

/// `avnology migrate clerk webhooks verify`
#[derive(Debug, Args)]
pub struct WebhooksVerifyArguments {
    /// What has to be registered.
    #[command(flatten)]
    pub planned: PlannedWebhooksArguments,

    /// Where.
    #[command(flatten)]
    pub at: WebhooksTargetArguments,
}

/// `avnology migrate clerk webhooks activate`
#[derive(Debug, Args)]
pub struct WebhooksActivateArguments {
    /// What is registered.
    #[command(flatten)]
    pub planned: PlannedWebhooksArguments,

    /// Activate nothing: show what would be activated
    #[arg(long)]
    pub dry_run: bool,

    /// Where.
    #[command(flatten)]
    pub at: WebhooksTargetArguments,
}

/// `avnology migrate clerk webhooks undo`
#[derive(Debug, Args)]
pub struct WebhooksUndoArguments {
    /// Do not ask before deleting; needed if there is no terminal
    #[arg(long)]
    pub yes: bool,

    /// Delete nothing: show what would be deleted
    #[arg(long)]
    pub dry_run: bool,

    /// Also delete endpoints that somebody else activated, or changed
    #[arg(long)]
    pub force: bool,

    /// Where.
    #[command(flatten)]
    pub at: WebhooksTargetArguments,
}

/// How deliveries are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SchemeName {
    /// As Avnology ID does
    #[default]
    Avnology,
    /// As Clerk does, by Svix
    Clerk,
}

/// What of a secret is the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum KeyForm {
    /// The text of the secret as it is
    #[default]
    Text,
    /// What stands behind `whsec_`, decoded from base64; always so with Clerk's scheme
    Decoded,
}

/// A secret in a file.
#[derive(Clone, Debug, Args)]
pub struct SecretFileArguments {
    /// The file with the secret, which only its owner may read: the secret alone, or the file of `apply --secrets-out`
    #[arg(long, value_name = "FILE")]
    pub secret_file: PathBuf,

    /// Which endpoint's secret, if the file has several
    #[arg(long, value_name = "NAME")]
    pub endpoint: Option<String>,
}

/// `avnology migrate clerk webhooks try`
#[derive(Debug, Args)]
pub struct TryArguments {
    /// The address of the handler: https, or http if it is on this machine
    #[arg(long, value_name = "URL")]
    pub url: EndpointUrl,

    /// The secret.
    #[command(flatten)]
    pub secret: SecretFileArguments,

    /// The event of the sample
    #[arg(long, value_name = "EVENT", default_value = "user.created")]
    pub event: String,

    /// How the sample is signed
    #[arg(long, value_name = "SCHEME", default_value = "avnology")]
    pub scheme: SchemeName,

    /// What of the secret is the key
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub key_form: KeyForm,

    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,

    /// Where the output goes.
    #[command(flatten)]
    pub output: OutputOptions,
}

/// `avnology migrate clerk webhooks verify-signature`
#[derive(Debug, Args)]
pub struct VerifySignatureArguments {
    /// The secret.
    #[command(flatten)]
    pub secret: SecretFileArguments,

    /// A header of the delivery, as in `svix-id: msg_1`; may be given several times
    #[arg(long, value_name = "HEADER")]
    pub header: Vec<String>,

    /// A file with the headers of the delivery, one a line
    #[arg(long, value_name = "FILE")]
    pub headers: Option<PathBuf>,

    /// How many seconds the time of the delivery may be from now
    #[arg(long, value_name = "SECONDS", default_value_t = crate::webhooks::TOLERANCE)]
    pub tolerance: u64,

    /// What to print on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}
