//! The engines that start several tasks of one job, and say to each which one it is.

use std::fmt;
use std::num::NonZeroU32;

use crate::cli::SHARDS;

/// The variables in which an engine says which of its tasks this is.
pub(super) struct Engine {
    pub(super) name: &'static str,
    pub(super) index: &'static str,
    /// What the first index is, if not 0, and how far apart they are.
    pub(super) first_and_step: Option<(&'static str, &'static str)>,
    pub(super) size: Option<&'static str>,
}

/// Kubernetes: "Job, completion mode", its size is not given. Slurm: `sbatch`, "job array environment variables". AWS Batch:
/// "job environment variables". Cloud Run: "container contract, jobs".
pub(super) const ENGINES: [Engine; 4] = [
    Engine { name: "a Kubernetes Indexed Job", index: "JOB_COMPLETION_INDEX", first_and_step: None, size: None },
    Engine {
        name: "a Slurm array",
        index: "SLURM_ARRAY_TASK_ID",
        first_and_step: Some(("SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_STEP")),
        size: Some("SLURM_ARRAY_TASK_COUNT"),
    },
    Engine {
        name: "an AWS Batch array",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first_and_step: None,
        size: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
    },
    Engine {
        name: "Cloud Run tasks",
        index: "CLOUD_RUN_TASK_INDEX",
        first_and_step: None,
        size: Some("CLOUD_RUN_TASK_COUNT"),
    },
];

/// Whether a variable of the environment is one of an engine's.
pub(super) fn is_of_engine(name: &str) -> bool {
    ENGINES.iter().any(|engine| {
        let (first, step) = engine.first_and_step.unzip();
        [Some(engine.index), first, step, engine.size].contains(&Some(name))
    })
}

/// Why it is not known which shard this is.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// No engine says anything.
    #[error(
        "--shard auto: no engine says which shard this is; looked for {}; say it with --shard I/N",
        ListedVariables
    )]
    NoEngine,
    /// Two engines do.
    #[error("--shard auto: both {0} and {1} are set; say which shard this is with --shard I/N")]
    TwoEngines(&'static str, &'static str),
    /// An engine says a part of it.
    #[error("--shard auto: {index} says that this is {engine}, but {missing} is not set")]
    Missing {
        /// What it is.
        engine: &'static str,
        /// The variable that is there.
        index: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// The user and the engine are not of one mind: so they are, too, when a single task of an array is run once more.
    #[error(
        "--shard auto: {variable} is {size}, but AVNOLOGY_SHARDS is {shards}; run a single shard once more with --shard I/N"
    )]
    OtherSize {
        /// The engine's variable.
        variable: &'static str,
        /// What it says.
        size: NonZeroU32,
        /// What the environment says.
        shards: NonZeroU32,
    },
    /// It does not add up.
    #[error("--shard auto: {variable} is {index}, which is none of {of} indices in a row")]
    OutOfRange {
        /// The variable.
        variable: &'static str,
        /// What it says.
        index: u32,
        /// How many there are.
        of: NonZeroU32,
    },
    /// What comes through a pipe is not the same for all.
    #[error("--shard needs files: what comes through a pipe cannot be known to be what the other shards read")]
    Pipe,
    /// What one shard needs of another may not be there yet.
    #[error(
        "shards move one step at a time, for a membership may need a user whom another shard imports: say `--steps users`, and \
         import the other steps without --shard when all shards have ended"
    )]
    Steps,
}

/// The variables that were looked for.
struct ListedVariables;

impl fmt::Display for ListedVariables {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, engine) in ENGINES.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            let size = engine.size.unwrap_or(SHARDS);
            write!(formatter, "{separator}{} and {size} ({})", engine.index, engine.name)?;
        }
        Ok(())
    }
}
