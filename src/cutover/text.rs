//! How a switch stands, as lines for a terminal.

use std::fmt::{self, Write};

use super::{Account, PointAccount, Standing, StepAccount};

/// The widths of the columns before the text.
const MARKS: usize = 14;
const NAMES: usize = 19;

/// How a switch stands, as text.
pub fn status_text(account: &Account) -> String {
    let mut out = String::new();
    // A text takes all that is written.
    match write(&mut out, account) {
        Ok(()) | Err(fmt::Error) => out,
    }
}

fn write(out: &mut String, account: &Account) -> fmt::Result {
    for (what, target) in [("Staging's target:   ", &account.staging_target), ("Production's target:", &account.target)]
    {
        if let Some(target) = target {
            writeln!(out, "{what} {target}")?;
        }
    }
    account.steps.iter().try_for_each(|step| write_step(out, step))?;
    let points = account.steps.iter().flat_map(|step| &step.points);
    if points.clone().any(|point| point.kind == "fact" && point.needed && point.standing != Standing::Ok) {
        writeln!(
            out,
            "\nRecord what only a person can know:\n  avnology migrate clerk cutover record NAME --by WHO --note TEXT"
        )?;
    }
    Ok(())
}

fn write_step(out: &mut String, step: &StepAccount) -> fmt::Result {
    let StepAccount { title, standing, waits_for, skipped, points, .. } = step;
    writeln!(out, "\n{}. {title} ({}): {}", step.of_guide, step.step.name(), standing.describe())?;
    for before in waits_for {
        writeln!(out, "  `{}` has to be ok before this step is", before.name())?;
    }
    for skip in skipped {
        let at = skip.at.strftime("%F %T UTC");
        writeln!(out, "  skipped by {} at {at}: {}", line(&skip.by.to_string()), line(&skip.note.to_string()))?;
        if let Some(word) = &skip.withdrawn {
            let at = word.at.strftime("%F %T UTC");
            writeln!(out, "  taken back by {} at {at}: {}", line(&word.by.to_string()), line(&word.note.to_string()))?;
        }
    }
    points.iter().filter(|point| point.needed || point.at.is_some()).try_for_each(|point| write_point(out, point))
}

fn write_point(out: &mut String, point: &PointAccount) -> fmt::Result {
    let PointAccount { name, title, standing, sentence, command, at, by, note, .. } = point;
    let said = by.as_ref().zip(note.as_ref()).zip(at.as_ref());
    let said = said.map(|((by, note), at)| {
        format!("{}, {}: {}", line(&by.to_string()), at.strftime("%F %T UTC"), line(&note.to_string()))
    });
    let text = [said, sentence.clone()].into_iter().flatten().reduce(|one, other| format!("{one} ({other})"));
    let text = text.unwrap_or_else(|| (*title).to_owned());
    writeln!(out, "  {:<MARKS$}{name:<NAMES$}{text}", standing.describe())?;
    if let Some(command) = command.as_ref().filter(|_| *standing != Standing::Ok) {
        writeln!(out, "  {:<MARKS$}{:<NAMES$}{command}", "", "")?;
    }
    Ok(())
}

/// A text on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
