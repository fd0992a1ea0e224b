//! The organizations of users by the users' ids at Clerk, on disk.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::report::MembershipsReport;
use crate::clerk::User;
use crate::index::{HASH_BYTES, Table, TextLookup, hash_of};
use crate::mapping::{
    Joined, OrganizationNames, OrganizationOfUser, RejectCode, Rejection, UserJoin, inline_organizations,
};
use crate::source::{InputDigest, RawRecord, SourceError};

/// The most bytes that the organizations of one user may have: about 500 of them.
const MOST_BYTES: usize = 64 * 1024;

/// The most bytes that are read of one user: the same membership can be in several files.
const MOST_READ: usize = 4 * MOST_BYTES;

/// Users in memory of whom it is known that they were met: 96 KiB, and as much again for the tree that they are in.
const BUFFERED: usize = 8 * 1024;

/// Why the memberships cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MembershipsError {
    /// A file cannot be read, or not to its end. Users must not lose their organizations because of that.
    #[error("{0}; without the organizations of the users nothing is sent or compared")]
    Source(#[from] SourceError),
    /// It is something else.
    #[error("`{input}` holds no {what}: no record in it could be read as one")]
    NoneInIt {
        /// The file's name.
        input: Arc<str>,
        /// What it should hold.
        what: &'static str,
    },
    /// The table cannot be written.
    #[error("cannot use temporary files: {0}; make room in the directory for temporary files (TMPDIR)")]
    Temporary(#[from] io::Error),
    /// Nobody waits for it any more.
    #[error("interrupted while reading the memberships")]
    Interrupted,
}

/// The organizations of users.
#[derive(Debug)]
pub struct Memberships {
    members: TextLookup,
    organizations: TextLookup,
    digests: Vec<InputDigest>,
    moves: bool,
    account: Mutex<JoinAccount>,
}

/// The account of a join.
#[derive(Debug)]
struct JoinAccount {
    report: MembershipsReport,
    /// Users who were met; nothing once all were gone through.
    met: Option<Table<HASH_BYTES>>,
    /// Memberships of the files whose user was met.
    found: u64,
}

impl Memberships {
    /// What a builder has put together; its report is the beginning of the account.
    pub(super) fn new(
        members: TextLookup,
        organizations: TextLookup,
        digests: Vec<InputDigest>,
        report: MembershipsReport,
        directory: &Path,
    ) -> Self {
        let (moves, met) = (report.moved, Some(Table::new(BUFFERED, directory.to_path_buf())));
        let account = Mutex::new(JoinAccount { report, met, found: 0 });
        Self { members, organizations, digests, moves, account }
    }

    /// What all the bytes of each file came to.
    pub fn digests(&self) -> &[InputDigest] {
        &self.digests
    }

    /// Ends the account, once users were gone through: all of them, if it is `complete`.
    pub fn close(&self, complete: bool) -> MembershipsReport {
        let mut account = self.account();
        if account.met.take().is_some() {
            let left = account.report.memberships.saturating_sub(account.found);
            account.report.without_user = complete.then_some(left);
            account.report.unreadable.sort();
        }
        account.report.clone()
    }

    /// Ends the account with what it came to earlier.
    pub fn close_with(&self, report: MembershipsReport) {
        let mut account = self.account();
        (account.report, account.met) = (report, None);
    }

    fn account(&self) -> MutexGuard<'_, JoinAccount> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the user of this record was met, with this many memberships in the files, inside the record, and there without a
    /// meaning.
    fn book(&self, record: RawRecord<'_>, id: &str, [found, inside, unreadable]: [u64; 3]) -> io::Result<()> {
        if found + inside + unreadable == 0 {
            return Ok(());
        }
        let mut account = self.account();
        let Some(met) = &mut account.met else { return Ok(()) };
        let hash = hash_of(0, id);
        // The same user can be in the input twice.
        if met.find(&hash)?.is_some() {
            return Ok(());
        }
        met.insert(hash)?;
        account.found += found;
        account.report.inside_users += inside;
        account.report.users += u64::from(found + inside > 0);
        for _ in 0..unreadable {
            account.report.unreadable.add(record.position());
        }
        Ok(())
    }

    /// An organization with the names that its own record has for it.
    fn named(&self, organization: OrganizationOfUser) -> io::Result<OrganizationOfUser> {
        let known = self.organizations.get_within(&organization.id, MOST_READ)?.unwrap_or_default();
        let Some(text) = known.first() else { return Ok(organization) };
        let OrganizationNames { id: _, name, slug } = serde_json::from_slice(text)?;
        let OrganizationOfUser { id, name: of_member, slug: slug_of_member, role } = organization;
        Ok(OrganizationOfUser { id, name: name.or(of_member), slug: slug.or(slug_of_member), role })
    }
}

impl UserJoin for Memberships {
    fn join(
        &self,
        record: RawRecord<'_>,
        user: &mut User<'_>,
        joined: &mut Joined,
    ) -> io::Result<Result<(), Rejection>> {
        let Some(id) = user.id.as_deref().filter(|id| !id.is_empty()) else { return Ok(Ok(())) };
        // Where they do not move they are only counted: of these a user may have any number.
        let mut organizations = BTreeMap::new();
        let found = if self.moves {
            let Some(texts) = self.members.get_within(id, MOST_READ)? else { return Ok(Err(too_many())) };
            // What a file says comes before what stands inside the user.
            for text in &texts {
                let organization: OrganizationOfUser = serde_json::from_slice(text)?;
                organizations.entry(organization.id.clone()).or_insert(organization);
            }
            texts.len() as u64
        } else {
            self.members.count(id)?
        };
        let (mut inside, mut unreadable) = (0, 0);
        for membership in inline_organizations(record) {
            match membership {
                Ok((of, organization)) if of == id => {
                    inside += 1;
                    organizations.entry(organization.id.clone()).or_insert(organization);
                }
                _ => unreadable += 1,
            }
        }
        self.book(record, id, [found, inside, unreadable])?;
        if !self.moves {
            return Ok(Ok(()));
        }
        joined.organizations = organizations.into_values().map(|one| self.named(one)).collect::<io::Result<_>>()?;
        let bytes = serde_json::to_vec(&joined.organizations)?.len();
        Ok(if bytes > MOST_BYTES { Err(too_many()) } else { Ok(()) })
    }

    fn most_bytes(&self) -> usize {
        if self.moves { MOST_BYTES } else { 0 }
    }
}

fn too_many() -> Rejection {
    let message = "the user is in more organizations than fit into the metadata of one user (64 KiB); \
                   take memberships out of the file, or import without --kratos-organizations";
    Rejection::of_field(RejectCode::FieldTooLong, "organizations", message)
}
