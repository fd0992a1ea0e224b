//! The identities that carry the mark of the run that is undone, also those that have another external id by now: for them the
//! target's whole list is gone through once.
//!
//! All of it is read before anything is deleted, for with fewer users the pages of some targets begin elsewhere. What was found
//! waits on disk, so that memory stays bounded for any number.

use std::io;

use serde::{Deserialize, Serialize};

use crate::destination::{Comparable, Destination, PAGE, RunMark, TargetError};
use crate::index::Texts;
use crate::journal::RecordKey;

/// An identity that carries the mark of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Marked {
    /// The record that it was created for.
    pub key: RecordKey,
    /// The target's own id.
    pub id: String,
    /// The key at the target. Without one it is called by its id, which is nobody's external id.
    pub external_id: String,
    /// Nobody has changed it since.
    pub is_as_created: bool,
    /// Whether somebody has signed in with it, if the target says so.
    pub has_signed_in: Option<bool>,
}

/// The identities that carry the mark of a run.
#[derive(Debug)]
pub(super) struct MarkedIdentities {
    found: Texts,
    /// Whether the list shows what a mark would be in, or is empty.
    pub shows_marks: bool,
}

impl MarkedIdentities {
    /// Goes through the whole list for those whose record `is_sought`.
    pub(super) async fn find(
        target: &dyn Destination,
        mark: &RunMark,
        is_sought: impl Fn(RecordKey) -> io::Result<bool>,
    ) -> Result<Self, TargetError> {
        let mut found = Texts::new(&std::env::temp_dir())?;
        let (mut is_empty, mut shows_any) = (true, false);
        let mut look = |identities: &[Comparable<'_>]| {
            for identity in identities {
                is_empty = false;
                shows_any |= identity.shows_admin_metadata();
                if let Some(marked) = read(identity, mark)
                    && is_sought(marked.key)?
                {
                    found.add(&serde_json::to_vec(&marked)?)?;
                }
            }
            Ok(())
        };
        target.walk(&mut look).await?;
        Ok(Self { found, shows_marks: is_empty || shows_any })
    }

    /// What was found, as many at once as one request may be about. One that moved while the list was read is in it twice.
    pub(super) fn pages(&self) -> impl Iterator<Item = io::Result<Vec<Marked>>> {
        let mut found = self.found.iter().map(|text| text.and_then(|(_, text)| Ok(serde_json::from_slice(&text)?)));
        std::iter::from_fn(move || {
            let page: io::Result<Vec<Marked>> = found.by_ref().take(PAGE).collect();
            page.map(|page| (!page.is_empty()).then_some(page)).transpose()
        })
    }
}

fn read(identity: &Comparable<'_>, mark: &RunMark) -> Option<Marked> {
    let (input, number) = identity.record_marked_by(mark)?;
    let id = identity.id.as_deref()?.to_owned();
    let external_id = identity.external_id.as_deref().unwrap_or(&id).to_owned();
    Some(Marked {
        key: RecordKey { input, number },
        id,
        external_id,
        is_as_created: identity.is_as_created(),
        has_signed_in: identity.has_signed_in,
    })
}
