//! Maps users with the passwords that they lack: what a user mapper does, with the row of each user joined before.

use std::io;
use std::sync::Arc;

use super::Passwords;
use crate::kind::Kind;
use crate::mapping::{MapOutput, Prepared, RecordMapper, Rejection, UserMapper, read_user};
use crate::source::RawRecord;

/// Gives each user what its row holds, and maps it.
#[derive(Clone, Debug)]
pub struct JoinedMapper {
    users: UserMapper,
    passwords: Arc<Passwords>,
}

impl JoinedMapper {
    /// A mapper that joins these passwords.
    pub fn new(users: UserMapper, passwords: Arc<Passwords>) -> Self {
        Self { users, passwords }
    }
}

impl RecordMapper for JoinedMapper {
    fn kind(&self) -> Kind {
        self.users.kind()
    }

    fn map(&self, record: RawRecord<'_>, output: &mut MapOutput) -> io::Result<Result<Prepared, Rejection>> {
        read_user(record, |mut user| {
            let notices = self.passwords.join(&mut user, || record.position())?;
            Ok(self.users.map_user(&user, notices, output))
        })
    }

    fn columns(&self) -> &'static [&'static str] {
        self.users.columns()
    }

    fn counts_coverage(&self) -> bool {
        self.users.counts_coverage()
    }

    fn memory_growth(&self) -> (usize, usize) {
        self.users.memory_growth()
    }
}
