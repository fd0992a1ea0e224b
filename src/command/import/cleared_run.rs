//! A run that may be sent: what an import goes on with when sending begins.

use crate::avnology::HomeOrganization;
use crate::id_map::IdLookup;
use crate::pipeline::{ConfirmedBefore, ImportRun};

/// How far a run is that was found clear, when sending begins, and what is known of its target.
pub(super) struct ClearedRun {
    pub import_run: ImportRun,
    /// What the target confirmed in earlier runs, if that can be used.
    pub confirmed: Option<ConfirmedBefore>,
    /// Whom the target had before this part of the run, if that is known.
    pub ids: Option<IdLookup>,
    /// The organization of the users, if it was found. One that the import is to make is made before the first user.
    pub home: Option<HomeOrganization>,
}
