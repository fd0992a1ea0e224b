//! A plan for people.

use std::fmt::{self, Write};

use super::totals::VerdictCount;
use super::{PlannedEndpoint, WebhooksPlan};

/// The plan as text.
pub fn plan_text(plan: &WebhooksPlan) -> String {
    let mut out = String::new();
    // A text takes all that is written.
    match write(&mut out, plan) {
        Ok(()) | Err(fmt::Error) => out,
    }
}

fn write(out: &mut String, plan: &WebhooksPlan) -> fmt::Result {
    for endpoint in &plan.endpoints {
        write_endpoint(out, endpoint)?;
    }
    if !plan.handlers.is_empty() {
        writeln!(out, "Handlers in the code:")?;
    }
    for handler in &plan.handlers {
        let lines: Vec<String> = handler.lines.iter().map(ToString::to_string).collect();
        writeln!(out, "  {}, line {}: {}", handler.file, lines.join(", "), handler.events.join(", "))?;
    }
    if !plan.events_without_endpoint.is_empty() {
        writeln!(
            out,
            "! The code handles these events, and no endpoint of the file gets them: {}",
            plan.events_without_endpoint.join(", ")
        )?;
    }
    line(out, "Endpoints", plan.totals.endpoints)?;
    line(out, "Events", plan.totals.events)
}

fn line(out: &mut String, what: &str, count: VerdictCount) -> fmt::Result {
    let VerdictCount { all, moved, check, cannot_move } = count;
    writeln!(out, "{what}: {all}; {moved} moved, {check} to check, {cannot_move} cannot move")
}

fn write_endpoint(out: &mut String, endpoint: &PlannedEndpoint) -> fmt::Result {
    writeln!(out, "{} ({}): {}", endpoint.name, endpoint.url, endpoint.verdict.describe())?;
    writeln!(out, "  {}", endpoint.why)?;
    for event in &endpoint.events {
        let at_target = if event.at_target.is_empty() { "-".to_owned() } else { event.at_target.join(", ") };
        writeln!(out, "  {} -> {at_target} ({})", event.event, event.verdict.describe())?;
        writeln!(out, "      {}", event.why)?;
    }
    if let Some(decided) = &endpoint.decided_events {
        writeln!(out, "  decided: {}", decided.join(", "))?;
    }
    for warning in &endpoint.warnings {
        writeln!(out, "  ! {}", warning.sentence)?;
    }
    if let Some(note) = &endpoint.note {
        writeln!(out, "  note: {note}")?;
    }
    writeln!(out)
}
