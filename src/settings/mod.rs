//! What was typed, what the environment says and what the defaults are, resolved into the settings of one command.
//!
//! One type a command, in a file of its name; they share their parts: what is read ([`ReadingSettings`]), which target
//! ([`TargetSettings`]), how it is reached ([`Connection`]), where the output goes ([`OutputSettings`]).
//!
//! Flags win over the environment, the environment over `.env`, that over the config file, and that over the defaults. This
//! is the only module that reads the environment.

mod apps;
mod clerk_client;
mod command_line;
mod config_file;
mod config_value;
mod connection;
mod cutover;
mod doctor;
mod dry_run;
mod engine;
mod environment;
mod export;
mod found_key;
mod from_clerk;
mod import;
mod job;
mod kept_users;
mod keto_namespaces;
mod kratos_schema;
mod kratos_target;
mod missing_rules;
mod most_of_request;
mod named_files;
mod output;
mod output_error;
mod plan;
mod read_earlier;
mod reading;
mod recorded_options;
mod resume;
mod run_export;
mod run_on_disk;
mod runs;
mod secrets;
mod selection;
mod settings_error;
mod shard;
mod sign_in;
mod target;
mod tokens;
mod typed_inputs;
mod undo;
mod verify;
mod webhook_deliveries;
mod webhooks;

pub use apps::{AppsJob, AppsSettings, AppsTarget};
pub use command_line::{CommandLineError, DEFAULT_CONFIG_FILE, command_line};
pub use connection::Connection;
pub use cutover::{
    CutoverCheckSettings, CutoverRecordSettings, CutoverReportSettings, CutoverStatusSettings, CutoverSubject, LookedUp,
};
pub use doctor::DoctorSettings;
pub use dry_run::{CheckSettings, DryRunSettings};
pub use engine::ShardError;
pub use environment::Environment;
pub use export::ExportSettings;
pub use found_key::FoundKey;
pub use import::{ImportOrDryRun, ImportSettings, Limits, WhichRun};
pub use job::JobSettings;
pub use kept_users::left_from_clerk;
pub use keto_namespaces::keto_namespaces;
pub use kratos_schema::kratos_schema;
pub use kratos_target::{KetoPorts, KratosChoice, OF_KRATOS};
pub use missing_rules::{MissingRules, has_memberships};
pub use most_of_request::MostOfRequest;
pub use output::{OutputSettings, ProgressMode};
pub use output_error::OutputError;
pub use plan::TenantPlanSettings;
pub use read_earlier::ReadEarlier;
pub use reading::ReadingSettings;
pub use run_export::{RecoverySettings, RunExportSettings};
pub use run_on_disk::RunOnDisk;
pub use runs::{MergeSettings, PruneSettings, RunIdsSettings, RunsSettings, ShowSettings};
pub use settings_error::SettingsError;
pub use sign_in::{SignInSettings, VerifyOrSignIn};
pub use target::TargetSettings;
pub use tokens::TokensSettings;
pub use undo::UndoSettings;
pub use verify::VerifySettings;
pub use webhook_deliveries::{TrySettings, VerifySignatureSettings};
pub use webhooks::{
    PlannedWebhooks, WebhooksActivateSettings, WebhooksApplySettings, WebhooksPlanSettings, WebhooksTargetSettings,
    WebhooksUndoSettings, WebhooksVerifySettings,
};
