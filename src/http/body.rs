//! What is kept of an answer, in memory that is bounded for all answers together.

use std::ops::Deref;

use reqwest::Response;

use super::Keep;
use super::answer_room::{AnswerRoom, FREE, MOST, TakenRoom, room_of};
use super::shorten::Shortener;

/// What is kept of an answer, and the room that it takes.
#[derive(Debug, Default)]
pub struct Body {
    bytes: Vec<u8>,
    room: TakenRoom,
}

impl From<Vec<u8>> for Body {
    /// A short body, which takes no room.
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, room: TakenRoom::default() }
    }
}

/// Keeps the room in memory that an answer took, as long as what was made of it is there: drop it to give that back.
#[derive(Debug, Default)]
pub struct HeldRoom {
    _room: TakenRoom,
}

impl Body {
    /// Takes room for this many bytes in all before there are more of them.
    async fn grow(&mut self, bytes: usize, room: &AnswerRoom) {
        if bytes > self.room.bytes {
            self.room.extend(bytes, room).await;
            // The vector's own growth could take twice as much.
            self.bytes.reserve_exact(bytes.saturating_sub(self.bytes.len()));
        }
    }

    /// Gives back the room that it turned out not to need.
    fn fit(&mut self, room: &AnswerRoom) {
        if self.room.bytes > 0 {
            self.bytes.shrink_to_fit();
            self.room.fit(self.bytes.len(), room);
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
    let (mut body, mut begins) = (Body::default(), None);
    while let Some(piece) = response.chunk().await.map_err(ReadFailure::Failed)? {
        if keep == Keep::Nothing && is_good {
            // Only the status counts, so it has to be the other side's: an API answers with JSON or with nothing.
            begins = begins.or_else(|| piece.iter().copied().find(|byte| !byte.is_ascii_whitespace()));
            continue;
        }
        let grown = body.bytes.len() + piece.len();
        if is_good && grown > FREE {
            let length = length.filter(|_| shortener.is_none());
            body.grow(length.unwrap_or_else(|| room_of(grown)), room).await;
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
    body.fit(room);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::join_all;
    use tokio::time::Instant;

    use super::super::answer_room::{PATIENCE, answers_side_by_side};
    use super::*;

    const PIECE: usize = 16 * 1024;

    /// An answer of this length that comes piece by piece, and says its length or not.
    async fn answer(length: usize, says_length: bool, room: &AnswerRoom) -> Body {
        let mut body = Body::default();
        while body.len() < length {
            let grown = body.len() + PIECE;
            if grown > FREE {
                body.grow(if says_length { length } else { room_of(grown) }, room).await;
            }
            body.bytes.resize(grown, b'x');
            tokio::task::yield_now().await;
        }
        body.fit(room);
        body
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_grow_side_by_side_do_not_wait_for_each_other_for_ever() {
        let (room, began) = (AnswerRoom::default(), Instant::now());
        for says_length in [false, true] {
            for length in [256 * 1024, 1024 * 1024, 3 * 1024 * 1024, MOST] {
                let answers = (0..32).map(|_| async { drop(answer(length, says_length, &room).await) });
                join_all(answers).await;
                assert_eq!(began.elapsed(), Duration::ZERO, "{length} bytes, which it says: {says_length}");
                assert!(room.is_empty(), "all of it was given back");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_wait_for_their_turn_leave_room_for_the_one_whose_turn_it_is() {
        for length in [PIECE, FREE + PIECE, 1024 * 1024, 1024 * 1024 + PIECE, 3 * 1024 * 1024, MOST - PIECE] {
            for says_length in [false, true] {
                let (room, began) = (AnswerRoom::default(), Instant::now());
                let behind = (1..answers_side_by_side(length)).map(|_| answer(length, says_length, &room));
                let others = join_all(behind).await;
                let first = answer(length, says_length, &room).await;
                assert_eq!(began.elapsed(), Duration::ZERO, "{length} bytes, which it says: {says_length}");
                drop((first, others));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_goes_on_without_room_after_a_while() {
        let (room, began) = (AnswerRoom::default(), Instant::now());
        let held = (answer(MOST, true, &room).await, answer(MOST, true, &room).await);
        assert_eq!(answer(MOST, false, &room).await.len(), MOST);
        assert_eq!(began.elapsed(), PATIENCE, "it waits once");
        drop(held);
    }
}
