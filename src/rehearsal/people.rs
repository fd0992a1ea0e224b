//! Who is at the target, and which addresses they have: its whole list, gone through once, as indices on disk.

use std::cell::Cell;
use std::io;

use crate::destination::{Catalogue, Comparable, Destination, Field, Listed, TargetError};
use crate::index::{HASH_BYTES, Table, hash_of};
use crate::mapping::normal_form;

/// What no two identities share, and the kinds under which it is hashed.
const ADDRESSES: [(&str, Field, u8); 3] =
    [("email", Field::Email, 0), ("username", Field::Username, 1), ("phone", Field::Phone, 2)];

/// Under which kind the target's own ids are hashed.
const OWNER: u8 = 3;

/// A hash of an address in the form in which it is unique, and a hash of the id of the identity that has it.
const ENTRY_BYTES: usize = 2 * HASH_BYTES;

/// Entries in memory: 192 KiB, and as much again for the tree that they are in.
const BUFFERED: usize = 8 * 1024;

/// Who is at the target. The files have no names: they are gone when this is.
#[derive(Debug)]
pub struct TargetPeople {
    pub(super) catalogue: Catalogue,
    addresses: Table<ENTRY_BYTES>,
}

/// What a user of the export is at the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PersonStanding {
    /// There, by the external id or by the id at Clerk.
    Known,
    /// Another user of Clerk's has the external id.
    ExternalIdTaken,
    /// Another identity has this one of the addresses.
    Taken(Field),
    /// Nobody knows the user there.
    New,
}

impl TargetPeople {
    /// Goes through the target's whole list; `seen` is how many were listed until now.
    ///
    /// # Errors
    /// If the target does not answer, or the indices cannot be written.
    pub async fn read(target: &dyn Destination, seen: &Cell<u64>) -> Result<Self, TargetError> {
        let (catalogue, addresses) = (Catalogue::create()?, Table::new(BUFFERED, std::env::temp_dir()));
        let mut people = Self { catalogue, addresses };
        let mut note = |identities: &[Comparable<'_>]| {
            seen.set(seen.get() + identities.len() as u64);
            identities.iter().try_for_each(|identity| people.note(identity))
        };
        target.walk(&mut note).await?;
        Ok(people)
    }

    fn note(&mut self, identity: &Comparable<'_>) -> io::Result<()> {
        let Some(id) = identity.id.as_deref() else { return Ok(()) };
        self.catalogue.note(identity)?;
        for (kind, _, value) in addresses(identity) {
            let mut entry = [0; ENTRY_BYTES];
            entry[..HASH_BYTES].copy_from_slice(&hash_of(kind, &normal_form(value)));
            entry[HASH_BYTES..].copy_from_slice(&hash_of(OWNER, id));
            self.addresses.insert(entry)?;
        }
        Ok(())
    }

    /// What this user is at the target.
    pub(super) fn standing(&self, sent: &Comparable<'_>) -> io::Result<PersonStanding> {
        let clerk_id = sent.clerk_id();
        let by_external_id = sent.external_id.as_deref().map(|id| self.catalogue.by_external_id(id)).transpose()?;
        let by_external_id = by_external_id.flatten();
        let is_another = by_external_id.as_ref().is_some_and(|found| {
            matches!((&found.clerk_id, &clerk_id), (Some(theirs), Some(ours)) if theirs.as_str() != ours.as_ref())
        });
        if by_external_id.is_some() && !is_another {
            return Ok(PersonStanding::Known);
        }
        if let Some(clerk_id) = clerk_id
            && self.catalogue.person(&clerk_id)?.is_some()
        {
            return Ok(PersonStanding::Known);
        }
        if is_another {
            return Ok(PersonStanding::ExternalIdTaken);
        }
        Ok(self.taken(sent, None)?.map_or(PersonStanding::New, PersonStanding::Taken))
    }

    /// The target's own id of this user, who is there.
    pub(super) fn id_of(&self, sent: &Comparable<'_>) -> io::Result<Option<String>> {
        Ok(self.listed(sent)?.map(|found| found.id))
    }

    /// What the list says of this user, who is there.
    pub(super) fn listed(&self, sent: &Comparable<'_>) -> io::Result<Option<Listed>> {
        let person = sent.clerk_id().map(|id| self.catalogue.person(&id)).transpose()?.flatten();
        match (person, sent.external_id.as_deref()) {
            (None, Some(id)) => self.catalogue.by_external_id(id),
            (person, _) => Ok(person),
        }
    }

    /// The first of the addresses that an identity other than the one with this id has.
    pub(super) fn taken(&self, sent: &Comparable<'_>, own_id: Option<&str>) -> io::Result<Option<Field>> {
        for (kind, field, value) in addresses(sent) {
            let Some(entry) = self.addresses.find(&hash_of(kind, &normal_form(value)))? else { continue };
            let is_own = own_id.is_some_and(|id| entry[HASH_BYTES..] == hash_of(OWNER, id));
            if !is_own {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }
}

fn addresses<'c>(identity: &'c Comparable<'_>) -> impl Iterator<Item = (u8, Field, &'c str)> {
    identity.addresses().filter_map(|(name, value)| {
        let (_, field, kind) = ADDRESSES.iter().find(|(known, ..)| *known == name)?;
        Some((*kind, *field, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(text: &str) -> Comparable<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_user_is_known_by_either_id_and_addresses_are_those_of_others() {
        let (catalogue, addresses) = (Catalogue::create().unwrap(), Table::new(2, std::env::temp_dir()));
        let mut people = TargetPeople { catalogue, addresses };
        for there in [
            r#"{"id":"usr_1","external_id":"e1","email":"Ada@b.example","username":"Ada","admin_metadata":{"clerk":{"id":"u1"}}}"#,
            r#"{"id":"usr_2","email":"bob@b.example","phone":"+15551"}"#,
        ] {
            people.note(&identity(there)).unwrap();
        }
        let standing = |text: &str| people.standing(&identity(text)).unwrap();
        let clerk = |id: &str| format!(r#""admin_metadata":{{"clerk":{{"id":"{id}"}}}}"#);
        assert_eq!(standing(&format!(r#"{{"external_id":"e1",{}}}"#, clerk("u1"))), PersonStanding::Known);
        assert_eq!(standing(&format!(r#"{{"external_id":"e9",{}}}"#, clerk("u1"))), PersonStanding::Known, "moved");
        assert_eq!(standing(&format!(r#"{{"external_id":"e1",{}}}"#, clerk("u9"))), PersonStanding::ExternalIdTaken);
        let other = |more: &str| format!(r#"{{"external_id":"e9",{},{more}}}"#, clerk("u9"));
        assert_eq!(standing(&other(r#""email":"ada@B.example""#)), PersonStanding::Taken(Field::Email));
        assert_eq!(standing(&other(r#""username":"ADA""#)), PersonStanding::Taken(Field::Username));
        assert_eq!(standing(&other(r#""phone":"+15551""#)), PersonStanding::Taken(Field::Phone));
        assert_eq!(standing(&other(r#""email":"c@b.example","username":"bob@b.example""#)), PersonStanding::New);
        let changed = r#"{"external_id":"e1","email":"bob@b.example","username":"ada"}"#;
        assert_eq!(people.taken(&identity(changed), Some("usr_1")).unwrap(), Some(Field::Email));
        assert_eq!(people.taken(&identity(changed), Some("usr_2")).unwrap(), Some(Field::Username));
        assert_eq!(people.taken(&identity(r#"{"email":"ada@b.example"}"#), Some("usr_1")).unwrap(), None);
    }
}
