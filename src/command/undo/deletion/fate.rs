//! What is to be done about an identity: the target is asked, and what it says is held against the journal and the mark.

use super::{CreatedRecord, Deletion, Fate, NamedIdentity};
use crate::command::shared::command_error::CommandError;
use crate::destination::{Comparable, PAGE};
use crate::journal::RecordKey;

impl Deletion<'_> {
    /// Looks up by their external ids as many of the first as one answer can hold.
    pub(super) async fn fates_of_doubtful(&self, doubts: &[(RecordKey, &str)]) -> Result<Vec<Fate>, CommandError> {
        let ids: Vec<&str> = doubts.iter().take(PAGE).map(|(_, external_id)| *external_id).collect();
        let (count, body) = match &self.mark {
            Some(mark) => self.target.find_of_run(&ids, mark).await?,
            None => self.target.find(&ids).await?,
        };
        let found = Comparable::by_external_id(self.target.read_found(&body));
        // If nobody is there, the request was never carried out.
        let fate = |id: &&str| found.get(*id).map_or(Fate::Gone, |found| self.fate_of_doubtful(found));
        Ok(ids[..count].iter().map(fate).collect())
    }

    /// Looks all of them up by their external ids.
    pub(super) async fn look_up(&self, page: &[CreatedRecord]) -> Result<Vec<NamedIdentity>, CommandError> {
        let mut named = Vec::with_capacity(page.len());
        while named.len() < page.len() {
            let rest = &page[named.len()..];
            let ids: Vec<&str> = rest.iter().map(|created| created.external_id.as_str()).collect();
            let (count, body) = self.target.find(&ids).await?;
            let found = Comparable::by_external_id(self.target.read_found(&body));
            named.extend(
                rest[..count].iter().map(|created| self.named(created, found.get(created.external_id.as_str()))),
            );
        }
        Ok(named)
    }

    /// What follows from who has the external id, as far as that was asked.
    pub(super) fn named(&self, created: &CreatedRecord, found: Option<&Comparable<'_>>) -> NamedIdentity {
        match (&created.id, found) {
            // The target gave no ids.
            (None, None) => NamedIdentity::Fate(Fate::InDoubt),
            (None, Some(found)) => NamedIdentity::Fate(self.fate_of_doubtful(found)),
            (Some(id), Some(found)) if found.id.as_ref().is_some_and(|found| found == id) => {
                NamedIdentity::Fate(self.fate_of_ours(id, found))
            }
            (Some(_), Some(found)) if self.is_marked(found) => NamedIdentity::Marked,
            (Some(_), _) => NamedIdentity::Nothing,
        }
    }

    fn is_marked(&self, found: &Comparable<'_>) -> bool {
        self.mark.as_ref().is_some_and(|mark| found.is_marked_by(mark))
    }

    /// What is to be done about one that the run created, by its id, where who has its external id says nothing yet.
    pub(super) async fn fate_of(&self, created: &CreatedRecord, named: NamedIdentity) -> Result<Fate, CommandError> {
        if let NamedIdentity::Fate(fate) = named {
            return Ok(fate);
        }
        let Some(id) = &created.id else { return Ok(Fate::InDoubt) };
        if let Some(body) = self.target.get(id).await? {
            let changed = || Fate::Changed(id.clone());
            let found = self.target.read_found(&body).pop();
            return Ok(found.map_or_else(changed, |found| self.fate_of_ours(id, &found)));
        }
        let is_marked = match named {
            NamedIdentity::Nothing if self.asks_one_by_one() => {
                let (_, body) = self.target.find(&[&created.external_id]).await?;
                let found = Comparable::by_external_id(self.target.read_found(&body));
                found.get(created.external_id.as_str()).is_some_and(|found| self.is_marked(found))
            }
            named => matches!(named, NamedIdentity::Marked),
        };
        // Others may have made another one with its external id after ours was deleted: ours is gone all the same.
        Ok(if is_marked { Fate::NotOurs } else { Fate::Gone })
    }

    /// Of one that the run surely created.
    fn fate_of_ours(&self, id: &str, found: &Comparable<'_>) -> Fate {
        let is_doomed = self.force || found.is_as_created();
        if !is_doomed {
            return Fate::Changed(id.to_owned());
        }
        self.note_sign_in(found.has_signed_in);
        Fate::Delete(id.to_owned())
    }

    /// Of one of which only the mark can say that the run created it.
    fn fate_of_doubtful(&self, found: &Comparable<'_>) -> Fate {
        let Some(mark) = &self.mark else { return Fate::InDoubt };
        match &found.id {
            Some(id) if found.is_marked_by(mark) => self.fate_of_ours(id, found),
            // The run would have put its mark on it, and nobody has changed it since.
            _ if found.has_mark() || found.is_as_created() => Fate::NotOurs,
            _ => Fate::InDoubt,
        }
    }

    /// Notes of one that is deleted whether somebody has signed in with it.
    pub(super) fn note_sign_in(&self, has_signed_in: Option<bool>) {
        self.count(|counts| {
            counts.signed_in += u64::from(has_signed_in == Some(true));
            counts.sign_ins_unknown += u64::from(self.is_dry_run && has_signed_in.is_none());
        });
    }
}
