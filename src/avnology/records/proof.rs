//! Whether those to whom records refer are at the target who they were: before anything is granted.

use std::collections::BTreeMap;

use super::found::read_found;
use super::record_calls::RecordCalls;
use crate::avnology::read_list;
use crate::destination::{Comparable, TargetError};
use crate::kind::Kind;
use crate::mapping::Reference;

impl RecordCalls {
    /// For each of these whether it is not there under the id that was known, or is another one.
    pub(super) async fn disproved(&self, references: &[&Reference]) -> Result<Vec<bool>, TargetError> {
        let mut proven = BTreeMap::<(Kind, &str), bool>::new();
        self.prove_users(references, &mut proven).await?;
        for reference in references {
            let key = (reference.kind, &*reference.id);
            if proven.contains_key(&key) {
                continue;
            }
            let is_proven = match reference.kind {
                Kind::Organization => self.is_organization(reference).await?,
                Kind::Membership => self.is_member(reference).await?,
                // Users were looked up together; nothing refers to others.
                Kind::User | Kind::RoleTuple | Kind::Invitation => false,
            };
            proven.insert(key, is_proven);
        }
        Ok(references.iter().map(|reference| proven.get(&(reference.kind, &*reference.id)) != Some(&true)).collect())
    }

    async fn prove_users<'a>(
        &self,
        references: &[&'a Reference],
        proven: &mut BTreeMap<(Kind, &'a str), bool>,
    ) -> Result<(), TargetError> {
        let users: Vec<&Reference> =
            references.iter().copied().filter(|reference| reference.kind == Kind::User).collect();
        let external_ids: Vec<&str> = users.iter().map(|user| &*user.external_id).collect();
        let mut done = 0;
        while done < users.len() {
            let (count, body) = self.calls.read_some(&external_ids[done..]).await?;
            let found = Comparable::by_external_id(read_list(&body).unwrap_or_default().0);
            for user in &users[done..done + count] {
                let is_proven = found.get(&*user.external_id).is_some_and(|found| is_it(user, found));
                // Two records that know one id of two users prove nothing.
                proven.entry((Kind::User, &*user.id)).and_modify(|proven| *proven &= is_proven).or_insert(is_proven);
            }
            done += count;
        }
        Ok(())
    }

    /// Whether an organization is the one that is meant: by its external id, or by its id at Clerk where the target keeps no
    /// external ids.
    async fn is_organization(&self, reference: &Reference) -> Result<bool, TargetError> {
        let body = self.get_organization(&reference.id).await?;
        let found = body.as_deref().and_then(read_found).and_then(|(mut found, _)| found.pop());
        Ok(found.is_some_and(|found| {
            let says_so = found.external_id.as_deref() == Some(&*reference.external_id)
                || found.external_id.is_none() && found.clerk_id().is_some();
            says_so && is_it(reference, &found)
        }))
    }

    /// Whether a membership is there, with the role that it is to have.
    async fn is_member(&self, reference: &Reference) -> Result<bool, TargetError> {
        let (_, body) = self.find_membership(&[&reference.id]).await?;
        let found = read_found(&body).and_then(|(mut found, _)| found.pop());
        Ok(found.is_some_and(|found| found.has_role(reference.role.as_deref(), reference.own_role.as_deref())))
    }
}

/// Whether one that was found has the id that was known, and is of the same record at Clerk as far as the target says that.
fn is_it(reference: &Reference, found: &Comparable<'_>) -> bool {
    let of_same_record = found.clerk_id().is_none_or(|id| *id == *reference.clerk_id);
    found.id.as_deref() == Some(&*reference.id) && of_same_record
}
