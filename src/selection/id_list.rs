//! `--only`: a list of users by their ids at Clerk, their external ids or their addresses.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::found_entries::FoundEntries;
use super::selected_ids::{IdKind, SelectedIds, SelectedIdsBuilder};
use super::{IdListError, ListRecord, NotFound};
use crate::clerk::{Text, User};
use crate::hexadecimal::hexadecimal;

/// The longest line, in bytes. No id or address is longer.
const LINE_BYTES: u64 = 4096;

/// What was typed behind `--only`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdListArgument(String);

impl FromStr for IdListArgument {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl IdListArgument {
    /// The file, if there is one of that name.
    pub fn file(&self) -> Option<PathBuf> {
        let path = Path::new(&self.0);
        path.exists().then(|| path.to_path_buf())
    }
}

/// A list of users, on disk.
#[derive(Debug)]
pub struct IdList {
    ids: SelectedIds,
    record: ListRecord,
    file: Option<PathBuf>,
}

impl IdList {
    /// Reads a list: a file with one id or address a line, or what was typed, with commas between them. Memory does not
    /// grow with it.
    pub fn read(argument: &IdListArgument, directory: &Path) -> Result<Self, IdListError> {
        let mut builder = ListBuilder::new(directory);
        let list = if let Some(path) = argument.file() {
            let name = path.display().to_string();
            let failed = |source| IdListError::Read { path: name.clone(), source };
            let mut lines = BufReader::with_capacity(1 << 16, File::open(&path).map_err(failed)?);
            while builder.line(&mut lines, &name)? {}
            format!("the list `{name}`")
        } else {
            argument.0.split(',').try_for_each(|text| builder.entry(text))?;
            "it".to_owned()
        };
        Ok(Self { file: argument.file(), ..builder.finish(list, directory)? })
    }

    /// The file that it was read from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What a run remembers of it.
    pub fn record(&self) -> ListRecord {
        self.record.clone()
    }

    /// Whether a user is in the list; notes in `found` which entries name the user.
    pub(super) fn names(&self, user: &User<'_>, found: &FoundEntries) -> io::Result<bool> {
        let ids = [&user.id, &user.external_id].into_iter().flatten().map(|id| (IdKind::Id, id.trim()));
        let addresses = addresses(user).map(|address| (IdKind::Address, address));
        let mut is_named = false;
        // All of them, for each may be an entry of its own.
        for (kind, text) in ids.chain(addresses) {
            if let Some(hash) = self.ids.find(kind, text)? {
                found.add(hash)?;
                is_named = true;
            }
        }
        Ok(is_named)
    }

    /// The entries that name no user.
    pub(super) fn not_found(&self, found: FoundEntries) -> io::Result<NotFound> {
        found.not_found(&self.ids)
    }
}

/// All email addresses of a user, in every form that exports have.
fn addresses<'u>(user: &'u User<'_>) -> impl Iterator<Item = &'u str> {
    let listed = user.email_addresses.iter().flat_map(|list| list.iter());
    let listed = listed.filter_map(|email| email.email_address.as_ref());
    let flat = [&user.verified_email_addresses, &user.unverified_email_addresses];
    let flat = flat.into_iter().flatten().flat_map(|list| list.iter());
    let all = listed.chain(flat).chain(&user.primary_email_address);
    all.map(|text: &Text<'_>| text.trim())
}

/// Puts a list together.
struct ListBuilder {
    ids: SelectedIdsBuilder,
    digest: Sha256,
    lines: u64,
    entries: u64,
}

impl ListBuilder {
    fn new(directory: &Path) -> Self {
        Self { ids: SelectedIdsBuilder::new(directory), digest: Sha256::new(), lines: 0, entries: 0 }
    }

    /// Adds an entry, which is a line of its own.
    fn entry(&mut self, text: &str) -> io::Result<()> {
        self.lines += 1;
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        self.entries += 1;
        self.digest.update(text);
        self.digest.update("\n");
        self.ids.add(text, self.lines)
    }

    /// Adds the next line of a file; false at its end.
    fn line(&mut self, lines: &mut impl BufRead, path: &str) -> Result<bool, IdListError> {
        let mut line = Vec::new();
        let failed = |source| IdListError::Read { path: path.to_owned(), source };
        if lines.take(LINE_BYTES + 1).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(false);
        }
        let wrong = |problem| IdListError::Line { path: path.to_owned(), line: self.lines + 1, problem };
        if line.len() as u64 > LINE_BYTES {
            return Err(wrong("is longer than any id or address: the file has to have one a line"));
        }
        let text = std::str::from_utf8(&line).map_err(|_| wrong("is not UTF-8"))?;
        self.entry(if self.lines == 0 { text.trim_start_matches('\u{feff}') } else { text })?;
        Ok(true)
    }

    fn finish(self, list: String, directory: &Path) -> Result<IdList, IdListError> {
        if self.entries == 0 {
            return Err(IdListError::Empty { list });
        }
        let record = ListRecord { entries: self.entries, sha256: hexadecimal(&self.digest.finalize()) };
        Ok(IdList { ids: self.ids.finish(directory)?, record, file: None })
    }
}
