//! What an event leaves in the journal.

use std::io;

use crate::journal::{Journal, RecordOutcome, Reject, Settled};
use crate::outcomes::event::{Event, SettledRecords};

/// Writes what an event says, rejects before the entry that counts on them. What only the journal wants to know is taken out of it.
pub(super) fn write_event(journal: &mut Journal, event: &mut Event) -> io::Result<()> {
    match event {
        Event::Planned { entry, .. } => journal.append(entry),
        Event::Settled { settled: SettledRecords { records, rejects, identified, .. }, .. } => {
            rejects.iter().try_for_each(|reject| journal.reject(reject))?;
            // The entry of the journal has the rejects among the records; they are booked by themselves, so they are taken out again.
            let count = records.len();
            records.extend(rejects.iter().map(settled));
            *records = journal.write_settled(std::mem::take(records), std::mem::take(identified))?;
            records.truncate(count);
            Ok(())
        }
        Event::Mapped(_) | Event::InputEnded(_) | Event::Late { .. } | Event::Requested { .. } | Event::Stopped(_) => {
            Ok(())
        }
    }
}

fn settled(reject: &Reject) -> Settled {
    let outcome = RecordOutcome::Rejected {
        code: reject.code.as_str().to_owned(),
        line: reject.position.line,
        offset: reject.position.offset,
        length: reject.position.length,
    };
    Settled { key: reject.key, outcome, notices: 0 }
}
