//! The files of a crate and what they import from each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path as FilePath;

use crate::syntax::{self, Path, Token};

/// A module, by the names on its path.
type Module = Vec<String>;

/// The files of a crate.
pub(crate) struct Graph {
    files: BTreeMap<Module, File>,
    imports: Vec<Import>,
}

struct File {
    /// Its path below `src`.
    path: String,
    text: String,
    tokens: Vec<Token>,
    paths: Vec<Path>,
}

/// One file names something that is in another file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    from: String,
    line: usize,
    to: String,
}

impl Import {
    pub(crate) fn room_of_importer(&self) -> &str {
        room(&self.from)
    }

    pub(crate) fn room_of_imported(&self) -> &str {
        room(&self.to)
    }

    pub(crate) fn importer(&self) -> &str {
        &self.from
    }

    pub(crate) fn imported(&self) -> &str {
        &self.to
    }
}

/// The room that a file belongs to: the folder, or a file that is a room by itself.
fn room(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

impl fmt::Display for Import {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "src/{}:{} imports {}", self.from, self.line, self.to)
    }
}

impl Graph {
    /// Reads all files below `src`, apart from the program's entry point.
    pub(crate) fn read(src: &FilePath) -> Self {
        let mut found = Vec::new();
        files_below(src, &mut found);
        let (mut files, mut of_tests) = (BTreeMap::new(), Vec::new());
        for path in found {
            let text = std::fs::read_to_string(src.join(&path)).expect("a source file");
            let (tokens, test_modules) = syntax::without_tests(&syntax::tokens(&text));
            let module = module_of(&path);
            of_tests.extend(test_modules.into_iter().map(|name| [module.clone(), vec![name]].concat()));
            let paths = syntax::paths(&tokens);
            files.insert(module, File { path, text, tokens, paths });
        }
        files.retain(|module, _| !of_tests.contains(module));
        let mut graph = Self { files, imports: Vec::new() };
        let imports: BTreeSet<Import> =
            graph.files.iter().flat_map(|(module, file)| graph.of_file(module, file)).collect();
        graph.imports = imports.into_iter().collect();
        graph
    }

    /// What a file imports from other files. What a module's root re-exports of its own room is not an import.
    fn of_file<'g>(&'g self, module: &'g Module, file: &'g File) -> impl Iterator<Item = Import> + 'g {
        let is_own = |target: &Module| target.starts_with(module);
        let absolute = file.paths.iter().filter_map(|path| Some((path, self.absolute(module, &path.names)?)));
        let others = absolute.filter(move |(path, names)| !(path.is_public && is_own(names)));
        let targets = others.map(|(path, names)| (path.line, self.file_of(&names, 0)));
        let imports = targets.filter(|(_, target)| target.path != file.path && target.path != "lib.rs");
        imports.map(|(line, target)| Import { from: file.path.clone(), line, to: target.path.clone() })
    }

    /// A path of this module from the crate's root; `None` if it leads out of the crate.
    fn absolute(&self, module: &Module, names: &[String]) -> Option<Module> {
        let mut base = module.clone();
        let mut rest = names;
        match rest.first()?.as_str() {
            "crate" => base.clear(),
            "self" | "super" => {}
            first => {
                base.push(first.to_owned());
                return self.files.contains_key(&base).then(|| [module.as_slice(), names].concat());
            }
        }
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" | "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = others;
        }
        Some([base.as_slice(), rest].concat())
    }

    /// The file in which something is, after following re-exports.
    fn file_of(&self, names: &[String], depth: usize) -> &File {
        let length = (0..=names.len()).rev().find(|length| self.files.contains_key(&names[..*length]));
        let (module, rest) = names.split_at(length.expect("the crate's root"));
        let file = &self.files[module];
        let is_it = |path: &&Path| !rest.is_empty() && path.alias.as_ref() == rest.first();
        let other = file.paths.iter().find(is_it).and_then(|path| self.absolute(&module.to_vec(), &path.names));
        match other {
            // A name that two modules re-export from each other leads nowhere.
            Some(other) if other != names && depth < 8 => self.file_of(&[&other, &rest[1..]].concat(), depth + 1),
            _ => file,
        }
    }

    pub(crate) fn imports(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter()
    }

    /// The rooms, without the crate's root.
    pub(crate) fn rooms(&self) -> BTreeSet<&str> {
        self.files.keys().filter_map(|module| Some(module.first()?.as_str())).collect()
    }

    /// Imports within a room that lead back to their origin.
    pub(crate) fn circles(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| {
            import.room_of_importer() == import.room_of_imported()
                && self.reachable(&import.to, import.room_of_imported()).contains(&*import.from)
        })
    }

    /// The files of a room that a file imports, directly or through others.
    fn reachable<'g>(&'g self, from: &'g str, room: &str) -> BTreeSet<&'g str> {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            for import in self.imports.iter().filter(|import| import.from == file && import.room_of_imported() == room)
            {
                if seen.insert(&*import.to) {
                    open.push(&import.to);
                }
            }
        }
        seen
    }

    /// Files of a room that one file alone uses, and that do not lie in the folder beside that one.
    pub(crate) fn too_high(&self, room: &str) -> Vec<String> {
        let below = self.files.iter().filter(|(module, _)| module.len() > 2 && module[0] == room);
        let found = below.filter_map(|(module, file)| {
            let mut importers: Vec<&str> =
                self.imports.iter().filter(|import| import.to == file.path).map(|import| &*import.from).collect();
            importers.dedup();
            let [user] = importers[..] else { return None };
            let is_below = module_of(user) == module[..module.len() - 1];
            let too_high = !is_below && !self.is_re_exported(module);
            too_high.then(|| format!("src/{}, which src/{user} alone uses", file.path))
        });
        found.collect()
    }

    /// Whether a file above re-exports something of this one, which is a use, too.
    fn is_re_exported(&self, module: &Module) -> bool {
        let above = self.files.iter().filter(|(above, _)| module.starts_with(above) && *above != module);
        let leads_here = |above: &Module, path: &Path| {
            path.is_public && self.absolute(above, &path.names).is_some_and(|names| names.starts_with(module))
        };
        above.into_iter().any(|(above, file)| file.paths.iter().any(|path| leads_here(above, path)))
    }

    /// The lines with a word outside some rooms, also in texts and comments.
    pub(crate) fn lines_with(&self, word: &str, but: &[&str]) -> Vec<String> {
        let others = self.files.values().filter(|file| !but.contains(&room(&file.path)));
        let lines = others.flat_map(|file| {
            let lines = (1..).zip(file.text.lines()).filter(|(_, line)| line.contains(word));
            lines.map(|(number, _)| format!("src/{}:{number}", file.path))
        });
        lines.collect()
    }

    /// Functions in files that are named `mod.rs`, and in these `others`.
    pub(crate) fn functions_in_roots(&self, others: &[&str]) -> Vec<String> {
        let is_root = |file: &&File| file.path.ends_with("/mod.rs") || others.contains(&&*file.path);
        let roots = self.files.values().filter(is_root);
        let functions = roots.flat_map(|file| {
            let functions = file.tokens.iter().filter(|token| token.text == "fn");
            functions.map(|token| format!("src/{}:{}", file.path, token.line))
        });
        functions.collect()
    }
}

/// The source files below a directory, by their paths from there.
fn files_below(src: &FilePath, found: &mut Vec<String>) {
    let mut open = vec![src.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(src).expect("below").to_string_lossy().replace('\\', "/");
            if path.join("Cargo.toml").exists() {
                // A crate of its own is another house.
            } else if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && name != "main.rs" {
                found.push(name);
            }
        }
    }
}

fn module_of(path: &str) -> Module {
    let names = path.trim_end_matches(".rs").split('/').map(str::to_owned);
    let mut module: Module = names.collect();
    if module.last().is_some_and(|last| last == "mod") || module == ["lib"] {
        module.pop();
    }
    module
}
