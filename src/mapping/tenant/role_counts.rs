//! Which roles members have, for a dry run.

use std::collections::BTreeMap;

use serde::Serialize;

/// The most roles that are counted each by itself; a tenant has few.
const MOST: usize = 64;

/// How many members have which role at the target.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RoleCounts {
    /// Those that members of the target can have.
    members: BTreeMap<Box<str>, u64>,
    /// Those that are granted by their tuples alone.
    tuples_alone: BTreeMap<Box<str>, u64>,
    /// Members with other roles than the first ones that were met.
    others: u64,
}

impl RoleCounts {
    /// Adds this many members with a role.
    pub(super) fn add(&mut self, role: &str, is_documented: bool, members: u64) {
        let is_full = self.members.len() + self.tuples_alone.len() >= MOST;
        let roles = if is_documented { &mut self.members } else { &mut self.tuples_alone };
        match roles.get_mut(role) {
            Some(count) => *count += members,
            None if is_full => self.others += members,
            None => drop(roles.insert(role.into(), members)),
        }
    }

    /// Adds those of further records.
    pub(crate) fn merge(&mut self, other: Self) {
        self.others += other.others;
        for (is_documented, roles) in [(true, other.members), (false, other.tuples_alone)] {
            for (role, members) in roles {
                self.add(&role, is_documented, members);
            }
        }
    }

    /// Whether nobody has any.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The roles in the order of their names, each with how many members have it, and whether members of the target can.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64, bool)> {
        let members = self.members.iter().map(|(role, members)| (&**role, *members, true));
        members.chain(self.tuples_alone.iter().map(|(role, members)| (&**role, *members, false)))
    }
}
