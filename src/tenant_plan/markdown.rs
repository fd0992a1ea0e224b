//! A plan for people.

use std::fmt::{self, Write};

use super::totals::Count;
use super::{Item, ItemKind, TenantPlan};
use crate::markdown::{code, text};

impl TenantPlan {
    /// The plan as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = String::new();
        // A text takes all that is written.
        match self.write(&mut out) {
            Ok(()) | Err(fmt::Error) => out,
        }
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let (id, environment) = (code(&self.instance.id), text(&self.instance.environment_type));
        writeln!(out, "# Plan of {id} ({environment})\n")?;
        writeln!(
            out,
            "What of the tenant beside its users moves, and how. The program changes nothing at the target by it: go through \
             it, and write to each thing in the JSON file what you decided (`note`).\n"
        )?;
        writeln!(out, "| | all | moved | check | to do | cannot move |\n|---|--:|--:|--:|--:|--:|")?;
        for (kind, count) in &self.totals.kinds {
            row(out, kind.title(), *count)?;
        }
        row(out, "**All**", self.totals.all)?;
        if !self.missing.is_empty() {
            writeln!(out, "\nNot looked at:\n")?;
        }
        for missing in &self.missing {
            writeln!(out, "- {}: {}", text(&missing.kind), text(&missing.reason))?;
        }
        let mut heading: Option<ItemKind> = None;
        for item in &self.items {
            if heading != Some(item.kind) {
                writeln!(out, "\n## {}\n", item.kind.title())?;
                heading = Some(item.kind);
            }
            write_item(out, item, 0)?;
        }
        Ok(())
    }
}

fn row(out: &mut String, title: &str, count: Count) -> fmt::Result {
    let Count { all, moved, check, to_do, cannot_move } = count;
    writeln!(out, "| {title} | {all} | {moved} | {check} | {to_do} | {cannot_move} |")
}

fn write_item(out: &mut String, item: &Item, depth: usize) -> fmt::Result {
    let indent = "  ".repeat(depth);
    write!(out, "{indent}- **{}** {}", item.verdict.describe(), code(&item.id))?;
    if let Some(name) = &item.name {
        write!(out, " {}", text(name))?;
    }
    writeln!(out, ": {}", text(&item.why))?;
    for (name, value) in &item.target {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(out, "{indent}  - {}: {}", name.replace('_', " "), code(&value))?;
    }
    for warning in &item.warnings {
        writeln!(out, "{indent}  - {} ({})", text(&warning.sentence), code(&warning.code))?;
    }
    if let Some(client) = &item.assigned_to {
        writeln!(out, "{indent}  - assigned to {}", code(client))?;
    }
    if let Some(note) = &item.note {
        writeln!(out, "{indent}  - note: {}", text(note))?;
    }
    item.parts.iter().try_for_each(|part| write_item(out, part, depth + 1))
}
