//! The rows of the CSV by id, on disk.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursors::{Cursors, UsedCursor};
use super::found_rows::FoundRows;
use super::report::{Conflict, PasswordsReport};
use super::value::{ENTRY_BYTES, FIRST, HEAD_BYTES, Value, decode, hash, head, is_of, place_of};
use crate::clerk::{Secret, User};
use crate::index::SortedFile;
use crate::mapping::{Joined, Notice, Notices, Rejection, UserJoin};
use crate::source::{Findings, InputDigest, Position, RawRecord, SourceError};

/// Why the passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    /// The file cannot be read, or not to its end. Users must not lose their passwords because of that.
    #[error("{0}; without the passwords nothing is sent or compared")]
    Source(#[from] SourceError),
    /// It is something else.
    #[error("`{input}` holds no passwords: expected the Dashboard's CSV, with the columns `id` and `password_digest`")]
    NoTable {
        /// The file's name.
        input: Arc<str>,
    },
    /// The index cannot be written.
    #[error("cannot use temporary files: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[from] io::Error),
    /// Nobody waits for it any more.
    #[error("interrupted while reading the passwords")]
    Interrupted,
}

/// The account of a join.
#[derive(Debug)]
enum JoinAccount {
    /// Users are being gone through.
    Open(Box<PasswordsReport>),
    /// All of them were.
    Closed(Box<PasswordsReport>),
}

/// The passwords of users, by Clerk id.
#[derive(Debug)]
pub struct Passwords {
    input: Arc<str>,
    secret: [u8; 16],
    index: SortedFile<ENTRY_BYTES>,
    values: File,
    cursors: Cursors,
    /// The rows that a user was found for, as far as they are noted.
    found: FoundRows,
    /// What all the bytes of the file came to, if that was recorded.
    digest: Option<InputDigest>,
    account: Mutex<JoinAccount>,
}

impl Passwords {
    /// What a builder has put together; its report is the beginning of the account.
    pub(super) fn new(
        input: Arc<str>,
        secret: [u8; 16],
        index: SortedFile<ENTRY_BYTES>,
        (values, found): (File, FoundRows),
        report: PasswordsReport,
    ) -> Self {
        let account = Mutex::new(JoinAccount::Open(Box::new(report)));
        Self { input, secret, index, values, cursors: Cursors::at_first(), found, digest: None, account }
    }

    /// These passwords with the digest of all bytes of their file.
    pub(super) fn with_digest(self, digest: Option<InputDigest>) -> Self {
        Self { digest, ..self }
    }

    /// What all the bytes of the file came to, if that was recorded.
    pub fn digest(&self) -> Option<&InputDigest> {
        self.digest.as_ref()
    }

    /// Gives the user of the record with this number what its row holds, and returns what an administrator has to know about
    /// that.
    pub fn join(&self, record: u64, user: &mut User<'_>, position: impl FnOnce() -> Position) -> io::Result<Notices> {
        let mut notices = Notices::default();
        let Some(id) = user.id.as_deref().filter(|id| !id.is_empty()) else { return Ok(notices) };
        let Some(mut cursor) = self.find(record, id)? else {
            notices.add(Notice::NotInPasswords);
            self.book(|report| report.users_without_row.add(position()));
            return Ok(notices);
        };
        let row: Value<'_> = decode(cursor.value(&self.values)?.ok_or(io::ErrorKind::UnexpectedEof)?)?;
        let own = user.password_digest.as_deref().filter(|own| !own.is_empty());
        let is_same = row.digest == own;
        let is_conflict = row.digest.is_some() && own.is_some() && !is_same;
        if is_conflict {
            notices.add(Notice::PasswordConflict);
        }
        if let Some(digest) = row.digest {
            // The same hash does not become one of another kind because one of the two does not say of which it is.
            let own = user.password_hasher.take().filter(|hasher| is_same && !hasher.is_empty());
            user.password_hasher = own.or_else(|| row.hasher.map(|hasher| hasher.to_owned().into()));
            user.password_digest = Some(digest.to_owned().into());
        }
        if row.has_totp {
            user.totp_secret = Some(Secret { present: true });
        }
        if is_conflict {
            let conflict = Conflict { user: position(), row: row.position(&self.input) };
            self.book(|report| report.conflicts.add(conflict));
        }
        let row = row.record;
        self.note(cursor.found(row, record))?;
        Ok(notices)
    }

    /// A cursor at the row of an id: the one that expects it, or else one that the sorted file sends there.
    fn find(&self, record: u64, id: &str) -> io::Result<Option<UsedCursor<'_>>> {
        let mut expecting = self.cursors.expecting(record);
        if let Some(cursor) = &mut expecting
            && let Some(value) = cursor.value(&self.values)?
            && is_of(value, id)?
        {
            return Ok(expecting);
        }
        let Some(entry) = self.index.find(&hash(&self.secret, id))? else {
            if let Some(cursor) = &mut expecting {
                cursor.passed_by(record);
            }
            return Ok(None);
        };
        let mut cursor = expecting.unwrap_or_else(|| self.cursors.oldest());
        cursor.go_to(place_of(&entry));
        let value = cursor.value(&self.values)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(is_of(value, id)?.then_some(cursor))
    }

    /// Notes and counts rows that users were found for, unless all users were gone through.
    fn note(&self, rows: Range<u64>) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        match &mut *self.account() {
            JoinAccount::Open(report) => report.joined += rows.end - rows.start,
            JoinAccount::Closed(_) => return Ok(()),
        }
        self.found.note(rows)
    }

    fn account(&self) -> MutexGuard<'_, JoinAccount> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self, entry: impl FnOnce(&mut PasswordsReport)) {
        if let JoinAccount::Open(report) = &mut *self.account() {
            entry(report);
        }
    }

    /// Ends the account, once users were gone through: all of them, if it is `complete`.
    pub fn close(&self, complete: bool) -> io::Result<PasswordsReport> {
        for mut cursor in self.cursors.each() {
            self.note(cursor.take_found())?;
        }
        let mut report = match &*self.account() {
            JoinAccount::Closed(report) => return Ok((**report).clone()),
            JoinAccount::Open(report) => (**report).clone(),
        };
        let all_found = || Ok::<_, io::Error>(self.found.count()? == report.rows);
        report.rows_without_user = match complete {
            true if all_found()? => Some(Findings::default()),
            true => Some(self.waiting()?),
            false => None,
        };
        report.users_without_row.sort();
        report.conflicts.sort();
        self.close_with(report.clone());
        Ok(report)
    }

    /// Ends the account with what it came to earlier.
    pub fn close_with(&self, report: PasswordsReport) {
        *self.account() = JoinAccount::Closed(Box::new(report));
    }

    /// Rows that no user was found for.
    fn waiting(&self) -> io::Result<Findings<Position>> {
        let mut file = self.values.try_clone()?;
        let mut left = file.metadata()?.len();
        file.seek(SeekFrom::Start(0))?;
        let mut values = BufReader::with_capacity(1 << 16, file);
        let (mut findings, mut bytes, mut found) = (Findings::default(), Vec::new(), self.found.read());
        while left > 0 {
            let mut begin = [0; HEAD_BYTES];
            values.read_exact(&mut begin)?;
            let (mark, length) = head(&begin).ok_or(io::ErrorKind::UnexpectedEof)?;
            bytes.resize(length, 0);
            values.read_exact(&mut bytes)?;
            left = left.saturating_sub((HEAD_BYTES + length) as u64);
            if mark == FIRST {
                let (_, record) = decode::<(&str, u64)>(&bytes)?;
                if !found.contains(record)? {
                    findings.add(decode::<Value<'_>>(&bytes)?.position(&self.input));
                }
            }
        }
        findings.sort();
        Ok(findings)
    }
}

impl UserJoin for Passwords {
    fn join(
        &self,
        record: RawRecord<'_>,
        user: &mut User<'_>,
        joined: &mut Joined,
    ) -> io::Result<Result<(), Rejection>> {
        joined.notices.extend(Self::join(self, record.number(), user, || record.position())?);
        Ok(Ok(()))
    }
}
