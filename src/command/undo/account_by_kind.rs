//! Writes, for a run of a whole tenant that is undone, how many records of each kind were deleted, were gone already, or are kept.

use std::fmt::{self, Write as _};

use crate::human::count;
use crate::kind::Kind;
use crate::report::DeletedKinds;

/// Writes, of a tenant, a line for each kind.
pub(super) fn write_kinds(out: &mut String, counts: &DeletedKinds, deleted: &str, kept: &str) -> fmt::Result {
    if !counts.is_of_tenant() {
        return Ok(());
    }
    writeln!(out, "\nBy kind:")?;
    for (kind, of_kind) in counts.kinds() {
        let named = [(of_kind.deleted, deleted), (of_kind.gone_already, "gone already"), (of_kind.kept(), kept)];
        let named = named.into_iter().filter(|(number, _)| *number > 0);
        let named: Vec<String> = named.map(|(number, what)| format!("{} {what}", count(number))).collect();
        let all = if named.is_empty() { "nothing".to_owned() } else { named.join(", ") };
        writeln!(out, "  {:>14} {all}", plural_of(kind))?;
    }
    Ok(())
}

/// Several of a kind, as the target calls them.
fn plural_of(kind: Kind) -> &'static str {
    if kind == Kind::User { "identities" } else { kind.plural() }
}
