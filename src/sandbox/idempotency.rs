//! The answers to earlier idempotency keys. An answer is written in the transaction of its effect, so that there is never
//! one without the other.

use rusqlite::{OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::api_error::ApiError;
use super::call::{ApiAnswer, ReceivedCall};

/// How long an answer is kept: the contract's 24 hours, in seconds.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// Answers as before if the key is known; otherwise does the work and keeps its answer. An error is not kept, because an
/// error has no effect.
pub(super) fn once(
    transaction: &Transaction<'_>,
    call: &ReceivedCall,
    work: impl FnOnce() -> Result<ApiAnswer, ApiError>,
) -> Result<ApiAnswer, ApiError> {
    let Some(key) = &call.idempotency_key else { return work() };
    let request =
        Sha256::new().chain_update(format!("{:?}\0", call.method)).chain_update(&call.body).finalize().to_vec();
    let now = jiff::Timestamp::now().as_second();
    let remembered: Option<(Vec<u8>, u16, Vec<u8>)> = transaction
        .prepare_cached("SELECT request, status, body FROM idempotency_keys WHERE key = ?1 AND created_unix > ?2")?
        .query_row((key, now - KEPT_SECONDS), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    match remembered {
        Some((same, status, body)) if same == request => {
            Ok(ApiAnswer { replayed: true, ..ApiAnswer::new(status, body) })
        }
        Some(_) => Err(ApiError::key_reused()),
        None => {
            let answer = work()?;
            transaction
                .prepare_cached("DELETE FROM idempotency_keys WHERE created_unix <= ?1")?
                .execute([now - KEPT_SECONDS])?;
            transaction
                .prepare_cached("INSERT OR REPLACE INTO idempotency_keys VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute((key, request, answer.status, &answer.body, now))?;
            Ok(answer)
        }
    }
}
