//! Roles that the target did not take back. Their members stay, too: nobody is to have a role without a membership.

use std::io;

use crate::index::{HASH_BYTES, Table, hash_of};
use crate::kind::Kind;
use crate::mapping::TupleRules;

/// Entries in memory: 128 KiB.
const BUFFERED: usize = 8 * 1024;

/// Who keeps a role in which organization, on disk if there are many.
pub(super) struct KeptRoles {
    /// How tuples are written.
    rules: TupleRules,
    kept: Table<HASH_BYTES>,
}

impl KeptRoles {
    pub(super) fn none(rules: TupleRules) -> Self {
        Self { rules, kept: Table::new(BUFFERED, std::env::temp_dir()) }
    }

    /// Adds a tuple, by its id at the target, which is its text.
    pub(super) fn add(&mut self, tuple: &str) -> io::Result<()> {
        holder(tuple).map_or(Ok(()), |holder| self.kept.insert(holder))
    }

    /// Whether a member has one of them. The id of a membership is `ORGANIZATION/USER`.
    pub(super) fn has_member(&self, membership: &str) -> io::Result<bool> {
        let Some((organization, user)) = membership.split_once('/') else { return Ok(false) };
        let any_role = self.rules.text(organization, "any", user);
        Ok(match holder(&any_role) {
            Some(holder) => self.kept.find(&holder)?.is_some(),
            None => false,
        })
    }
}

/// Where a tuple grants something and to whom, without what: `namespace:object#relation@subject` without the relation.
fn holder(tuple: &str) -> Option<[u8; HASH_BYTES]> {
    let (object, rest) = tuple.split_once('#')?;
    let (_, subject) = rest.split_once('@')?;
    Some(hash_of(Kind::RoleTuple.number(), &format!("{object}#@{subject}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_known_by_any_role_in_the_same_organization() {
        let rules = TupleRules { relation: "org-{role}".to_owned(), ..TupleRules::default() };
        let mut kept = KeptRoles::none(rules);
        kept.add("organizations:org_1#org-admin@identities:usr_1").unwrap();
        kept.add("nonsense").unwrap();
        let has = |membership| kept.has_member(membership).unwrap();
        assert_eq!(["org_1/usr_1", "org_1/usr_2", "org_2/usr_1", "org_1"].map(has), [true, false, false, false]);
    }
}
