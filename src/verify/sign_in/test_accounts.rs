//! Test accounts: addresses and passwords, from a file that only its owner can read, or as somebody types them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use secrecy::SecretString;

use crate::files::open_private;

/// The longest list, in bytes. Ours.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most accounts. Ours: each of them takes several requests.
const MOST_ACCOUNTS: usize = 1_000;

/// Why there are no test accounts. No value of a file is in it.
#[derive(Debug, thiserror::Error)]
pub enum TestAccountsError {
    /// The list cannot be read.
    #[error("the test accounts in `{name}` cannot be read: {source}")]
    Read {
        /// The file.
        name: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The list is malformed.
    #[error("the test accounts in `{name}`, line {line}: {fault}")]
    Malformed {
        /// The file.
        name: String,
        /// From 1.
        line: u64,
        /// What is wrong.
        fault: &'static str,
    },
    /// There is nobody in the list.
    #[error("there is no test account in `{name}`")]
    Nobody {
        /// The file.
        name: String,
    },
    /// There are too many.
    #[error("`{name}` has more than 1,000 test accounts, or 1 MiB; a few of each kind are enough")]
    TooMany {
        /// The file.
        name: String,
    },
    /// Nobody can type here without being seen.
    #[error(
        "passwords cannot be asked for on this system; put the test accounts into a file, and name it with --sign-in"
    )]
    NoPrompt,
}

/// An account that somebody made to try sign-ins.
pub struct TestAccount {
    /// Its place: the line in the file, from 1, or how many were typed.
    pub place: u64,
    /// How it signs in.
    pub address: String,
    /// Its password.
    pub password: SecretString,
    /// Whether the target has to refuse it.
    pub is_disabled: bool,
}

impl fmt::Debug for TestAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestAccount").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The accounts, and what their list is called.
#[derive(Debug)]
pub struct TestAccounts {
    /// The file as it was named.
    pub name: String,
    /// At least one.
    pub accounts: Vec<TestAccount>,
}

impl TestAccounts {
    /// Reads a file that only its owner can read.
    pub fn open(path: &Path) -> Result<Self, TestAccountsError> {
        let name = path.display().to_string();
        let failed = |source| TestAccountsError::Read { name: name.clone(), source };
        Self::read(&name, open_private(path).map_err(failed)?)
    }

    /// Reads a list: CSV whose first line names the columns `email` and `password`, and perhaps `state`.
    pub fn read(name: &str, list: impl Read) -> Result<Self, TestAccountsError> {
        let mut bytes = Vec::new();
        let read = list.take(MOST_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|source| TestAccountsError::Read { name: name.to_owned(), source })?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(TestAccountsError::TooMany { name: name.to_owned() });
        }
        let wrong = |line, fault| TestAccountsError::Malformed { name: name.to_owned(), line, fault };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let no_columns = "the first line names the columns: email, password, and perhaps state";
        let columns = reader.headers().map_err(|_| wrong(1, no_columns))?;
        let [mut email, mut password, mut state] = [None; 3];
        for (index, column) in columns.iter().enumerate() {
            let place = match column.trim() {
                "email" => &mut email,
                "password" => &mut password,
                "state" => &mut state,
                _ => return Err(wrong(1, no_columns)),
            };
            if place.replace(index).is_some() {
                return Err(wrong(1, "a column is there twice"));
            }
        }
        let (Some(email), Some(password)) = (email, password) else { return Err(wrong(1, no_columns)) };
        let mut accounts = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|error| {
                let line = line_at(bytes, error.position());
                wrong(line, "this is no line of CSV with the columns of the first line; a password with a comma or a quote goes in \"quotes\"")
            })?;
            let line = line_at(bytes, record.position());
            let account = account(&record, [email, password], state, line);
            accounts.push(account.map_err(|fault| wrong(line, fault))?);
        }
        Self::new(name, accounts)
    }

    /// Accounts that somebody typed, or that were read.
    pub fn new(name: &str, accounts: Vec<TestAccount>) -> Result<Self, TestAccountsError> {
        if accounts.is_empty() {
            return Err(TestAccountsError::Nobody { name: name.to_owned() });
        }
        if accounts.len() > MOST_ACCOUNTS {
            return Err(TestAccountsError::TooMany { name: name.to_owned() });
        }
        // Twice would be two wrong tries.
        let mut seen = BTreeMap::new();
        for account in &accounts {
            if seen.insert(account.address.to_lowercase(), account.place).is_some() {
                let fault = "this address is there twice";
                return Err(TestAccountsError::Malformed { name: name.to_owned(), line: account.place, fault });
            }
        }
        Ok(Self { name: name.to_owned(), accounts })
    }
}

/// The line of a record. The reader names the place where the record before it ended, and there may be empty lines between.
fn line_at(list: &[u8], position: Option<&csv::Position>) -> u64 {
    let begin = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0).min(list.len());
    let empty = list[begin..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
    let breaks = memchr::memchr_iter(b'\n', &list[..begin + empty]).count();
    breaks as u64 + 1
}

fn account(
    record: &StringRecord,
    [email, password]: [usize; 2],
    state: Option<usize>,
    place: u64,
) -> Result<TestAccount, &'static str> {
    let field = |index: usize| record.get(index).unwrap_or_default();
    let (address, password) = (field(email).trim(), field(password));
    if address.is_empty() || password.is_empty() {
        return Err("the address or the password is missing");
    }
    let is_disabled = match state.map_or("", field).trim() {
        "" | "active" => false,
        "disabled" => true,
        _ => return Err("the state is active or disabled"),
    };
    Ok(TestAccount { place, address: address.to_owned(), password: SecretString::from(password), is_disabled })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_list_is_read() {
        let text = "\u{feff}state,email,password\n,ada@example.com,\"a,\"\"b \"\ndisabled, alan@example.com ,x\n";
        let read = TestAccounts::read("list", text.as_bytes()).unwrap().accounts;
        let shown = read.iter().map(|one| (one.place, &*one.address, one.password.expose_secret(), one.is_disabled));
        let expected = [(2, "ada@example.com", "a,\"b ", false), (3, "alan@example.com", "x", true)];
        assert_eq!(shown.collect::<Vec<_>>(), expected);
        assert!(!format!("{read:?}").contains("example"));
    }

    #[test]
    fn a_fault_names_the_line_and_no_value() {
        for (text, line) in [
            ("", 1),
            ("canary@example.com,canary\n", 1),
            ("email,email,password\na,b,c\n", 1),
            ("email,password\ncanary@example.com\n", 2),
            ("email,password\n\ncanary@example.com,\n", 3),
            ("email,password,state\ncanary@example.com,canary,odd\n", 2),
            ("email,password\ncanary@example.com,canary\nCANARY@example.com,canary\n", 3),
        ] {
            let error = TestAccounts::read("list", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("line {line}:")) && !error.to_lowercase().contains("canary"), "{error}");
        }
        let error = TestAccounts::read("list", "email,password\n".as_bytes()).unwrap_err();
        assert!(matches!(error, TestAccountsError::Nobody { .. }));
    }
}
