//! Finds out of users, many at once, what an import would do with them.

use futures::StreamExt;

use super::findings::FindingsFile;
use super::home::Home;
use super::people::{PersonStanding, TargetPeople};
use crate::delivery::{OnExisting, exists, external_id_taken, other_organization, refused_by, taken_by_another};
use crate::destination::{Destination, Field, ItemError, ItemErrorKind, PAGE, TargetError};
use crate::mapping::Rejection;
use crate::outcomes::{AtTarget, Ledger, StopReason, Validation};
use crate::pipeline::MappedIdentity;
use crate::verify::{Compared, Comparison, ComparisonResult};

/// How often a user is asked about again on whom the target fails, as long as it answers.
const ATTEMPTS: usize = 4;

/// How users are asked about.
#[derive(Clone, Copy, Debug)]
pub struct CheckRules {
    /// What an import does with users who are there already.
    pub on_existing: OnExisting,
    /// Requests at once.
    pub concurrency: usize,
    /// The most users whom one request asks to check.
    pub items: usize,
    /// The most bytes of them.
    pub bytes: usize,
}

/// Asks about users, and keeps the account of them.
pub(super) struct TargetCheck<'a> {
    pub target: &'a dyn Destination,
    pub people: &'a TargetPeople,
    pub home: &'a Home,
    pub rules: CheckRules,
    pub found: AtTarget,
    pub findings: Option<FindingsFile>,
    /// Users who are at the target, to be compared.
    known: Vec<MappedIdentity>,
    /// Users who are new, to be checked by the target.
    new: Vec<MappedIdentity>,
    new_bytes: usize,
}

impl<'a> TargetCheck<'a> {
    pub(super) fn new(
        target: &'a dyn Destination,
        (people, home): (&'a TargetPeople, &'a Home),
        rules: CheckRules,
        (found, findings): (AtTarget, Option<FindingsFile>),
    ) -> Self {
        let (known, new) = (Vec::new(), Vec::new());
        Self { target, people, home, rules, found, findings, known, new, new_bytes: 0 }
    }

    /// Takes in a user. Only what is on disk is asked.
    pub(super) fn take(&mut self, identity: MappedIdentity, ledger: &mut Ledger) -> Result<(), StopReason> {
        let standing = {
            let sent = self.target.read_sent(&identity.encoded).unwrap_or_default();
            self.people.standing(&sent).map_err(StopReason::Temporary)?
        };
        match standing {
            PersonStanding::Known => self.known.push(identity),
            PersonStanding::ExternalIdTaken => self.refuse(&identity, &external_id_taken(), ledger)?,
            PersonStanding::Taken(field) => self.refuse(&identity, &taken_by_another(field), ledger)?,
            PersonStanding::New => self.add_new(identity),
        }
        Ok(())
    }

    /// Asks the target about the users who wait, if they are enough for as many requests as may go at once, or `all` of them.
    pub(super) async fn ask(&mut self, all: bool, ledger: &mut Ledger) -> Result<(), StopReason> {
        let CheckRules { concurrency, items, bytes, .. } = self.rules;
        if all || self.known.len() >= PAGE * concurrency {
            self.compare(ledger).await?;
        }
        if all || self.new.len() >= items * concurrency || self.new_bytes >= bytes * concurrency {
            self.validate(ledger).await?;
        }
        Ok(())
    }

    fn add_new(&mut self, identity: MappedIdentity) {
        self.new_bytes += identity.encoded.len();
        self.new.push(identity);
    }

    async fn compare(&mut self, ledger: &mut Ledger) -> Result<(), StopReason> {
        let known = std::mem::take(&mut self.known);
        let comparison = Comparison { target: self.target, catalogue: Some(&self.people.catalogue) };
        let comparison = &comparison;
        let mut pages = futures::stream::iter(known.chunks(PAGE))
            .map(|page| async move { (page, comparison.compare(page).await) })
            .buffered(self.rules.concurrency);
        while let Some((page, compared)) = pages.next().await {
            let Compared { results, .. } = compared?;
            for (identity, result) in page.iter().zip(results) {
                match result {
                    // Gone since the list was read.
                    ComparisonResult::Missing => self.add_new(identity.clone()),
                    ComparisonResult::Found { different, hidden } => {
                        self.found(identity, &different, &hidden, ledger)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Books a user who is there.
    fn found(
        &mut self,
        identity: &MappedIdentity,
        different: &[Field],
        hidden: &[Field],
        ledger: &mut Ledger,
    ) -> Result<(), StopReason> {
        let listed = {
            let sent = self.target.read_sent(&identity.encoded).unwrap_or_default();
            self.people.listed(&sent).map_err(StopReason::Temporary)?
        };
        let organization = listed.and_then(|listed| listed.organization_id);
        if self.home.is_left_out(organization.as_deref()) {
            return self.refuse(identity, &other_organization(), ledger);
        }
        // What an organization that is not there yet is called there, nobody can compare.
        let with_home;
        let different = if *self.home == Home::New {
            with_home = [different, &[Field::Organization]].concat();
            with_home.as_slice()
        } else {
            different
        };
        if self.rules.on_existing == OnExisting::Fail {
            return self.refuse(identity, &exists(), ledger);
        }
        if self.rules.on_existing == OnExisting::Update
            && different.iter().any(|field| field.is_unique())
            && let Some(field) = self.taken_by_change(identity, different)?
        {
            return self.refuse(identity, &taken_by_another(field), ledger);
        }
        for field in hidden {
            *self.found.not_compared.entry(*field).or_default() += 1;
        }
        if different.is_empty() {
            self.found.equal += 1;
            return Ok(());
        }
        self.found.differs(&identity.position, different);
        self.findings.as_mut().map_or(Ok(()), |findings| findings.differs(identity, different))
    }

    /// Which field an update would take from another identity.
    fn taken_by_change(&self, identity: &MappedIdentity, different: &[Field]) -> Result<Option<Field>, StopReason> {
        let sent = self.target.read_sent(&identity.encoded).unwrap_or_default();
        let id = self.people.id_of(&sent).map_err(StopReason::Temporary)?;
        let taken = self.people.taken(&sent, id.as_deref()).map_err(StopReason::Temporary)?;
        Ok(taken.filter(|field| different.contains(field)))
    }

    /// Asks the target to check the new users, or believes that they are fine if it cannot.
    async fn validate(&mut self, ledger: &mut Ledger) -> Result<(), StopReason> {
        let new = std::mem::take(&mut self.new);
        self.new_bytes = 0;
        if self.found.validation != Validation::Done {
            self.found.new += new.len() as u64;
            return Ok(());
        }
        let target = self.target;
        let batches = batches(&new, self.rules);
        let mut checked = futures::stream::iter(batches)
            .map(|batch| async move { (batch, validated(target, batch).await) })
            .buffered(self.rules.concurrency);
        while let Some((batch, results)) = checked.next().await {
            for (identity, result) in batch.iter().zip(results?) {
                match result {
                    None => self.found.new += 1,
                    Some(error) if error.kind == ItemErrorKind::NoAccess => {
                        return Err(target.no_access_error(&error).into());
                    }
                    Some(error) => self.refuse(identity, &refused_by(error), ledger)?,
                }
            }
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        identity: &MappedIdentity,
        rejection: &Rejection,
        ledger: &mut Ledger,
    ) -> Result<(), StopReason> {
        ledger.would_be_refused(rejection.code, identity.position.clone(), identity.notices);
        self.findings.as_mut().map_or(Ok(()), |findings| findings.refused(identity, rejection))
    }
}

/// Parts of these users that keep to the bounds of a request.
fn batches(mut users: &[MappedIdentity], CheckRules { items, bytes, .. }: CheckRules) -> Vec<&[MappedIdentity]> {
    let mut batches = Vec::new();
    while !users.is_empty() {
        let mut size = 0;
        let fitting = users.iter().take(items).take_while(|user| {
            size += user.encoded.len() + 1;
            size <= bytes
        });
        let (batch, rest) = users.split_at(fitting.count().max(1));
        batches.push(batch);
        users = rest;
    }
    batches
}

/// What the target says of these users. It is asked again about those whom it fails on.
async fn validated(target: &dyn Destination, users: &[MappedIdentity]) -> Result<Vec<Option<ItemError>>, TargetError> {
    let encoded: Vec<&[u8]> = users.iter().map(|user| user.encoded.as_slice()).collect();
    let mut results = target.validate(&encoded).await?;
    for _ in 1..ATTEMPTS {
        let is_open =
            |result: &Option<ItemError>| result.as_ref().is_some_and(|error| error.kind == ItemErrorKind::Transient);
        let open: Vec<usize> = (0..results.len()).filter(|index| is_open(&results[*index])).collect();
        if open.is_empty() {
            break;
        }
        let again: Vec<&[u8]> = open.iter().map(|index| encoded[*index]).collect();
        for (index, result) in open.iter().zip(target.validate(&again).await?) {
            results[*index] = result;
        }
    }
    Ok(results)
}
