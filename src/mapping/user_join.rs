//! What other files say about a user, joined before the user is mapped.

use std::fmt;
use std::io;

use super::{Notices, OrganizationOfUser, Rejection};
use crate::clerk::User;
use crate::source::RawRecord;

/// What was found out about a user beside its record.
#[derive(Debug, Default)]
pub struct Joined {
    /// What an administrator has to know.
    pub notices: Notices,
    /// The organizations that the user is in, in the order of their ids.
    pub organizations: Vec<OrganizationOfUser>,
}

/// Knows more about users than their records do.
pub trait UserJoin: fmt::Debug + Send + Sync {
    /// Adds what it knows about the user of a record. The error is one of the disk, where it looks that up; it says nothing about the
    /// record.
    fn join(
        &self,
        record: RawRecord<'_>,
        user: &mut User<'_>,
        joined: &mut Joined,
    ) -> io::Result<Result<(), Rejection>>;

    /// How many bytes it can add to an encoded user, for the bound of memory.
    fn most_bytes(&self) -> usize {
        0
    }
}
