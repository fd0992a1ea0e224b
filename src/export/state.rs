//! How far an export is: what a killed one goes on from.

use std::io;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::earlier_users::EarlierExport;
use super::lane::LaneState;
use super::manifest::{FORMAT, InstanceName};
use super::{
    DeletedUsers, Difference, ExportDirectory, ExportError, ExportKind, ExportPlan, ExportedFile, Manifest, Missing,
};
use crate::clerk_api::{API_VERSION, Requests};
use crate::files::replace_private;

/// How far an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportState {
    format: u32,
    /// When it was begun, by Clerk's clock if that is behind the one here.
    pub started: Timestamp,
    /// The address of the API.
    pub(super) api: String,
    pub(super) instance: InstanceName,
    pub(super) plan: ExportPlan,
    /// The exports to compare with, as they were then; none in what version 0.1.0 began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<EarlierExport>,
    /// What is durable of the file that is being written.
    pub(super) open: Option<OpenFile>,
    pub(super) files: Vec<ExportedFile>,
    #[serde(default)]
    pub(super) deleted: Option<DeletedUsers>,
    pub(super) missing: Vec<Missing>,
    pub(super) differences: Vec<Difference>,
}

/// What is durable of a file that is not finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenFile {
    pub kind: ExportKind,
    /// Its size.
    pub bytes: u64,
    /// The records in it.
    pub records: u64,
    /// How far each lane is, if the list is read in lanes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lanes: Vec<LaneState>,
}

impl ExportState {
    /// An export that begins now.
    pub(super) fn begin(
        plan: ExportPlan,
        earlier: Vec<EarlierExport>,
        api: String,
        instance: InstanceName,
        started: Timestamp,
    ) -> Self {
        let (open, files, deleted, missing, differences) = Default::default();
        Self { format: FORMAT, started, api, instance, plan, earlier, open, files, deleted, missing, differences }
    }

    /// Reads the state of the export in a directory; nothing if none was begun.
    pub fn read(directory: &ExportDirectory) -> Result<Option<Self>, ExportError> {
        let wrong = |problem: String| ExportError::State { path: directory.path().to_path_buf(), problem };
        let bytes = match std::fs::read(directory.state()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let state: Self = serde_json::from_slice(&bytes).map_err(|error| wrong(format!("its state: {error}")))?;
        if state.format > FORMAT {
            return Err(wrong("a newer version of this program began it".to_owned()));
        }
        Ok(Some(state))
    }

    /// Fails unless the same is wanted of the same instance.
    pub(super) fn check(
        &self,
        plan: &ExportPlan,
        api: &str,
        instance: &InstanceName,
        directory: &ExportDirectory,
    ) -> Result<(), ExportError> {
        let how = if self.instance.id == instance.id {
            self.plan.difference((&self.api, api), plan)
        } else {
            Some(format!("of another instance, {}", self.instance.id))
        };
        how.map_or(Ok(()), |how| Err(ExportError::Otherwise { path: directory.path().to_path_buf(), how }))
    }

    /// Fails if an export to compare with is not there any more as it was when this one began.
    pub(super) fn check_earlier(&self, directory: &ExportDirectory) -> Result<(), ExportError> {
        if self.earlier.len() != self.plan.deleted.len() {
            let problem = "an older version of this program began it, and did not note what --deleted compares with";
            return Err(ExportError::State { path: directory.path().to_path_buf(), problem: problem.to_owned() });
        }
        self.earlier.iter().try_for_each(|earlier| earlier.check(&self.instance))
    }

    /// Whether a kind is settled.
    pub(super) fn has(&self, kind: ExportKind) -> bool {
        self.files.iter().any(|file| file.kind == kind) || self.missing.iter().any(|missing| missing.kind == kind)
    }

    /// Makes it durable.
    pub(super) fn write(&self, directory: &ExportDirectory) -> io::Result<()> {
        replace_private(&directory.state(), |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }

    /// The account of a finished export.
    pub(super) fn into_manifest(self, finished: Timestamp, requests: Requests) -> Manifest {
        let Self { started, api, instance, plan, files, deleted, missing, differences, .. } = self;
        Manifest {
            format: FORMAT,
            program: concat!("avnology-migrate ", env!("CARGO_PKG_VERSION")).to_owned(),
            api,
            api_version: API_VERSION.to_owned(),
            instance,
            started,
            finished,
            since: plan.since,
            files,
            deleted,
            missing,
            differences,
            requests,
        }
    }
}
