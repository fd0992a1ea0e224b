//! One file by itself.

use std::collections::BTreeSet;

use super::needles::{is_interesting, names_clerk};
use super::skip::{MAX_BYTES, Skip};
use crate::code::Code;
use crate::environment::variables;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::other::{EnvironmentFile, find_by_text, is_deployment_file, is_document, is_program, read_variables};
use crate::rules::package_of;
use crate::swap::{Context, Outcome, Swapped, swap};
use crate::syntax::{Language, PackageJson, read_facts, read_package_json};

/// What is known of a file, if it is of interest.
#[derive(Debug)]
pub struct Analysis {
    /// Its path from the root, with `/`.
    pub path: String,
    /// Its text; empty if it was not read.
    pub text: String,
    /// What it is.
    pub content: Content,
    /// What there is to say that does not depend on other files.
    pub found: Vec<Found>,
    /// Packages of Clerk's that it names and that stay named.
    pub clerk_packages: BTreeSet<String>,
    /// Nobody knows what it names, so it may use everything of Clerk's.
    pub is_unknown: bool,
}

/// What a file is.
#[derive(Debug)]
pub enum Content {
    /// Code.
    Code {
        /// What becomes of it.
        swapped: Box<Swapped>,
        /// Modules that it imports without being Clerk's.
        modules: BTreeSet<String>,
    },
    /// package.json.
    Package(PackageJson),
    /// Environment variables.
    Environment(EnvironmentFile),
    /// A build or a deployment.
    Deployment,
    /// A lock file, with the target's packages that it names.
    Lock(BTreeSet<String>),
    /// Anything else.
    Text,
    /// It was not read.
    Skipped(Skip),
}

/// The names of lock files.
const LOCK_FILES: [&str; 5] = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/// Looks at a file; nothing if it has nothing to do with Clerk.
pub fn analyse(path: &str, bytes: &[u8], context: &Context<'_>) -> Option<Analysis> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if LOCK_FILES.contains(&name) {
        return Some(of_lock_file(path, bytes, context));
    }
    let language = Language::of(path);
    let is_package = name == "package.json";
    if !is_package && !is_interesting(bytes, language.is_some()) {
        return None;
    }
    let mut analysis = Analysis::new(path, Content::Text);
    if bytes.len() as u64 > MAX_BYTES {
        return analysis.skipped(Skip::TooLarge, bytes);
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return analysis.skipped(Skip::NotText, bytes) };
    if let Some(language) = language {
        if let Some(skip) = Skip::of_text(text) {
            return analysis.skipped(skip, bytes);
        }
        text.clone_into(&mut analysis.text);
        analysis.code(language, context);
    } else {
        text.clone_into(&mut analysis.text);
        analysis.other(is_package);
    }
    let has_something = match &analysis.content {
        Content::Code { swapped, modules } => {
            !swapped.names.is_empty()
                || !swapped.environment.is_empty()
                || !swapped.mocks.is_empty()
                || !modules.is_empty()
        }
        Content::Package(_) | Content::Environment(_) | Content::Deployment => true,
        Content::Text | Content::Lock(_) | Content::Skipped(_) => false,
    };
    (has_something || !analysis.found.is_empty()).then_some(analysis)
}

fn of_lock_file(path: &str, bytes: &[u8], context: &Context<'_>) -> Analysis {
    let packages = context.rules.target_packages();
    let named = packages.into_iter().filter(|package| memchr::memmem::find(bytes, package.as_bytes()).is_some());
    Analysis::new(path, Content::Lock(named.map(str::to_owned).collect()))
}

impl Analysis {
    fn new(path: &str, content: Content) -> Self {
        let (found, clerk_packages) = Default::default();
        Self { path: path.to_owned(), text: String::new(), content, found, clerk_packages, is_unknown: false }
    }

    /// A file that the system does not give out: nobody knows what it names.
    pub fn unreadable(path: &str) -> Self {
        let sentence =
            "The file could not be opened, so what it names is not known; give yourself the right to read it.";
        Self::unknown(path, Content::Skipped(Skip::Unreadable), sentence)
    }

    /// A file on which the program failed, and which it leaves.
    pub fn failed(path: &str) -> Self {
        let sentence = "The program failed on this file and left it as it is, so what it names stays with Clerk.";
        Self::unknown(path, Content::Text, sentence)
    }

    fn unknown(path: &str, content: Content, sentence: &str) -> Self {
        let found = vec![Found::new(Kind::Text, Code::NotRead, Action::Left, path, vec![0]).saying(sentence)];
        Self { found, is_unknown: true, ..Self::new(path, content) }
    }

    /// A file that is not read as what it is still names packages, and may read variables.
    fn skipped(mut self, skip: Skip, bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        if names_clerk(bytes) {
            let found = Found::new(Kind::Text, Code::NotRead, Action::Left, &self.path, vec![0]);
            let sentence = format!("The file names packages of Clerk's and was not read: {}.", skip.reason());
            self.found.push(found.saying(sentence));
        }
        if Language::of(&self.path).is_some() || is_program(&self.path, &text) {
            // Its text is not kept, so there are no places in it.
            self.found.extend(read_variables(&text).map(|found| Found { places: vec![0], ..found }));
        }
        if !is_document(&self.path) {
            self.clerk_packages = clerk_packages(&text);
        }
        self.content = Content::Skipped(skip);
        (!self.found.is_empty()).then_some(self)
    }

    fn code(&mut self, language: Language, context: &Context<'_>) {
        let Some(facts) = read_facts(&self.text, language) else {
            if names_clerk(self.text.as_bytes()) {
                let at = self.text.find("@clerk/").unwrap_or(0);
                self.found.push(Found::new(Kind::Text, Code::SyntaxError, Action::Left, "@clerk/", vec![at]));
                self.clerk_packages = clerk_packages(&self.text);
            }
            self.found.extend(read_variables(&self.text));
            return;
        };
        let mut swapped = swap(&self.text, &facts, language.is_typescript(), context);
        self.found = std::mem::take(&mut swapped.found);
        let left = swapped.names.iter().filter(|name| name.outcome == Outcome::Left).map(|name| name.module.as_str());
        let others = facts.modules.iter().map(|usage| usage.module.as_str());
        self.clerk_packages = left.chain(others).map(|module| package_of(module).to_owned()).collect();
        let moved = swapped.names.iter().filter(|name| name.outcome == Outcome::Moved);
        let targets = moved.filter_map(|name| context.rules.find(&name.module, &name.name)).map(|to| to.module.clone());
        let passed_on = facts.re_exports.iter().map(|re_export| &re_export.module);
        let named = facts.imports.iter().map(|import| &import.module).chain(passed_on);
        let packages = context.rules.target_packages();
        let present = named.filter(|module| packages.contains(&package_of(module))).cloned();
        let modules = targets.chain(present).collect();
        self.content = Content::Code { swapped: Box::new(swapped), modules };
    }

    fn other(&mut self, is_package: bool) {
        if is_package {
            self.content = read_package_json(&self.text).map_or(Content::Text, Content::Package);
            return;
        }
        if let Some(kind) = EnvironmentFile::of(&self.path) {
            self.content = Content::Environment(kind);
            return;
        }
        self.found = find_by_text(&self.path, &self.text);
        if !is_document(&self.path) {
            self.clerk_packages = clerk_packages(&self.text);
        }
        let is_deployment = is_deployment_file(&self.path) && !is_program(&self.path, &self.text);
        if is_deployment && !variables(&self.text).is_empty() {
            self.content = Content::Deployment;
        }
    }
}

fn clerk_packages(text: &str) -> BTreeSet<String> {
    let is_part = |byte: char| byte.is_ascii_alphanumeric() || byte == '-';
    text.match_indices("@clerk/")
        .map(|(at, scope)| {
            let rest = &text[at + scope.len()..];
            let end = rest.find(|other| !is_part(other)).unwrap_or(rest.len());
            format!("{scope}{}", &rest[..end])
        })
        .collect()
}
