//! The pages of a list.

use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::failed_call::FailedCall;
use super::kind::Kind;
use super::list::{List, ListShape, Paging};
use super::object::ApiObject;
use super::order::Order;
use super::query::Query;
use super::selection::Selection;

/// Whose records are meant: those of one organization, or of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub kind: Kind,
    pub id: String,
}

impl Owner {
    /// The column that has its id.
    fn column(&self) -> &'static str {
        if self.kind == Kind::Users { "user_id" } else { "organization_id" }
    }
}

/// One page, as it is sent: the records to the byte.
pub(super) fn page(
    connection: &Connection,
    list: &List,
    owner: Option<&Owner>,
    query: &Query,
) -> Result<Vec<u8>, FailedCall> {
    let selection = selection(list, owner, query)?;
    if let Some(Owner { kind, id }) = owner {
        let mut statement = connection.prepare_cached(&format!("SELECT 1 FROM {} WHERE id = ?1", kind.name()))?;
        if !statement.exists([id])? {
            return Err(FailedCall::not_found());
        }
    }
    let order = Order::of(list, query)?;
    let (limit, offset) = bounds(list, query)?;
    let total = match list.shape {
        ListShape::Array => None,
        ListShape::Page => Some(total(connection, list.kind, &selection)?),
    };
    let selection = match query.text("starting_after").filter(|_| list.has_cursor) {
        Some(id) => {
            check_cursor(order, offset)?;
            selection.behind(created_at(connection, list.kind, id)?, id.to_owned(), order.is_descending)
        }
        None => selection,
    };
    let counts_members = list.kind == Kind::Organizations && query.flag("include_members_count")? == Some(true);
    let table = list.kind.name();
    let (clause, order) = (selection.clause(), order.clause());
    let mut statement = connection
        .prepare_cached(&format!("SELECT r.record FROM {table} r{clause}{order} LIMIT {limit} OFFSET {offset}"))?;
    let mut body = Vec::from(if total.is_some() { &b"{\"data\":["[..] } else { b"[" });
    let mut rows = statement.query(params_from_iter(selection.values()))?;
    let mut is_first = true;
    while let Some(row) = rows.next()? {
        if !is_first {
            body.push(b',');
        }
        is_first = false;
        let record = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if let Some(name) = list.hidden {
            body.extend_from_slice(without(record, name).as_bytes());
        } else if counts_members {
            body.extend_from_slice(with_members_count(connection, record)?.as_bytes());
        } else {
            body.extend_from_slice(record.as_bytes());
        }
    }
    body.push(b']');
    if let Some(total) = total {
        body.extend_from_slice(format!(",\"total_count\":{total}}}").as_bytes());
    }
    Ok(body)
}

/// How many records a request asks for.
pub(super) fn count(connection: &Connection, list: &List, query: &Query) -> Result<i64, FailedCall> {
    total(connection, list.kind, &selection(list, None, query)?)
}

fn selection(list: &List, owner: Option<&Owner>, query: &Query) -> Result<Selection, FailedCall> {
    query.expect(|name| list.has_parameter(name))?;
    let selection = Selection::of(list, query)?;
    Ok(match owner {
        Some(owner) => selection.with(owner.column(), &owner.id),
        None => selection,
    })
}

/// The largest number of records in an answer, and how many are left out before them. -1 is SQL's word for no limit.
fn bounds(list: &List, query: &Query) -> Result<(i64, i64), FailedCall> {
    let is_paged = match list.paging {
        Paging::Always => true,
        Paging::WhenAsked => query.flag("paginated")? == Some(true),
        Paging::Never => false,
    };
    // Out of bounds is an error even where the bounds do not hold.
    let bounds = (query.limit()?, query.offset()?);
    Ok(if is_paged { bounds } else { (-1, 0) })
}

/// How many records there are of a selection.
fn total(connection: &Connection, kind: Kind, selection: &Selection) -> Result<i64, FailedCall> {
    // Counting a million records takes longer than reading a page of them, so their number is kept.
    if selection.is_everything() {
        let mut statement = connection.prepare_cached("SELECT total FROM totals WHERE kind = ?1")?;
        return Ok(statement.query_row([kind.name()], |row| row.get(0))?);
    }
    let mut statement =
        connection.prepare_cached(&format!("SELECT count(*) FROM {} r{}", kind.name(), selection.clause()))?;
    Ok(statement.query_row(params_from_iter(selection.values()), |row| row.get(0))?)
}

/// Fails unless a list can go on behind a record.
fn check_cursor(order: Order, offset: i64) -> Result<(), FailedCall> {
    if !order.is_of_creation {
        return Err(FailedCall::invalid_value("starting_after", "It requires the order of `created_at`."));
    }
    if offset != 0 {
        return Err(FailedCall::invalid_value("starting_after", "It cannot be combined with an offset."));
    }
    Ok(())
}

/// When a record was created. The document does not say what becomes of a cursor whose record is gone: here it is an error, so
/// that a caller has to know what to do about it.
fn created_at(connection: &Connection, kind: Kind, id: &str) -> Result<i64, FailedCall> {
    let mut statement = connection.prepare_cached(&format!("SELECT created_at FROM {} WHERE id = ?1", kind.name()))?;
    let found = statement.query_row([id], |row| row.get(0)).optional()?;
    found.ok_or_else(|| FailedCall::invalid_value("starting_after", "There is no such record."))
}

/// An organization with the number of its members, if it does not have it already.
pub(super) fn with_members_count(connection: &Connection, record: &str) -> Result<String, FailedCall> {
    let mut statement = connection.prepare_cached(
        "SELECT count(*), ?1 ->> '$.members_count' FROM organization_memberships WHERE organization_id = ?1 ->> '$.id'",
    )?;
    let (members, has): (i64, Option<i64>) = statement.query_row([record], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // It has an id, so there is a member before the new one.
    Ok(match record.strip_suffix('}') {
        Some(open) if has.is_none() => format!("{open},\"members_count\":{members}}}"),
        _ => record.to_owned(),
    })
}

/// A record without one of its members.
pub(super) fn without(record: &str, name: &str) -> String {
    let object = ApiObject::parse(record).filter(|object| object.get(name).is_some());
    object.map_or_else(
        || record.to_owned(),
        |mut object| {
            object.remove(name);
            object.to_string()
        },
    )
}
