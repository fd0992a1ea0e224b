//! Users: what a record of an export, a row of a CSV or a line of a rejects file becomes.

use std::io;
use std::sync::Arc;

use super::record_content::{RecordContent, content};
use super::{
    Claim, Joined, MapOutput, Mapped, Prepared, RecordMapper, Rejection, Rules, UniqueKeys, UserJoin, WantedOutput,
    WireForm, map, parse_row, row_rejection,
};
use crate::clerk::{COLUMNS, User};
use crate::kind::Kind;
use crate::mapping::parse::parse_into;
use crate::source::RawRecord;

/// Maps users by rules, and writes them in a destination's form.
#[derive(Clone, Debug)]
pub struct UserMapper {
    rules: Rules,
    form: Arc<dyn WireForm>,
    joins: Vec<Arc<dyn UserJoin>>,
}

impl UserMapper {
    /// A mapper that goes by these rules, for a destination that takes this form.
    pub fn new(rules: Rules, form: Arc<dyn WireForm>) -> Self {
        Self { rules, form, joins: Vec::new() }
    }

    /// The mapper with what these know about users beside their records.
    #[must_use]
    pub fn joining(self, joins: Vec<Arc<dyn UserJoin>>) -> Self {
        Self { joins, ..self }
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}

impl RecordMapper for UserMapper {
    fn kind(&self) -> Kind {
        Kind::User
    }

    fn map(
        &self,
        record: RawRecord<'_>,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> io::Result<Result<Prepared, Rejection>> {
        read_user(record, |user| {
            let mut joined = Joined::default();
            for join in &self.joins {
                if let Err(rejection) = join.join(record, user, &mut joined)? {
                    return Ok(Err(rejection));
                }
            }
            Ok(self.prepare(user, joined, wanted, output))
        })
    }

    fn columns(&self) -> &'static [&'static str] {
        &COLUMNS
    }

    fn counts_coverage(&self) -> bool {
        true
    }

    fn memory_growth(&self) -> (usize, usize) {
        let (literal, copies) = self.rules.memory_growth();
        (literal + self.joins.iter().map(|join| join.most_bytes()).sum::<usize>(), copies)
    }
}

/// Reads the user in a record, and gives it to `then`.
pub fn read_user<T>(
    record: RawRecord<'_>,
    then: impl FnOnce(&mut User<'_>) -> io::Result<Result<T, Rejection>>,
) -> io::Result<Result<T, Rejection>> {
    let bytes = record.bytes();
    if let Some(header) = record.header() {
        return match header.row(bytes) {
            Ok(row) => parse_row(header, &row).map_or_else(|rejection| Ok(Err(rejection)), |mut user| then(&mut user)),
            Err(fault) => Ok(Err(row_rejection(fault))),
        };
    }
    match content(bytes, Some(Kind::User)) {
        Ok(RecordContent::Json(json)) => {
            let mut user = User::default();
            parse_into(&json, &mut user).map_or_else(|rejection| Ok(Err(rejection)), |()| then(&mut user))
        }
        Ok(RecordContent::Row(kept)) => match kept.cells() {
            Ok((header, row)) => {
                parse_row(header, &row).map_or_else(|rejection| Ok(Err(rejection)), |mut user| then(&mut user))
            }
            Err(rejection) => Ok(Err(rejection)),
        },
        Err(rejection) => Ok(Err(rejection)),
    }
}

impl UserMapper {
    /// Maps a user about whom this is known already, and writes what is wanted of the identity.
    fn prepare(
        &self,
        user: &User<'_>,
        joined: Joined,
        wanted: WantedOutput,
        output: &mut MapOutput,
    ) -> Result<Prepared, Rejection> {
        let mut mapped = map(user, &self.rules)?;
        mapped.notices.extend(joined.notices);
        mapped.identity.admin_metadata.clerk.organizations = joined.organizations;
        if let Some(fault) = self.form.fault(&mapped.identity) {
            return Err(fault);
        }
        if wanted.encoded {
            self.form.encode(&mapped.identity, &mut output.encoded);
        }
        if let Some(keys) = &mut output.unique_keys {
            note_keys(&mapped, keys);
        }
        if let Some(coverage) = &mut output.coverage {
            coverage.note(user, &mapped, &self.rules.metadata);
        }
        // It is large, and nothing is taken out of it: that would copy it.
        let Mapped { identity, notices } = &mapped;
        let preview = wanted.preview.then(|| serde_json::to_string(&identity.masked()).ok()).flatten();
        let (external_id, clerk_id) = (identity.external_id, identity.admin_metadata.clerk.id);
        let has_other_clerk_id = wanted.ids && clerk_id != external_id;
        let external_id = if wanted.ids { external_id } else { "" };
        Ok(Prepared {
            clerk_id: has_other_clerk_id.then(|| clerk_id.into()),
            external_id: external_id.into(),
            disabled: identity.is_disabled(),
            notices: *notices,
            references: Vec::new(),
            preview,
        })
    }
}

fn note_keys(mapped: &Mapped<'_>, keys: &mut UniqueKeys) {
    keys.clear();
    mapped.identity.unique(|field, claim, text| keys.add(field, claim, text));
    mapped.identity.verified_beside(|field, text| keys.add(field, Claim::Beside, text));
}
