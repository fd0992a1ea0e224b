//! What lies on disk of a row: its value, and the entry by which that is found.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use siphasher::sip128::SipHasher13;

use crate::source::Position;

/// Of a hash with a secret of the process: nobody can make two ids collide. By chance two among ten million do in one of 24,000
/// million runs; a user gets no other one's password then, because what is found is compared with the id.
const HASH_BYTES: usize = 10;
/// Behind the hash, the place of the value.
pub(super) const ENTRY_BYTES: usize = HASH_BYTES + 6;

pub(super) type PasswordEntry = [u8; ENTRY_BYTES];

pub(super) type Hash = [u8; HASH_BYTES];

/// Before each value: its mark (1) and its length (4).
pub(super) const HEAD_BYTES: usize = 5;

/// The mark of the first row with its id.
pub(super) const FIRST: u8 = 0;
/// The mark of a row with the id of an earlier one, which counts.
pub(super) const REPEATED: u8 = 1;

/// What a row says, as it lies on disk.
#[derive(Serialize, Deserialize)]
pub(super) struct Value<'a> {
    pub id: &'a str,
    pub record: u64,
    pub line: u64,
    pub offset: u64,
    pub length: u64,
    pub digest: Option<&'a str>,
    pub hasher: Option<&'a str>,
    pub has_totp: bool,
}

impl Value<'_> {
    pub(super) fn position(&self, input: &Arc<str>) -> Position {
        let Self { record, line, offset, length, .. } = *self;
        Position { input: Arc::clone(input), record, line, offset, length }
    }
}

/// The hash of an id.
pub(super) fn hash(secret: &[u8; 16], id: &str) -> Hash {
    first_bytes(&SipHasher13::new_with_key(secret).hash(id.as_bytes()).as_bytes())
}

/// The entry of the value at this place.
pub(super) fn entry(hash: &Hash, place: u64) -> PasswordEntry {
    let mut entry = [0; ENTRY_BYTES];
    entry[..HASH_BYTES].copy_from_slice(hash);
    entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes()[2..]);
    entry
}

/// The hash that an entry begins with.
pub(super) fn hash_of(entry: &PasswordEntry) -> Hash {
    first_bytes(entry)
}

fn first_bytes(bytes: &[u8; 16]) -> Hash {
    std::array::from_fn(|index| bytes[index])
}

/// Where the value of an entry lies.
pub(super) fn place_of(entry: &PasswordEntry) -> u64 {
    entry[HASH_BYTES..].iter().fold(0, |place, byte| place << 8 | u64::from(*byte))
}

/// The mark and the length of the value that these bytes begin with; nothing if there is none.
pub(super) fn head(bytes: &[u8]) -> Option<(u8, usize)> {
    let [mark, length @ ..] = *bytes.first_chunk::<HEAD_BYTES>()?;
    Some((mark, to_index(u32::from_be_bytes(length))))
}

/// Whether a value is of this id.
pub(super) fn is_of(value: &[u8], id: &str) -> io::Result<bool> {
    Ok(decode::<&[u8]>(value)? == id.as_bytes())
}

/// Reads a value, or what it begins with: its id and its number.
pub(super) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(io::Error::other)
}

fn to_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
