//! The rows of the CSV by id, on disk.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::cursors::{Cursor, Cursors};
use super::found_rows::FoundRows;
use super::report::{Conflict, PasswordsReport};
use super::value::{ENTRY_BYTES, FIRST, HEAD_BYTES, Value, decode, hash, head, place_of};
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
    /// What all the bytes of the file came to.
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
        Self { input, secret, index, values, cursors: Cursors::default(), found, digest: None, account }
    }

    /// These passwords with the digest of all bytes of their file.
    pub(super) fn with_digest(self, digest: Option<InputDigest>) -> Self {
        Self { digest, ..self }
    }

    /// What all the bytes of the file came to.
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
        self.book(|report| {
            report.joined += 1;
            if is_conflict {
                report.conflicts.add(Conflict { user: position(), row: row.position(&self.input) });
            }
        });
        let row = row.record;
        self.note(cursor.found(row, record))?;
        self.keep(cursor)?;
        Ok(notices)
    }

    /// A cursor at the row of an id: the one that expects it, or else another one by the sorted file.
    fn find(&self, record: u64, id: &str) -> io::Result<Option<Cursor>> {
        let mut expecting = self.cursors.take(record);
        if let Some(cursor) = &mut expecting
            && let Some(value) = cursor.value(&self.values)?
            && decode::<&str>(value)? == id
        {
            return Ok(expecting);
        }
        let entry = self.index.find(&hash(&self.secret, id))?;
        let found = entry.as_ref().map(place_of);
        if let Some(mut cursor) = expecting {
            if found.is_some() {
                self.note(cursor.into_found())?;
            } else {
                cursor.passed_by(record);
                self.keep(cursor)?;
            }
        }
        found.map(|(place, length)| Cursor::at(&self.values, place, length)).transpose()
    }

    /// Keeps a cursor for the next user.
    fn keep(&self, cursor: Cursor) -> io::Result<()> {
        self.cursors.keep(cursor).map_or(Ok(()), |old| self.note(old.into_found()))
    }

    /// Notes rows that users were found for, unless all users were gone through.
    fn note(&self, rows: Range<u64>) -> io::Result<()> {
        if rows.is_empty() || matches!(*self.account(), JoinAccount::Closed(_)) {
            return Ok(());
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
        for cursor in self.cursors.take_all() {
            self.note(cursor.into_found())?;
        }
        let mut report = match &*self.account() {
            JoinAccount::Closed(report) => return Ok((**report).clone()),
            JoinAccount::Open(report) => (**report).clone(),
        };
        report.rows_without_user = if complete { Some(self.waiting()?) } else { None };
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::source::{Input, ReaderLimits};

    fn read(text: &str) -> Passwords {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let input = Input::File(file.path().to_path_buf());
        Passwords::read(
            &input,
            ReaderLimits::default(),
            &std::env::temp_dir(),
            (&CancellationToken::new(), &AtomicU64::new(0)),
        )
        .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Against a map in memory.
        #[test]
        fn each_user_gets_the_first_row_with_its_id(
            rows in proptest::collection::vec((0u8..60, "[a-z]{0,4}", any::<bool>()), 0..120),
            users in proptest::collection::vec(0u8..80, 0..80),
            is_in_order in any::<bool>(),
        ) {
            let in_order: Vec<u8> = rows.iter().map(|(id, ..)| *id).chain(users.iter().copied()).collect();
            let mut users = if is_in_order { in_order } else { users };
            let mut seen = std::collections::BTreeSet::new();
            users.retain(|id| seen.insert(*id));
            let mut text = "id,totp_secret,password_digest\n".to_owned();
            let mut first: BTreeMap<u8, (String, bool)> = BTreeMap::new();
            for (id, digest, totp) in &rows {
                let totp_secret = if *totp { "S" } else { "" };
                text.extend([&*id.to_string(), ",", totp_secret, ",", digest, "\n"]);
                first.entry(*id).or_insert_with(|| (digest.clone(), *totp));
            }
            let passwords = read(&text);
            for (number, id) in (1..).zip(&users) {
                let mut user = User { id: Some(id.to_string().into()), ..User::default() };
                let position =
                    || Position { input: Arc::from("users"), record: u64::from(*id), line: 1, offset: 0, length: 1 };
                let notices = passwords.join(number, &mut user, position).unwrap();
                let expected = first.get(id);
                prop_assert_eq!(notices.contains(Notice::NotInPasswords), expected.is_none());
                let digest = expected.map(|(digest, _)| digest.as_str()).filter(|digest| !digest.is_empty());
                prop_assert_eq!(user.password_digest.as_deref(), digest);
                prop_assert_eq!(user.totp_secret.is_some(), expected.is_some_and(|(_, totp)| *totp));
            }
            let report = passwords.close(true).unwrap();
            let joined = users.iter().filter(|id| first.contains_key(id)).count();
            prop_assert_eq!((report.rows, report.joined), (first.len() as u64, joined as u64));
            prop_assert_eq!(report.users_without_row.count, (users.len() - joined) as u64);
            prop_assert_eq!(report.rows_without_user.unwrap().count, (first.len() - joined) as u64);
            prop_assert_eq!(report.repeated.count, (rows.len() - first.len()) as u64);
        }
    }

    #[test]
    fn users_in_the_order_of_the_rows_are_found_without_a_search() {
        let rows: Vec<String> = (0..5_000).map(|id| format!("user_{id},$2a$10$digest{id}")).collect();
        let mut passwords = read(&format!("id,password_digest\n{}\n", rows.join("\n")));
        passwords.index = SortedFile::write(tempfile::tempfile().unwrap(), std::iter::empty()).unwrap();
        // Some users have no row.
        let ids = (0..5_000).flat_map(|id| if id % 900 == 7 { vec![None, Some(id)] } else { vec![Some(id)] });
        for (number, id) in (1..).zip(ids) {
            let name = id.map_or("nobody".to_owned(), |id| format!("user_{id}"));
            let mut user = User { id: Some(name.into()), ..User::default() };
            let position = || Position { input: Arc::from("users"), record: number, line: 1, offset: 0, length: 1 };
            passwords.join(number, &mut user, position).unwrap();
            assert_eq!(user.password_digest.is_some(), id.is_some(), "{number}");
        }
        let report = passwords.close(true).unwrap();
        assert_eq!((report.joined, report.rows_without_user.unwrap().count), (5_000, 0));
    }

    #[test]
    fn the_hash_of_the_file_wins_and_an_equal_one_is_no_conflict() {
        let passwords = read("id,password_digest,password_hasher\na,new,argon2id\nb,same,\nc,,\n");
        let own_hasher = Some("md5".into());
        for (number, id, own, digest, hasher, is_conflict) in [
            (1, "a", "old", "new", Some("argon2id"), true),
            (2, "b", "same", "same", Some("md5"), false),
            (3, "c", "own", "own", Some("md5"), false),
        ] {
            let mut user = User {
                id: Some(id.into()),
                password_digest: Some(own.into()),
                password_hasher: own_hasher.clone(),
                ..User::default()
            };
            let position = || Position { input: Arc::from("users"), record: 1, line: 1, offset: 0, length: 1 };
            let notices = passwords.join(number, &mut user, position).unwrap();
            assert_eq!(notices.contains(Notice::PasswordConflict), is_conflict, "{id}");
            assert_eq!(
                (user.password_digest.as_deref(), user.password_hasher.as_deref()),
                (Some(digest), hasher),
                "{id}"
            );
        }
        assert_eq!(passwords.close(false).unwrap().rows_without_user, None);
    }
}
