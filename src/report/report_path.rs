//! Where the report of a job is, once it is written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Where the report of a job is, once it is written. Clones have the same path.
#[derive(Clone, Debug, Default)]
pub struct ReportPath(Arc<OnceLock<PathBuf>>);

impl ReportPath {
    /// The report was written to this file. Of several files with the same report the first one counts.
    pub fn written(&self, path: &Path) {
        self.0.get_or_init(|| path.to_path_buf());
    }

    /// The file with the report, if one was written.
    pub fn path(&self) -> Option<&Path> {
        self.0.get().map(PathBuf::as_path)
    }
}
