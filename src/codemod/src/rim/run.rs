//! A run: what is there, what each file says, what follows from all of them, and what is done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::apply::new_text;
use super::decision::Decision;
use super::fault::Fault;
use super::options::{CodemodError, Mode, Options};
use super::reading::{read, text};
use super::selection::Selection;
use super::surroundings::Surroundings;
use super::threads::on_all;
use super::tree::Tree;
use super::write::write_all;
use crate::project::{Analysis, Content, Folders, analyse, barrel_packages};
use crate::report::Account;
use crate::syntax::Language;

/// What a run did.
#[derive(Debug)]
pub struct Outcome {
    /// The account.
    pub account: Account,
    /// The diff of a dry run.
    pub diff: String,
    /// Files that were written.
    pub written: Vec<String>,
    /// Files on which the program failed.
    pub faults: Vec<Fault>,
    /// The root that paths are meant from.
    pub root: PathBuf,
}

/// Does what the options say. `progress` gets the number of files done and of all.
///
/// # Errors
/// If the run cannot begin, or writing stops half-way.
pub fn run(options: &Options, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Outcome, CodemodError> {
    let tree = Tree::read(options)?;
    let selection = Selection::new(&tree.root, &options.directory, &options.paths)?;
    let changed = tree.changed.as_deref().unwrap_or_default();
    if let (Mode::Write, false, [example, ..]) = (options.mode, options.force, changed) {
        return Err(CodemodError::Dirty { count: changed.len(), example: example.clone() });
    }
    let selected = tree.files.iter().filter(|path| selection.has(path)).count();
    let surroundings = Surroundings::read(&tree);
    let mut faults = Vec::new();
    let given = (&surroundings, &selection);
    let mut analyses = analyse_all(&tree, given, options, progress, &mut faults);
    if selected == 0 {
        return Err(CodemodError::Nothing(options.directory.display().to_string()));
    }
    let importers = importers(&tree, &analyses, &surroundings.folders);
    let decision = Decision { options, surroundings: &surroundings, selection: &selection, importers: &importers };
    let (plan, diffs) = decision.decide(&mut analyses, &mut faults);
    let mut not_read = tree.skipped.clone();
    for analysis in &analyses {
        if let Content::Skipped(skip) = analysis.content {
            *not_read.entry(skip).or_default() += 1;
        }
    }
    let account = Account::new(&plan, selected, not_read);
    let written = if options.mode == Mode::Write {
        let changed = plan.files.iter().filter(|file| !file.edits.is_empty());
        let texts = changed.filter_map(|file| Some((file.path.as_str(), file.text.as_str(), new_text(file).ok()?)));
        write_all(&tree.root, tree.is_restorable(), texts)?
    } else {
        Vec::new()
    };
    Ok(Outcome { account, diff: diffs.concat(), written, faults, root: tree.root })
}

fn analyse_all(
    tree: &Tree,
    (surroundings, selection): (&Surroundings, &Selection),
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
    faults: &mut Vec<Fault>,
) -> Vec<Analysis> {
    let all = tree.files.len();
    // What is not selected is not written, so nothing moves there.
    let held = options.rules.held();
    let outcomes = on_all(&tree.files, &|done| progress(done, all), |path| {
        let Ok(bytes) = read(&tree.root, path) else { return Some(Analysis::unreadable(path)) };
        let rules = if selection.has(path) { &options.rules } else { &held };
        analyse(path, &bytes?, &surroundings.context(path, rules, options))
    });
    let mut analyses = Vec::new();
    for (path, outcome) in tree.files.iter().zip(outcomes) {
        if let Some(found) = outcome {
            analyses.extend(found);
        } else {
            analyses.push(Analysis::failed(path));
            faults.push(Fault::on(path));
        }
    }
    analyses
}

/// How many files import from the package of each file that passes a whole module of Clerk's on.
fn importers(tree: &Tree, analyses: &[Analysis], folders: &Folders) -> BTreeMap<String, usize> {
    let barrels = barrel_packages(analyses, folders);
    if barrels.is_empty() {
        return BTreeMap::new();
    }
    let code: Vec<&String> = tree.files.iter().filter(|path| Language::of(path).is_some()).collect();
    let packages: BTreeSet<&String> = barrels.values().collect();
    let imports = on_all(&code, &|_| (), |path| {
        let text = text(&tree.root, path).unwrap_or_default();
        let names = |package: &str| {
            text.match_indices(package).any(|(at, _)| {
                let quote = text[..at].ends_with(['"', '\'']);
                quote && text[at + package.len()..].starts_with(['"', '\'', '/'])
            })
        };
        packages.iter().filter(|package| names(package)).map(|package| (*package).clone()).collect::<Vec<_>>()
    });
    let count = |package: &String| imports.iter().flatten().filter(|named| named.contains(package)).count();
    barrels.iter().map(|(path, package)| (path.clone(), count(package))).collect()
}
