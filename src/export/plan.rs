//! What is wanted of an export.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Compression, ExportDirectory, ExportError, ExportKind, Manifest, Since};

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

impl ExportPlan {
    /// Fails unless a finished export is what this plan wants of this API.
    ///
    /// # Errors
    /// If it was begun otherwise.
    pub fn check(&self, api: &str, finished: &Manifest, directory: &ExportDirectory) -> Result<(), ExportError> {
        let how = self.of(finished).difference((&finished.api, api), self);
        how.map_or(Ok(()), |how| Err(ExportError::Otherwise { path: directory.path().to_path_buf(), how }))
    }

    /// The plan by which a finished export was made. What its manifest does not say is as in this one.
    fn of(&self, finished: &Manifest) -> Self {
        let Manifest { files, missing, since, deleted, .. } = finished;
        let kinds: Vec<ExportKind> =
            files.iter().map(|file| file.kind).chain(missing.iter().map(|missing| missing.kind)).collect();
        let compressions = [Compression::None, Compression::Gzip, Compression::Zstd];
        let compression = files.first().and_then(|file| {
            compressions
                .into_iter()
                .find(|compression| ExportDirectory::file_name(file.kind, *compression) == file.file)
        });
        let deleted = match deleted {
            Some(deleted) => deleted.compared_with.clone(),
            // It may have been asked for: nobody can be called deleted if not all users are listed.
            None if finished.lists_fewer_users() => self.deleted.clone(),
            None => Vec::new(),
        };
        Self {
            kinds: ExportKind::ALL.into_iter().filter(|kind| kinds.contains(kind)).collect(),
            since: since.clone(),
            deleted,
            compression: compression.unwrap_or(self.compression),
        }
    }

    /// How an export by this plan is another one than by a plan that is `wanted` now, in words that go behind "was begun"; nothing if
    /// it is the same. The addresses of the API are that of this export, and the one that is asked now.
    pub(super) fn difference(&self, (api, asked): (&str, &str), wanted: &Self) -> Option<String> {
        let names = |kinds: &[ExportKind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(",");
        if api != asked {
            Some(format!("at {api}"))
        } else if self.kinds != wanted.kinds {
            Some(format!("with --only {}", names(&self.kinds)))
        } else if self.since != wanted.since {
            let since = self.since.as_ref().map(|since| format!("with --since {}", since.moment));
            Some(since.unwrap_or_else(|| "without --since".to_owned()))
        } else if self.deleted != wanted.deleted {
            Some("with another --deleted".to_owned())
        } else if self.compression != wanted.compression {
            Some("with another --compress".to_owned())
        } else {
            None
        }
    }
}
