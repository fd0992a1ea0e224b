//! The selection of users, out of what was typed.

use std::num::NonZeroU64;
use std::sync::Arc;

use super::SettingsError;
use crate::cli::SelectionArguments;
use crate::selection::{IdList, Sample, SelectionChoice};

/// How users are chosen; `None` if all are meant.
pub(super) fn resolve(arguments: SelectionArguments) -> Result<Option<SelectionChoice>, SettingsError> {
    let SelectionArguments { only, condition, sample, seed, skip, limit } = arguments;
    let only = only.map(|list| IdList::read(&list, &std::env::temp_dir())).transpose()?;
    let choice = SelectionChoice {
        only: only.map(Arc::new),
        condition,
        sample: sample.map(|users| Sample { users: users.get(), seed: seed.unwrap_or_default() }),
        skip: skip.unwrap_or_default(),
        limit: limit.map(NonZeroU64::get),
    };
    Ok(Some(choice).filter(|choice| !choice.is_everybody()))
}
