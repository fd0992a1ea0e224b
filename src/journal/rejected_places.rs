//! Where the users and organizations stand that a run rejected: what refers to one of them is rejected with that place.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::index::{HASH_BYTES, Table, Texts, hash_of};
use crate::kind::Kind;

/// A hash of kind and id, and the place in the texts.
const ENTRY_BYTES: usize = HASH_BYTES + 8;

/// Entries in memory: 160 KiB.
const BUFFERED: usize = 8 * 1024;

/// The users and organizations of the rejects files of a run, by their ids at Clerk. They lie on disk, in files without names.
#[derive(Debug)]
pub struct RejectedPlaces {
    entries: Table<ENTRY_BYTES>,
    texts: Texts,
}

/// A record that was rejected. There is no `Debug`: the id is personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedPlace {
    /// Its id at Clerk.
    id: String,
    /// The code of the reject.
    pub code: String,
    /// Its input, as it was named.
    pub input: String,
    /// Its number there, from 1.
    pub record: u64,
}

impl RejectedPlaces {
    /// Reads rejects files. Lines that somebody changed so that they cannot be read any more are left out, and so are records
    /// whose ids cannot be read.
    pub fn read(files: &[PathBuf]) -> io::Result<Self> {
        let directory = std::env::temp_dir();
        let texts = Texts::new(&directory)?;
        let mut places = Self { entries: Table::new(BUFFERED, directory), texts };
        let mut line = Vec::new();
        for path in files {
            let mut reader = BufReader::new(File::open(path)?);
            while reader.read_until(b'\n', &mut line)? > 0 {
                if let Some((kind, place)) = read(&line) {
                    places.add(kind, &place)?;
                }
                line.clear();
            }
        }
        Ok(places)
    }

    fn add(&mut self, kind: Kind, place: &RejectedPlace) -> io::Result<()> {
        let at = self.texts.add(&serde_json::to_vec(place)?)?;
        let mut entry = [0; ENTRY_BYTES];
        entry[..HASH_BYTES].copy_from_slice(&hash_of(kind.number(), &place.id));
        entry[HASH_BYTES..].copy_from_slice(&at.to_be_bytes());
        self.entries.insert(entry)
    }

    /// Where the one of this kind stands that has this id at Clerk; of several the first one.
    pub fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<RejectedPlace>> {
        let Some(entry) = self.entries.find(&hash_of(kind.number(), clerk_id))? else { return Ok(None) };
        let at = entry[HASH_BYTES..].iter().fold(0, |at, byte| (at << 8) | u64::from(*byte));
        let place: RejectedPlace = serde_json::from_slice(&self.texts.get(at)?)?;
        Ok(Some(place).filter(|place| place.id == clerk_id))
    }
}

/// Reads a line of a rejects file.
fn read(line: &[u8]) -> Option<(Kind, RejectedPlace)> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        code: Cow<'a, str>,
        #[serde(default)]
        kind: Kind,
        #[serde(borrow)]
        position: Position<'a>,
        #[serde(borrow)]
        original: &'a RawValue,
    }
    #[derive(Deserialize)]
    struct Position<'a> {
        #[serde(borrow)]
        input: Cow<'a, str>,
        record: u64,
    }
    #[derive(Deserialize)]
    struct WithId {
        id: String,
    }
    let Line { code, kind, position, original } = serde_json::from_slice(line).ok()?;
    if !matches!(kind, Kind::User | Kind::Organization) {
        return None;
    }
    let WithId { id } = serde_json::from_str(original.get()).ok()?;
    let (code, input) = (code.into_owned(), position.input.into_owned());
    Some((kind, RejectedPlace { id, code, input, record: position.record }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_were_rejected_are_found_by_kind_and_id() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rejects.ndjson");
        let position = r#""position":{"input":"u.json","record":7,"line":9,"offset":1,"length":2}"#;
        let lines = [
            format!(r#"{{"code":"no_email","message":"m",{position},"original":{{"id":"one"}},"line_check":"x"}}"#),
            format!(r#"{{"code":"duplicate_slug","kind":"organization",{position},"original":{{"id":"two"}}}}"#),
            format!(r#"{{"code":"missing_id","kind":"membership",{position},"original":{{"id":"three"}}}}"#),
            format!(r#"{{"code":"invalid_json",{position},"original":"no JSON"}}"#),
            r#"{"code":"#.to_owned(),
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let places = RejectedPlaces::read(&[path]).unwrap();
        let code = |kind, id| places.find(kind, id).unwrap().map(|place| (place.code, place.input, place.record));
        assert_eq!(code(Kind::User, "one"), Some(("no_email".to_owned(), "u.json".to_owned(), 7)));
        assert_eq!(code(Kind::Organization, "two").map(|(code, ..)| code), Some("duplicate_slug".to_owned()));
        for (kind, id) in [(Kind::Organization, "one"), (Kind::User, "two"), (Kind::Membership, "three")] {
            assert_eq!(code(kind, id), None);
        }
    }
}
