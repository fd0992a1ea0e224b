//! Work on the disk that takes a while, on a thread of its own.

use tokio_util::sync::CancellationToken;

use super::command_error::CommandError;
use crate::outcomes::StopReason;
use crate::signal::Signals;

/// Does some blocking work unless a signal comes first. `what` names the work for the error if it panics. The token is cancelled when
/// nobody waits for the work any more.
pub(in crate::command) async fn in_background<T: Send + 'static>(
    what: &str,
    signals: &mut Signals,
    work: impl FnOnce(&CancellationToken) -> T + Send + 'static,
) -> Result<T, CommandError> {
    let stop = CancellationToken::new();
    // Dropped by an interruption, it ends the work, too.
    let _guard = stop.clone().drop_guard();
    let working = tokio::task::spawn_blocking(move || work(&stop));
    let done = signals.unless_one_comes(working).await.map_err(CommandError::Interrupted)?;
    Ok(done.map_err(|error| StopReason::Internal(format!("{what} failed: {error}")))?)
}
