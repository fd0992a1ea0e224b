//! What is kept of an answer, in memory that is bounded for all answers together.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Keep;
use super::shorten::Shortener;

/// The longest answer that is kept. Who asked for several users asks for fewer then.
const MOST: usize = 8 * 1024 * 1024;

/// Bytes of each answer that need no room: those of a usual batch, and of a page of usual users.
const FREE: usize = 128 * 1024;

/// Bytes of all longer answers together.
const ROOM: usize = MOST;

/// How long room is waited for. A request that has some may wait for a turn that is held by requests which wait for room: a run that
/// stands still would be worse than one that takes more memory.
const PATIENCE: Duration = Duration::from_secs(30);

/// The most memory that this many answers at a time take.
pub const fn memory_of_answers(at_once: u64) -> u64 {
    at_once * FREE as u64 + ROOM as u64
}

/// Room for answers that are long, which does not grow with the number of requests under way.
#[derive(Clone, Debug)]
pub(super) struct AnswerRoom(Arc<Semaphore>);

impl Default for AnswerRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM)))
    }
}

impl AnswerRoom {
    /// Waits for room for this many bytes.
    async fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes.min(ROOM)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).acquire_many_owned(bytes);
        // The semaphore is never closed.
        tokio::time::timeout(PATIENCE, room).await.ok()?.ok()
    }
}

/// What is kept of an answer, and the room that it takes.
#[derive(Debug, Default)]
pub struct Body {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl From<Vec<u8>> for Body {
    /// A short body, which takes no room.
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, room: None }
    }
}

/// Keeps the room in memory that an answer took, as long as what was made of it is there: drop it to give that back.
#[derive(Debug, Default)]
pub struct HeldRoom {
    _room: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// Takes the room that it needs before there is more of it.
    async fn grow(&mut self, bytes: usize, room: &AnswerRoom) {
        self.room = room.take(bytes).await;
        // Growing by doubling would take twice as much.
        self.bytes.reserve_exact(bytes.saturating_sub(self.bytes.len()));
    }

    /// Gives back the room that it turned out not to need.
    fn fit(&mut self) {
        if let Some(room) = &mut self.room {
            self.bytes.shrink_to_fit();
            drop(room.split(room.num_permits().saturating_sub(self.bytes.len())));
        }
    }

    /// The body with a piece put before it and one after it.
    pub(crate) fn between(mut self, before: &[u8], after: &[u8]) -> Self {
        self.bytes.reserve_exact(before.len() + after.len());
        self.bytes.splice(..0, before.iter().copied());
        self.bytes.extend_from_slice(after);
        self
    }

    /// Keeps nothing but the room.
    pub fn into_held_room(self) -> HeldRoom {
        HeldRoom { _room: self.room }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why an answer was not read to its end.
#[derive(Debug)]
pub(super) enum ReadFailure {
    /// There is more of it than is kept.
    TooLarge,
    /// It is a page, which something in between answered in place of the other side.
    Page,
    /// The connection.
    Failed(reqwest::Error),
}

/// Reads an answer to its end.
pub(super) async fn read(mut response: Response, keep: Keep, room: &AnswerRoom) -> Result<Body, ReadFailure> {
    let is_good = response.status().is_success();
    let length = response.content_length().and_then(|length| usize::try_from(length).ok());
    if keep == Keep::All && is_good && length.is_some_and(|length| length > MOST) {
        return Err(ReadFailure::TooLarge);
    }
    let mut shortener = (keep != Keep::All || !is_good).then(Shortener::default);
    let (mut body, mut is_long, mut begins) = (Body::default(), false, None);
    while let Some(piece) = response.chunk().await.map_err(ReadFailure::Failed)? {
        if keep == Keep::Nothing && is_good {
            // Only the status counts, so it has to be the other side's: an API answers with JSON or with nothing.
            begins = begins.or_else(|| piece.iter().copied().find(|byte| !byte.is_ascii_whitespace()));
            continue;
        }
        if is_good && !is_long && body.bytes.len() + piece.len() > FREE {
            is_long = true;
            // If the answer gives no length, this may be all that there is; so it may be if the answer is cut off.
            body.grow(length.filter(|_| shortener.is_none()).unwrap_or(ROOM), room).await;
        }
        match &mut shortener {
            Some(shortener) => shortener.push(&piece, &mut body.bytes),
            None => body.bytes.extend_from_slice(&piece),
        }
        if !is_good && body.bytes.len() > FREE {
            // All else in it is shown to nobody.
            body.bytes.truncate(FREE);
            return Ok(body);
        }
        if body.bytes.len() > MOST {
            return Err(ReadFailure::TooLarge);
        }
    }
    if begins == Some(b'<') {
        return Err(ReadFailure::Page);
    }
    body.fit();
    Ok(body)
}
