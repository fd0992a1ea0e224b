//! Writes a list of the records of one run.

use std::borrow::Cow;
use std::io::{self, Write};

use super::run_inputs::InputCursor;
use super::{ResultsError, ResultsTable, RunInputs, TableCell, TableForm, UserList};
use crate::id_map::{IdLookup, KnownId};
use crate::journal::{InDoubt, JournalledRecord, RecordOutcome, RunDirectory, RunRecord, Settled, read_records};
use crate::kind::Kind;
use crate::mapping::{Notice, Notices, RecordIds, Rules, map, read_user};
use crate::source::RawRecord;

const COLUMNS: &[&str] = &["kind", "clerk_id", "external_id", "id", "outcome", "code", "notices", "input", "record"];

/// With the address of the user.
const WITH_ADDRESS: &[&str] =
    &["kind", "clerk_id", "external_id", "id", "email", "outcome", "code", "notices", "input", "record"];

/// A run whose records are listed.
pub struct ListedRun<'r> {
    /// Its directory.
    pub directory: &'r RunDirectory,
    /// What it is about.
    pub record: &'r RunRecord,
    /// Its inputs, to be read once more.
    pub inputs: &'r RunInputs,
    /// How its users were mapped, for their addresses.
    pub rules: &'r Rules,
    /// What its target calls those whom the journal does not name.
    pub ids: &'r IdLookup,
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WrittenList {
    /// Records in the list.
    pub records: u64,
    /// Why some records have no id at Clerk: inputs that cannot be read as they were, each in a sentence without its end.
    pub missing: Vec<String>,
}

/// One record of a list. There is no `Debug`: it is personal data.
pub struct ListedRecord<'a> {
    /// Of which kind it is.
    pub kind: Kind,
    /// The id at Clerk, as far as it is known.
    pub clerk_id: Option<Cow<'a, str>>,
    /// The key at the target.
    pub external_id: Option<Cow<'a, str>>,
    /// The target's own id.
    pub id: Option<Cow<'a, str>>,
    /// The address, of lists that have it.
    pub email: Option<&'a str>,
    /// What became of it.
    outcome: Outcome<'a>,
    /// The file that it stands in.
    input: &'a str,
    /// Its number there.
    number: u64,
}

/// Shows the records of a list one by one, those of several runs one behind the other, each in the order of its inputs. Of a run
/// that has ended the order is always the same. Blocks.
pub fn list_records(
    list: UserList,
    runs: &[ListedRun<'_>],
    mut each: impl FnMut(&ListedRecord<'_>) -> Result<(), ResultsError>,
) -> Result<WrittenList, ResultsError> {
    let mut written = WrittenList::default();
    for run in runs {
        let mut lines = RunLines { run, list, cursor: InputCursor::new(run.inputs), records: 0 };
        read_records(&run.directory.journal(), run.record.inputs.len(), |record| lines.show(&record, &mut each))?;
        written.records += lines.records;
        written.missing.append(&mut lines.cursor.missing);
    }
    Ok(written)
}

/// Writes a list of the records of runs as a table, in the order of [`list_records`]. Blocks. It is an error if `stop` says so before
/// the list is whole.
pub fn write_list(
    out: &mut dyn Write,
    form: TableForm,
    (list, runs): (UserList, &[ListedRun<'_>]),
    stop: impl Fn() -> bool,
) -> Result<WrittenList, ResultsError> {
    let columns = if list.has_addresses() { WITH_ADDRESS } else { COLUMNS };
    let mut table = ResultsTable::begin(out, form, columns).map_err(ResultsError::Write)?;
    let written = list_records(list, runs, |record| {
        if stop() {
            return Err(ResultsError::Stopped);
        }
        table.row(&record.cells(list.has_addresses())).map_err(ResultsError::Write)
    })?;
    table.finish().map_err(ResultsError::Write)?;
    Ok(written)
}

impl ListedRecord<'_> {
    fn cells(&self, has_addresses: bool) -> Vec<TableCell<'_>> {
        let ids = [&self.clerk_id, &self.external_id, &self.id];
        let mut cells = vec![TableCell::text(self.kind.as_str())];
        cells.extend(ids.map(|id| TableCell::Text(id.as_deref().map(Cow::Borrowed))));
        if has_addresses {
            cells.push(TableCell::Text(self.email.map(Cow::Borrowed)));
        }
        cells.extend([
            TableCell::text(self.outcome.name),
            TableCell::Text(self.outcome.code.map(Cow::Borrowed)),
            TableCell::Words(self.outcome.notices.iter().map(Notice::as_str).collect()),
            TableCell::text(self.input),
            TableCell::Number(self.number),
        ]);
        cells
    }
}

/// Who a record is about. There is no `Debug`: it is personal data.
#[derive(Default)]
struct Person {
    ids: RecordIds,
    email: Option<String>,
}

struct RunLines<'r> {
    run: &'r ListedRun<'r>,
    list: UserList,
    cursor: InputCursor<'r>,
    records: u64,
}

/// What became of a record, in the words of the list.
struct Outcome<'a> {
    name: &'static str,
    code: Option<&'a str>,
    notices: Notices,
}

impl RunLines<'_> {
    fn show(
        &mut self,
        record: &JournalledRecord,
        each: &mut impl FnMut(&ListedRecord<'_>) -> Result<(), ResultsError>,
    ) -> Result<(), ResultsError> {
        let Some(outcome) = self.outcome(record) else { return Ok(()) };
        let key = record.key();
        let input = self.run.record.inputs.get(usize::from(key.input));
        let kind = input.map_or_else(Kind::default, |input| input.kind);
        let (has_addresses, rules) = (self.list.has_addresses(), self.run.rules);
        let person = self.cursor.find(key, |raw| Person::of(raw, has_addresses.then_some(rules)));
        if has_addresses && person.is_none() {
            let problem = self.cursor.missing.pop();
            return Err(ResultsError::NoInput(problem.unwrap_or_else(|| "a record of it is not there".to_owned())));
        }
        let person = person.unwrap_or_default();
        let known = self.known(kind, record, person.ids.clerk_id.as_deref()).map_err(ResultsError::Ids)?;
        let Known { clerk_id, external_id, id } = known.or(&person.ids);
        self.records += 1;
        each(&ListedRecord {
            kind,
            clerk_id,
            external_id,
            id,
            email: person.email.as_deref(),
            outcome,
            input: input.map_or("", |input| &input.path),
            number: key.number,
        })
    }

    /// What became of a record, if it is in the list.
    fn outcome<'a>(&self, record: &'a JournalledRecord) -> Option<Outcome<'a>> {
        let unmoved = |name, code| {
            let taken = self.list.takes_unmoved(code);
            taken.then_some(Outcome { name, code, notices: Notices::default() })
        };
        let JournalledRecord::Settled { settled: Settled { outcome, notices, .. }, .. } = record else {
            return unmoved("unfinished", None);
        };
        let (name, moved) = match outcome {
            RecordOutcome::Rejected { code, .. } => return unmoved("rejected", Some(code)),
            RecordOutcome::Created { .. } => ("created", UserList::Created),
            RecordOutcome::Updated => ("updated", UserList::Updated),
            RecordOutcome::Unchanged => ("unchanged", UserList::Unchanged),
        };
        let notices = Notices::from_bits(*notices);
        self.list.takes_moved(moved, notices).then_some(Outcome { name, code: None, notices })
    }

    /// What is known of the ids: by the journal, else by what any run learned of somebody whom this one did not ask about.
    fn known<'a>(&self, kind: Kind, record: &'a JournalledRecord, clerk_id: Option<&str>) -> io::Result<Known<'a>> {
        let (settled, identified) = match record {
            JournalledRecord::InDoubt(InDoubt { external_id, .. }) => {
                return Ok(Known { external_id: external_id.as_deref().map(Cow::Borrowed), ..Known::default() });
            }
            JournalledRecord::Settled { settled, identified } => (settled, identified),
        };
        if let Some(identified) = identified {
            let external_id = identified.external_id.as_ref().unwrap_or(&identified.clerk_id);
            return Ok(Known {
                clerk_id: Some(Cow::Borrowed(&identified.clerk_id)),
                external_id: Some(Cow::Borrowed(external_id)),
                id: Some(Cow::Borrowed(&identified.id)),
            });
        }
        match &settled.outcome {
            RecordOutcome::Created { external_id, id } => Ok(Known {
                // What the journal names no other way has its id at Clerk as its external id.
                clerk_id: id.as_ref().map(|_| Cow::Borrowed(&**external_id)),
                external_id: Some(Cow::Borrowed(external_id)),
                id: id.as_deref().map(Cow::Borrowed),
            }),
            RecordOutcome::Rejected { .. } => Ok(Known::default()),
            RecordOutcome::Unchanged | RecordOutcome::Updated => {
                let found = clerk_id.map(|clerk_id| self.run.ids.find(kind, clerk_id)).transpose()?.flatten();
                Ok(found.map_or_else(Known::default, Known::of_map))
            }
        }
    }
}

/// The ids of one, as far as they are known.
#[derive(Default)]
struct Known<'a> {
    clerk_id: Option<Cow<'a, str>>,
    external_id: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
}

impl<'a> Known<'a> {
    fn of_map(known: KnownId) -> Self {
        let external_id = Some(Cow::Owned(known.external_id().to_owned()));
        Self { clerk_id: Some(Cow::Owned(known.clerk_id)), external_id, id: Some(Cow::Owned(known.id)) }
    }

    /// What is not known yet as the record has it.
    fn or(self, ids: &'a RecordIds) -> Self {
        let of_record = |id: &'a Option<String>| id.as_deref().map(Cow::Borrowed);
        let clerk_id = of_record(&ids.clerk_id);
        Self {
            external_id: self.external_id.or_else(|| of_record(&ids.external_id)).or_else(|| clerk_id.clone()),
            clerk_id: self.clerk_id.or(clerk_id),
            id: self.id,
        }
    }
}

impl Person {
    /// Who a record is about, as far as that can be read; with the address by these rules.
    fn of(raw: RawRecord<'_>, rules: Option<&Rules>) -> Self {
        let email = rules.and_then(|rules| {
            let mapped =
                read_user(raw, |user| Ok(map(user, rules).map(|mapped| mapped.identity.traits.email.into_owned())));
            mapped.ok().and_then(Result::ok)
        });
        Self { ids: RecordIds::of(raw), email }
    }
}
