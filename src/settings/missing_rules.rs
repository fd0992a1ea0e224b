//! What is done about users and memberships that are no longer in the export.

use super::SettingsError;
use super::reading::ReadingSettings;
use crate::kind::Kind;
use crate::missing::OnMissing;

/// What is done about users and memberships that are no longer in the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingRules {
    /// What becomes of them.
    pub rule: OnMissing,
    /// With a higher percentage of them nothing is sent, if they would be disabled or removed.
    pub most: u8,
}

impl MissingRules {
    /// Resolves what was typed. Users who are not read would be taken for missing.
    pub(super) fn resolve(
        rule: Option<OnMissing>,
        most: u8,
        reading: &ReadingSettings,
        is_selection: bool,
    ) -> Result<Option<Self>, SettingsError> {
        let has_users = reading.kinds.contains(&Kind::User);
        if rule.is_some() && (is_selection || reading.shard.is_some() || reading.has_pipe() || !has_users) {
            return Err(SettingsError::MissingOfPart);
        }
        if rule.is_some_and(OnMissing::removes_memberships) && !has_memberships(reading) {
            return Err(SettingsError::MissingMemberships);
        }
        Ok(rule.map(|rule| Self { rule, most }))
    }
}

/// Whether it can be said which memberships are missing: of whom it is, has to be in the export, too.
pub fn has_memberships(reading: &ReadingSettings) -> bool {
    let is_read = |kind: Kind| reading.kinds.contains(&kind);
    let kinds = [Kind::User, Kind::Organization, Kind::Membership, Kind::RoleTuple];
    // Those inside users are looked for when the inputs are read.
    let of_users = &reading.kinds_of_inline_memberships;
    kinds.into_iter().all(|kind| is_read(kind) || of_users.contains(&kind))
}
