//! Who is at a target: its whole list, gone through once, as an index on disk.
//!
//! No filter of the documented list finds a person by the id that they had at Clerk, and some targets ignore filters
//! altogether. Without this, only the target's own id could show whether somebody is there, and that id
//! is not known of users that others created, or that a lost answer was about.

use std::cell::Cell;
use std::io;

use super::{Comparable, Destination, TargetError};
use crate::index::{HASH_BYTES, Table, Texts, hash_of};

const PLACE_BYTES: usize = 6;

/// A hash of what somebody is sought by, and the place of who it is.
const ENTRY_BYTES: usize = HASH_BYTES + PLACE_BYTES;

/// Entries in memory: 144 KiB, and as much again for the tree that they are in.
const BUFFERED: usize = 8 * 1024;

/// What somebody is sought by.
#[derive(Clone, Copy)]
pub enum Key<'a> {
    /// The target's own id.
    Id(&'a str),
    /// The key at the target.
    ExternalId(&'a str),
    /// The id at Clerk.
    ClerkId(&'a str),
}

impl Key<'_> {
    fn hash(self) -> [u8; HASH_BYTES] {
        match self {
            Self::Id(text) => hash_of(0, text),
            Self::ExternalId(text) => hash_of(1, text),
            Self::ClerkId(text) => hash_of(2, text),
        }
    }

    /// Whether it is who was sought, as the target has it now.
    pub fn is_of(self, found: &Comparable<'_>) -> bool {
        match self {
            Self::Id(id) => found.id.as_deref() == Some(id),
            Self::ExternalId(id) => found.external_id.as_deref() == Some(id),
            Self::ClerkId(id) => found.clerk_id().as_deref() == Some(id),
        }
    }
}

/// An identity as it was listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The target's own id.
    pub id: String,
    /// The key at the target; one whose key somebody took away has none.
    pub external_id: Option<String>,
    /// The id of the user at Clerk that it came from.
    pub clerk_id: Option<String>,
    /// The organization that it belongs to; of an organization the one that the users of its instance of Clerk go into.
    pub organization_id: Option<String>,
    /// The run that made it, by its mark.
    pub made_by: Option<String>,
}

/// External ids, ids at Clerk, and the target's own ids for them. The files have no names: they are gone when this is.
#[derive(Debug)]
pub struct Catalogue {
    entries: Table<ENTRY_BYTES>,
    identities: Texts,
    /// The token of the last page: what was created since then comes behind it.
    pub place: Option<String>,
}

impl Catalogue {
    /// Nobody as yet.
    pub fn create() -> io::Result<Self> {
        let directory = std::env::temp_dir();
        let identities = Texts::new(&directory)?;
        Ok(Self { entries: Table::new(BUFFERED, directory), identities, place: None })
    }

    /// All that is at a destination; `seen` is how many were listed until now.
    pub async fn of(destination: &dyn Destination, seen: &Cell<u64>) -> Result<Self, TargetError> {
        let mut catalogue = Self::create()?;
        let mut note = |identities: &[Comparable<'_>]| {
            seen.set(seen.get() + identities.len() as u64);
            identities.iter().try_for_each(|found| catalogue.note(found))
        };
        destination.walk(&mut note).await?;
        Ok(catalogue)
    }

    /// The identity that came from this user of Clerk's; of several the one that was listed last.
    pub fn person(&self, clerk_id: &str) -> io::Result<Option<Listed>> {
        self.find(Key::ClerkId(clerk_id))
    }

    /// The identity with this external id; of several the one that was listed last.
    pub fn by_external_id(&self, external_id: &str) -> io::Result<Option<Listed>> {
        self.find(Key::ExternalId(external_id))
    }

    /// All that were listed, in the order of the list, and their places here.
    pub fn listed(&self) -> impl Iterator<Item = io::Result<(u64, Listed)>> {
        self.identities.iter().map(|text| text.and_then(|(place, text)| Ok((place, read(&text)?))))
    }

    /// Who is at a place.
    pub fn at(&self, place: u64) -> io::Result<Listed> {
        read(&self.identities.get(place)?)
    }

    /// Who it is, as they were listed.
    pub fn find(&self, key: Key<'_>) -> io::Result<Option<Listed>> {
        let Some(entry) = self.entries.find(&key.hash())? else { return Ok(None) };
        self.at(place(&entry)).map(Some)
    }

    /// Takes in an identity, unless it was listed before as it is now: the last page comes again whenever the list is read
    /// on.
    pub fn note(&mut self, identity: &Comparable<'_>) -> io::Result<()> {
        let Some(id) = identity.id.as_deref() else { return Ok(()) };
        let (external_id, clerk_id) = (identity.external_id.as_deref(), identity.clerk_id());
        let listed = Listed {
            id: id.to_owned(),
            external_id: external_id.map(str::to_owned),
            clerk_id: clerk_id.as_deref().map(str::to_owned),
            organization_id: identity.home_organization().map(std::borrow::Cow::into_owned),
            made_by: identity.made_by().map(std::borrow::Cow::into_owned),
        };
        if self.find(Key::Id(id))?.as_ref() == Some(&listed) {
            return Ok(());
        }
        let at = self.identities.add(&written(&listed))?;
        let keys = [Some(Key::Id(id)), external_id.map(Key::ExternalId), clerk_id.as_deref().map(Key::ClerkId)];
        keys.into_iter().flatten().try_for_each(|key| self.entries.insert(entry(key, at)))
    }
}

/// Who was listed later comes first among the entries of one hash.
fn entry(key: Key<'_>, place: u64) -> [u8; ENTRY_BYTES] {
    let mut entry = [0; ENTRY_BYTES];
    entry[..HASH_BYTES].copy_from_slice(&key.hash());
    entry[HASH_BYTES..].copy_from_slice(&(!place).to_be_bytes()[8 - PLACE_BYTES..]);
    entry
}

fn place(entry: &[u8; ENTRY_BYTES]) -> u64 {
    let mut bytes = [u8::MAX; 8];
    bytes[8 - PLACE_BYTES..].copy_from_slice(&entry[HASH_BYTES..]);
    !u64::from_be_bytes(bytes)
}

/// The target's own id, and each of the other ids behind a byte that no text of JSON has.
fn written(listed: &Listed) -> Vec<u8> {
    let mut text = listed.id.clone().into_bytes();
    let ids = [
        (EXTERNAL_ID, &listed.external_id),
        (CLERK_ID, &listed.clerk_id),
        (ORGANIZATION_ID, &listed.organization_id),
        (RUN, &listed.made_by),
    ];
    for (mark, id) in ids {
        if let Some(id) = id {
            text.push(mark);
            text.extend_from_slice(id.as_bytes());
        }
    }
    text
}

/// Bytes that are in no UTF-8.
const EXTERNAL_ID: u8 = 0xFD;
const CLERK_ID: u8 = 0xFE;
const ORGANIZATION_ID: u8 = 0xFF;
const RUN: u8 = 0xFC;

fn read(text: &[u8]) -> io::Result<Listed> {
    let owned = |text: &[u8]| {
        String::from_utf8(text.to_vec()).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    };
    let cut = |text: &[u8], mark| match memchr::memchr(mark, text) {
        Some(at) => owned(&text[at + 1..]).map(|id| (at, Some(id))),
        None => Ok((text.len(), None)),
    };
    let (end, made_by) = cut(text, RUN)?;
    let (end, organization_id) = cut(&text[..end], ORGANIZATION_ID)?;
    let (end, clerk_id) = cut(&text[..end], CLERK_ID)?;
    let (end, external_id) = cut(&text[..end], EXTERNAL_ID)?;
    Ok(Listed { id: owned(&text[..end])?, external_id, clerk_id, organization_id, made_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(catalogue: &mut Catalogue, identity: &str) {
        let identity: Comparable<'_> = serde_json::from_str(identity).unwrap();
        catalogue.note(&identity).unwrap();
    }

    #[test]
    fn who_was_listed_last_is_found_and_nobody_is_listed_twice() {
        let mut catalogue = Catalogue::create().unwrap();
        let one = |number: u32| {
            format!(
                r#"{{"id":"usr_{number}","external_id":"e{number}","admin_metadata":{{"clerk":{{"id":"u{number}"}}}}}}"#
            )
        };
        for number in (0..20_000).chain(19_900..20_000) {
            note(&mut catalogue, &one(number));
        }
        assert_eq!(catalogue.listed().count(), 20_000);
        let listed = |id: &str, external_id: Option<&str>, clerk_id: &str| {
            let (external_id, clerk_id) = (external_id.map(str::to_owned), Some(clerk_id.to_owned()));
            Some(Listed { id: id.to_owned(), external_id, clerk_id, organization_id: None, made_by: None })
        };
        for number in [0, 7, 19_999] {
            assert_eq!(
                catalogue.person(&format!("u{number}")).unwrap(),
                listed(&format!("usr_{number}"), Some(&format!("e{number}")), &format!("u{number}"))
            );
        }
        assert_eq!(catalogue.person("e7").unwrap(), None, "that is an external id");
        note(&mut catalogue, r#"{"id":"usr_new","admin_metadata":{"clerk":{"id":"u7"}}}"#);
        assert_eq!(catalogue.person("u7").unwrap(), listed("usr_new", None, "u7"));
        assert_eq!(catalogue.listed().last().unwrap().ok().map(|(_, listed)| listed), listed("usr_new", None, "u7"));
    }
}
