//! What undoing a run restores, beside deleting what it created, and what it does not; for people and for programs.

use serde::Serialize;

use super::restoring_memberships::PutBack;
use crate::human::plural;
use crate::settings::OutputSettings;

/// What undoing a run restores, and what it does not.
pub(super) struct UndoRestoring {
    /// What the run updated: it stays as it is.
    pub updated: u64,
    /// Users who are enabled again.
    pub enabled: u64,
    /// What is there again.
    pub restored: PutBack,
}

impl UndoRestoring {
    /// Says what is as it was before the run.
    pub(super) fn note(&self, is_dry_run: bool, output: &OutputSettings) {
        let (enabled, back) =
            if is_dry_run { ("would be enabled again", "would be put back") } else { ("enabled again", "put back") };
        if self.enabled > 0 {
            let users = plural(self.enabled, "user");
            output.console.note(&format!("{users} {enabled}: the run had disabled them while they were missing."));
        }
        if self.restored != PutBack::default() {
            let PutBack { memberships, roles } = self.restored;
            let (memberships, roles) = (plural(memberships, "membership"), plural(roles, "role"));
            output.console.note(&format!(
                "{memberships} and {roles} {back}: the run had removed them, because they were missing at Clerk."
            ));
        }
    }

    /// For programs: nothing where nothing happened.
    pub(super) fn report(&self) -> RestoringReport {
        let some = |number: u64| (number > 0).then_some(number);
        let PutBack { memberships, roles } = self.restored;
        RestoringReport {
            updated: self.updated,
            enabled: some(self.enabled),
            memberships_put_back: some(memberships),
            roles_put_back: some(roles),
        }
    }
}

/// The same for programs.
#[derive(Serialize)]
pub(super) struct RestoringReport {
    /// What the run updated: it stays as it is.
    pub updated: u64,
    /// Identities that the run had disabled because their users were missing, and that are enabled again.
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<u64>,
    /// Memberships that the run had removed because they were missing, and that are there again.
    #[serde(skip_serializing_if = "Option::is_none")]
    memberships_put_back: Option<u64>,
    /// Role tuples that the run had taken back with them, and that are there again.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles_put_back: Option<u64>,
}
