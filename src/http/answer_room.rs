//! Room in memory for answers that are long, bounded for all of them together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The longest answer that is kept. Who asked for several users asks for fewer then.
pub(super) const MOST: usize = 8 * 1024 * 1024;

/// Bytes of each answer that need no room: those of a usual batch, and of a page of usual users.
pub(super) const FREE: usize = 128 * 1024;

/// Bytes of all longer answers together, beside one that finds no room there.
const ROOM: usize = MOST;

/// How long room is waited for. A request that has some may wait for a turn that is held by requests which wait for room: a run that
/// stands still would be worse than one that takes more memory.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The most memory that this many answers at a time take.
pub const fn memory_of_answers(at_once: u64) -> u64 {
    at_once * FREE as u64 + ROOM as u64 + MOST as u64
}

/// How many answers of this length have room side by side, one at least. Who looks at answers in their order asks for no more at
/// once: those that came before their turn would hold all the room, and the one whose turn it is would wait for it.
pub fn answers_side_by_side(length: usize) -> usize {
    (ROOM / room_of(length)).max(1)
}

/// The room that an answer takes which has become this long. It grows by doubling if nobody said how long it will be.
pub(super) fn room_of(length: usize) -> usize {
    length.next_power_of_two().min(ROOM)
}

/// Room for answers that are long, which does not grow with the number of requests under way.
#[derive(Clone, Debug)]
pub(super) struct AnswerRoom {
    /// For each byte one permit.
    shared: Arc<Semaphore>,
    /// For one answer, however long it becomes, that finds no room there. Several that grow would otherwise wait for what each of the
    /// others has, for ever.
    whole: Arc<Semaphore>,
}

impl Default for AnswerRoom {
    fn default() -> Self {
        Self { shared: Arc::new(Semaphore::new(ROOM)), whole: Arc::new(Semaphore::new(1)) }
    }
}

#[cfg(test)]
impl AnswerRoom {
    /// Whether nobody has any of it.
    pub(super) fn is_empty(&self) -> bool {
        (self.shared.available_permits(), self.whole.available_permits()) == (ROOM, 1)
    }
}

/// The room that an answer has.
#[derive(Debug, Default)]
pub(super) struct TakenRoom {
    /// How long the answer may become.
    pub bytes: usize,
    shared: Option<OwnedSemaphorePermit>,
    whole: Option<OwnedSemaphorePermit>,
    /// It waited in vain, and goes on without.
    has_given_up: bool,
}

impl TakenRoom {
    /// Waits until there is room for this many bytes in all.
    pub(super) async fn extend(&mut self, bytes: usize, room: &AnswerRoom) {
        self.bytes = self.bytes.max(bytes);
        if self.whole.is_some() || self.has_given_up {
            return;
        }
        let shared = Arc::clone(&room.shared).acquire_many_owned(self.lacks(bytes));
        let whole = Arc::clone(&room.whole).acquire_owned();
        let taken = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                biased;
                shared = shared => Taken::Shared(shared),
                whole = whole => Taken::Whole(whole),
            }
        });
        // The semaphores are never closed.
        match taken.await {
            Ok(Taken::Shared(Ok(more))) => self.add(more),
            Ok(Taken::Whole(Ok(whole))) => self.whole = Some(whole),
            _ => {
                tracing::debug!(bytes, "an answer is read without room in memory: others have had it for too long");
                self.has_given_up = true;
            }
        }
    }

    /// Gives back what is not needed for this many bytes, and the whole if there is other room by now.
    pub(super) fn fit(&mut self, bytes: usize, room: &AnswerRoom) {
        if let Some(shared) = &mut self.shared {
            drop(shared.split(shared.num_permits().saturating_sub(bytes)));
        }
        if self.whole.is_some()
            && let Ok(more) = Arc::clone(&room.shared).try_acquire_many_owned(self.lacks(bytes))
        {
            self.add(more);
            self.whole = None;
        }
    }

    fn lacks(&self, bytes: usize) -> u32 {
        let has = self.shared.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        u32::try_from(bytes.min(ROOM).saturating_sub(has)).unwrap_or(u32::MAX)
    }

    fn add(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.shared {
            Some(shared) => shared.merge(more),
            None => self.shared = Some(more),
        }
    }
}

/// Which room was there first.
enum Taken {
    Shared(Result<OwnedSemaphorePermit, AcquireError>),
    Whole(Result<OwnedSemaphorePermit, AcquireError>),
}
