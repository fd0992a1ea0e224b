//! All of one file: what becomes of each name, and what follows from that.

use super::context::Context;
use super::imports::{Fates, Renames, swap_imports};
use super::left::{LeftName, left_name};
use super::middleware::{Decision, decide};
use super::names::{Fate, NameUse, Outcome};
use super::uses::MovedName;
use super::webhook::handler;
use crate::code::Code;
use crate::edit::Edit;
use crate::environment::{calls_clerk, has_key, is_clerks_variable, new_name};
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::rules::Equivalent;
use crate::syntax::{
    EnvironmentForm, EnvironmentUse, Facts, Import, ImportedName, ModuleForm, Range, ReExport, UseForm,
};
use crate::texts::{addresses, styles};

/// What becomes of a file.
#[derive(Debug, Default)]
pub struct Swapped {
    /// The changes that concern this file alone.
    pub edits: Vec<Edit>,
    /// What there is to say.
    pub found: Vec<Found>,
    /// Every name that it imports from Clerk.
    pub names: Vec<NameUse>,
    /// Its variables that have an equivalent. Whether they can be renamed is a matter of the whole workspace.
    pub environment: Vec<EnvironmentUse>,
    /// Modules of Clerk's that it mocks, with the place. Whether imports moved away from them is a matter of the package.
    pub mocks: Vec<(String, usize)>,
    /// Modules of Clerk's that it passes on as a whole.
    pub barrels: Vec<String>,
    /// Where it uses the new provider, if it does.
    pub provider: Option<usize>,
}

/// Where a statement stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    context: &'a Context<'a>,
    is_typescript: bool,
}

/// Decides about a file.
pub fn swap(text: &str, facts: &Facts, is_typescript: bool, context: &Context<'_>) -> Swapped {
    let (mut fates, decisions) = fates(text, facts, context);
    let removed: Vec<Range> = decisions.iter().flat_map(|decision| decision.removed.iter().copied()).collect();
    let mut swapped = Swapped::default();
    for Decision { edits, found, .. } in decisions {
        swapped.edits.extend(edits);
        swapped.found.extend(found);
    }
    forget_unused(facts, &removed, &mut fates);
    let (edits, renames) = swap_imports(text, facts, &fates);
    swapped.edits.extend(edits);
    let place = Place { context, is_typescript };
    for (import, fates) in facts.imports.iter().zip(&fates) {
        swapped.import(import, fates, &renames, &place);
    }
    for re_export in &facts.re_exports {
        swapped.re_export(re_export, context);
    }
    swapped.modules(facts);
    swapped.environment(facts);
    swapped.others(text, facts);
    swapped
}

/// Whether a module is Clerk's own.
fn is_clerks(module: &str) -> bool {
    module.starts_with("@clerk/")
}

/// Whether a module is not Clerk's and of no use without it.
fn is_tied(module: &str) -> bool {
    matches!(module, "convex/react-clerk" | "vue-clerk" | "svelte-clerk") || module.starts_with("svelte-clerk/")
}

fn is_middleware(module: &str, name: &ImportedName) -> bool {
    matches!(module, "@clerk/nextjs" | "@clerk/nextjs/server")
        && matches!(name.imported.as_str(), "clerkMiddleware" | "authMiddleware")
}

fn fates(text: &str, facts: &Facts, context: &Context<'_>) -> (Fates, Vec<Decision>) {
    let mut decisions = Vec::new();
    let fates = facts
        .imports
        .iter()
        .map(|import| {
            let of = |name: &ImportedName| {
                if !is_clerks(&import.module) {
                    return Fate::Foreign;
                }
                let Some(to) = context.rules.find(&import.module, &name.imported) else { return Fate::Left };
                let is_type = import.is_type || name.is_type;
                let only_typeof = !name.uses.is_empty() && name.uses.iter().all(|usage| usage.form == UseForm::TypeOf);
                if import.has_attributes || (is_type && !only_typeof && !to.is_own) {
                    return Fate::Left;
                }
                if is_middleware(&import.module, name) {
                    let decision = decide(text, facts, name, context);
                    let moves = decision.moves;
                    decisions.push(decision);
                    return if moves { Fate::Moved(to.clone()) } else { Fate::Left };
                }
                Fate::Moved(to.clone())
            };
            import.names.iter().map(of).collect()
        })
        .collect();
    (fates, decisions)
}

/// What only the code used that goes, goes too.
fn forget_unused(facts: &Facts, removed: &[Range], fates: &mut Fates) {
    let goes = |range: Range| removed.iter().any(|gone| gone.holds(range));
    for (import, fates) in facts.imports.iter().zip(fates) {
        for (name, fate) in import.names.iter().zip(fates.iter_mut()) {
            let is_gone = !name.uses.is_empty() && name.uses.iter().all(|usage| goes(usage.range));
            if is_gone && matches!(fate, Fate::Foreign | Fate::Left) {
                *fate = Fate::Gone;
            }
        }
    }
}

impl Swapped {
    fn count(&mut self, module: &str, name: &str, is_type: bool, outcome: Outcome) {
        let (module, name) = (module.to_owned(), name.to_owned());
        self.names.push(NameUse { module, name, is_type, outcome, by_own_rule: false });
    }

    fn count_moved(&mut self, module: &str, name: &str, is_type: bool, to: &Equivalent) {
        self.count(module, name, is_type, Outcome::Moved);
        if let Some(counted) = self.names.last_mut() {
            counted.by_own_rule = to.is_own;
        }
    }

    fn import(&mut self, import: &Import, fates: &[Fate], renames: &Renames, place: &Place<'_>) {
        let Place { context, is_typescript } = *place;
        let module = import.module.as_str();
        let (is_clerks, is_tied, has_attributes) = (is_clerks(module), is_tied(module), import.has_attributes);
        if !is_clerks && !is_tied {
            self.moved_before(import, context);
            return;
        }
        for binding in &import.whole {
            let (name, import_place) = (binding.imported, binding.range.start);
            let uses = &binding.uses;
            let left = LeftName { name, is_type: import.is_type, import: import_place, uses, has_attributes };
            self.found.push(left_name(context.rules, module, &left));
            if is_clerks {
                self.count(module, binding.imported, import.is_type, Outcome::Left);
            }
        }
        for (name, fate) in import.names.iter().zip(fates) {
            let is_type = import.is_type || name.is_type;
            let (imported, start, uses) = (&name.imported, name.range.start, &name.uses);
            let left = LeftName { name: imported, is_type, import: start, uses, has_attributes };
            match fate {
                Fate::Foreign if is_tied => {
                    let found = left_name(context.rules, module, &left);
                    self.found.push(found.saying(format!("`{}` of {module} works only with Clerk.", name.imported)));
                }
                Fate::Foreign => {}
                Fate::Left => {
                    // A middleware that is left has an entry of its own, which says why.
                    let has_entry = is_middleware(module, name) && !is_type;
                    if !has_entry || !self.found.iter().any(|found| found.finding.subject == name.imported) {
                        self.found.push(left_name(context.rules, module, &left));
                    }
                    self.count(module, &name.imported, is_type, Outcome::Left);
                }
                Fate::Gone => {
                    if is_clerks {
                        self.count(module, &name.imported, is_type, Outcome::Gone);
                    }
                }
                Fate::Moved(to) => {
                    let new_name = renames.get(&name.range.start).map(String::as_str);
                    let moved = MovedName { name, to, renamed: new_name, is_typescript };
                    self.edits.extend(moved.edits());
                    self.found.extend(moved.checks());
                    self.count_moved(module, &name.imported, is_type, to);
                    if !is_type {
                        self.note_provider(name, &to.name);
                    }
                }
            }
        }
        if is_clerks && import.whole.is_empty() && import.names.is_empty() {
            let left = LeftName { name: "*", is_type: false, import: import.range.start, uses: &[], has_attributes };
            self.found.push(left_name(context.rules, module, &left));
            self.count(module, "*", false, Outcome::Left);
        }
    }

    fn note_provider(&mut self, name: &ImportedName, new: &str) {
        if new == "AvnologyProvider" {
            self.provider = self.provider.or(name.uses.first().map(|usage| usage.range.start));
        }
    }

    /// What moved in an earlier run, or by hand, is looked at in the same way.
    fn moved_before(&mut self, import: &Import, context: &Context<'_>) {
        let module = import.module.as_str();
        for name in &import.names {
            if let Some(to) =
                context.rules.by_target(module, &name.imported).filter(|_| !import.is_type && !name.is_type)
            {
                self.found.extend(MovedName { name, to, renamed: None, is_typescript: true }.checks());
                self.note_provider(name, &to.name);
            }
        }
    }

    fn re_export(&mut self, re_export: &ReExport, context: &Context<'_>) {
        let ReExport { range, source, module, names, is_type, is_all, has_attributes } = re_export;
        if !is_clerks(module) {
            return;
        }
        if *is_all {
            let found = Found::new(Kind::Module, Code::ReExportAll, Action::Left, module, vec![range.start]);
            self.found.push(found.of(module));
            self.count(module, "*", *is_type, Outcome::Left);
            self.barrels.push(module.clone());
            return;
        }
        let equivalents: Option<Vec<_>> = names.iter().map(|(name, _)| context.rules.find(module, name)).collect();
        let same_target = equivalents.filter(|all| {
            let first = all.first().map(|to| &to.module);
            // A middleware moves by its form, which is not visible here.
            let is_middleware = names.iter().any(|(name, _)| name.ends_with("Middleware"));
            let keep_names = all.iter().zip(names).all(|(to, (name, _))| to.name == *name);
            !is_type
                && !has_attributes
                && !is_middleware
                && keep_names
                && all.iter().all(|to| Some(&to.module) == first)
        });
        match same_target.as_deref() {
            Some([first, rest @ ..]) => {
                self.edits.push(Edit::replace(source.start + 1, source.end - 1, &first.module));
                for (to, (name, _)) in std::iter::once(first).chain(rest).zip(names) {
                    self.count_moved(module, name, *is_type, to);
                }
            }
            _ => {
                for (name, _) in names {
                    let found = Found::new(Kind::Module, Code::ReExport, Action::Left, name, vec![range.start]);
                    self.found.push(found.of(module));
                    self.count(module, name, *is_type, Outcome::Left);
                }
            }
        }
    }

    fn modules(&mut self, facts: &Facts) {
        for usage in &facts.modules {
            let module = usage.module.as_str();
            let (kind, code) = match usage.form {
                ModuleForm::Taken => (Kind::Module, Code::ImportWholeModule),
                ModuleForm::Augmented => (Kind::Type, Code::TypeAugmentation),
                ModuleForm::Named => (Kind::Text, Code::ModuleNamed),
                ModuleForm::Mocked => {
                    self.mocks.push((usage.module.clone(), usage.place));
                    continue;
                }
            };
            if usage.form == ModuleForm::Taken && is_clerks(module) {
                self.count(module, "*", false, Outcome::Left);
            }
            self.found.push(Found::new(kind, code, Action::Left, module, vec![usage.place]).of(module));
        }
        for (name, place) in &facts.augmentations {
            self.found.push(Found::new(Kind::Type, Code::TypeAugmentation, Action::Left, name, vec![*place]));
        }
    }

    fn environment(&mut self, facts: &Facts) {
        for usage in &facts.environment {
            if new_name(&usage.name).is_some() {
                self.environment.push(usage.clone());
            } else {
                let place = vec![usage.range.start];
                let found = Found::new(Kind::Environment, Code::EnvironmentLeft, Action::Left, &usage.name, place);
                self.found.push(found.saying(format!("No equivalent of {} is documented.", usage.name)));
            }
        }
    }

    fn others(&mut self, text: &str, facts: &Facts) {
        let variables: Vec<String> = {
            let mut names: Vec<String> = facts.environment.iter().map(|usage| usage.name.clone()).collect();
            names.retain(|name| name.contains("WEBHOOK"));
            names.sort_unstable();
            names.dedup();
            names
        };
        let is_clerks_handler = facts.imports.iter().any(|import| is_clerks(&import.module))
            || facts.environment.iter().any(|usage| is_clerks_variable(&usage.name))
            || text.contains("clerk");
        self.found.extend(handler(&facts.webhook, is_clerks_handler, &variables));
        if !facts.token_templates.is_empty() {
            let places = facts.token_templates.clone();
            self.found.push(Found::new(Kind::Server, Code::TokenTemplate, Action::Left, "getToken", places));
        }
        self.found.extend(addresses(text));
        self.found.extend(styles(text, true));
        // A variable that goes to Clerk's own API, or that gets a key of Clerk's here, must not become the new key.
        let goes_to_clerk = calls_clerk(text);
        for usage in &mut self.environment {
            if goes_to_clerk || has_key(text, &usage.name) {
                usage.form = EnvironmentForm::ForClerk;
            }
        }
    }
}
