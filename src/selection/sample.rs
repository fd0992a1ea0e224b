//! A sample of users: which ones are drawn.

use super::place::PLACE_BYTES;
use crate::index::hash_of;

/// The bytes of a lot: what decides, and the place of the record.
pub(super) const LOT_BYTES: usize = 8 + PLACE_BYTES;

/// How many users are drawn, and which draw it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// This many users, or all if there are fewer.
    pub users: u64,
    /// Another number draws other users.
    pub seed: u64,
}

impl Sample {
    /// The lot of a record; the smallest ones are drawn. The id at Clerk decides, so that a later export, in another order,
    /// gives the same users the same lots. A record without one has the lot of its place.
    pub(super) fn lot(self, clerk_id: Option<&str>, place: [u8; PLACE_BYTES]) -> [u8; LOT_BYTES] {
        let text = match clerk_id {
            Some(id) => format!("{} {id}", self.seed),
            None => format!("{} {place:?}", self.seed),
        };
        let hash = hash_of(u8::from(clerk_id.is_some()), &text);
        let mut lot = [0; LOT_BYTES];
        lot[..8].copy_from_slice(&hash[..8]);
        lot[8..].copy_from_slice(&place);
        lot
    }
}

/// The place in a lot.
pub(super) fn place_of(lot: &[u8; LOT_BYTES]) -> [u8; PLACE_BYTES] {
    let mut place = [0; PLACE_BYTES];
    place.copy_from_slice(&lot[8..]);
    place
}
