//! The files of a work tree: those that git tracks, or, if that was asked for, those that stand there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::git::{GitError, Tracked, WorkTree};
use super::options::Options;
use crate::project::{Skip, is_foreign};

/// What is there to look at.
#[derive(Debug)]
pub(super) struct Tree {
    /// The root.
    pub root: PathBuf,
    /// Plain files that may be read, from the root, in order.
    pub files: Vec<String>,
    /// Those that are not read, with their number.
    pub skipped: BTreeMap<Skip, usize>,
    /// Files with changes that are not committed; nothing if there is no git.
    pub changed: Option<Vec<String>>,
}

impl Tree {
    /// Asks git, or walks if there is none and that was asked for.
    ///
    /// # Errors
    /// If there is no git and `--force` was not given.
    pub(super) fn read(options: &Options) -> Result<Self, GitError> {
        let base = base(options);
        match WorkTree::of(&base) {
            Ok(tree) => {
                let (files, changed) = (tree.files()?, tree.changed()?);
                Ok(Self::new(tree.root, &files, Some(changed)))
            }
            Err(error) if !options.force => Err(error),
            Err(_) => {
                let root = root_of_project(options).unwrap_or(base);
                let files = walk(&root);
                Ok(Self::new(root, &files, None))
            }
        }
    }

    /// Whether git can take back what is written, and nothing else.
    pub(super) fn is_restorable(&self) -> bool {
        self.changed.as_ref().is_some_and(Vec::is_empty)
    }

    fn new(root: PathBuf, tracked: &[Tracked], changed: Option<Vec<String>>) -> Self {
        let packages: HashSet<&str> = tracked
            .iter()
            .filter_map(|file| file.path.as_deref()?.strip_suffix("package.json"))
            .filter(|folder| folder.is_empty() || folder.ends_with('/'))
            .map(|folder| folder.trim_end_matches('/'))
            .collect();
        let (mut files, mut skipped) = (Vec::new(), BTreeMap::new());
        let mut places = Places { root: &root, folders: HashMap::new() };
        for Tracked { path, is_plain } in tracked {
            let skip = match path {
                None => Some(Skip::Name),
                Some(_) if !is_plain => Some(Skip::NoPlainFile),
                Some(path) if is_foreign(path, |folder| packages.contains(folder)) => Some(Skip::Foreign),
                Some(path) => places.why_not(path),
            };
            match (skip, path) {
                (None, Some(path)) => files.push(path.clone()),
                (skip, _) => *skipped.entry(skip.unwrap_or(Skip::Name)).or_default() += 1,
            }
        }
        Self { root, files, skipped, changed }
    }
}

/// What stands in the work tree where git tracks a file: a link there could lead out of the tree.
struct Places<'a> {
    root: &'a Path,
    /// Whether a folder is one, and no link.
    folders: HashMap<&'a str, bool>,
}

impl<'a> Places<'a> {
    fn why_not(&mut self, path: &'a str) -> Option<Skip> {
        let folder = path.rfind('/').map_or("", |at| &path[..at]);
        if !self.is_folder(folder) {
            return Some(Skip::NoPlainFile);
        }
        match self.root.join(path).symlink_metadata() {
            Ok(found) if found.is_file() => None,
            Ok(_) => Some(Skip::NoPlainFile),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(Skip::Missing),
            // Reading says what is the matter.
            Err(_) => None,
        }
    }

    fn is_folder(&mut self, folder: &'a str) -> bool {
        if folder.is_empty() {
            return true;
        }
        if let Some(known) = self.folders.get(folder) {
            return *known;
        }
        let above = folder.rfind('/').map_or("", |at| &folder[..at]);
        let is_link = self.root.join(folder).symlink_metadata().is_ok_and(|found| found.is_symlink());
        let is_folder = !is_link && self.is_folder(above);
        self.folders.insert(folder, is_folder);
        is_folder
    }
}

/// The folder of the first path that exists, or the directory.
fn base(options: &Options) -> PathBuf {
    options.paths.first().map_or_else(|| options.directory.clone(), |path| folder_of(options, path))
}

/// A path that is a folder, the folder of one that is a file, or else the directory: a pattern may match anything below that.
fn folder_of(options: &Options, path: &str) -> PathBuf {
    let full = options.directory.join(path);
    match full.parent() {
        _ if full.is_dir() => full,
        Some(folder) if full.exists() => folder.to_path_buf(),
        _ => options.directory.clone(),
    }
}

/// Without git: the outermost folder of a project that holds all paths and is not above the directory, because what stands beside a
/// path decides about it, too; or the innermost folder that holds them, if there is no project. What else there is on the machine is
/// never looked at. Nothing if there are no paths, or if one is not below the directory.
fn root_of_project(options: &Options) -> Option<PathBuf> {
    let directory = options.directory.canonicalize().ok()?;
    let within =
        |path: &String| folder_of(options, path).canonicalize().ok().filter(|path| path.starts_with(&directory));
    let folders: Vec<PathBuf> = options.paths.iter().map(within).collect::<Option<_>>()?;
    let holds_all = |folder: &&Path| folders.iter().all(|path| path.starts_with(folder));
    let ancestors = folders.first()?.ancestors().take_while(|folder| folder.starts_with(&directory));
    let holding: Vec<&Path> = ancestors.filter(holds_all).collect();
    let is_project =
        |folder: &&&Path| ["package.json", "pnpm-workspace.yaml"].iter().any(|name| folder.join(name).is_file());
    holding.iter().rev().find(is_project).or(holding.first()).map(|folder| folder.to_path_buf())
}

fn walk(root: &Path) -> Vec<Tracked> {
    let mut walk = WalkBuilder::new(root);
    walk.hidden(false).require_git(false).filter_entry(|entry| entry.file_name() != ".git");
    let walk = walk.build().filter_map(Result::ok);
    let mut files: Vec<Tracked> = walk
        .filter(|entry| entry.file_type().is_some_and(|kind| !kind.is_dir()))
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?;
            let names: Option<Vec<&str>> = path.iter().map(std::ffi::OsStr::to_str).collect();
            let path = names.map(|names| names.join("/"));
            let is_plain = entry.file_type().is_some_and(|kind| kind.is_file());
            Some(Tracked { path, is_plain })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}
