//! The import statements of a file: names leave the statements of Clerk's modules and arrive in those of their new ones.

use std::collections::{BTreeMap, HashSet};

use super::names::Fate;
use super::statement::{NewName, Segment, Style, cut, segments};
use crate::edit::Edit;
use crate::lines::{indent_at, newline_of, whole_lines};
use crate::syntax::{Facts, Import, ImportedName, Range};

/// New names of imports that have another one now, by the place of the name in its import.
pub(super) type Renames = BTreeMap<usize, String>;

/// Which import statement, and which name of it, becomes what.
pub(super) type Fates = Vec<Vec<Fate>>;

/// The edits of all import statements, and the local names that change with them.
pub(super) fn swap_imports(text: &str, facts: &Facts, fates: &Fates) -> (Vec<Edit>, Renames) {
    let mut swap = Swap {
        text,
        facts,
        homes: BTreeMap::new(),
        additions: BTreeMap::new(),
        new_statements: Vec::new(),
        edits: Vec::new(),
        renames: Renames::new(),
        given: HashSet::new(),
    };
    for (index, import) in facts.imports.iter().enumerate() {
        let is_home =
            import.braces.is_some() && !import.names.is_empty() && !import.has_attributes && may_share(import);
        if is_home && fates[index].iter().all(|fate| *fate == Fate::Foreign) {
            swap.homes.entry(import.module.clone()).or_insert(Home::Statement(index));
        }
    }
    for (index, fates) in fates.iter().enumerate() {
        if fates.iter().any(|fate| matches!(fate, Fate::Moved(_) | Fate::Gone)) {
            swap.statement(index, fates);
        }
    }
    swap.finish()
}

/// Whether names of a statement may stand in another one, and those of others in it: of types and of a block of its own, not.
fn may_share(import: &Import) -> bool {
    !import.is_type && !import.is_nested
}

/// The statement that takes up the names of a module.
#[derive(Clone, Copy)]
enum Home {
    /// One that is in the file.
    Statement(usize),
    /// A new one.
    New(usize),
}

struct NewStatement {
    behind: usize,
    module: String,
    names: Vec<NewName>,
}

struct Swap<'a> {
    text: &'a str,
    facts: &'a Facts,
    homes: BTreeMap<String, Home>,
    /// Names that a statement takes up, behind this byte.
    additions: BTreeMap<usize, Vec<String>>,
    new_statements: Vec<NewStatement>,
    edits: Vec<Edit>,
    renames: Renames,
    given: HashSet<String>,
}

impl Swap<'_> {
    fn statement(&mut self, index: usize, fates: &[Fate]) {
        let import = &self.facts.imports[index];
        let segments = segments(self.text, import, &self.facts.comments);
        let stays = |fate: &Fate| matches!(fate, Fate::Foreign | Fate::Left);
        let something_stays = !import.whole.is_empty() || fates.iter().any(stays);
        let mut modules: Vec<&str> = Vec::new();
        for fate in fates {
            if let Fate::Moved(to) = fate
                && !modules.contains(&to.module.as_str())
            {
                modules.push(&to.module);
            }
        }
        let joined: Vec<&str> =
            modules.iter().filter(|module| self.joins(import, module, fates, &segments)).copied().collect();
        let in_place =
            if something_stays { None } else { modules.iter().find(|module| !joined.contains(module)).copied() };
        let keeps: Vec<bool> = fates
            .iter()
            .map(|fate| match fate {
                Fate::Moved(to) => in_place == Some(to.module.as_str()),
                Fate::Gone => false,
                Fate::Foreign | Fate::Left => true,
            })
            .collect();
        // What stays has its place; of the rest, the module of the provider comes before that of the elements.
        let mut elsewhere: Vec<&str> = modules.into_iter().filter(|module| in_place != Some(module)).collect();
        elsewhere.sort_by_key(|module| (*module != "@avnology/nextjs", *module != "@avnology/id-elements"));
        for module in elsewhere {
            self.leave(index, fates, &segments, module);
        }
        if let Some(module) = in_place {
            self.rewrite(index, fates, module);
        }
        if keeps.contains(&true) {
            self.edits.extend(cut(self.text, import, &segments, &keeps));
        } else if import.whole.is_empty() {
            self.remove(index);
        } else {
            // `import Clerk, { … }`: what stays is before the braces.
            self.remove_braces(import);
        }
    }

    /// Whether the names of a module go to a statement that is there already: unless a comment would be torn away.
    fn joins(&self, import: &Import, module: &str, fates: &[Fate], segments: &[Segment]) -> bool {
        let moves = |fate: &Fate| matches!(fate, Fate::Moved(to) if to.module == module);
        let is_commented = fates.iter().zip(segments).any(|(fate, segment)| moves(fate) && segment.has_comment);
        may_share(import) && !is_commented && self.homes.contains_key(module)
    }

    /// The names of a module leave a statement, for another one that is there or for a new one.
    fn leave(&mut self, index: usize, fates: &[Fate], segments: &[Segment], module: &str) {
        let import = &self.facts.imports[index];
        let joins = self.joins(import, module, fates, segments);
        let mut moving: Vec<(&ImportedName, String, &Segment)> = Vec::new();
        for ((name, fate), segment) in import.names.iter().zip(fates).zip(segments) {
            let Fate::Moved(to) = fate else { continue };
            if to.module != module {
                continue;
            }
            match self.present(module, &to.name).filter(|_| joins && !name.has_alias()) {
                Some(local) => {
                    self.renames.insert(name.range.start, local);
                }
                None => moving.push((name, self.text_of(name, &to.name), segment)),
            }
        }
        for (name, text, _) in &moving {
            self.note_rename(name, text);
        }
        if joins {
            self.join(module, moving.into_iter().map(|(_, text, _)| text).collect());
            return;
        }
        let new = moving.into_iter().map(|(name, text, segment)| NewName::new(text, self.text, name.range, segment));
        let names = new.collect();
        if may_share(import) {
            self.homes.entry(module.to_owned()).or_insert(Home::New(self.new_statements.len()));
        }
        self.new_statements.push(NewStatement { behind: index, module: module.to_owned(), names });
    }

    /// A statement becomes that of another module, with the names that move there.
    fn rewrite(&mut self, index: usize, fates: &[Fate], module: &str) {
        let import = &self.facts.imports[index];
        for (name, fate) in import.names.iter().zip(fates) {
            let Fate::Moved(to) = fate else { continue };
            if to.module != module {
                continue;
            }
            let text = self.text_of(name, &to.name);
            self.note_rename(name, &text);
            if text != name.range.of(self.text) {
                self.edits.push(Edit::replace(name.range.start, name.range.end, text));
            }
        }
        if may_share(import) {
            self.homes.insert(module.to_owned(), Home::Statement(index));
        }
        let Range { start, end } = import.source;
        self.edits.push(Edit::replace(start + 1, end - 1, module));
    }

    /// The name as the new module has it, with the local name where that cannot change.
    fn text_of(&self, name: &ImportedName, new: &str) -> String {
        let kind = if name.is_type { "type " } else { "" };
        if name.has_alias() {
            let rest = Range { start: name.imported_range.end, end: name.range.end }.of(self.text);
            let before = Range { start: name.range.start, end: name.imported_range.start }.of(self.text);
            return format!("{before}{new}{rest}");
        }
        let is_taken = self.facts.names.contains(new) || self.given.contains(new);
        if new != name.local && is_taken { format!("{kind}{new} as {}", name.local) } else { format!("{kind}{new}") }
    }

    /// The local name of something that the file imports from its new module already.
    fn present(&self, module: &str, new: &str) -> Option<String> {
        let Some(Home::Statement(index)) = self.homes.get(module) else { return None };
        let import = &self.facts.imports[*index];
        let same = |name: &&ImportedName| import.module == module && name.imported == new && !name.is_type;
        import.names.iter().find(same).map(|name| name.local.clone())
    }

    fn note_rename(&mut self, name: &ImportedName, text: &str) {
        let bare = text.strip_prefix("type ").unwrap_or(text);
        if !name.has_alias() && !bare.contains(" as ") && bare != name.local {
            self.given.insert(bare.to_owned());
            self.renames.insert(name.range.start, bare.to_owned());
        }
    }

    /// Adds names to the statement that has others of the module.
    fn join(&mut self, module: &str, names: Vec<String>) {
        match self.homes.get(module) {
            Some(Home::New(index)) => {
                let texts = names.into_iter().map(NewName::plain);
                self.new_statements[*index].names.extend(texts);
            }
            Some(Home::Statement(index)) => {
                let import = &self.facts.imports[*index];
                // Behind the last name that is not cut. Names of a statement that was Clerk's are cut if they went on.
                let cuts: Vec<&Edit> = self.edits.iter().filter(|edit| edit.text.is_empty()).collect();
                let is_cut = |range: Range| cuts.iter().any(|cut| cut.start <= range.start && range.end <= cut.end);
                let last = import.names.iter().rev().find(|name| !is_cut(name.range));
                if let Some(last) = last {
                    self.additions.entry(last.range.end).or_default().extend(names);
                }
            }
            None => {}
        }
    }

    fn remove(&mut self, index: usize) {
        let import = &self.facts.imports[index];
        let new = self.new_statements.iter().any(|new| new.behind == index);
        let range = if new { import.range } else { whole_lines(self.text, import.range) };
        self.edits.push(Edit::remove(range.start, range.end));
    }

    fn remove_braces(&mut self, import: &Import) {
        let Some(braces) = import.braces else { return };
        let Some(whole) = import.whole.last() else { return };
        self.edits.push(Edit::remove(whole.range.end, braces.end + 1));
    }

    fn finish(mut self) -> (Vec<Edit>, Renames) {
        for (at, names) in std::mem::take(&mut self.additions) {
            let added: Vec<&str> = names.iter().flat_map(|name| [", ", name]).collect();
            self.edits.push(Edit::insert(at, added.concat()));
        }
        for NewStatement { behind, module, names } in &self.new_statements {
            let import = &self.facts.imports[*behind];
            let source = import.source.of(self.text);
            let style = Style {
                quote: source.chars().next().unwrap_or('"'),
                has_semicolon: import.range.of(self.text).ends_with(';'),
                is_type: import.is_type,
                indent: indent_at(self.text, import.range.start),
                newline: newline_of(self.text),
            };
            let statement = style.statement(module, names);
            let at = self.end_of(import);
            self.edits.push(Edit::insert(at, format!("{}{}{statement}", style.newline, style.indent)));
        }
        (self.edits, self.renames)
    }

    /// The end of a statement, with a comment that stands behind it on its line.
    fn end_of(&self, import: &Import) -> usize {
        let end = import.range.end;
        let line_end = memchr::memchr(b'\n', &self.text.as_bytes()[end..]).map_or(self.text.len(), |at| end + at);
        let rest = Range { start: end, end: line_end };
        let beside = self.facts.comments.iter().find(|comment| rest.holds(comment.range));
        match beside {
            Some(comment) if rest.of(self.text).trim() == comment.range.of(self.text).trim() => comment.range.end,
            _ => end,
        }
    }
}
