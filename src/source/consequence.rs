//! Says what was done with an input that cannot be read any further. The reader knows how far it read; the job knows for
//! which purpose.

use super::SourceError;
use super::source_error::records;

/// The purpose of reading an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To send it, as far as it can be read.
    Import,
    /// To know before the first request whether it can be read.
    FirstPass,
    /// To report what an import would do.
    DryRun,
    /// To compare it with the target.
    Comparison,
    /// To compare it with the target, before anything was compared.
    NoComparison,
}

/// How far an input was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// This many records before the fault.
    Before(u64),
    /// This many records of compressed data that checksums cover; no other record is used.
    Covered(u64),
    /// No wrong bytes: they were found before they were used.
    Checked,
    /// Something was used before it was known to be wrong.
    PassedOn,
    /// The records before the fault.
    Unknown,
}

impl SourceError {
    fn extent(&self) -> Extent {
        match self {
            Self::Damaged { is_passed_on: true, .. }
            | Self::CutOff { is_passed_on: true, .. }
            | Self::Changed { is_passed_on: true, .. } => Extent::PassedOn,
            Self::Damaged { .. } | Self::Changed { .. } => Extent::Checked,
            Self::CutOff { covered, .. } => Extent::Covered(*covered),
            Self::Open { .. } | Self::Empty { .. } | Self::NotJson { .. } => Extent::Before(0),
            Self::Read { .. } => Extent::Unknown,
            Self::StructureLost { record, .. } => Extent::Before(record - 1),
            Self::Surplus { records, .. }
            | Self::Truncated { records, .. }
            | Self::WrongShape { records, .. }
            | Self::Divided { records, .. }
            | Self::Syntax { records, .. } => Extent::Before(*records),
        }
    }

    /// What was done with the input, as half a sentence.
    pub fn consequence(&self, purpose: Purpose) -> String {
        let text = match (purpose, self.extent()) {
            (Purpose::FirstPass, _) => "nothing was sent",
            (Purpose::NoComparison, _) => "nothing was compared",
            (Purpose::Import, Extent::Before(0) | Extent::Covered(0)) => "nothing of it was sent",
            (Purpose::Import, Extent::Before(count)) => {
                return format!("{} before that {} imported, or rejected", the(count), were(count));
            }
            (Purpose::Import, Extent::Covered(count)) => {
                return format!("{} that checksums cover {} imported, or rejected", the(count), were(count));
            }
            (Purpose::Import, Extent::Checked) => "nothing of what is wrong in it was sent",
            (Purpose::Import, Extent::PassedOn) => {
                "users of it were sent before this was known, and some may be wrong: import the whole file again with \
                 --on-existing update, and compare with `verify`"
            }
            (Purpose::Import, Extent::Unknown) => "the records before that were imported, or rejected",
            (Purpose::DryRun, Extent::PassedOn) => {
                "an import out of a pipe would send users before this is known: import the file itself"
            }
            (Purpose::DryRun, Extent::Before(0) | Extent::Covered(0)) => "an import would send nothing of it",
            // An import from a pipe cannot know this beforehand.
            (Purpose::DryRun, _) if self.spoils_all() => {
                "an import would send nothing, and out of a pipe only what comes before that"
            }
            (Purpose::DryRun, Extent::Before(count)) => {
                return format!("an import would send what is valid of {} before that", the(count));
            }
            (Purpose::DryRun, Extent::Covered(count)) => {
                return format!("an import would send what is valid of {} that checksums cover", the(count));
            }
            (Purpose::DryRun, Extent::Checked | Extent::Unknown) => {
                "an import would send nothing of what is wrong in it"
            }
            (Purpose::Comparison, Extent::Before(0) | Extent::Covered(0)) => "nothing of it was compared",
            (Purpose::Comparison, Extent::Before(count)) => {
                return format!("only {} before that {} compared", the(count), were(count));
            }
            (Purpose::Comparison, Extent::Covered(count)) => {
                return format!("only {} that checksums cover {} compared", the(count), were(count));
            }
            (Purpose::Comparison, Extent::Checked) => "nothing of what is wrong in it was compared",
            (Purpose::Comparison, Extent::PassedOn) => "it was compared before this was known, and may be wrong",
            (Purpose::Comparison, Extent::Unknown) => "only the records before that were compared",
        };
        text.to_owned()
    }
}

fn the(count: u64) -> String {
    format!("the {}", records(count))
}

fn were(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}
