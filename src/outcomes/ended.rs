//! What of a run's account is in no record of its journal, to and from the entry that ends it.

use std::path::Path;
use std::time::Duration;

use super::{InputProgress, Ledger};
use crate::exit::ExitStatus;
use crate::journal::{Ended, EndedInput};
use crate::source::{Shard, SkippedRows};

impl Ledger {
    /// How the run ended.
    pub fn ended(&self) -> Ended {
        let inputs = self.inputs.iter().map(|input| EndedInput {
            // Where it lies is in the run's record, and may be another place after the directories were moved.
            name: if Path::new(&input.input).is_absolute() { String::new() } else { input.input.clone() },
            bytes: input.bytes,
            consumed: input.consumed,
            records: input.records,
            empty_rows: input.skipped_rows.empty,
            header_rows: input.skipped_rows.headers,
        });
        Ended {
            finished: self.stopped.is_none(),
            exit_code: ExitStatus::of(self).code(),
            inputs: inputs.collect(),
            not_asked: self.not_asked,
            requests: self.requests,
            retries: self.retries,
            throttled: self.throttled,
            milliseconds: u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The account of a shard's run that ended so, before what became of its records is added.
    pub fn of_ended(ended: Ended, shard: Shard) -> Self {
        let inputs = ended.inputs.into_iter().map(|input| InputProgress {
            input: input.name,
            bytes: input.bytes,
            consumed: input.consumed,
            skipped_rows: SkippedRows { empty: input.empty_rows, headers: input.header_rows },
            records: input.records,
        });
        let mut ledger = Self::of_sending(&[]).of_shard(Some(shard));
        ledger.inputs = inputs.collect();
        ledger.not_asked = ended.not_asked;
        (ledger.requests, ledger.retries, ledger.throttled) = (ended.requests, ended.retries, ended.throttled);
        ledger.elapsed = Duration::from_millis(ended.milliseconds);
        ledger
    }
}
