//! Which records share a verified address or number, in the account of a run. That they do is a notice like others; these
//! have places, two of them each.

use std::io;
use std::sync::Arc;

use super::Ledger;
use super::booking::{LateShared, other_record, record_position};
use super::counts::same_as as same_as_of;
use super::sharing_record::SharingRecord;
use crate::index::{DuplicateMeaning, Duplicates, RecordPlace};
use crate::mapping::{FirstOfDuplicates, Notice};
use crate::selection::RecordsOfRun;
use crate::source::Position;

/// How many records are named that share an address with another one.
const NAMED_SHARING: usize = 1_000;

impl Ledger {
    /// Books a record of a dry run that turned out to share an address after its notices were booked.
    pub(crate) fn book_shared_late(&mut self, LateShared { position, same_as }: LateShared) {
        self.book_noticed(Notice::AddressShared.into());
        self.share(position, same_as);
    }

    fn share(&mut self, position: Position, same_as: FirstOfDuplicates) {
        if self.sharing.len() < NAMED_SHARING {
            let same_as = same_as_of(&self.inputs, same_as);
            self.sharing.extend(same_as.map(|same_as| SharingRecord { position, same_as }));
        }
    }

    /// Names the records that share an address, of those that were found before an import; that they do is among their
    /// notices.
    pub fn name_sharing(&mut self, found: &Duplicates, records: &RecordsOfRun) -> io::Result<()> {
        if !self.notices.contains_key(&Notice::AddressShared) {
            return Ok(());
        }
        let names: Vec<Arc<str>> = self.inputs.iter().map(|input| Arc::from(input.input.as_str())).collect();
        for duplicate in found.iter() {
            let duplicate = duplicate?;
            let RecordPlace { input, number, .. } = duplicate.place;
            if duplicate.meaning == DuplicateMeaning::Shared && records.takes(input, number)? {
                self.share(record_position(&duplicate.place, &names), other_record(&duplicate.first));
            }
            if self.sharing.len() == NAMED_SHARING {
                break;
            }
        }
        Ok(())
    }

    /// Takes over those of another shard.
    pub(super) fn share_with(&mut self, other: Vec<SharingRecord>) {
        self.sharing.extend(other);
        self.sharing.sort_unstable();
        self.sharing.truncate(NAMED_SHARING);
    }
}
