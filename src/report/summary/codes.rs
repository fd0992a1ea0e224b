//! Rejects and notices by their codes, and where the first of each are.

use std::fmt::{self, Write};

use crate::human::count;
use crate::mapping::{Notice, NoticeKind};
use crate::outcomes::{CodeCount, Ledger, RejectedRecord, SameAs, SharingRecord};
use crate::source::Position;

/// How many of the records that share an address are named. The report has more.
const NAMED_SHARING: usize = 4;

/// Writes what was rejected, by code.
pub(super) fn rejects(out: &mut String, ledger: &Ledger) -> fmt::Result {
    if ledger.rejected_by_code().is_empty() {
        return Ok(());
    }
    writeln!(out, "\nRejected:")?;
    for (code, CodeCount { count: number, first }) in ledger.rejected_by_code() {
        writeln!(out, "  {:>14} {:<24} {}", count(*number), code.as_str(), code.sentence())?;
        for RejectedRecord { position, same_as } in first {
            place(out, position, same_as.as_ref())?;
        }
        more(out, *number, first.len())?;
    }
    Ok(())
}

fn place(out: &mut String, position: &Position, same_as: Option<&SameAs>) -> fmt::Result {
    let (input, record) = (&position.input, count(position.record));
    write!(out, "  {:>14}   {input}: record {record}, line {}, byte {}", "", position.line, position.offset)?;
    if let Some(SameAs { input: of, record, line }) = same_as {
        let of = if **of == **input { String::new() } else { format!("{of}: ") };
        write!(out, " (same as {of}record {}, line {line})", count(*record))?;
    }
    writeln!(out)
}

fn more(out: &mut String, number: u64, named: usize) -> fmt::Result {
    match number.saturating_sub(named as u64) {
        0 => Ok(()),
        more => writeln!(out, "  {:>14}   and {} more", "", count(more)),
    }
}

/// Writes what else an administrator has to know, by code.
pub(super) fn all_notices(out: &mut String, ledger: &Ledger) -> fmt::Result {
    let (warnings, left_behind) = if ledger.steps().is_empty() {
        ("Warnings (these users move all the same):", "What cannot move (users who have it):")
    } else {
        ("Warnings (these records move all the same):", "What cannot move (records that have it):")
    };
    notices(out, ledger, NoticeKind::Warning, warnings)?;
    notices(out, ledger, NoticeKind::LeftBehind, left_behind)?;
    notices(out, ledger, NoticeKind::AtTarget, "At the target already:")
}

fn notices(out: &mut String, ledger: &Ledger, kind: NoticeKind, heading: &str) -> fmt::Result {
    let notices = ledger.notices(kind);
    if notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{heading}")?;
    let width = notices.keys().map(|notice| notice.as_str().len()).max().unwrap_or(0);
    for (notice, number) in notices {
        writeln!(out, "  {:>14} {:<width$} {}", count(number), notice.as_str(), notice.sentence())?;
        if notice == Notice::AddressShared {
            let named = &ledger.sharing[..ledger.sharing.len().min(NAMED_SHARING)];
            named.iter().try_for_each(|SharingRecord { position, same_as }| place(out, position, Some(same_as)))?;
            more(out, number, named.len())?;
        }
    }
    Ok(())
}
