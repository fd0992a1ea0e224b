//! What an import reads, of all kinds, by what was typed.

use std::path::{Path, PathBuf};

use super::SettingsError;
use super::kept_users::is_clerk;
use super::kratos_target::KratosChoice;
use crate::cli::{InputArguments, SelectionArguments};
use crate::export::{self, Manifest};
use crate::kind::Kind;

/// What was typed about inputs.
pub(super) struct TypedInputs<'a> {
    import: &'a mut Vec<PathBuf>,
    others: [(Kind, &'a mut Vec<PathBuf>); 3],
    steps: &'a [Kind],
    selection: &'a SelectionArguments,
}

impl<'a> TypedInputs<'a> {
    /// Those of an import or a verification.
    pub(super) fn of(inputs: &'a mut InputArguments, selection: &'a SelectionArguments) -> Self {
        let InputArguments { import, organizations, memberships, invitations, steps, .. } = inputs;
        let others =
            [(Kind::Organization, organizations), (Kind::Membership, memberships), (Kind::Invitation, invitations)];
        Self { import, others, steps, selection }
    }
}

/// The inputs of all steps.
pub(super) struct WantedInputs {
    pub(super) inputs: Vec<(Kind, PathBuf)>,
    /// As what kinds memberships that stand inside users are taken; none if nothing else than users was named.
    pub(super) kinds_of_inline_memberships: Vec<Kind>,
    /// The files of memberships and organizations that are joined to the users, for a target without organizations.
    pub(super) joined: Vec<(Kind, PathBuf)>,
}

/// Takes the inputs of all steps out of what was typed. A directory of an export holds those of several; of a Kratos, which has no place
/// for all of them, only some are taken, and if users are selected, only users, unless other steps are named.
pub(super) fn typed_inputs(
    typed: TypedInputs<'_>,
    kratos: Option<&KratosChoice>,
) -> Result<WantedInputs, SettingsError> {
    let kinds = kratos.map_or(&Kind::ALL[..], KratosChoice::kinds);
    let mut inputs = Vec::new();
    let takes_users_alone = is_selection(typed.selection);
    let is_wanted = |kind: Kind, steps: &[Kind]| match steps {
        [] => kind == Kind::User || !takes_users_alone && kinds.contains(&kind),
        named => named.contains(&kind),
    };
    for path in std::mem::take(typed.import) {
        for kind in [Kind::Organization, Kind::Membership, Kind::Invitation] {
            // What Clerk's API has is known when it was read.
            let file = if is_clerk(&path) { Some(path.clone()) } else { in_directory(&path, of_export(kind))? };
            inputs.extend(file.map(|file| (kind, file)));
        }
        inputs.push((Kind::User, path));
    }
    for (kind, paths) in typed.others {
        if paths.iter().any(|path| is_clerk(path)) {
            return Err(SettingsError::ClerkForOneStep);
        }
        inputs.extend(std::mem::take(paths).into_iter().map(|path| (kind, path)));
    }
    let is_joined = |kind: Kind, path: &Path| kratos.is_some_and(|choice| choice.joins(kind, is_clerk(path)));
    let joined = inputs.iter().filter(|(kind, path)| is_joined(*kind, path)).cloned().collect();
    let memberships = inputs.iter().filter(|(kind, _)| *kind == Kind::Membership);
    let tuples: Vec<_> = memberships.map(|(_, path)| (Kind::RoleTuple, path.clone())).collect();
    inputs.extend(tuples);
    let has_tenant = !typed.steps.is_empty() || inputs.iter().any(|(kind, _)| *kind != Kind::User);
    let mut kinds_of_inline_memberships = if has_tenant { vec![Kind::Membership, Kind::RoleTuple] } else { Vec::new() };
    kinds_of_inline_memberships.retain(|kind| is_wanted(*kind, typed.steps));
    inputs.retain(|(kind, _)| is_wanted(*kind, typed.steps));
    if inputs.is_empty() {
        return Err(SettingsError::NoStep);
    }
    Ok(WantedInputs { inputs, kinds_of_inline_memberships, joined })
}

/// What an export calls the records of a kind.
pub(super) fn of_export(kind: Kind) -> export::ExportKind {
    match kind {
        Kind::User => export::ExportKind::Users,
        Kind::Organization => export::ExportKind::Organizations,
        Kind::Membership | Kind::RoleTuple => export::ExportKind::OrganizationMemberships,
        Kind::Invitation => export::ExportKind::OrganizationInvitations,
    }
}

fn in_directory(path: &Path, kind: export::ExportKind) -> Result<Option<PathBuf>, SettingsError> {
    if path.is_dir() { Ok(Manifest::file_in(path, kind)?) } else { Ok(None) }
}

/// Whether only some users are taken.
fn is_selection(selection: &SelectionArguments) -> bool {
    let SelectionArguments { only, condition, sample, seed: _, skip, limit } = selection;
    only.is_some() || condition.is_some() || sample.is_some() || skip.is_some() || limit.is_some()
}
