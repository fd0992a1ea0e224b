//! The name of a request, by which a destination knows that it has it already.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::pending_batch::PendingBatch;

/// A request that is repeated has the same key again; a request that must not be answered from memory has another one. What is
/// in a request follows from its items, whose hashes are known.
pub(super) fn idempotency_key(run_id: &str, pending: &PendingBatch) -> String {
    let mut hash = Sha256::new();
    hash.update(run_id.as_bytes());
    hash.update(pending.round.to_le_bytes());
    pending.batch.items.iter().for_each(|item| hash.update(item.content.as_bytes()));
    URL_SAFE_NO_PAD.encode(hash.finalize())
}
