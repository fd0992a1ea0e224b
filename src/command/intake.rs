//! What the pipeline reads, put together from the settings and from what was found out since.

use std::sync::Arc;

use jiff::Timestamp;

use super::passwords::JoinedPasswords;
use crate::kind::Kind;
use crate::mapping::{
    InvitationMapper, MembershipMapper, OrganizationMapper, RecordMapper, TargetIds, TupleMapper, UserMapper,
};
use crate::passwords::JoinedMapper;
use crate::pipeline::Intake;
use crate::selection::RecordsOfRun;
use crate::settings::ReadingSettings;
use crate::source::Watch;

/// These records of the inputs of `reading`, with the passwords that their users lack, under `watch`. What refers to others is mapped
/// with `ids`; it is never sent without.
pub(super) fn intake(
    reading: &ReadingSettings,
    records: &RecordsOfRun,
    passwords: Option<&JoinedPasswords>,
    ids: Option<&Arc<dyn TargetIds>>,
    watch: Watch,
) -> Intake {
    let ReadingSettings { inputs, kinds, limits, most_of_request, workers, .. } = reading;
    Intake {
        inputs: inputs.clone(),
        part: 0..inputs.len(),
        records: records.clone(),
        reader: *limits,
        mappers: kinds.iter().map(|kind| mapper(*kind, reading, passwords, ids)).collect(),
        largest_request: most_of_request.1,
        watch,
        workers: *workers,
    }
}

fn mapper(
    kind: Kind,
    reading: &ReadingSettings,
    passwords: Option<&JoinedPasswords>,
    ids: Option<&Arc<dyn TargetIds>>,
) -> Arc<dyn RecordMapper> {
    let (rules, ids) = (reading.rules.clone(), ids.cloned());
    match (kind, passwords) {
        (Kind::User, None) => Arc::new(UserMapper::new(rules, Arc::clone(&reading.form))),
        (Kind::User, Some(passwords)) => {
            let users = UserMapper::new(rules, Arc::clone(&reading.form));
            Arc::new(JoinedMapper::new(users, Arc::clone(&passwords.index)))
        }
        (Kind::Organization, _) => Arc::new(OrganizationMapper::new(rules)),
        (Kind::Membership, _) => Arc::new(MembershipMapper::new(rules, ids)),
        (Kind::RoleTuple, _) => Arc::new(TupleMapper::new(rules, ids)),
        (Kind::Invitation, _) => Arc::new(InvitationMapper::new(rules, ids, Timestamp::now())),
    }
}
