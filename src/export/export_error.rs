//! Why an export fails.

use std::io;
use std::path::PathBuf;

use super::ExportKind;
use crate::clerk_api::ClerkError;

/// Why an export cannot begin, or not be gone on with, or not be read.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The API is of no use.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
    /// A file of the export cannot be written or read.
    #[error("cannot use `{}`: {source}; make room or make it writable, then run the same command again", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The temporary files cannot be used.
    #[error("cannot use temporary files: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[source] io::Error),
    /// The directory holds something else.
    #[error(
        "`{}` holds `{stranger}`, which is of no export; name an empty directory, or one that is not there yet",
        path.display()
    )]
    NotEmpty {
        /// The directory.
        path: PathBuf,
        /// What is in it.
        stranger: String,
    },
    /// An export that was begun otherwise is in the directory.
    #[error(
        "the export in `{}` was begun {how}; say the same again to go on with it, or --new (of an import: --new-run) to \
         begin a new one",
        path.display()
    )]
    Otherwise {
        /// The directory.
        path: PathBuf,
        /// How it was begun.
        how: String,
    },
    /// What an export goes on from cannot be used.
    #[error("the export in `{}` cannot be gone on with: {problem}; --new begins a new one", path.display())]
    State {
        /// The directory.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The manifest of an export cannot be read.
    #[error("the manifest `{}` cannot be read: {problem}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// An export is not finished.
    #[error("the export in `{}` is not finished; run the same `export` command again, which goes on with it", path.display())]
    NotFinished {
        /// The directory.
        path: PathBuf,
    },
    /// A directory is no export.
    #[error(
        "the directory `{}` has no manifest.json, so it is no export; name its files: --import FILE, and --organizations, \
         --memberships and --invitations for those of a tenant",
        path.display()
    )]
    NoManifest {
        /// The directory.
        path: PathBuf,
    },
    /// A file of an export is another one than its manifest describes.
    #[error(
        "`{}` is not the file that the manifest.json beside it describes: it is gone, was changed, or is not whole; export or copy it \
         again (what was changed on purpose can be imported by its own name: --import FILE)",
        path.display()
    )]
    OtherFile {
        /// The file.
        path: PathBuf,
    },
    /// There are no users in it.
    #[error("the export in `{}` has no users; export them with --only users", path.display())]
    NoUsers {
        /// The directory.
        path: PathBuf,
    },
    /// An earlier export cannot be compared with.
    #[error("cannot compare with `{}`: {problem}; name finished exports of the same instance with --deleted", path.display())]
    Earlier {
        /// The directory, or the file in it.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// An earlier export to compare with was made anew.
    #[error(
        "`{}` was exported anew after this export began, so users who are new in it would count as deleted; --new begins \
         this export again",
        path.display()
    )]
    EarlierReplaced {
        /// The directory.
        path: PathBuf,
    },
    /// The earlier export that was named is of another instance.
    #[error(
        "`{}` is an export of another instance, {instance}; name a finished export of this one with --since, or a time",
        path.display()
    )]
    SinceOther {
        /// The directory.
        path: PathBuf,
        /// Its instance.
        instance: String,
    },
    /// A single record that is too large.
    #[error("a page of two {kind} is larger than 8 MiB; leave this kind out with --only")]
    TooLarge {
        /// The kind.
        kind: ExportKind,
    },
}
