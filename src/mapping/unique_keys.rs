//! What one record has that no other one may have, as it goes to the search for duplicates.

use super::{Claim, Unique};

/// The keys of one record, in one piece of memory that is used again for the next record.
#[derive(Debug, Default)]
pub struct UniqueKeys {
    text: String,
    keys: Vec<Ending>,
}

/// A key, and where its text ends.
#[derive(Debug)]
struct Ending {
    field: Unique,
    claim: Claim,
    end: usize,
}

/// A key of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueKey<'a> {
    /// The field; it says of which kind the record is, too.
    pub field: Unique,
    /// How the record has it.
    pub claim: Claim,
    /// Its text, in a form in which equal means the same at the target.
    pub text: &'a str,
}

impl UniqueKeys {
    /// Forgets the keys of the record before.
    pub fn clear(&mut self) {
        self.text.clear();
        self.keys.clear();
    }

    /// Adds a key that only one record can have.
    pub fn claim(&mut self, field: Unique, text: &str) {
        self.add(field, Claim::Sole, text);
    }

    /// Adds a key that the record has in this way.
    pub fn add(&mut self, field: Unique, claim: Claim, text: &str) {
        self.text.push_str(text);
        self.keys.push(Ending { field, claim, end: self.text.len() });
    }

    /// The keys, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = UniqueKey<'_>> {
        let mut start = 0;
        self.keys.iter().map(move |Ending { field, claim, end }| {
            let text = &self.text[start..*end];
            start = *end;
            UniqueKey { field: *field, claim: *claim, text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_text() {
        let mut keys = UniqueKeys::default();
        for number in ["1", "22"] {
            keys.clear();
            keys.claim(Unique::ExternalId, number);
            keys.claim(Unique::Email, "");
            keys.add(Unique::Email, Claim::Beside, "ä@example.com");
            let found: Vec<_> = keys.iter().map(|key| (key.field, key.claim, key.text)).collect();
            assert_eq!(
                found,
                [
                    (Unique::ExternalId, Claim::Sole, number),
                    (Unique::Email, Claim::Sole, ""),
                    (Unique::Email, Claim::Beside, "ä@example.com")
                ]
            );
        }
    }
}
