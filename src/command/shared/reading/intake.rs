//! What the pipeline reads, put together from the settings and from what was found out since.

use std::sync::Arc;

use jiff::Timestamp;

use super::joined::JoinedFiles;
use crate::kind::Kind;
use crate::mapping::{
    InvitationMapper, MembershipMapper, OrganizationMapper, RecordMapper, TargetIds, TupleMapper, UserMapper,
};
use crate::pipeline::{Intake, ShardBlocks};
use crate::selection::RecordsOfRun;
use crate::settings::ReadingSettings;
use crate::source::Watch;

/// These records of the inputs of `reading`, with what other files say about their users, under `watch`. What refers to others is mapped
/// with `ids`; it is never sent without.
pub(in crate::command) fn intake(
    reading: &ReadingSettings,
    records: &RecordsOfRun,
    joined: Option<&JoinedFiles>,
    ids: Option<&Arc<dyn TargetIds>>,
    watch: Watch,
) -> Intake {
    let ReadingSettings { inputs, kinds, limits, most_of_request, workers, .. } = reading;
    Intake {
        inputs: inputs.clone(),
        inputs_of_step: 0..inputs.len(),
        records: records.clone(),
        reader_limits: *limits,
        mapper_of_input: kinds.iter().map(|kind| mapper(*kind, reading, joined, ids)).collect(),
        largest_request: most_of_request.bytes,
        watch,
        shard_blocks: ShardBlocks::Unknown,
        workers: *workers,
    }
}

fn mapper(
    kind: Kind,
    reading: &ReadingSettings,
    joined: Option<&JoinedFiles>,
    ids: Option<&Arc<dyn TargetIds>>,
) -> Arc<dyn RecordMapper> {
    let (rules, ids) = (reading.rules.clone(), ids.cloned());
    match kind {
        Kind::User => {
            let users = UserMapper::new(rules, Arc::clone(&reading.form));
            Arc::new(users.joining(joined.map_or_else(Vec::new, JoinedFiles::joins)))
        }
        Kind::Organization => Arc::new(OrganizationMapper::new(rules)),
        Kind::Membership => Arc::new(MembershipMapper::new(rules, ids)),
        Kind::RoleTuple => Arc::new(TupleMapper::new(rules, ids)),
        Kind::Invitation => Arc::new(InvitationMapper::new(rules, ids, Timestamp::now())),
    }
}
