//! `--shard auto`: which shard this process is, as the engine says that started it; and a shard's part of the rate.

use std::num::NonZeroU32;

use super::engine::{ENGINES, ShardError};
use super::{Environment, SettingsError};
use crate::cli::SHARDS;
use crate::pace::RateRules;
use crate::source::{Shard, ShardChoice};

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
    let set: Option<NonZeroU32> = environment.parse(SHARDS)?;
    let of = match (engine.size, set) {
        (None, set) => set.ok_or_else(|| missing(SHARDS))?,
        (Some(variable), set) => {
            let size = environment.parse(variable)?.ok_or_else(|| missing(variable))?;
            if let Some(shards) = set.filter(|shards| *shards != size) {
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
