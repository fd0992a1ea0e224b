//! What going through the inputs brought, before anything is sent: `first-pass.json` in a run's directory.

use std::io;

use serde::{Deserialize, Serialize};

use super::{RunDirectory, replace_private};

/// What is known of the inputs once all of them were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstPass {
    /// Their records, those of other shards, too; unknown if an input could not be read to its end.
    pub records: Option<u64>,
    /// Records of this run that will be rejected.
    pub rejects: u64,
    /// Records that will be rejected by this run or by those of other shards.
    pub rejects_of_all: u64,
    /// Whether anything may have been sent since.
    pub sent: bool,
}

impl RunDirectory {
    /// What the first pass brought, if it was made.
    pub fn first_pass(&self) -> Option<FirstPass> {
        serde_json::from_slice(&std::fs::read(self.first_pass_file()).ok()?).ok()
    }

    /// Keeps what the first pass brought.
    pub fn keep_first_pass(&self, first_pass: &FirstPass) -> io::Result<()> {
        replace_private(&self.first_pass_file(), |file| serde_json::to_writer(file, first_pass).map_err(Into::into))
    }

    /// Whether the run surely sent nothing, so that it need not be gone on with.
    pub fn has_sent_nothing(&self) -> bool {
        self.first_pass().is_some_and(|first_pass| !first_pass.sent)
    }
}
