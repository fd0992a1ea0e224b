//! Finds records that claim what another record of the same run has: the same address, name, number or id. The earlier one gets it,
//! or the one whose own it is.
//!
//! Each record adds an entry for each of its keys, and equal keys get into the same bucket ([`super::buckets`]). Keys that
//! several records have ([`super::repeated_keys`]) are then handled in the order of the records ([`super::claims`]), because
//! only a record that is not a duplicate itself can make another record its duplicate. Nothing is compared during reading, and
//! only a block of each bucket is in memory.
//!
//! Keys are hashed to 96 bits with SipHash-1-3 and a secret of the process, or of the file in which they are kept. Nobody can make
//! two keys collide; by chance, two among a billion keys collide once in a hundred billion runs.

#[cfg(test)]
mod tests;

use std::hash::Hasher;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use siphasher::sip128::{Hash128, Hasher128, SipHasher13};

use super::Sorter;
use super::buckets::Buckets;
use super::claims::{self, Slots};
use super::duplicate::{BESIDE, ENTRY_BYTES, HASH_BYTES, UNVERIFIED};
use super::duplicates::FoundDuplicates;
use super::keys::{Keys, Places};
use super::repeated_keys::{HELD, RepeatedKeys};

/// The number of duplicates in memory after the search. There are few.
const FOUND: usize = 64 * 1024 / ENTRY_BYTES;

/// Kind and key up to this many bytes are hashed in one go, as nearly all are.
const SHORT: usize = 128;

/// Collects the keys of records, from all threads at once.
#[derive(Debug)]
pub struct DuplicateFinder {
    /// It has the secret, and nothing else yet.
    hasher: SipHasher13,
    directory: PathBuf,
    keys: Mutex<Buckets>,
    places: Places,
    /// The most keys that a thread of the search holds.
    held: u64,
}

impl DuplicateFinder {
    /// A finder that spills to `directory`, into files without a name.
    pub fn new(directory: PathBuf) -> Self {
        Self::with_secret(directory, uuid::Uuid::new_v4().into_bytes())
    }

    /// The same with a secret that an earlier finder had: keys that it hashed are the same here.
    pub fn with_secret(directory: PathBuf, secret: [u8; 16]) -> Self {
        let keys = Mutex::new(Buckets::new(0, directory.clone()));
        let places = Places::new(directory.clone());
        Self { hasher: SipHasher13::new_with_key(&secret), directory, keys, places, held: HELD }
    }

    /// Adds a key of the last record that only one record may have. The bytes of the key are compared, so the caller gives it in a
    /// normal form.
    pub fn claim(&self, keys: &mut Keys, kind: u8, key: &[u8]) {
        self.add(keys, (kind, 0), key);
    }

    /// Adds a key of the last record that only one record may have, and of which nobody verified that it is this record's own. A record
    /// that claims it as its own gets it, wherever that stands.
    pub fn claim_unverified(&self, keys: &mut Keys, kind: u8, key: &[u8]) {
        self.add(keys, (kind, UNVERIFIED), key);
    }

    /// Adds a key of the last record that other records may have, too. It makes no record a duplicate.
    pub fn beside(&self, keys: &mut Keys, kind: u8, key: &[u8]) {
        self.add(keys, (kind, BESIDE), key);
    }

    fn add(&self, keys: &mut Keys, (kind, claim): (u8, u8), key: &[u8]) {
        let hash = self.hash(kind, key).as_bytes();
        keys.add_hashed(&std::array::from_fn(|index| if index < HASH_BYTES { hash[index] } else { kind | claim }));
    }

    /// The hash of the kind and behind it the key. In one piece they are taken eight bytes at a time.
    fn hash(&self, kind: u8, key: &[u8]) -> Hash128 {
        let mut piece = [kind; SHORT];
        if let Some(behind) = piece.get_mut(1..=key.len()) {
            behind.copy_from_slice(key);
            return self.hasher.hash(&piece[..=key.len()]);
        }
        let mut hasher = self.hasher;
        hasher.write_u8(kind);
        hasher.write(key);
        hasher.finish128()
    }

    /// Collects the keys of some records.
    pub fn collect(&self, keys: Keys) -> io::Result<()> {
        let keys = keys.numbered(&self.places)?;
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).extend(&keys)
    }

    /// Returns the duplicates, in the order of the inputs. A record with several keys in common is returned with the first kind.
    pub fn finish(self) -> io::Result<FoundDuplicates> {
        let Self { directory, keys, places, held, .. } = self;
        let (keys, places) = (keys.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?, places.finish());
        let members = claims::members(&directory);
        let repeated = RepeatedKeys::new(&directory, &places, &members, held);
        repeated.find(&keys)?;
        drop(keys);
        let found = Sorter::new(FOUND, directory.clone());
        let slots = Slots::new(&directory, repeated.count())?;
        claims::settle_claims(members.finish()?, &slots, &directory, &found)?;
        Ok(FoundDuplicates::of(found.finish()?))
    }
}
