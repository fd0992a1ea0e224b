//! The name of a request, by which a destination knows that it has it already.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::pending_batch::PendingBatch;
use crate::journal::RecordKey;

/// A request that is repeated has the same key again; a request that must not be answered from memory, or is another one, has
/// another key. What is in a request follows from its envelope, and of each item from its content, whose hash is known, and from its
/// record, which the run's mark names. A batch method is another request than that for one identity, even with one item.
pub(super) fn idempotency_key(run_id: &str, pending: &PendingBatch) -> String {
    let mut hash = Sha256::new();
    hash.update(run_id.as_bytes());
    hash.update(pending.round.to_le_bytes());
    hash.update(pending.batch.head());
    for item in &pending.batch.items {
        let RecordKey { input, number } = item.key();
        hash.update(item.content.as_bytes());
        hash.update(input.to_le_bytes());
        hash.update(number.to_le_bytes());
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::sender_tests::{RUN, batch_in};
    use crate::destination::{Envelope, Scripted};
    use crate::journal::ContentHash;

    #[test]
    fn the_same_request_has_the_same_key_and_another_method_record_or_round_has_another_one() {
        // All of them are of records that say the same.
        let key = |envelope, number, round| {
            let mut pending = PendingBatch { round, ..PendingBatch::new(batch_in(envelope, number..=number)) };
            pending.batch.items[0].content = ContentHash::NOTHING;
            idempotency_key(RUN, &pending)
        };
        let many = Scripted::ENVELOPE;
        let one = Envelope { head: b"", tail: b"", items: 1, ..many };
        let keys = [key(many, 1, 0), key(one, 1, 0), key(many, 2, 0), key(many, 1, 1)];
        assert_eq!(keys[0], key(many, 1, 0));
        assert!((1..keys.len()).all(|index| !keys[..index].contains(&keys[index])), "{keys:?}");
    }
}
