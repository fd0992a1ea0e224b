//! What files have to know of those around them.

use std::collections::{BTreeMap, BTreeSet};

use super::options::Options;
use super::reading::text;
use super::tree::Tree;
use crate::environment::{SIGN_IN_URL, SIGN_UP_URL};
use crate::other::{EnvironmentFile, values};
use crate::project::{Folder, Folders};
use crate::rules::Rules;
use crate::swap::Context;
use crate::syntax::read_package_json;

/// What files have to know of those around them.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// The folders of package.json files.
    pub folders: Folders,
    /// The pages to sign in and up, by folder.
    pages: BTreeMap<String, (Option<String>, Option<String>)>,
}

impl Surroundings {
    /// Reads what shows them.
    pub(super) fn read(tree: &Tree) -> Self {
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
    pub(super) fn context<'a>(&self, path: &str, rules: &'a Rules, options: &'a Options) -> Context<'a> {
        let of = |folder: &str| self.pages.get(folder).cloned();
        let pages = of(self.folders.of(path)).or_else(|| of(self.folders.workspace_of(path))).unwrap_or_default();
        Context { rules, public_paths: &options.public_paths, sign_in: pages.0, sign_up: pages.1 }
    }
}
