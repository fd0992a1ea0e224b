//! What is decided about all files, until it holds: each new text is right, and where something would be left, nothing changes
//! if that was asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::apply::new_text;
use super::fault::Fault;
use super::options::{Mode, Options};
use super::selection::Selection;
use super::surroundings::Surroundings;
use super::threads::on_all;
use crate::project::{Analysis, Asked, Content, FilePlan, Given, Plan, analyse, plan};
use crate::report::unified;

/// What there is to decide from beside what each file says.
#[derive(Debug)]
pub(super) struct Decision<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// The folders, and what they have.
    pub surroundings: &'a Surroundings,
    /// Which files may change.
    pub selection: &'a Selection,
    /// How many files import from the package of a file that passes a module on.
    pub importers: &'a BTreeMap<String, usize>,
}

impl Decision<'_> {
    /// The plan, and the diffs of a dry run. Each file that has to stay may make others stay, so this goes on until none does.
    pub(super) fn decide(&self, analyses: &mut [Analysis], faults: &mut Vec<Fault>) -> (Plan, Vec<String>) {
        let folders = &self.surroundings.folders;
        let asked = Asked { is_written: self.options.mode == Mode::Write, ..self.options.asked.clone() };
        let paths = analyses.iter().map(|analysis| &analysis.path);
        let mut stays: BTreeSet<String> = paths.filter(|path| !self.selection.has(path)).cloned().collect();
        loop {
            let (rules, importers) = (&self.options.rules, self.importers);
            let mut plan = plan(analyses, Given { folders, rules, asked: &asked, importers, stays: &stays });
            if self.options.only_complete {
                let open = plan.incomplete();
                let paths = analyses.iter().map(|analysis| &analysis.path);
                let more = paths.filter(|path| open.contains(folders.of(path)) && !stays.contains(*path));
                let more: BTreeSet<String> = more.cloned().collect();
                if !more.is_empty() {
                    self.hold(analyses, &more, faults);
                    stays.extend(more);
                    continue;
                }
            }
            plan.select(folders, |path| self.selection.has(path));
            match check_all(&plan, self.options.mode) {
                Ok(diffs) => return (plan, diffs),
                Err(wrong) => fail(analyses, wrong, faults),
            }
        }
    }

    /// Looks again at files in which nothing is to move.
    fn hold(&self, analyses: &mut [Analysis], held: &BTreeSet<String>, faults: &mut Vec<Fault>) {
        let rules = self.options.rules.held();
        let again = on_all(analyses, &|_| (), |analysis| {
            let is_held = held.contains(&analysis.path) && matches!(analysis.content, Content::Code { .. });
            let context = is_held.then(|| self.surroundings.context(&analysis.path, &rules, self.options))?;
            analyse(&analysis.path, analysis.text.as_bytes(), &context)
        });
        let mut wrong = Vec::new();
        for (analysis, again) in analyses.iter_mut().zip(again) {
            match again {
                Some(Some(again)) => *analysis = again,
                Some(None) => {}
                None => wrong.push(Fault::on(&analysis.path)),
            }
        }
        fail(analyses, wrong, faults);
    }
}

/// Makes each new text before the first is written; the diffs of a dry run, or the files whose text would be wrong.
fn check_all(plan: &Plan, mode: Mode) -> Result<Vec<String>, Vec<Fault>> {
    let changed: Vec<&FilePlan> = plan.files.iter().filter(|file| !file.edits.is_empty()).collect();
    let results = on_all(&changed, &|_| (), |file| {
        let text = new_text(file)?;
        let is_shown = mode == Mode::DryRun;
        Ok(if is_shown { unified(&file.path, &file.text, &text, file.is_environment) } else { String::new() })
    });
    let mut diffs = Vec::new();
    let mut wrong = Vec::new();
    for (file, result) in changed.iter().zip(results) {
        match result {
            Some(Ok(diff)) => diffs.push(diff),
            Some(Err(reason)) => wrong.push(Fault { path: file.path.clone(), reason }),
            None => wrong.push(Fault::on(&file.path)),
        }
    }
    if wrong.is_empty() { Ok(diffs) } else { Err(wrong) }
}

/// A file on which the program failed is left: others have to know that what it names stays.
fn fail(analyses: &mut [Analysis], wrong: Vec<Fault>, faults: &mut Vec<Fault>) {
    for analysis in analyses.iter_mut() {
        if wrong.iter().any(|fault| fault.path == analysis.path) {
            *analysis = Analysis::failed(&analysis.path);
        }
    }
    faults.extend(wrong);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_knows_what_a_file_names_on_which_the_program_failed() {
        let mut analyses = ["a.ts", "b.ts"].map(|path| Analysis { is_unknown: false, ..Analysis::failed(path) });
        let mut faults = Vec::new();
        fail(&mut analyses, vec![Fault::on("b.ts")], &mut faults);
        assert_eq!(analyses.map(|analysis| analysis.is_unknown), [false, true]);
        assert_eq!(faults, [Fault::on("b.ts")]);
    }
}
