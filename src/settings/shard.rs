//! `--shard auto`: which shard this process is, as the engine says that started it; and a shard's part of the rate.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{Environment, SettingsError};
use crate::pace::RateRules;
use crate::source::Shard;

/// What `--shard` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShardChoice {
    /// What the engine says.
    Auto,
    /// This one.
    Of(Shard),
}

impl FromStr for ShardChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Of).map_err(|error: String| format!("{error}, or `auto`"))
    }
}

/// How many shards there are, where the engine does not say it.
const SHARDS: &str = "AVNOLOGY_SHARDS";

/// The variables in which an engine says which of its tasks this is.
struct Engine {
    name: &'static str,
    index: &'static str,
    /// What the first index is, if not 0, and how far apart they are.
    first_and_step: Option<(&'static str, &'static str)>,
    size: Option<&'static str>,
}

/// Kubernetes: "Job, completion mode", its size is not told. Slurm: `sbatch`, "job array environment variables". AWS Batch:
/// "job environment variables". Cloud Run: "container contract, jobs".
const ENGINES: [Engine; 4] = [
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
    #[error("--shard auto: no engine says which shard this is; looked for {}; say it with --shard I/N", Listed)]
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
        /// What we were told.
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
}

/// The variables that were looked for.
struct Listed;

impl fmt::Display for Listed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, engine) in ENGINES.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            let size = engine.size.unwrap_or(SHARDS);
            write!(formatter, "{separator}{} and {size} ({})", engine.index, engine.name)?;
        }
        Ok(())
    }
}

/// Which shard this process is.
pub(super) fn resolve(choice: Option<ShardChoice>, environment: &Environment) -> Result<Option<Shard>, SettingsError> {
    match choice {
        None => Ok(None),
        Some(ShardChoice::Of(shard)) => Ok(Some(shard)),
        Some(ShardChoice::Auto) => of_engine(environment).map(Some),
    }
}

fn of_engine(environment: &Environment) -> Result<Shard, SettingsError> {
    let mut found = ENGINES.iter().filter(|engine| environment.get(engine.index).is_some());
    let engine = found.next().ok_or(ShardError::NoEngine)?;
    if let Some(other) = found.next() {
        return Err(ShardError::TwoEngines(engine.index, other.index).into());
    }
    let missing = |missing| ShardError::Missing { engine: engine.name, index: engine.index, missing };
    let told: Option<NonZeroU32> = environment.parse(SHARDS)?;
    let of = match (engine.size, told) {
        (None, told) => told.ok_or_else(|| missing(SHARDS))?,
        (Some(variable), told) => {
            let size = environment.parse(variable)?.ok_or_else(|| missing(variable))?;
            if let Some(shards) = told.filter(|shards| *shards != size) {
                return Err(ShardError::OtherSize { variable, size, shards }.into());
            }
            size
        }
    };
    let index: u32 = environment.parse(engine.index)?.unwrap_or_default();
    let (first, step) = match engine.first_and_step {
        None => (0, NonZeroU32::MIN),
        Some((first, step)) => (
            environment.parse(first)?.ok_or_else(|| missing(first))?,
            environment.parse(step)?.unwrap_or(NonZeroU32::MIN),
        ),
    };
    let place = index.checked_sub(first).filter(|above| *above % step == 0).map(|above| above / step);
    let shard = place.and_then(|place| Shard::new(place, of));
    Ok(shard.ok_or(ShardError::OutOfRange { variable: engine.index, index, of })?)
}

/// A shard's part of the rules, so that all of them together keep to what was said. What `auto` finds is what the target
/// grants this shard beside the others, so only its start is divided. A part of the floor is never below a request a minute,
/// which is there so that nobody waits for ever, unless the part of the ceiling is.
pub(super) fn share(rules: RateRules, shard: Option<Shard>) -> RateRules {
    let Some(of) = shard.map(Shard::of) else { return rules };
    let part = |rate: f64| rate / f64::from(of.get());
    let ceiling = part(rules.ceiling);
    let floor = part(rules.floor).max(RateRules::default().floor).min(ceiling);
    let burst = NonZeroU32::new(rules.burst.get() / of).unwrap_or(NonZeroU32::MIN);
    RateRules { start: part(rules.start).clamp(floor, ceiling), floor, ceiling, burst, ..rules }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn auto(variables: &[(&str, &str)]) -> Result<String, String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let environment = Environment::of(variables);
        of_engine(&environment).map(|shard| shard.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn each_engine_is_understood() {
        for (variables, shard) in [
            (&[("JOB_COMPLETION_INDEX", "0"), ("AVNOLOGY_SHARDS", "4")][..], "1/4"),
            (&[("AWS_BATCH_JOB_ARRAY_INDEX", "3"), ("AWS_BATCH_JOB_ARRAY_SIZE", "4")], "4/4"),
            (&[("CLOUD_RUN_TASK_INDEX", "1"), ("CLOUD_RUN_TASK_COUNT", "2")], "2/2"),
            (&[("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "5"), ("SLURM_ARRAY_TASK_COUNT", "3")], "3/3"),
            (
                &[
                    ("SLURM_ARRAY_TASK_ID", "8"),
                    ("SLURM_ARRAY_TASK_MIN", "0"),
                    ("SLURM_ARRAY_TASK_STEP", "4"),
                    ("SLURM_ARRAY_TASK_COUNT", "3"),
                    ("AVNOLOGY_SHARDS", "3"),
                ],
                "3/3",
            ),
        ] {
            assert_eq!(auto(variables).as_deref(), Ok(shard), "{variables:?}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let error = |variables: &[(&str, &str)], expected: &str| {
            let error = auto(variables).unwrap_err();
            assert!(error.contains(expected), "{variables:?}: {error}");
        };
        let none = auto(&[]).unwrap_err();
        for engine in ENGINES {
            assert!(none.contains(engine.index) && none.contains(engine.size.unwrap_or(SHARDS)), "{none}");
        }
        error(&[("JOB_COMPLETION_INDEX", "0")], "AVNOLOGY_SHARDS is not set");
        error(&[("SLURM_ARRAY_TASK_ID", "0")], "SLURM_ARRAY_TASK_COUNT is not set");
        error(&[("SLURM_ARRAY_TASK_ID", "0"), ("SLURM_ARRAY_TASK_COUNT", "1")], "SLURM_ARRAY_TASK_MIN is not set");
        error(&[("CLOUD_RUN_TASK_INDEX", "x"), ("CLOUD_RUN_TASK_COUNT", "2")], "CLOUD_RUN_TASK_INDEX");
        error(&[("CLOUD_RUN_TASK_INDEX", "2"), ("CLOUD_RUN_TASK_COUNT", "2")], "none of 2 indices");
        error(&[("JOB_COMPLETION_INDEX", "0"), ("AWS_BATCH_JOB_ARRAY_INDEX", "0")], "both");
        // `--array=2` by itself must not be taken for all there is.
        let one_again = [
            ("SLURM_ARRAY_TASK_ID", "2"),
            ("SLURM_ARRAY_TASK_MIN", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "1"),
            ("AVNOLOGY_SHARDS", "3"),
        ];
        error(&one_again, "SLURM_ARRAY_TASK_COUNT is 1, but AVNOLOGY_SHARDS is 3");
        // `--array=1,5,7`: these are not three in a row.
        let scattered = [("SLURM_ARRAY_TASK_ID", "7"), ("SLURM_ARRAY_TASK_MIN", "1"), ("SLURM_ARRAY_TASK_COUNT", "3")];
        error(&scattered, "none of 3 indices");
    }

    #[test]
    fn the_parts_of_a_rate_are_the_rate() {
        let rate = |text: &str| Some(text.parse().unwrap());
        let third = |choice: &str, floor, ceiling| {
            let rules = RateRules::new(choice.parse().unwrap(), floor, ceiling, NonZeroU32::new(7).unwrap());
            let RateRules { start, floor, ceiling, burst, .. } = share(rules, "2/3".parse().ok());
            let per_minute = |rate: f64| (rate * 60.0 * 1000.0).round() / 1000.0;
            (per_minute(floor), per_minute(start), per_minute(ceiling), burst.get())
        };
        assert_eq!(third("60/m", None, None), (1.0, 20.0, 20.0, 2));
        assert_eq!(third("60/m", rate("30/m"), rate("45/m")), (10.0, 15.0, 15.0, 2));
        assert_eq!(third("1/m", None, None), (0.333, 0.333, 0.333, 2));
        assert_eq!(third("auto", None, None), (1.0, 200.0, f64::INFINITY, 2));
        assert_eq!(third("auto", None, rate("30/m")), (1.0, 10.0, 10.0, 2));
    }
}
