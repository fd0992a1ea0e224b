//! Puts the table together, in one pass over each file.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::report::MembershipsReport;
use super::table::{Memberships, MembershipsError};
use crate::index::TextMap;
use crate::kind::Kind;
use crate::mapping::{OrganizationNames, organization_of_membership};
use crate::source::{
    Findings, Input, InputDigest, InputWatch, RawRecord, ReaderLimits, RecordReader, Recorder, SumKind,
};

impl Memberships {
    /// Reads files of memberships and of organizations into a table in `directory`, whose files have no name. They go into the
    /// metadata of users if `moves`, and are only counted if not. Their digests are of the kind `sum`. `seen` says how many bytes
    /// were read until now. Blocks.
    pub fn read(
        files: &[(Kind, Input)],
        moves: bool,
        (limits, sum): (ReaderLimits, SumKind),
        directory: &Path,
        (stop, seen): (&CancellationToken, &AtomicU64),
    ) -> Result<Self, MembershipsError> {
        let mut builder = Builder {
            members: TextMap::new(directory)?,
            organizations: TextMap::new(directory)?,
            report: MembershipsReport {
                files: files.iter().map(|(_, input)| input.name().to_string()).collect(),
                moved: moves,
                organizations: 0,
                memberships: 0,
                inside_users: 0,
                users: 0,
                without_user: None,
                unreadable: Findings::default(),
            },
        };
        let mut digests = Vec::with_capacity(files.len());
        for (kind, input) in files {
            digests.extend(builder.file((*kind, input), limits, sum, (stop, seen))?);
        }
        let Builder { members, organizations, mut report } = builder;
        report.unreadable.sort();
        Ok(Self::new(members.finish()?, organizations.finish()?, digests, report, directory))
    }
}

/// Puts a table together.
struct Builder {
    members: TextMap,
    organizations: TextMap,
    report: MembershipsReport,
}

impl Builder {
    /// Reads a file to its end; returns what all its bytes came to.
    fn file(
        &mut self,
        (kind, input): (Kind, &Input),
        limits: ReaderLimits,
        sum: SumKind,
        (stop, seen): (&CancellationToken, &AtomicU64),
    ) -> Result<Option<InputDigest>, MembershipsError> {
        let recorder = Arc::new(Recorder::of(sum));
        let mut reader = RecordReader::open_watched(input, limits, &InputWatch::Record(Arc::clone(&recorder), 0))?;
        let before = seen.load(Ordering::Relaxed);
        let (mut records, mut readable) = (0_u64, 0_u64);
        while let Some(chunk) = reader.next_chunk()? {
            if stop.is_cancelled() {
                return Err(MembershipsError::Interrupted);
            }
            seen.store(before + chunk.consumed, Ordering::Relaxed);
            for span in &chunk.spans {
                records += 1;
                if span.fault.is_none() && self.record(kind, RawRecord::new(&chunk, span))? {
                    readable += 1;
                } else {
                    self.report.unreadable.add(chunk.position(span));
                }
            }
        }
        if self.report.moved && records > 0 && readable == 0 {
            return Err(MembershipsError::NoneInIt { input: input.name(), what: kind.plural() });
        }
        Ok(recorder.inputs().pop().map(|input| input.digest))
    }

    /// Takes a record; returns whether it could be read.
    fn record(&mut self, kind: Kind, record: RawRecord<'_>) -> io::Result<bool> {
        if kind == Kind::Organization {
            let Ok(names) = OrganizationNames::of_record(record)? else { return Ok(false) };
            self.organizations.add(&names.id, &serde_json::to_vec(&names)?)?;
            self.report.organizations += 1;
        } else {
            let Ok((user, organization)) = organization_of_membership(record)? else { return Ok(false) };
            self.members.add(&user, &serde_json::to_vec(&organization)?)?;
            self.report.memberships += 1;
        }
        Ok(true)
    }
}
