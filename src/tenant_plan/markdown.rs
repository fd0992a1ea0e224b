//! A plan for people.

use std::fmt::{self, Write};
use std::io;

use super::totals::Count;
use super::{Item, ItemKind, TenantPlan};
use crate::markdown::{code, text};

impl TenantPlan {
    /// Writes the plan as Markdown, without the end of its last line.
    pub fn write_markdown(&self, mut out: impl io::Write) -> io::Result<()> {
        // One thing behind: of the last one the end is not written.
        let mut waiting = self.head().map_err(io::Error::other)?;
        let mut heading: Option<ItemKind> = None;
        for item in self.items.iter() {
            let item = item?;
            let mut text = String::new();
            let written =
                if heading == Some(item.kind) { Ok(()) } else { writeln!(text, "\n## {}\n", item.kind.title()) };
            heading = Some(item.kind);
            written.and_then(|()| write_item(&mut text, &item, 0)).map_err(io::Error::other)?;
            out.write_all(waiting.as_bytes())?;
            waiting = text;
        }
        out.write_all(waiting.trim_end().as_bytes())
    }

    fn head(&self) -> Result<String, fmt::Error> {
        let mut out = String::new();
        let (id, environment) = (code(&self.instance.id), text(&self.instance.environment_type));
        writeln!(out, "# Plan of {id} ({environment})\n")?;
        writeln!(
            out,
            "What of the tenant beside its users moves, and how. The program changes nothing at the target by it: go through \
             it, and write to each thing in the JSON file what you decided (`note`).\n"
        )?;
        writeln!(out, "| | all | moved | check | to do | cannot move |\n|---|--:|--:|--:|--:|--:|")?;
        for (kind, count) in &self.totals.kinds {
            row(&mut out, kind.title(), *count)?;
        }
        row(&mut out, "**All**", self.totals.all)?;
        if !self.missing.is_empty() {
            writeln!(out, "\nNot looked at:\n")?;
        }
        for missing in &self.missing {
            writeln!(out, "- {}: {}", text(&missing.kind), text(&missing.reason))?;
        }
        Ok(out)
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
