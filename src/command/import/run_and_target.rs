//! The run of an import and its target, with the settings: what all phases share.

use std::sync::Arc;

use super::super::shared::target::Target;
use crate::destination::Destination;
use crate::settings::{ImportSettings, RunOnDisk};

/// Which run this is, where it goes, and by which settings.
#[derive(Clone, Copy)]
pub(super) struct RunAndTarget<'a> {
    pub settings: &'a ImportSettings,
    pub target: &'a Target,
    pub destination: &'a Arc<dyn Destination>,
    pub run: &'a RunOnDisk,
}
