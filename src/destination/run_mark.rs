//! The mark of a run: who created an identity is written into the identity itself.
//!
//! A run creates each identity with `"avnology_migrate": {"run": "20261123T091500Z-3f9a51c2", "record": "0:62"}` in its admin
//! metadata (the input's index, and the record's number in it). That is the proof that the run created it, for this record and
//! no other one with the same external id, when no answer says so: the connection broke, the target forgot the idempotency key, a
//! gateway answered in the target's place, a batch went in halves under other keys, the export is gone. Without this proof,
//! or the target's own `created`, an identity is nobody's: it is left as it is, and `undo` leaves it too.
//!
//! Why not something else:
//! - Times would have to be compared with our own clock, or with what the target creates meanwhile for somebody else.
//! - The stored answer to an idempotency key is proof, and is used first. But it is kept for a day only, the documentation
//!   does not promise it for single creates, and nobody can ask for it who does not have the very same body any more.
//! - Admin metadata is documented, kept to the byte and hidden from users, so this works at any target.
//!
//! A mark is put on what is sent to be created, behind everything else, and nowhere else: content hashes, dry runs and
//! updates know nothing of it, and a comparison looks past it. So it never makes an equal user different, and a run that only
//! updates an identity does not claim it. A target that does not keep it gives no proof.

use crate::mapping::MARK;

/// What an encoded identity ends with: its admin metadata, which has at least one member, the identity, the item.
const END: &[u8] = b"}}}";

/// The mark that one run puts on what it creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMark {
    run: Box<str>,
    /// `,"avnology_migrate":{"run":"…"`
    beginning: Box<str>,
}

impl RunMark {
    /// The most bytes that it adds to an identity, if the run has an id of this program.
    pub const MOST: usize = 128;

    /// The mark of the run with this id.
    pub fn of(run: &str) -> Self {
        let beginning = format!(",\"{MARK}\":{{\"run\":{}", serde_json::json!(run));
        Self { run: run.into(), beginning: beginning.into() }
    }

    /// The run that it is the mark of.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Puts it on an identity that was just encoded for a record, and is the last thing in `encoded`.
    pub fn put_on(&self, encoded: &mut Vec<u8>, input: u16, record: u64) {
        debug_assert!(encoded.ends_with(END), "the admin metadata comes last");
        encoded.truncate(encoded.len().saturating_sub(END.len()));
        encoded.extend_from_slice(self.beginning.as_bytes());
        encoded.extend_from_slice(format!(",\"record\":\"{input}:{record}\"}}").as_bytes());
        encoded.extend_from_slice(END);
    }

    /// An encoded identity without it.
    pub fn taken_off(&self, encoded: &[u8]) -> Vec<u8> {
        match memchr::memmem::rfind(encoded, self.beginning.as_bytes()) {
            Some(at) if encoded.ends_with(END) => [&encoded[..at], END].concat(),
            _ => encoded.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::destination::Comparable;

    fn sent(encoded: &[u8]) -> Comparable<'_> {
        #[derive(Deserialize)]
        struct Item<'a> {
            #[serde(borrow)]
            identity: Comparable<'a>,
        }
        serde_json::from_slice::<Item<'_>>(encoded).unwrap().identity
    }

    #[test]
    fn a_mark_is_put_on_read_and_taken_off() {
        let plain = br#"{"identity":{"external_id":"a","admin_metadata":{"clerk":{"id":"user_1"}}}}"#.to_vec();
        let mark = RunMark::of("20261123T091500Z-3f9a51c2-12345of65535");
        let mut marked = b"before".to_vec();
        marked.extend_from_slice(&plain);
        mark.put_on(&mut marked, u16::MAX, u64::MAX);
        let marked = &marked[b"before".len()..];
        assert!(marked.len() - plain.len() <= RunMark::MOST);
        let (one, other) = (sent(marked), sent(&plain));
        assert!(one.is_marked_by(&mark) && !other.is_marked_by(&mark) && !one.is_marked_by(&RunMark::of("other")));
        assert!(one.has_mark() && !other.has_mark());
        let mut another = plain.clone();
        mark.put_on(&mut another, u16::MAX, 7);
        let another = sent(&another);
        assert!(
            one.has_mark_of(&one) && !one.has_mark_of(&another) && !one.has_mark_of(&other) && !other.has_mark_of(&one)
        );
        assert_eq!(one.differences(&other), []);
        assert_eq!(other.differences(&one), []);
        assert_eq!(mark.taken_off(marked), plain);
        assert_eq!(RunMark::of("other").taken_off(marked), marked);
    }
}
