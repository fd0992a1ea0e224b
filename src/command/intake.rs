//! What the pipeline reads, put together from the settings and from what was found out since.

use super::passwords::JoinedPasswords;
use crate::avnology::MAX_BODY_BYTES;
use crate::pipeline::Intake;
use crate::settings::Reading;
use crate::source::Watch;

/// The inputs of `reading`, with the passwords that their users lack, under `watch`.
pub(super) fn intake(reading: &Reading, passwords: Option<&JoinedPasswords>, watch: Watch) -> Intake {
    let Reading { inputs, shard, limits, rules, workers, .. } = reading;
    Intake {
        inputs: inputs.clone(),
        shard: *shard,
        reader: *limits,
        rules: rules.clone(),
        passwords: passwords.map(|passwords| passwords.index.clone()),
        largest_request: MAX_BODY_BYTES,
        watch,
        workers: *workers,
    }
}
