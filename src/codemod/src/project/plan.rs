//! What depends on other files, and with that the whole: every edit and every entry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::analysis::{Analysis, Content};
use super::folders::{Folders, above};
use crate::code::Code;
use crate::edit::{Edit, apply, place_after};
use crate::environment::{PUBLISHABLE_KEY, SECRET_KEY, new_name, variables};
use crate::finding::{Action, Finding, Found, located};
use crate::kind::Kind;
use crate::other::{Dependencies, EnvironmentFile, edit_package, rename_variables, swap_real, swap_template};
use crate::rules::{Rules, package_of};
use crate::swap::{NameUse, Outcome};
use crate::syntax::{EnvironmentForm, PackageJson};

/// What was asked for beside the code.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Append the new names to files of environment variables that are in use.
    pub environment: bool,
    /// Rename variables in files of builds and deployments.
    pub deployment: bool,
    /// The version of the packages that are added.
    pub package_version: Option<String>,
    /// The changes are written, so that lines are those of the changed files.
    pub is_written: bool,
}

/// What becomes of a file.
#[derive(Debug)]
pub struct FilePlan {
    /// Its path.
    pub path: String,
    /// Its text now.
    pub text: String,
    /// The changes.
    pub edits: Vec<Edit>,
    /// The entries.
    pub findings: Vec<Finding>,
    /// Names that it imports from Clerk.
    pub names: Vec<NameUse>,
    /// Whether it holds variables of the environment, whose values are shown to nobody.
    pub is_environment: bool,
    /// Whether it is code, which has to parse afterwards.
    pub is_code: bool,
}

/// How far a package.json's folder is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PackageStatus {
    /// The folder, `.` for the root.
    pub folder: String,
    /// The package's name.
    pub name: Option<String>,
    /// Names that its code imports from Clerk.
    pub imported: usize,
    /// How many of them moved.
    pub moved: usize,
    /// How many went with code that used them.
    pub gone: usize,
    /// How many stay with Clerk.
    pub left: usize,
    /// Entries that ask a person to look.
    pub to_check: usize,
    /// Entries about what was left.
    pub entries_left: usize,
    /// Whether nothing is left but documents and styles.
    pub complete: bool,
}

/// Everything.
#[derive(Debug)]
pub struct Plan {
    /// By path.
    pub files: Vec<FilePlan>,
    /// By folder.
    pub packages: Vec<PackageStatus>,
}

/// The packages that pass a whole module of Clerk's on, by the file that does.
pub fn barrel_packages(analyses: &[Analysis], folders: &Folders) -> BTreeMap<String, String> {
    let is_barrel = |analysis: &&Analysis| matches!(&analysis.content, Content::Code { swapped, .. } if !swapped.barrels.is_empty());
    let named =
        |analysis: &Analysis| Some((analysis.path.clone(), folders.name(folders.of(&analysis.path))?.to_owned()));
    analyses.iter().filter(is_barrel).filter_map(named).collect()
}

/// What has to be known to decide.
struct Planner<'a> {
    folders: &'a Folders,
    rules: &'a Rules,
    asked: &'a Asked,
    /// Workspaces in which something of the new packages is used.
    with_new: BTreeSet<&'a str>,
    /// Variables that something of Clerk's still reads, by workspace.
    kept: BTreeSet<(&'a str, &'static str)>,
    /// Hooks and components of Clerk's that are left, by workspace.
    client_left: BTreeMap<&'a str, usize>,
    /// By folder.
    dependencies: BTreeMap<&'a str, Dependencies>,
    /// Files that import from a file's package, for files that pass a whole module on.
    importers: &'a BTreeMap<String, usize>,
    /// Folders in which nothing changes.
    held: &'a BTreeSet<String>,
    locks: Vec<(&'a str, &'a BTreeSet<String>)>,
}

/// What there is to decide from beside the files.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The folders.
    pub folders: &'a Folders,
    /// What moves where.
    pub rules: &'a Rules,
    /// What was asked for.
    pub asked: &'a Asked,
    /// How many files import from the package of a file that passes a module on.
    pub importers: &'a BTreeMap<String, usize>,
    /// Folders in which nothing changes.
    pub held: &'a BTreeSet<String>,
}

/// Decides about everything.
pub fn plan(analyses: &[Analysis], given: Given<'_>) -> Plan {
    let Given { folders, rules, asked, importers, held } = given;
    let mut planner = Planner {
        folders,
        rules,
        asked,
        held,
        with_new: BTreeSet::new(),
        kept: BTreeSet::new(),
        client_left: BTreeMap::new(),
        dependencies: BTreeMap::new(),
        importers,
        locks: Vec::new(),
    };
    for analysis in analyses {
        planner.note(analysis);
    }
    let mut files: Vec<FilePlan> = analyses.iter().map(|analysis| planner.file(analysis)).collect();
    files.retain(|file| !file.edits.is_empty() || !file.findings.is_empty() || !file.names.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let packages = packages(&files, folders);
    Plan { files, packages }
}

impl Plan {
    /// Keeps the files that were asked for.
    pub fn select(&mut self, folders: &Folders, is_selected: impl Fn(&str) -> bool) {
        self.files.retain(|file| is_selected(&file.path));
        self.packages = packages(&self.files, folders);
    }

    /// The folders in which something would be left.
    pub fn incomplete(&self) -> BTreeSet<String> {
        let open = self.packages.iter().filter(|package| !package.complete);
        open.map(|package| if package.folder == "." { String::new() } else { package.folder.clone() }).collect()
    }
}

impl<'a> Planner<'a> {
    fn note(&mut self, analysis: &'a Analysis) {
        let folder = self.folders.of(&analysis.path);
        let workspace = self.folders.workspace_of(&analysis.path);
        let dependencies = self
            .dependencies
            .entry(folder)
            .or_insert_with(|| Dependencies { version: self.asked.package_version.clone(), ..Dependencies::default() });
        dependencies.still_named.extend(analysis.clerk_packages.iter().cloned());
        match &analysis.content {
            Content::Code { swapped, modules } => {
                dependencies.needed.extend(modules.iter().map(|module| package_of(module).to_owned()));
                if !modules.is_empty() {
                    self.with_new.insert(workspace);
                }
                for name in &swapped.names {
                    self.kept.extend(variables_of(name).iter().map(|variable| (workspace, *variable)));
                    let is_client =
                        matches!(Kind::of_name(&name.module, &name.name, name.is_type), Kind::Hook | Kind::Component);
                    if is_client && name.outcome == Outcome::Left {
                        *self.client_left.entry(workspace).or_default() += 1;
                    }
                }
                for usage in &swapped.environment {
                    if matches!(usage.form, EnvironmentForm::ForClerk | EnvironmentForm::Fixed) {
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
            Content::Text => {
                let read = analysis.found.iter().filter_map(|found| documented(&found.finding.subject));
                self.kept.extend(read.map(|name| (workspace, name)));
            }
            Content::Environment(_) | Content::Deployment | Content::Skipped(_) => {}
        }
    }

    fn file(&self, analysis: &Analysis) -> FilePlan {
        let workspace = self.folders.workspace_of(&analysis.path);
        let is_kept = |name: &str| {
            !self.with_new.contains(workspace)
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
                if self.asked.deployment {
                    edits = rename_variables(&analysis.text, is_kept);
                }
                let is_changed = |name: &str| self.asked.deployment && new_name(name).is_some() && !is_kept(name);
                found.extend(left_variables(&analysis.text, Code::DeploymentFile, is_changed));
            }
            Content::Lock(packages) => found.extend(self.lock(analysis, packages)),
            Content::Text | Content::Skipped(_) => {}
        }
        if self.held.contains(self.folders.of(&analysis.path)) {
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
                    format!("{} was left: something that stays with Clerk still reads it.", usage.name)
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
        if let (Some(count), Some(place)) = (self.client_left.get(workspace), swapped.provider) {
            let place = vec![place];
            let blocked =
                Found::new(Kind::Provider, Code::ProviderMovedClientLeft, Action::Left, "AvnologyProvider", place);
            found.push(blocked.saying(format!(
                "The provider is Avnology's now, and {count} imports of hooks and components of Clerk's are left that look for \
                 ClerkProvider: they fail when the page renders."
            )));
        }
        if let Some(count) = self.importers.get(&analysis.path) {
            for one in found.iter_mut().filter(|found| found.finding.code == Code::ReExportAll) {
                one.finding.sentence = format!(
                    "The file passes {} on as a whole; {count} files import from its package.",
                    one.finding.subject
                );
            }
        }
        (edits, swapped.names.clone())
    }

    fn package(&self, analysis: &Analysis, package: &PackageJson, found: &mut Vec<Found>) -> Vec<Edit> {
        let folder = self.folders.of(&analysis.path);
        let Some(dependencies) = self.dependencies.get(folder) else { return Vec::new() };
        let edited = edit_package(&analysis.text, &package.sections, dependencies);
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

fn packages(files: &[FilePlan], folders: &Folders) -> Vec<PackageStatus> {
    let mut statuses: BTreeMap<&str, PackageStatus> = BTreeMap::new();
    for file in files {
        let folder = folders.of(&file.path);
        let status = statuses.entry(folder).or_default();
        for name in &file.names {
            status.imported += 1;
            match name.outcome {
                Outcome::Moved => status.moved += 1,
                Outcome::Gone => status.gone += 1,
                Outcome::Left => status.left += 1,
            }
        }
        status.to_check += file.findings.iter().filter(|finding| finding.action == Action::Check).count();
        status.entries_left += file.findings.iter().filter(|finding| blocks(finding)).count();
    }
    statuses
        .into_iter()
        .map(|(folder, status)| PackageStatus {
            folder: if folder.is_empty() { ".".to_owned() } else { folder.to_owned() },
            name: folders.name(folder).map(str::to_owned),
            complete: status.left == 0 && status.entries_left == 0,
            ..status
        })
        .collect()
}

/// Whether an entry stands between a folder and being complete.
fn blocks(finding: &Finding) -> bool {
    finding.action == Action::Left && !matches!(finding.kind, Kind::Text | Kind::Package)
}

/// The variable, if it has a documented equivalent.
fn documented(name: &str) -> Option<&'static str> {
    [PUBLISHABLE_KEY, SECRET_KEY].into_iter().find(|known| *known == name)
}

/// What is read by a name of Clerk's that is left, without a word about it in the code.
fn variables_of(name: &NameUse) -> &'static [&'static str] {
    if name.outcome != Outcome::Left || name.is_type {
        return &[];
    }
    match Kind::of_name(&name.module, &name.name, false) {
        Kind::Middleware | Kind::Server => &[PUBLISHABLE_KEY, SECRET_KEY],
        Kind::Provider => &[PUBLISHABLE_KEY],
        _ if matches!(name.name.as_str(), "*" | "default") => &[PUBLISHABLE_KEY, SECRET_KEY],
        Kind::OtherPackage if is_server_package(package_of(&name.module)) => &[SECRET_KEY],
        _ => &[],
    }
}

/// Packages of Clerk's that read the secret key by themselves.
fn is_server_package(package: &str) -> bool {
    let client = [
        "nextjs",
        "types",
        "shared",
        "themes",
        "localizations",
        "ui",
        "elements",
        "clerk-react",
        "react",
        "clerk-js",
        "expo",
        "clerk-expo",
        "chrome-extension",
        "vue",
        "upgrade",
        "eslint-plugin",
        "dev-cli",
    ];
    package.strip_prefix("@clerk/").is_some_and(|name| !client.contains(&name))
}

/// The variables of Clerk's in a file that is not code, but for those that were renamed.
fn left_variables(text: &str, code: Code, is_changed: impl Fn(&str) -> bool) -> Vec<Found> {
    let left = variables(text).into_iter().filter(|(_, name)| !is_changed(name));
    left.map(|(at, name)| {
        let sentence = match new_name(name) {
            Some(new) => format!("{name} stands here; its equivalent is {new}."),
            None => format!("{name} stands here; no equivalent is documented."),
        };
        Found::new(Kind::Environment, code, Action::Left, name, vec![at]).saying(sentence)
    })
    .collect()
}
