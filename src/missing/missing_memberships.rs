//! What a search for memberships found.

use std::io;
use std::path::Path;

use super::missing_users::{CreatedEarlier, is_more_than, read};
use super::present_memberships::key;
use crate::index::{HASH_BYTES, Table, Texts};
use crate::kind::Kind;

/// The hash of a membership, and where it is among those that are missing.
const PLACE_BYTES: usize = HASH_BYTES + 8;

/// Entries in memory: 192 KiB.
const BUFFERED: usize = 8 * 1024;

/// What a search for memberships found.
#[derive(Debug)]
pub struct MissingMemberships {
    /// Memberships that earlier runs of the source created, but for those about which nothing is left to do.
    pub known: u64,
    /// How many of them are not in the export, although their users and organizations are.
    pub missing: u64,
    /// Memberships about which an earlier run did what there was to do, and that are still missing.
    pub settled: u64,
    /// Memberships that are not in the export, as their users or organizations.
    pub without_user_or_organization: u64,
    /// Memberships that are not in the export, of users whose record is broken or lists only some.
    pub of_incomplete_users: u64,
    /// Memberships of the export that do not say whose they are, and users who cannot be read and do not say who they are: the
    /// missing may be among them.
    pub without_id: u64,
    left: Texts,
    places: Table<PLACE_BYTES>,
    tuples: Texts,
}

impl MissingMemberships {
    /// Nothing is missing yet.
    pub(super) fn new(without_id: u64, directory: &Path) -> io::Result<Self> {
        Ok(Self {
            known: 0,
            missing: 0,
            settled: 0,
            without_user_or_organization: 0,
            of_incomplete_users: 0,
            without_id,
            left: Texts::new(directory)?,
            places: Table::new(BUFFERED, directory.to_path_buf()),
            tuples: Texts::new(directory)?,
        })
    }

    /// Adds one that is missing.
    pub(super) fn add(&mut self, membership: &CreatedEarlier) -> io::Result<()> {
        let place = self.left.add(&serde_json::to_vec(membership)?)?;
        let mut entry = [0; PLACE_BYTES];
        entry[..HASH_BYTES].copy_from_slice(&key(Kind::Membership, &membership.clerk_id));
        entry[HASH_BYTES..].copy_from_slice(&place.to_be_bytes());
        self.places.insert(entry)?;
        self.known += 1;
        self.missing += 1;
        Ok(())
    }

    /// Adds the tuple of one that is missing.
    pub(super) fn add_tuple(&mut self, tuple: &CreatedEarlier) -> io::Result<()> {
        self.tuples.add(&serde_json::to_vec(tuple)?).map(drop)
    }

    /// The membership that is missing with this id at Clerk, `organization/user`.
    pub fn membership(&self, clerk_id: &str) -> io::Result<Option<CreatedEarlier>> {
        let Some(entry) = self.places.find(&key(Kind::Membership, clerk_id))? else { return Ok(None) };
        let place = entry.last_chunk().map_or(0, |place| u64::from_be_bytes(*place));
        Ok(Some(serde_json::from_slice(&self.left.get(place)?)?))
    }

    /// Those that are missing.
    pub fn memberships(&self) -> impl Iterator<Item = io::Result<CreatedEarlier>> {
        read(&self.left)
    }

    /// The tuples of their roles that earlier runs of the source created.
    pub fn tuples(&self) -> impl Iterator<Item = io::Result<CreatedEarlier>> {
        read(&self.tuples)
    }

    /// Whether more than this percentage of those that are known are missing.
    pub fn is_more_than(&self, percent: u8) -> bool {
        is_more_than(self.missing, self.known, percent)
    }
}
