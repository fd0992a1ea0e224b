//! A digest of what was sent, which shows whether somebody has changed it since.
//!
//! Kratos v1.3.1 never changes `updated_at`, and PostgreSQL writes JSON in a form of its own. So the digest is of the values, and
//! not of their spelling. The password's hash is in it: who has set another password has changed the identity. So has, by this
//! measure, who signed in with a hash of another kind than bcrypt: Kratos writes that anew.

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::destination::json::{Members, write_canonical};
use crate::mapping::{CONTENT_MARK, MARK};

/// What the digest is of.
#[derive(Clone, Copy)]
pub(super) struct SentContent<'a> {
    /// `active` or `inactive`.
    pub state: &'a str,
    pub traits: Option<&'a RawValue>,
    pub metadata_public: Option<&'a RawValue>,
    pub metadata_admin: Option<&'a RawValue>,
    /// The password's hash.
    pub password: Option<&'a str>,
}

/// Bytes of the digest that are kept.
const KEPT: usize = 16;

impl SentContent<'_> {
    /// The digest, in hexadecimal.
    pub(super) fn digest(&self) -> String {
        let mut canonical = format!("{}\n{}\n", self.state, self.password.unwrap_or_default());
        for part in [self.traits, self.metadata_public] {
            write_canonical(part.map_or("null", RawValue::get), &mut canonical);
            canonical.push('\n');
        }
        let members: Members<'_> =
            self.metadata_admin.and_then(|metadata| serde_json::from_str(metadata.get()).ok()).unwrap_or_default();
        for (name, value) in members.iter().filter(|(name, _)| ![MARK, CONTENT_MARK].contains(&&***name)) {
            canonical.push_str(name);
            canonical.push('\n');
            write_canonical(value.get(), &mut canonical);
        }
        let digest = Sha256::digest(canonical);
        let digits = digest[..KEPT].iter().flat_map(|byte| [byte >> 4, byte & 15]);
        digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
    }

    /// Whether it is as a run of this program created it: what a change writes has no mark of a run any more.
    pub(super) fn is_as_created(&self) -> bool {
        let members: Option<Members<'_>> =
            self.metadata_admin.and_then(|metadata| serde_json::from_str(metadata.get()).ok());
        let Some(members) = members.filter(|members| members.contains_key(MARK)) else { return false };
        let kept = members.get(CONTENT_MARK).and_then(|kept| serde_json::from_str::<String>(kept.get()).ok());
        kept.is_some_and(|kept| kept == self.digest())
    }
}
