//! What the pipeline reads, put together from the settings and from what was found out since.

use std::sync::Arc;

use super::passwords::JoinedPasswords;
use crate::mapping::{RecordMapper, UserMapper};
use crate::passwords::JoinedMapper;
use crate::pipeline::Intake;
use crate::settings::ReadingSettings;
use crate::source::Watch;

/// The inputs of `reading`, with the passwords that their users lack, under `watch`.
pub(super) fn intake(reading: &ReadingSettings, passwords: Option<&JoinedPasswords>, watch: Watch) -> Intake {
    let ReadingSettings { inputs, shard, limits, rules, form, most_of_request, workers, .. } = reading;
    let users = UserMapper::new(rules.clone(), Arc::clone(form));
    let mapper: Arc<dyn RecordMapper> = match passwords {
        None => Arc::new(users),
        Some(passwords) => Arc::new(JoinedMapper::new(users, Arc::clone(&passwords.index))),
    };
    Intake {
        inputs: inputs.clone(),
        shard: *shard,
        reader: *limits,
        mapper,
        largest_request: most_of_request.1,
        watch,
        workers: *workers,
    }
}
