//! What undoing a run does about the memberships that it removed because they were missing: it puts them back, and then the roles
//! that were taken back with them.

use std::path::Path;
use std::sync::Arc;

use super::super::shared::command_error::CommandError;
use super::super::shared::target::earlier_identity::pages;
use super::super::shared::target::earlier_membership::{are_proven, references};
use super::undo_error::{NothingThere, UndoError};
use crate::destination::{Comparable, Destination};
use crate::index::{HASH_BYTES, Table, Texts, hash_of};
use crate::kind::Kind;
use crate::mapping::TupleRules;
use crate::missing::{Removal, RemovalKind, StatesFile};
use crate::settings::UndoSettings;

/// Entries in memory: 128 KiB.
const BUFFERED: usize = 8 * 1024;

/// What was put back, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PutBack {
    pub memberships: u64,
    pub roles: u64,
}

/// Puts back what a run removed. A user who is not at the target any more, or is another one there, gets nothing back; nor is a role
/// granted to a member who has another one by now. In a dry run it is only counted. Fails if nothing shows that the users and
/// organizations of any of them are there.
pub(super) async fn put_back(settings: &UndoSettings, target: &Arc<dyn Destination>) -> Result<PutBack, CommandError> {
    let UndoSettings { run, dry_run, even_if_gone, .. } = settings;
    let path = run.directory.removed();
    if !path.exists() {
        return Ok(PutBack::default());
    }
    let reading = tokio::task::spawn_blocking(move || read(&path));
    let [memberships, tuples] = reading.await.map_err(std::io::Error::other).flatten().map_err(UndoError::Io)?;
    let mut done = PutBack::default();
    let mut restored = Table::<HASH_BYTES>::new(BUFFERED, std::env::temp_dir());
    if *dry_run {
        for membership in memberships.iter() {
            let membership = membership.map_err(UndoError::Io)?.known;
            restored.insert(hash_of(0, &membership.clerk_id)).map_err(UndoError::Io)?;
            done.memberships += 1;
        }
        for tuple in tuples.iter() {
            let tuple = tuple.map_err(UndoError::Io)?.known;
            let is_member = restored.find(&hash_of(0, &tuple.clerk_id)).map_err(UndoError::Io)?.is_some();
            done.roles += u64::from(is_member);
        }
        return Ok(done);
    }
    let form = TupleRules::default();
    let members = target.of_kind(Kind::Membership, &form).await?;
    let Some((members, roles)) = members.zip(target.of_kind(Kind::RoleTuple, &form).await?) else { return Ok(done) };
    let (mut all, mut proven) = (0, 0);
    for page in pages(memberships.iter()) {
        let page: Vec<Removal> = page.map_err(UndoError::Io)?;
        let of = |removal: &Removal| {
            let [organization, user] = removal.of.as_ref()?;
            references(&removal.known, [organization, user])
        };
        let known: Vec<_> = page.iter().map(of).collect();
        all += page.len() as u64;
        for (removal, is_proven) in page.iter().zip(are_proven(members.as_ref(), &known).await?) {
            proven += u64::from(is_proven);
            if is_proven && is_put_back(members.as_ref(), removal).await? {
                restored.insert(hash_of(0, &removal.known.clerk_id)).map_err(UndoError::Io)?;
                done.memberships += 1;
            }
        }
    }
    if all > 0 && proven == 0 && !even_if_gone {
        let nothing = NothingThere::new(&run.record.target, all, "membership", "that the run removed");
        return Err(UndoError::NothingThere(nothing).into());
    }
    for tuple in tuples.iter() {
        let known = tuple.map_err(UndoError::Io)?.known;
        if restored.find(&hash_of(0, &known.clerk_id)).map_err(UndoError::Io)?.is_some() {
            done.roles += u64::from(roles.put_back(&known.id, None, None).await?);
        }
    }
    Ok(done)
}

/// Puts a membership back: whether it is there now as it was.
async fn is_put_back(members: &dyn Destination, removal: &Removal) -> Result<bool, CommandError> {
    let Removal { known, role, metadata, .. } = removal;
    let (role, metadata) = (role.as_deref(), metadata.as_deref());
    if !members.put_back(&known.id, role, metadata).await? {
        return Ok(false);
    }
    let was = Comparable::of_metadata(String::new(), None, metadata);
    let Some(body) = members.get(&known.id).await? else { return Ok(false) };
    let found = members.read_found(&body).pop();
    Ok(found.is_some_and(|found| found.has_role(role, was.own_role().as_deref())))
}

/// What was about to be removed, each once: whether it was, nobody has to know.
struct Removals(Texts);

impl Removals {
    fn iter(&self) -> impl Iterator<Item = std::io::Result<Removal>> {
        self.0.iter().map(|text| text.and_then(|(_, text)| Ok(serde_json::from_slice(&text)?)))
    }
}

/// Memberships, and tuples.
fn read(path: &Path) -> std::io::Result<[Removals; 2]> {
    let temporary = std::env::temp_dir();
    let empty = || Texts::new(&temporary).map(Removals);
    let (mut memberships, mut tuples) = (empty()?, empty()?);
    let mut seen = Table::<HASH_BYTES>::new(BUFFERED, temporary.clone());
    StatesFile::read(path, |removal: Removal| {
        let hash = hash_of(removal.kind.number(), &removal.known.id);
        if removal.change != RemovalKind::Removing || seen.find(&hash)?.is_some() {
            return Ok(());
        }
        seen.insert(hash)?;
        let of_kind = if removal.kind == Kind::Membership { &mut memberships } else { &mut tuples };
        of_kind.0.add(&serde_json::to_vec(&removal)?).map(drop)
    })?;
    Ok([memberships, tuples])
}
