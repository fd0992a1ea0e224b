//! Decides about each file, once all of them were looked at.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, Content};
use super::file_plan::FilePlan;
use super::folders::{Folders, above};
use super::given::{Asked, Given};
use super::variables::{documented, is_server_package, left_variables, variables_of};
use crate::code::Code;
use crate::edit::{Edit, apply, place_after};
use crate::environment::{PUBLISHABLE_KEY, SECRET_KEY, calls_clerk, has_key, new_name, variables};
use crate::finding::{Action, Finding, Found, located};
use crate::kind::Kind;
use crate::other::{Dependencies, EnvironmentFile, edit_package, rename_variables, swap_real, swap_template};
use crate::rules::{Rules, package_of};
use crate::swap::{NameUse, Outcome};
use crate::syntax::{EnvironmentForm, PackageJson, UNKNOWN_PART};

/// What has to be known to decide.
pub(super) struct Planner<'a> {
    folders: &'a Folders,
    rules: &'a Rules,
    asked: &'a Asked,
    /// Workspaces in which something of the new packages is used.
    with_new: BTreeSet<&'a str>,
    /// Variables that something of Clerk's still reads, by workspace.
    kept: BTreeSet<(&'a str, &'static str)>,
    /// Hooks and components of Clerk's that are left, by workspace and folder.
    client_left: BTreeMap<(&'a str, &'a str), usize>,
    /// Folders with a provider of Clerk's that is left.
    provider_left: BTreeSet<&'a str>,
    /// By folder.
    dependencies: BTreeMap<&'a str, Dependencies>,
    /// Files that import from a file's package, for files that pass a whole module on.
    importers: &'a BTreeMap<String, usize>,
    /// Files that do not change.
    stays: &'a BTreeSet<String>,
    locks: Vec<(&'a str, &'a BTreeSet<String>)>,
}

impl<'a> Planner<'a> {
    /// Looks at everything that there is to decide from.
    pub(super) fn new(analyses: &'a [Analysis], given: Given<'a>) -> Self {
        let Given { folders, rules, asked, importers, stays } = given;
        let mut planner = Self {
            folders,
            rules,
            asked,
            stays,
            with_new: BTreeSet::new(),
            kept: BTreeSet::new(),
            client_left: BTreeMap::new(),
            provider_left: BTreeSet::new(),
            dependencies: BTreeMap::new(),
            importers,
            locks: Vec::new(),
        };
        for analysis in analyses {
            planner.note(analysis);
        }
        planner
    }

    fn note(&mut self, analysis: &'a Analysis) {
        let folder = self.folders.of(&analysis.path);
        let workspace = self.folders.workspace_of(&analysis.path);
        let dependencies = self
            .dependencies
            .entry(folder)
            .or_insert_with(|| Dependencies { version: self.asked.package_version.clone(), ..Dependencies::default() });
        dependencies.still_named.extend(analysis.clerk_packages.iter().cloned());
        if analysis.is_unknown {
            dependencies.still_named.insert(format!("@clerk/{UNKNOWN_PART}"));
            self.kept.extend([(workspace, PUBLISHABLE_KEY), (workspace, SECRET_KEY)]);
        }
        match &analysis.content {
            Content::Code { swapped, modules } => {
                dependencies.needed.extend(modules.iter().map(|module| package_of(module).to_owned()));
                if !modules.is_empty() {
                    self.with_new.insert(workspace);
                }
                for name in &swapped.names {
                    self.kept.extend(variables_of(name).iter().map(|variable| (workspace, *variable)));
                    match Kind::of_name(&name.module, &name.name, name.is_type) {
                        _ if name.outcome != Outcome::Left => {}
                        Kind::Hook | Kind::Component => *self.client_left.entry((workspace, folder)).or_default() += 1,
                        Kind::Provider => drop(self.provider_left.insert(folder)),
                        _ => {}
                    }
                }
                for usage in &swapped.environment {
                    let is_fixed = matches!(usage.form, EnvironmentForm::ForClerk | EnvironmentForm::Fixed);
                    if is_fixed || self.stays.contains(&analysis.path) {
                        self.kept.extend(documented(&usage.name).map(|name| (workspace, name)));
                    }
                }
            }
            Content::Package(PackageJson { sections, .. }) => {
                let keys = sections.iter().flat_map(|section| &section.entries).map(|entry| entry.key.as_str());
                if keys.filter(|key| key.starts_with("@clerk/")).any(is_server_package) {
                    self.kept.insert((workspace, SECRET_KEY));
                }
            }
            Content::Lock(packages) => self.locks.push((&analysis.path, packages)),
            Content::Text | Content::Skipped(_) => {
                let read = analysis.found.iter().filter_map(|found| documented(&found.finding.subject));
                self.kept.extend(read.map(|name| (workspace, name)));
            }
            Content::Deployment if calls_clerk(&analysis.text) => {
                let sent = variables(&analysis.text).into_iter().filter_map(|(_, name)| documented(name));
                self.kept.extend(sent.map(|name| (workspace, name)));
            }
            Content::Environment(_) | Content::Deployment => {}
        }
    }

    /// What becomes of a file.
    pub(super) fn file(&self, analysis: &Analysis) -> FilePlan {
        let workspace = self.folders.workspace_of(&analysis.path);
        let stays = self.stays.contains(&analysis.path);
        let is_kept = |name: &str| {
            stays
                || !self.with_new.contains(workspace)
                || documented(name).is_some_and(|name| self.kept.contains(&(workspace, name)))
        };
        let mut edits = Vec::new();
        let mut found = analysis.found.clone();
        let mut names = Vec::new();
        match &analysis.content {
            Content::Code { .. } => (edits, names) = self.code(analysis, &mut found),
            Content::Package(package) => edits = self.package(analysis, package, &mut found),
            Content::Environment(kind) => {
                edits = match kind {
                    _ if !self.with_new.contains(workspace) => Vec::new(),
                    EnvironmentFile::Template => swap_template(&analysis.text, is_kept),
                    EnvironmentFile::Real if self.asked.environment => swap_real(&analysis.text),
                    EnvironmentFile::Real => Vec::new(),
                };
                let is_changed =
                    |name: &str| *kind == EnvironmentFile::Template && new_name(name).is_some() && !is_kept(name);
                found.extend(left_variables(&analysis.text, Code::EnvironmentFile, is_changed));
            }
            Content::Deployment => {
                let is_kept = |name: &str| is_kept(name) || has_key(&analysis.text, name);
                if self.asked.deployment {
                    edits = rename_variables(&analysis.text, is_kept);
                }
                let is_changed = |name: &str| self.asked.deployment && new_name(name).is_some() && !is_kept(name);
                found.extend(left_variables(&analysis.text, Code::DeploymentFile, is_changed));
            }
            Content::Lock(packages) => found.extend(self.lock(analysis, packages)),
            Content::Text | Content::Skipped(_) => {}
        }
        if stays {
            edits.clear();
        }
        FilePlan {
            path: analysis.path.clone(),
            findings: self.located(&analysis.text, &edits, found),
            edits,
            names,
            is_environment: matches!(analysis.content, Content::Environment(_)),
            is_code: matches!(analysis.content, Content::Code { .. }),
            text: analysis.text.clone(),
        }
    }

    /// The entries with their lines: of the file as it is after the run.
    fn located(&self, text: &str, edits: &[Edit], mut found: Vec<Found>) -> Vec<Finding> {
        match apply(text, edits) {
            Ok(after) if self.asked.is_written => {
                for place in found.iter_mut().flat_map(|found| &mut found.places) {
                    *place = place_after(edits, *place);
                }
                located(&after, found)
            }
            _ => located(text, found),
        }
    }

    fn code(&self, analysis: &Analysis, found: &mut Vec<Found>) -> (Vec<Edit>, Vec<NameUse>) {
        let Content::Code { swapped, .. } = &analysis.content else { return Default::default() };
        let folder = self.folders.of(&analysis.path);
        let workspace = self.folders.workspace_of(&analysis.path);
        let mut edits = swapped.edits.clone();
        for usage in &swapped.environment {
            let Some(new) = new_name(&usage.name) else { continue };
            let is_read = documented(&usage.name).is_some_and(|name| self.kept.contains(&(workspace, name)));
            if is_read || !self.with_new.contains(workspace) {
                let sentence = if is_read {
                    format!(
                        "{} was left: something that stays with Clerk still reads it, or a key of Clerk's is written out for it.",
                        usage.name
                    )
                } else {
                    format!("{} was left: nothing in this workspace moved.", usage.name)
                };
                let place = vec![usage.range.start];
                let kept = Found::new(Kind::Environment, Code::EnvironmentKept, Action::Left, &usage.name, place);
                found.push(kept.saying(sentence));
                continue;
            }
            let text = match usage.form {
                EnvironmentForm::Shorthand => format!("{new}: {}", usage.name),
                _ => new.to_owned(),
            };
            edits.push(Edit::replace(usage.range.start, usage.range.end, text));
        }
        let package_moved = self.dependencies.get(folder).is_some_and(|dependencies| !dependencies.needed.is_empty());
        for (module, place) in &swapped.mocks {
            let has_moved = package_moved && self.rules.know(module);
            let code = if has_moved { Code::MockOfMovedModule } else { Code::ImportWholeModule };
            found.push(Found::new(Kind::Module, code, Action::Left, module, vec![*place]).of(module));
        }
        if let (count @ 1.., Some(place)) = (self.client_left(workspace, folder), swapped.provider) {
            let place = vec![place];
            let blocked =
                Found::new(Kind::Provider, Code::ProviderMovedClientLeft, Action::Left, "AvnologyProvider", place);
            let left = match count {
                1 => "1 import of a hook or component of Clerk's is left that looks for ClerkProvider: it fails"
                    .to_owned(),
                _ => format!(
                    "{count} imports of hooks and components of Clerk's are left that look for ClerkProvider: they fail"
                ),
            };
            found.push(blocked.saying(format!("The provider is Avnology's now, and {left} when the page renders.")));
        }
        if let Some(count) = self.importers.get(&analysis.path) {
            for one in found.iter_mut().filter(|found| found.finding.code == Code::ReExportAll) {
                let importers = if *count == 1 { "1 file imports".to_owned() } else { format!("{count} files import") };
                let subject = &one.finding.subject;
                one.finding.sentence =
                    format!("The file passes {subject} on as a whole; {importers} from its package.");
            }
        }
        (edits, swapped.names.clone())
    }

    /// How many names look for Clerk's provider below one of this folder; those of a folder that has its own do not.
    fn client_left(&self, workspace: &str, folder: &str) -> usize {
        let looks = |of: &str| of == folder || !self.provider_left.contains(of);
        let left = self.client_left.iter().filter(|((within, of), _)| *within == workspace && looks(of));
        left.map(|(_, count)| count).sum()
    }

    fn package(&self, analysis: &Analysis, package: &PackageJson, found: &mut Vec<Found>) -> Vec<Edit> {
        let folder = self.folders.of(&analysis.path);
        let Some(dependencies) = self.dependencies.get(folder) else { return Vec::new() };
        let stays = self.stays.contains(&analysis.path);
        let version = dependencies.version.clone().filter(|_| !stays);
        let dependencies = Dependencies { version, ..dependencies.clone() };
        let edited = edit_package(&analysis.text, &package.sections, &dependencies);
        found.extend(edited.found);
        edited.edits
    }

    /// A lock file that does not know a package which a package.json below it names.
    fn lock(&self, analysis: &Analysis, packages: &BTreeSet<String>) -> Option<Found> {
        let folder = above(&analysis.path).next().unwrap_or_default();
        let below = |path: &str| folder.is_empty() || path == folder || path.starts_with(&format!("{folder}/"));
        let needed = self.dependencies.iter().filter(|(path, _)| below(path)).flat_map(|(_, one)| &one.needed);
        let missing: BTreeSet<&String> = needed.filter(|package| !packages.contains(*package)).collect();
        if missing.is_empty() {
            return None;
        }
        let command = match analysis.path.rsplit('/').next().unwrap_or_default() {
            "package-lock.json" => "npm install",
            "pnpm-lock.yaml" => "pnpm install",
            "yarn.lock" => "yarn install",
            _ => "bun install",
        };
        let found = Found::new(Kind::Package, Code::LockFile, Action::Left, &analysis.path, vec![0]);
        Some(found.saying(format!(
            "The lock file does not have the new packages yet: run `{command}` once package.json has them."
        )))
    }
}
