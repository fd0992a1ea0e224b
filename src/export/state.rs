//! How far an export is: what a killed one goes on from.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lane::LaneState;
use super::manifest::{FORMAT, InstanceName};
use super::{
    Compression, DeletedUsers, Difference, ExportDirectory, ExportError, ExportKind, ExportedFile, Manifest, Missing,
    Since,
};
use crate::clerk_api::{API_VERSION, Requests};
use crate::files::replace_private;

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPlan {
    /// The kinds, in the order in which they are read.
    pub kinds: Vec<ExportKind>,
    /// Only changes of users, from a moment on.
    pub since: Option<Since>,
    /// The directories of earlier exports; who of their users is gone is wanted, too.
    #[serde(default)]
    pub deleted: Vec<PathBuf>,
    /// How files are compressed.
    pub compression: Compression,
}

/// How far an export is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportState {
    format: u32,
    /// When it was begun.
    pub(super) started: Timestamp,
    /// The address of the API.
    pub(super) api: String,
    pub(super) instance: InstanceName,
    pub(super) plan: ExportPlan,
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
    pub(super) fn begin(plan: ExportPlan, api: String, instance: InstanceName, started: Timestamp) -> Self {
        let (open, files, deleted, missing, differences) = Default::default();
        Self { format: FORMAT, started, api, instance, plan, open, files, deleted, missing, differences }
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
        let names = |kinds: &[ExportKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
        let how = if self.instance.id != instance.id {
            format!("of another instance, {}", self.instance.id)
        } else if self.api != api {
            format!("at {}", self.api)
        } else if self.plan.kinds != plan.kinds {
            format!("with --only {}", names(&self.plan.kinds))
        } else if self.plan.since != plan.since {
            self.plan
                .since
                .as_ref()
                .map_or_else(|| "without --since".to_owned(), |since| format!("with --since {}", since.moment))
        } else if self.plan.deleted != plan.deleted {
            "with another --deleted".to_owned()
        } else if self.plan.compression != plan.compression {
            "with another --compress".to_owned()
        } else {
            return Ok(());
        };
        Err(ExportError::Otherwise { path: directory.path().to_path_buf(), how })
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
