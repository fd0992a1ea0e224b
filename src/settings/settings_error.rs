//! What can be wrong with settings.

use std::path::PathBuf;

use super::{OutputError, ShardError};
use crate::exit::ExitStatus;
use crate::export::ExportError;
use crate::http::{KeyFault, ProxyAddressError};
use crate::rule_files::RuleFileError;
use crate::selection::IdListError;
use crate::source::ObjectUrlError;

/// Why settings cannot be resolved.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No key, and one is needed.
    #[error(
        "no admin key: set AVNOLOGY_SECRET_KEY in the environment or in .env (or AVNOLOGY_SECRET_KEY_FILE to a file with it), \
         or rehearse with --sandbox or --dry-run"
    )]
    NoKey,
    /// What is read once cannot be looked through for duplicates before.
    #[error(
        "--check-target reads the input twice, to find users who are in it twice, and a pipe can be read only once; write it \
         to a file"
    )]
    CheckPipe,
    /// Only users are looked up.
    #[error("--check-target looks users up, and nothing else; add --steps users")]
    CheckSteps,
    /// No address of a Kratos, and one is needed.
    #[error("--target kratos needs --base-url, the admin address of Kratos, as in http://127.0.0.1:4434")]
    NoKratosAddress,
    /// No address of a Hydra, or one and no Hydra.
    #[error(
        "`--target hydra` and --hydra-admin-url, the admin address of Hydra (as in http://127.0.0.1:4445), go together"
    )]
    NoHydraAddress,
    /// Clients are made elsewhere.
    #[error("an Ory Kratos has no clients: make them at its Hydra, by `--target hydra --hydra-admin-url URL`")]
    KratosClients,
    /// Users go elsewhere.
    #[error("an Ory Hydra has no users: import them into its Kratos, by `--target kratos --base-url URL`")]
    HydraUsers,
    /// Options that only mean something for a Kratos.
    #[error(
        "--kratos-schema, --kratos-key, --kratos-provider, --kratos-organizations, --assume-hash-format, --keto-write-url and --keto-read-url need \
         --target kratos"
    )]
    NoKratos,
    /// People sign in at another address of a Kratos than its admin address, and at no other target.
    #[error(
        "--sign-in at a Kratos needs --kratos-public-url, the address where people sign in, as in http://127.0.0.1:4433; no other \
         target has it"
    )]
    KratosPublicAddress,
    /// One port of a Keto without the other.
    #[error("--keto-write-url and --keto-read-url need each other: they are the two ports of one Keto")]
    HalfKeto,
    /// What is no name of a role.
    #[error("`{role}` is no role: a role has only letters A to Z, digits, `_`, `-`, `:` and `.`")]
    NoRole {
        /// What was typed.
        role: String,
    },
    /// Recovery links for others than users who need them, or of another target.
    #[error("--recovery-links needs --users needs-reset, and a run whose target is an Ory Kratos")]
    RecoveryLinks,
    /// Kratos has no organizations.
    #[error("--organization needs an Avnology ID as the target: an Ory Kratos has no organizations")]
    KratosOrganization,
    /// Kratos sends no webhooks of this kind.
    #[error(
        "endpoints of webhooks need an Avnology ID as the target: those of an Ory Kratos stand in its configuration file"
    )]
    KratosWebhooks,
    /// The file with the secret of an endpoint cannot be used. Nothing of it is repeated.
    #[error("--secret-file: `{}` cannot be used: {problem}", path.display())]
    Secret {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// No key of Clerk's, and one is needed.
    #[error(
        "no key for Clerk's API: set CLERK_SECRET_KEY in the environment or in .env (or CLERK_SECRET_KEY_FILE to a file with \
         it)"
    )]
    NoClerkKey,
    /// A record is known by the number of its input, which is a small one.
    #[error("there are {count} inputs, and a run can have at most {}; put some of them together", u16::MAX)]
    TooManyInputs {
        /// How many there are.
        count: usize,
    },
    /// The steps that were named have no input.
    #[error("there is nothing to do: no input that was named belongs to one of the steps of --steps")]
    NoStep,
    /// Memberships are read for their roles, too.
    #[error(
        "memberships are read twice, the second time for their roles, and a pipe can be read only once: put them into a file"
    )]
    PipeOfMemberships,
    /// A selection is one of users.
    #[error("a selection is one of users: select them with `--steps users`, and import the other steps without it")]
    SelectionOfSteps,
    /// The list of users cannot be used.
    #[error(transparent)]
    IdList(#[from] IdListError),
    /// No input is named.
    #[error(
        "there is nothing to import: name an export with --import FILE (or its organizations, memberships or invitations alone), \
         on the command line or in the config file"
    )]
    NothingToImport,
    /// A selection is made in a pass of its own.
    #[error(
        "users cannot be selected out of standard input or a pipe, which can be read only once: save the export to a file"
    )]
    SelectionOfPipe,
    /// Both say which records a run takes.
    #[error("users cannot be selected in a shard: a selection is for one process")]
    SelectionOfShard,
    /// The file with the key cannot be read.
    #[error("the file that {variable} names cannot be read: {source}")]
    KeyFile {
        /// What names it.
        variable: &'static str,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// What is there is no key.
    #[error("{called} in {place} cannot be used: {fault}")]
    Key {
        /// What it is called.
        called: &'static str,
        /// Where it comes from.
        place: String,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// A variable that is no text would be overlooked, and what it says done by default.
    #[error("the environment variable {name} is wrong: it is not UTF-8")]
    NoText {
        /// Its name.
        name: String,
    },
    /// A variable cannot be understood. The value is not repeated: it may be a secret in the wrong place.
    #[error("the environment variable {name} is wrong: {problem}")]
    Variable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// What names a proxy names none; without it the target would be contacted directly.
    #[error("the environment variable {name} is wrong: {problem}")]
    Proxy {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        problem: ProxyAddressError,
    },
    /// `.env` cannot be read.
    #[error("cannot read `.env`: {0}")]
    DotEnv(String),
    /// A run cannot be used as it is.
    #[error("run {run}: {problem}")]
    Record {
        /// Its id.
        run: String,
        /// Why not.
        problem: String,
    },
    /// There is no such run.
    #[error("in `{directory}`: {problem}")]
    Runs {
        /// Where it was looked for.
        directory: String,
        /// What is wrong.
        problem: String,
    },
    /// A file that decides how users are mapped cannot be used.
    #[error(transparent)]
    Rules(#[from] RuleFileError),
    /// It is not known which shard this is, or there can be none.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The metrics file cannot be written.
    #[error("the metrics file `{}` cannot be written", path.display())]
    Metrics {
        /// The path.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// A file to be written would overwrite another one, or cannot be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// An input is a URL that cannot be read from.
    #[error(transparent)]
    Object(#[from] ObjectUrlError),
    /// What is sent out of a pipe is sent before its end is known.
    #[error(
        "--strict has to read the input before anything is sent, and standard input or a pipe can be read only once; \
         give it as a file, or leave --strict out"
    )]
    StrictPipe,
    /// Users who are not selected would be taken for missing.
    #[error(
        "--on-missing needs all users, in files that can be read twice: leave out --limit, --skip, --sample, --only, --where and --shard, \
         name no pipe, and let users be one of the steps"
    )]
    MissingOfPart,
    /// Memberships of which something is not read would be taken for missing, or for those of somebody who left.
    #[error(
        "--on-missing remove needs all users, organizations and memberships: name the files of each (or the directory of an export), and \
         let users, organizations, memberships and tuples be among the --steps"
    )]
    MissingMemberships,
    /// Nothing says which organization should be made.
    #[error("--create-organization needs --organization NAME: the organization that is made if it is not there")]
    CreateWhich,
    /// An earlier export, or one that is to be imported, cannot be used.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Each shard would read other users, or the same ones in another order.
    #[error(
        "--shard needs the same files in each part, and `clerk://` reads the users anew; read them once with `avnology migrate \
         clerk export --out DIR`, then import DIR in shards"
    )]
    ClerkInShards,
    /// Nothing was named that the target could be compared with.
    #[error(
        "there is nothing to compare with the target: name the export with --import FILE, or other inputs of the import"
    )]
    NothingToCompare,
    /// Only some commands read from Clerk's API.
    #[error(
        "`clerk://` is for an import, its dry run and `verify`; read the tenant with `avnology migrate clerk export --out DIR`, then name \
         DIR"
    )]
    ClerkNotHere,
    /// One option names Clerk's API for all steps.
    #[error("`--import clerk://` reads the records of all steps, and --steps names some of them; name files here")]
    ClerkForOneStep,
    /// The plan has two files, and their names say which is which.
    #[error("`{}` does not end with `.json`; --out names the plan, and its Markdown goes beside it as `.md`", path.display())]
    NoJsonName {
        /// What was typed.
        path: PathBuf,
    },
    /// What was typed about the switch is wrong.
    #[error("{problem}")]
    Cutover {
        /// What is wrong.
        problem: String,
    },
    /// Standard input can be read only once.
    #[error("`-` (standard input) can be given only once")]
    StdinTwice,
}

impl SettingsError {
    /// The exit status of a command that cannot begin for this reason.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            // What was typed can be right: it is the input that is none.
            Self::Export(ExportError::NoManifest { .. } | ExportError::OtherFile { .. }) => ExitStatus::Input,
            _ => ExitStatus::Usage,
        }
    }
}
