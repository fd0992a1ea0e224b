//! What an import reads, of all kinds, by what was typed.

use std::path::{Path, PathBuf};

use super::SettingsError;
use crate::cli::ImportArguments;
use crate::export::{self, Manifest};
use crate::kind::Kind;

/// Takes the inputs of all steps out of what was typed. A directory of an export holds those of several.
pub(super) fn typed_inputs(arguments: &mut ImportArguments) -> Result<Vec<(Kind, PathBuf)>, SettingsError> {
    let mut inputs = Vec::new();
    let is_wanted = |kind: Kind| arguments.steps.is_empty() || arguments.steps.contains(&kind);
    for path in std::mem::take(&mut arguments.import) {
        for (of_export, kind) in [
            (export::Kind::Organizations, Kind::Organization),
            (export::Kind::OrganizationMemberships, Kind::Membership),
            (export::Kind::OrganizationInvitations, Kind::Invitation),
        ] {
            inputs.extend(in_directory(&path, of_export)?.map(|file| (kind, file)));
        }
        inputs.push((Kind::User, path));
    }
    for (kind, paths) in [
        (Kind::Organization, &mut arguments.organizations),
        (Kind::Membership, &mut arguments.memberships),
        (Kind::Invitation, &mut arguments.invitations),
    ] {
        inputs.extend(std::mem::take(paths).into_iter().map(|path| (kind, path)));
    }
    let memberships = inputs.iter().filter(|(kind, _)| *kind == Kind::Membership);
    let tuples: Vec<_> = memberships.map(|(_, path)| (Kind::RoleTuple, path.clone())).collect();
    inputs.extend(tuples);
    inputs.retain(|(kind, _)| is_wanted(*kind));
    if inputs.is_empty() {
        return Err(SettingsError::NoStep);
    }
    Ok(inputs)
}

fn in_directory(path: &Path, kind: export::Kind) -> Result<Option<PathBuf>, SettingsError> {
    if path.is_dir() { Ok(Manifest::file_in(path, kind)?) } else { Ok(None) }
}
