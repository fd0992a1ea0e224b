//! The findings of a verification.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use serde::Serialize;

use super::comparison::ComparisonResult;
use super::extra::{Identities, NotInExport};
use crate::destination::Field;
use crate::exit::ExitStatus;
use crate::human::{count, plural_past};
use crate::outcomes::{InputProgress, Ledger};
use crate::pipeline::MappedIdentity;
use crate::selection::SelectionTotals;
use crate::source::{Position, Purpose};

/// How many positions are kept for each kind of finding.
const FIRST_POSITIONS: usize = 10;

const EXTRA: &str = "at the target and not in the export";
/// What does not count as extra: it is reported, and nothing is wrong with it.
const OF_OTHER_IMPORTS: &str = "of other imports: their runs made nothing that is in this export";
const PRESENT_BUT_REJECTED: &str = "at the target, but their record in the export cannot be sent now";
const PRESENT_TWICE: &str = "at the target once more than in the export";

/// How often something was found, and the first positions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Finding {
    count: u64,
    first: Vec<Position>,
}

impl Finding {
    fn add(&mut self, position: &Position) {
        self.count += 1;
        if self.first.len() < FIRST_POSITIONS {
            self.first.push(position.clone());
        }
    }
}

/// The findings of a verification.
#[derive(Debug)]
pub struct VerifyAccount {
    /// What was read and mapped. Its rejects are records that an import would not send.
    pub ledger: Ledger,
    /// What the selection came to, if users were selected.
    pub(super) selection: Option<SelectionTotals>,
    /// Identities at the target that were not compared with any record. If users were selected, they are unknown.
    pub(super) others: Option<NotInExport>,
    /// The runs that made what was found, by the target's own marks.
    pub runs: BTreeSet<String>,
    checked: u64,
    equal: u64,
    missing: Finding,
    different: Finding,
    fields: BTreeMap<Field, u64>,
    /// Fields that records have and the target does not show.
    hidden: BTreeMap<Field, u64>,
}

impl VerifyAccount {
    pub(super) fn new(ledger: Ledger) -> Self {
        let (missing, different) = (Finding::default(), Finding::default());
        Self {
            ledger,
            selection: None,
            others: None,
            runs: BTreeSet::new(),
            checked: 0,
            equal: 0,
            missing,
            different,
            fields: BTreeMap::new(),
            hidden: BTreeMap::new(),
        }
    }

    pub(super) fn book(&mut self, page: &[MappedIdentity], results: Vec<ComparisonResult>) {
        for (identity, result) in page.iter().zip(results) {
            self.checked += 1;
            let ComparisonResult::Found { different, hidden } = result else {
                self.missing.add(&identity.position);
                continue;
            };
            for field in hidden {
                *self.hidden.entry(field).or_default() += 1;
            }
            if different.is_empty() {
                self.equal += 1;
                continue;
            }
            for field in different {
                *self.fields.entry(field).or_default() += 1;
            }
            self.different.add(&identity.position);
        }
    }

    /// Returns 0 only if everything agrees.
    pub fn exit_status(&self) -> ExitStatus {
        match ExitStatus::of(&self.ledger) {
            ExitStatus::Success | ExitStatus::Rejected if self.exceptions().is_some() => ExitStatus::Rejected,
            // A record that cannot be sent is not expected at the target.
            ExitStatus::Rejected => ExitStatus::Success,
            status => status,
        }
    }

    /// Writes the summary for people. It names positions and fields, never a person.
    pub fn write_summary(&self, out: &mut String) -> fmt::Result {
        let counts = self.ledger.counts();
        let how = if self.ledger.stopped.is_some() { "Verification STOPPED" } else { "Verified" };
        let records = self.selection.as_ref().map_or(counts.read, |selection| selection.records);
        writeln!(out, "{how}: {} of {} looked up.\n", count(self.checked), plural_past(records, "record"))?;
        writeln!(out, "  {:>14} equal", count(self.equal))?;
        writeln!(out, "  {:>14} missing at the target", count(self.missing.count))?;
        positions(out, &self.missing)?;
        writeln!(out, "  {:>14} different", count(self.different.count))?;
        for (field, number) in &self.fields {
            writeln!(out, "  {:>14}   in {}: {}", "", field.name(), count(*number))?;
        }
        positions(out, &self.different)?;
        for (field, number) in &self.hidden {
            let number = count(*number);
            writeln!(out, "  {number:>14} not compared in {}: the target does not show it", field.name())?;
        }
        match &self.others {
            Some(NotInExport { extra, of_other_imports, rejected, twice }) => {
                identities(out, extra, EXTRA)?;
                // Most targets have none of these, so they are shown only if there are some.
                for (others, what) in
                    [(of_other_imports, OF_OTHER_IMPORTS), (rejected, PRESENT_BUT_REJECTED), (twice, PRESENT_TWICE)]
                {
                    if others.count > 0 {
                        identities(out, others, what)?;
                    }
                }
            }
            None => writeln!(out, "  {:>14} extra identities were not looked for", "")?,
        }
        writeln!(out, "  {:>14} cannot be sent (see a dry run)", count(counts.rejected))?;
        self.ledger.without_records().iter().try_for_each(|input| writeln!(out, "There is no record in {input}."))
    }

    /// One line about what does not agree, if anything.
    pub fn exceptions(&self) -> Option<String> {
        let others =
            |which: fn(&NotInExport) -> &Identities| self.others.as_ref().map_or(0, |others| which(others).count);
        let counts = [
            (self.missing.count, "missing at the target"),
            (self.different.count, "different"),
            (others(|others| &others.extra), EXTRA),
            (others(|others| &others.rejected), PRESENT_BUT_REJECTED),
            (others(|others| &others.twice), PRESENT_TWICE),
        ];
        let reported: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", count(*number)))
            .collect();
        (!reported.is_empty()).then(|| reported.join(", "))
    }

    /// Why the comparison stopped early, and what was compared before.
    pub fn reason(&self) -> Option<String> {
        let purpose = if self.checked == 0 { Purpose::NoComparison } else { Purpose::Comparison };
        self.ledger.stopped.as_ref().map(|stopped| stopped.and_what_was_done(purpose))
    }

    /// The findings for programs.
    pub fn report<'a>(&'a self, target: &'a str) -> VerifyReport<'a> {
        VerifyReport {
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            target,
            status: if self.ledger.stopped.is_none() { "finished" } else { "stopped" },
            reason: self.reason(),
            exit_code: self.exit_status().code(),
            inputs: &self.ledger.inputs,
            selection: self.selection.as_ref(),
            read: self.ledger.counts().read,
            rejected: self.ledger.rejected(),
            checked: self.checked,
            equal: self.equal,
            missing: &self.missing,
            different: &self.different,
            different_fields: &self.fields,
            not_compared: &self.hidden,
            extra: self.others.as_ref().map(|others| &others.extra),
            of_other_imports: self.others.as_ref().map(|others| &others.of_other_imports).filter(|of| of.count > 0),
            present_but_rejected: self.others.as_ref().map(|others| &others.rejected),
            present_twice: self.others.as_ref().map(|others| &others.twice),
        }
    }
}

impl VerifyReport<'_> {
    /// The report with the exit status of all kinds that were compared.
    #[must_use]
    pub fn of_all(self, status: ExitStatus) -> Self {
        Self { exit_code: status.code(), ..self }
    }
}

fn identities(out: &mut String, Identities { count: number, first }: &Identities, what: &str) -> fmt::Result {
    writeln!(out, "  {:>14} {what}", count(*number))?;
    first.iter().try_for_each(|id| writeln!(out, "  {:>14}   {id}", ""))
}

fn positions(out: &mut String, finding: &Finding) -> fmt::Result {
    for Position { input, record, line, offset, .. } in &finding.first {
        writeln!(out, "  {:>14}   {input}: record {record}, line {line}, byte {offset}", "")?;
    }
    let more = finding.count - finding.first.len() as u64;
    if more > 0 { writeln!(out, "  {:>14}   and {} more", "", count(more)) } else { Ok(()) }
}

/// The findings of a verification as JSON.
#[derive(Debug, Serialize)]
pub struct VerifyReport<'a> {
    tool: &'static str,
    version: &'static str,
    target: &'a str,
    status: &'static str,
    reason: Option<String>,
    exit_code: u8,
    inputs: &'a [InputProgress],
    /// If users were selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<&'a SelectionTotals>,
    read: u64,
    rejected: u64,
    checked: u64,
    equal: u64,
    missing: &'a Finding,
    different: &'a Finding,
    different_fields: &'a BTreeMap<Field, u64>,
    not_compared: &'a BTreeMap<Field, u64>,
    /// At the target, and not in the export.
    extra: Option<&'a Identities>,
    /// At the target, not in the export, and made by runs that made nothing that is in it: of another instance of Clerk.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_other_imports: Option<&'a Identities>,
    /// At the target, and in the export with a record that cannot be sent.
    present_but_rejected: Option<&'a Identities>,
    /// At the target, beside another identity of the same user in the export.
    present_twice: Option<&'a Identities>,
}
