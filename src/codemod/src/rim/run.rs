//! A run: what is there, what each file says, what follows from all of them, and what is done about it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::apply::new_text;
use super::options::{CodemodError, Mode, Options};
use super::selection::Selection;
use super::threads::on_all;
use super::tree::Tree;
use super::write::write_all;
use crate::environment::{SIGN_IN_URL, SIGN_UP_URL};
use crate::lines::ending;
use crate::other::{EnvironmentFile, values};
use crate::project::{
    Analysis, Asked, Content, FilePlan, Folder, Folders, Given, MAX_BYTES, Plan, analyse, barrel_packages, plan,
};
use crate::report::{Account, unified};
use crate::rules::Rules;
use crate::swap::Context;
use crate::syntax::{Language, read_package_json};

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

/// A file on which the program failed: a bug, and the file is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub path: String,
    /// What happened.
    pub reason: String,
}

/// Does what the options say. `progress` gets the number of files done and of all.
///
/// # Errors
/// If the run cannot begin, or writing stops half-way.
pub fn run(options: &Options, progress: &(dyn Fn(usize, usize) + Sync)) -> Result<Outcome, CodemodError> {
    let tree = Tree::read(options)?;
    let selection = Selection::new(&tree.root, &options.directory, &options.paths)?;
    if let (Mode::Write, false, [example, ..]) = (options.mode, options.force, tree.changed.as_slice()) {
        return Err(CodemodError::Dirty { count: tree.changed.len(), example: example.clone() });
    }
    let selected = tree.files.iter().filter(|path| selection.has(path)).count();
    let surroundings = Surroundings::read(&tree);
    let mut faults = Vec::new();
    let mut analyses = analyse_all(&tree, &surroundings, options, progress, &mut faults);
    if selected == 0 {
        return Err(CodemodError::Nothing(options.directory.display().to_string()));
    }
    let importers = importers(&tree, &analyses, &surroundings.folders);
    let asked = Asked { is_written: options.mode == Mode::Write, ..options.asked.clone() };
    let decide = |analyses: &[Analysis], held: &BTreeSet<String>| {
        let (folders, rules) = (&surroundings.folders, &options.rules);
        let given = Given { folders, rules, asked: &asked, importers: &importers, held };
        let mut plan = plan(analyses, given);
        plan.select(&surroundings.folders, |path| selection.has(path));
        plan
    };
    let mut plan = decide(&analyses, &BTreeSet::new());
    if options.only_complete {
        let held = plan.incomplete();
        hold(&mut analyses, &held, &surroundings, options);
        plan = decide(&analyses, &held);
    }
    let mut not_read = tree.skipped.clone();
    for analysis in &analyses {
        if let Content::Skipped(skip) = analysis.content {
            *not_read.entry(skip).or_default() += 1;
        }
    }
    let diffs = check_all(&mut plan, options.mode, &mut faults);
    let account = Account::new(&plan, selected, not_read);
    let written = if options.mode == Mode::Write {
        let changed = plan.files.iter().filter(|file| !file.edits.is_empty());
        let texts = changed.filter_map(|file| Some((file.path.as_str(), file.text.as_str(), new_text(file).ok()?)));
        write_all(&tree.root, texts)?
    } else {
        Vec::new()
    };
    Ok(Outcome { account, diff: diffs.concat(), written, faults, root: tree.root })
}

/// What files have to know of those around them.
struct Surroundings {
    folders: Folders,
    /// The pages to sign in and up, by folder.
    pages: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl Surroundings {
    fn read(tree: &Tree) -> Self {
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let folder = |path: &str| path.rfind('/').map_or("", |at| &path[..at]).to_owned();
        let mut packages = Vec::new();
        let mut pnpm = BTreeSet::new();
        for path in &tree.files {
            match name(path).as_str() {
                "package.json" => {
                    let text = text(&tree.root, path).unwrap_or_default();
                    let package = read_package_json(&text).unwrap_or_default();
                    packages.push((folder(path), Folder { name: package.name, is_workspace: package.has_workspaces }));
                }
                "pnpm-workspace.yaml" => {
                    pnpm.insert(folder(path));
                }
                _ => {}
            }
        }
        let folders = Folders::new(packages, &pnpm);
        let mut pages: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
        for path in tree.files.iter().filter(|path| EnvironmentFile::of(path).is_some()) {
            let Some(text) = text(&tree.root, path) else { continue };
            let (sign_in, sign_up) = pages.entry(folders.of(path).to_owned()).or_default();
            for (name, value) in values(&text).filter(|(_, value)| value.starts_with('/')) {
                match name {
                    SIGN_IN_URL => *sign_in = Some(value.to_owned()),
                    SIGN_UP_URL => *sign_up = Some(value.to_owned()),
                    _ => {}
                }
            }
        }
        Self { folders, pages }
    }

    /// What a file has to know.
    fn context<'a>(&self, path: &str, rules: &'a Rules, options: &'a Options) -> Context<'a> {
        let of = |folder: &str| self.pages.get(folder).cloned();
        let pages = of(self.folders.of(path)).or_else(|| of(self.folders.workspace_of(path))).unwrap_or_default();
        Context { rules, public_paths: &options.public_paths, sign_in: pages.0, sign_up: pages.1 }
    }
}

fn text(root: &Path, path: &str) -> Option<String> {
    String::from_utf8(read(root, path).ok()??).ok()
}

/// How much of a file shows that it is no text.
const BEGINNING: u64 = 8 * 1024;

/// The bytes of a file; of one that is too large, as many as show that it is. Nothing of pictures and the like.
fn read(root: &Path, path: &str) -> std::io::Result<Option<Vec<u8>>> {
    let mut file = std::fs::File::open(root.join(path))?;
    let mut bytes = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut bytes)?;
    let is_text = Language::of(path).is_some() || ending(path) == "lockb" || memchr::memchr(0, &bytes).is_none();
    if !is_text {
        return Ok(None);
    }
    file.take(MAX_BYTES + 1 - BEGINNING).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

fn analyse_all(
    tree: &Tree,
    surroundings: &Surroundings,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
    faults: &mut Vec<Fault>,
) -> Vec<Analysis> {
    let all = tree.files.len();
    let outcomes = on_all(&tree.files, &|done| progress(done, all), |path| {
        let Ok(bytes) = read(&tree.root, path) else { return Some(Analysis::unreadable(path)) };
        analyse(path, &bytes?, &surroundings.context(path, &options.rules, options))
    });
    let mut analyses = Vec::new();
    for (path, outcome) in tree.files.iter().zip(outcomes) {
        match outcome {
            Some(found) => analyses.extend(found),
            None => {
                analyses.push(Analysis::failed(path));
                faults.push(Fault { path: path.clone(), reason: "the program failed on this file".to_owned() });
            }
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

/// Looks again at the files of folders in which nothing is to move.
fn hold(analyses: &mut [Analysis], held: &BTreeSet<String>, surroundings: &Surroundings, options: &Options) {
    let rules = options.rules.held();
    for analysis in analyses {
        let is_held = held.contains(surroundings.folders.of(&analysis.path));
        if is_held && matches!(analysis.content, Content::Code { .. }) {
            let context = surroundings.context(&analysis.path, &rules, options);
            let text = std::mem::take(&mut analysis.text);
            if let Some(again) = analyse(&analysis.path, text.as_bytes(), &context) {
                *analysis = again;
            }
        }
    }
}

/// Makes each new text before the first is written. A file whose text would be wrong is left, and named.
fn check_all(plan: &mut Plan, mode: Mode, faults: &mut Vec<Fault>) -> Vec<String> {
    let changed: Vec<&FilePlan> = plan.files.iter().filter(|file| !file.edits.is_empty()).collect();
    let results = on_all(&changed, &|_| (), |file| {
        let text = new_text(file)?;
        let is_shown = mode == Mode::DryRun;
        Ok(if is_shown { unified(&file.path, &file.text, &text, file.is_environment) } else { String::new() })
    });
    let mut diffs = Vec::new();
    let mut wrong = Vec::new();
    for (file, result) in changed.iter().zip(results) {
        match result.unwrap_or_else(|| Err("the program failed on this file".to_owned())) {
            Ok(diff) => diffs.push(diff),
            Err(reason) => wrong.push(Fault { path: file.path.clone(), reason }),
        }
    }
    for file in &mut plan.files {
        if wrong.iter().any(|fault| fault.path == file.path) {
            file.edits.clear();
        }
    }
    faults.extend(wrong);
    diffs
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.path, self.reason)
    }
}
