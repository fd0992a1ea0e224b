//! The rows of the CSV by id, on disk.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::report::{Conflict, Findings, PasswordsReport};
use crate::clerk::{Secret, User};
use crate::index::{SortedFile, Sorter, read_exact_at, write_all_at};
use crate::mapping::{Notice, Notices};
use crate::source::{Header, Input, Position, ReaderLimits, RecordChunk, RecordReader, RecordSpan, SourceError};

/// Entries in memory while sorting: 1 MiB.
const BUFFERED: usize = 1024 * 1024 / ENTRY_BYTES;

/// Of a hash with a secret of the process: nobody can make two ids collide, and by chance they never do.
const HASH_BYTES: usize = 16;
/// Place (6) and length (4) of the value.
const ENTRY_BYTES: usize = HASH_BYTES + 10;

type Entry = [u8; ENTRY_BYTES];

/// Before each value: its mark (1) and its length (4).
const HEAD_BYTES: u64 = 5;

/// No user was found for the row yet.
const WAITING: u8 = 0;
/// A user was, or an earlier row with the same id counts.
const DONE: u8 = 1;

/// Why the passwords cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    /// The file cannot be read, or not to its end. Users must not lose their passwords because of that.
    #[error(transparent)]
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

/// What a row says, as it lies on disk.
#[derive(Serialize, Deserialize)]
struct Value<'a> {
    record: u64,
    line: u64,
    offset: u64,
    length: u64,
    digest: Option<&'a str>,
    hasher: Option<&'a str>,
    has_totp: bool,
}

impl Value<'_> {
    fn position(&self, input: &Arc<str>) -> Position {
        let Self { record, line, offset, length, .. } = *self;
        Position { input: Arc::clone(input), record, line, offset, length }
    }
}

/// The account of a join.
#[derive(Debug)]
enum Account {
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
    account: Mutex<Account>,
}

impl Passwords {
    /// Reads a file into an index in `directory`, whose files have no name. Blocks.
    pub fn read(
        input: &Input,
        limits: ReaderLimits,
        directory: &Path,
        stop: &CancellationToken,
    ) -> Result<Self, PasswordsError> {
        let mut reader = RecordReader::open(input, limits)?;
        if !reader.header().is_some_and(|header| header.has("password_digest")) {
            return Err(PasswordsError::NoTable { input: input.name() });
        }
        let mut builder = Builder::new(input.name(), directory)?;
        while let Some(chunk) = reader.next_chunk()? {
            if stop.is_cancelled() {
                return Err(PasswordsError::Interrupted);
            }
            let Some(header) = &chunk.header else { continue };
            for span in &chunk.spans {
                builder.row(header, &chunk, span)?;
            }
        }
        Ok(builder.finish(directory)?)
    }

    /// Gives a user what its row holds; tells what an administrator has to know about that.
    pub fn join(&self, user: &mut User<'_>, position: impl FnOnce() -> Position) -> io::Result<Notices> {
        let mut notices = Notices::default();
        let Some(id) = user.id.as_deref().filter(|id| !id.is_empty()) else { return Ok(notices) };
        let Some(bytes) = self.find(id)? else {
            notices.add(Notice::NotInPasswords);
            self.book(|report| report.users_without_row.add(position()));
            return Ok(notices);
        };
        let row: Value<'_> = decode(&bytes)?;
        let is_other =
            |digest: &str| user.password_digest.as_deref().is_some_and(|own| !own.is_empty() && own != digest);
        let is_conflict = row.digest.is_some_and(is_other);
        if is_conflict {
            notices.add(Notice::PasswordConflict);
        }
        if let Some(digest) = row.digest {
            user.password_digest = Some(digest.to_owned().into());
            user.password_hasher = row.hasher.map(|hasher| hasher.to_owned().into());
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
        Ok(notices)
    }

    /// The value of an id.
    fn find(&self, id: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(entry) = self.index.find(&hash(&self.secret, id))? else { return Ok(None) };
        let (place, length) = place_of(&entry);
        let mut head_and_value = vec![0; length + HEAD_BYTES as usize];
        read_exact_at(&self.values, &mut head_and_value, place)?;
        if head_and_value[0] == WAITING && matches!(*self.account(), Account::Open(_)) {
            write_all_at(&self.values, &[DONE], place)?;
        }
        head_and_value.drain(..HEAD_BYTES as usize);
        Ok(Some(head_and_value))
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn book(&self, entry: impl FnOnce(&mut PasswordsReport)) {
        if let Account::Open(report) = &mut *self.account() {
            entry(report);
        }
    }

    /// Ends the account, once users were gone through: all of them, if it is `complete`.
    pub fn close(&self, complete: bool) -> io::Result<PasswordsReport> {
        let mut report = match &*self.account() {
            Account::Closed(report) => return Ok((**report).clone()),
            Account::Open(report) => (**report).clone(),
        };
        report.rows_without_user = if complete { Some(self.waiting()?) } else { None };
        report.users_without_row.sort();
        report.conflicts.sort();
        self.close_with(report.clone());
        Ok(report)
    }

    /// Ends the account with what it came to earlier.
    pub fn close_with(&self, report: PasswordsReport) {
        *self.account() = Account::Closed(Box::new(report));
    }

    /// Rows that no user was found for.
    fn waiting(&self) -> io::Result<Findings<Position>> {
        let mut file = self.values.try_clone()?;
        let mut left = file.metadata()?.len();
        file.seek(SeekFrom::Start(0))?;
        let mut values = BufReader::with_capacity(1 << 16, file);
        let (mut findings, mut value) = (Findings::default(), Vec::new());
        while left > 0 {
            let mut head = [0; HEAD_BYTES as usize];
            values.read_exact(&mut head)?;
            let [mark, length @ ..] = head;
            value.resize(to_index(u32::from_be_bytes(length)), 0);
            values.read_exact(&mut value)?;
            left = left.saturating_sub(HEAD_BYTES + value.len() as u64);
            if mark == WAITING {
                findings.add(decode::<Value<'_>>(&value)?.position(&self.input));
            }
        }
        findings.sort();
        Ok(findings)
    }
}

/// Puts an index together.
struct Builder {
    secret: [u8; 16],
    sorter: Sorter<ENTRY_BYTES>,
    values: BufWriter<File>,
    written: u64,
    report: PasswordsReport,
}

impl Builder {
    fn new(input: Arc<str>, directory: &Path) -> io::Result<Self> {
        Ok(Self {
            secret: uuid::Uuid::new_v4().into_bytes(),
            sorter: Sorter::new(BUFFERED, directory.to_path_buf()),
            values: BufWriter::with_capacity(1 << 16, tempfile::tempfile_in(directory)?),
            written: 0,
            report: PasswordsReport {
                file: input.to_string(),
                rows: 0,
                joined: 0,
                users_without_row: Findings::default(),
                rows_without_user: None,
                conflicts: Findings::default(),
                repeated: Findings::default(),
                unreadable: Findings::default(),
            },
        })
    }

    fn row(&mut self, header: &Header, chunk: &RecordChunk, span: &RecordSpan) -> io::Result<()> {
        let RecordSpan { number: record, line, offset, length, .. } = *span;
        let mut value = Value { record, line, offset, length, digest: None, hasher: None, has_totp: false };
        let mut id = None;
        let row = if span.fault.is_none() { header.row(chunk.record(span)).ok() } else { None };
        for (column, cell) in row.iter().flat_map(|row| header.cells(row)).filter(|(_, cell)| !cell.is_empty()) {
            match column {
                "id" => id = Some(cell),
                "password_digest" => value.digest = Some(cell),
                "password_hasher" => value.hasher = Some(cell),
                "totp_secret" => value.has_totp = true,
                _ => {}
            }
        }
        let Some(id) = id else {
            self.report.unreadable.add(chunk.position(span));
            return Ok(());
        };
        let value = postcard::to_allocvec(&value).map_err(io::Error::other)?;
        let length = u32::try_from(value.len()).map_err(io::Error::other)?;
        let mut entry = [0; ENTRY_BYTES];
        entry[..HASH_BYTES].copy_from_slice(&hash(&self.secret, id));
        entry[HASH_BYTES..][..6].copy_from_slice(&self.written.to_be_bytes()[2..]);
        entry[HASH_BYTES + 6..].copy_from_slice(&length.to_be_bytes());
        self.sorter.push(entry)?;
        self.values.write_all(&[WAITING])?;
        self.values.write_all(&length.to_be_bytes())?;
        self.values.write_all(&value)?;
        self.written += HEAD_BYTES + u64::from(length);
        Ok(())
    }

    fn finish(self, directory: &Path) -> io::Result<Passwords> {
        let Self { secret, sorter, values, mut report, .. } = self;
        let values = values.into_inner().map_err(io::IntoInnerError::into_error)?;
        let input: Arc<str> = Arc::from(report.file.as_str());
        let sorted = sorter.finish()?;
        let mut last = None;
        // Of rows with one id the first one comes first.
        let firsts = sorted.iter().filter_map(|entry| {
            let found = entry.and_then(|entry| {
                let hash = entry[..HASH_BYTES].to_vec();
                if last.as_ref() == Some(&hash) {
                    repeated(&entry, &values, &input, &mut report)?;
                    return Ok(None);
                }
                last = Some(hash);
                Ok(Some(entry))
            });
            found.transpose()
        });
        let index = SortedFile::write(tempfile::tempfile_in(directory)?, firsts)?;
        report.rows = index.len();
        report.repeated.sort();
        report.unreadable.sort();
        Ok(Passwords { input, secret, index, values, account: Mutex::new(Account::Open(Box::new(report))) })
    }
}

/// Notes a row with the id of an earlier one.
fn repeated(entry: &Entry, values: &File, input: &Arc<str>, report: &mut PasswordsReport) -> io::Result<()> {
    let (place, length) = place_of(entry);
    let mut value = vec![0; length];
    read_exact_at(values, &mut value, place + HEAD_BYTES)?;
    write_all_at(values, &[DONE], place)?;
    report.repeated.add(decode::<Value<'_>>(&value)?.position(input));
    Ok(())
}

fn hash(secret: &[u8; 16], id: &str) -> [u8; HASH_BYTES] {
    let digest = Sha256::new().chain_update(secret).chain_update(id).finalize();
    let mut hash = [0; HASH_BYTES];
    hash.copy_from_slice(&digest[..HASH_BYTES]);
    hash
}

/// Where the value of an entry lies, and how long it is.
fn place_of(entry: &Entry) -> (u64, usize) {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let (place, length) = entry[HASH_BYTES..].split_at(6);
    (number(place), usize::try_from(number(length)).unwrap_or(usize::MAX))
}

fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> io::Result<T> {
    postcard::from_bytes(bytes).map_err(io::Error::other)
}

fn to_index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Passwords {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let input = Input::File(file.path().to_path_buf());
        Passwords::read(&input, ReaderLimits::default(), &std::env::temp_dir(), &CancellationToken::new()).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// Against a map in memory.
        #[test]
        fn each_user_gets_the_first_row_with_its_id(
            rows in proptest::collection::vec((0u8..60, "[a-z]{0,4}", any::<bool>()), 0..120),
            users in proptest::collection::btree_set(0u8..80, 0..80),
        ) {
            let mut text = "id,totp_secret,password_digest\n".to_owned();
            let mut first: BTreeMap<u8, (String, bool)> = BTreeMap::new();
            for (id, digest, totp) in &rows {
                text += &format!("{id},{},{digest}\n", if *totp { "S" } else { "" });
                first.entry(*id).or_insert_with(|| (digest.clone(), *totp));
            }
            let passwords = read(&text);
            for id in &users {
                let mut user = User { id: Some(id.to_string().into()), ..User::default() };
                let position =
                    || Position { input: Arc::from("users"), record: u64::from(*id), line: 1, offset: 0, length: 1 };
                let notices = passwords.join(&mut user, position).unwrap();
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
    fn the_hash_of_the_file_wins_and_an_equal_one_is_no_conflict() {
        let passwords = read("id,password_digest,password_hasher\na,new,argon2id\nb,same,\nc,,\n");
        for (id, own, digest, hasher, is_conflict) in [
            ("a", "old", "new", Some("argon2id"), true),
            ("b", "same", "same", None, false),
            ("c", "own", "own", None, false),
        ] {
            let mut user = User { id: Some(id.into()), password_digest: Some(own.into()), ..User::default() };
            let position = || Position { input: Arc::from("users"), record: 1, line: 1, offset: 0, length: 1 };
            let notices = passwords.join(&mut user, position).unwrap();
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
