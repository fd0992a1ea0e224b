//! What came of memberships that are joined to their users, for people.

use std::fmt::{self, Write};

use crate::human::{count, plural};
use crate::memberships::MembershipsReport;

/// Writes what came of it.
pub(super) fn write_joined_memberships(out: &mut String, report: &MembershipsReport) -> fmt::Result {
    let MembershipsReport { memberships, inside_users, .. } = report;
    if !report.moved {
        return writeln!(
            out,
            "\nOrganizations cannot move to Kratos: {} and {} stay behind; --kratos-organizations metadata-admin keeps \
             them with their members.",
            plural(report.organizations, "organization"),
            plural(memberships + inside_users, "membership"),
        );
    }
    writeln!(out, "\nOrganizations of users:")?;
    let mut line = |number: u64, what: &str| writeln!(out, "  {:>14} {what}", count(number));
    line(report.users, "users are in organizations")?;
    line(*memberships, "memberships in files")?;
    line(*inside_users, "memberships inside users")?;
    if let Some(number) = report.without_user.filter(|number| *number > 0) {
        line(number, "memberships in files whose user is not in the input")?;
    }
    let unreadable = report.unreadable.count;
    if unreadable > 0 { line(unreadable, "records that name no organization, user or role") } else { Ok(()) }
}
