//! What is done about users who are no longer in the export.

use super::SettingsError;
use super::reading::ReadingSettings;
use crate::kind::Kind;
use crate::missing::OnMissing;

/// What is done about users who are no longer in the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingRules {
    /// What becomes of them.
    pub rule: OnMissing,
    /// With more of them than so many percent nothing is sent, if they would be disabled.
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
        Ok(rule.map(|rule| Self { rule, most }))
    }
}
