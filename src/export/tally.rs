//! How far an export is, for those who watch.

use super::ExportKind;

/// How far an export is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What is being read.
    pub kind: Option<ExportKind>,
    /// Records of it in its file.
    pub records: u64,
    /// Records of it in all, if the API said.
    pub total: Option<u64>,
    /// Records in all files.
    pub records_in_all: u64,
    /// Those among them that an earlier part of the export wrote.
    pub continued: u64,
    /// Bytes in all files, before they are compressed.
    pub bytes: u64,
}
