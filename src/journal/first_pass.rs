//! `first-pass.json`: what going through the inputs once found out before anything was sent. What reads them later in the
//! run, in this process or in another one, is held to it.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};

use super::RunDirectory;
use super::run_file::{fault, read_json};
use crate::files::replace_private;
use crate::source::{InputDigest, InputSum, KnownInput, SumKind};

/// What the first pass found out, but for the duplicates and the blocks of the inputs, which are files of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct FirstPassRecord {
    /// Which version wrote it, so that an older one that cannot read it says so; none in those of version 0.1.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The inputs, in order, as far as they could be read to their ends.
    pub inputs: Vec<KnownInput>,
    /// The file with the passwords that the users lack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwords: Option<InputDigest>,
    /// The files of memberships and organizations that go into their users.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memberships: Vec<InputDigest>,
    /// What is known to come of it.
    pub prediction: Prediction,
    /// Of a shard that went through all of its inputs: how many records of each shard do not map, by the shard's number. With
    /// it the others need not go through them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejects_by_shard: Option<BTreeMap<u32, u64>>,
    /// The CRC-32 of `blocks` and of `duplicates`, which decide about records; those of earlier versions are taken as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sums: Option<(u32, u32)>,
    /// The CRC-32 of `block-starts`, if a shard noted where the blocks of all shards begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_starts: Option<u32>,
}

/// What is known to come of the records before any is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// How many there are, those of other shards, too, as far as the inputs could be read.
    pub records: Option<u64>,
    /// Records of this run that will be rejected.
    pub rejects: u64,
    /// Records that will be rejected by this run or by those of other shards.
    pub rejects_of_all: u64,
    /// Whether the run may have sent anything since.
    #[serde(rename = "sent")]
    pub may_have_sent: bool,
}

impl FirstPassRecord {
    /// What was found out; `None` if the run is not that far, or was begun by a version that did not keep it.
    pub fn read(directory: &RunDirectory) -> io::Result<Option<Self>> {
        let path = directory.first_pass();
        let advice = "remove it, and going on with the run makes it again from the input";
        read_json(&path).map_err(|problem| fault(&path, "which says what the inputs are", &problem, advice))
    }

    /// The sums of the inputs of a run, in order, as far as its first pass found them out.
    pub fn sums_of_inputs(directory: &RunDirectory) -> Vec<InputSum> {
        let first = Self::read(directory).ok().flatten();
        first.into_iter().flat_map(|first| first.inputs).map(|input| input.digest.sum).collect()
    }

    /// By which kind of sum a run knows the files beside its inputs. It stays with the one that it began with.
    pub fn kind_of_sum_beside_inputs(directory: &RunDirectory) -> SumKind {
        let first = Self::read(directory).ok().flatten();
        let kind =
            |first: Self| first.passwords.iter().chain(&first.memberships).next().map(|digest| digest.sum.kind());
        first.and_then(kind).unwrap_or_default()
    }

    /// What the inputs were, in order.
    pub fn digests(&self) -> impl Iterator<Item = &InputDigest> {
        self.inputs.iter().map(|input| &input.digest)
    }

    /// Keeps it for the rest of the run.
    pub fn write(&self, directory: &RunDirectory) -> io::Result<()> {
        replace_private(&directory.first_pass(), |file| serde_json::to_writer_pretty(file, self).map_err(Into::into))
    }
}

impl RunDirectory {
    /// Changes what is known to come of the records.
    pub fn keep_prediction(&self, prediction: Prediction) -> io::Result<()> {
        match FirstPassRecord::read(self)? {
            Some(record) => FirstPassRecord { prediction, ..record }.write(self),
            None => Ok(()),
        }
    }

    /// Whether the run surely sent nothing, so that it need not be gone on with.
    pub fn has_sent_nothing(&self) -> bool {
        matches!(FirstPassRecord::read(self), Ok(Some(record)) if !record.prediction.may_have_sent)
    }
}
