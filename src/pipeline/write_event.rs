//! What an event leaves in the journal.

use std::io;

use crate::journal::{Journal, RecordOutcome, Reject, Settled};
use crate::outcomes::event::{Event, SettledRecords};

/// Writes what an event says, rejects before the entry that counts on them. Ids that only the journal wants to know are taken out of
/// the event; all else is left for the ledger.
pub(super) fn write_event(journal: &mut Journal, event: &mut Event) -> io::Result<()> {
    match event {
        Event::Planned { entry, .. } => journal.append(entry),
        Event::Settled { settled: SettledRecords { at_target, rejects, identified, .. }, .. } => {
            rejects.iter().try_for_each(|reject| journal.reject(reject))?;
            // The event has rejects apart from the other outcomes; the journal has all outcomes in one list. So the rejects are put
            // behind the others while that is written, and taken out of the list again.
            let (count, mut all) = (at_target.len(), std::mem::take(at_target));
            all.extend(rejects.iter().map(settled_as_rejected));
            *at_target = journal.write_settled(all, std::mem::take(identified))?;
            at_target.truncate(count);
            Ok(())
        }
        Event::Mapped(_) | Event::InputEnded(_) | Event::Late { .. } | Event::Requested { .. } | Event::Stopped(_) => {
            Ok(())
        }
    }
}

fn settled_as_rejected(reject: &Reject) -> Settled {
    let outcome = RecordOutcome::Rejected {
        code: reject.code.as_str().to_owned(),
        line: reject.position.line,
        offset: reject.position.offset,
        length: reject.position.length,
    };
    Settled { key: reject.key, outcome, notices: 0 }
}
