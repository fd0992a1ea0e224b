//! A strict disk: what was not synced may be there after a power cut or not, each piece by itself.
//!
//! - A write is there completely, in some of its blocks of 512 bytes, or not at all, unless its file was synced after it.
//!
//! - A name that was created, moved or removed in a directory is certain only if the directory was synced after it.
//!
//! - What was synced is there.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::trace::Call;

/// What a disk writes completely or not at all.
const BLOCK: u64 = 512;

/// The content of a directory: files with their bytes, and directories.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

type Node = usize;

#[derive(Clone, Default)]
struct File {
    durable: Vec<u8>,
    pending: Vec<(usize, FileChange)>,
}

#[derive(Clone)]
enum FileChange {
    Write { offset: u64, bytes: Vec<u8> },
    Truncate(u64),
}

#[derive(Clone, Default)]
struct Directory {
    durable: BTreeMap<String, Node>,
    now: BTreeMap<String, Node>,
    pending: Vec<(usize, NameChange)>,
}

#[derive(Clone)]
enum NameChange {
    Put(String, Node),
    Remove(String),
    Move(String, String, Node),
}

#[derive(Clone)]
enum Content {
    File(File),
    Directory(Directory),
}

/// What became of a change that was not durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    Lost,
    Whole,
    /// Only this many of its blocks are there, from its beginning.
    Prefix(u64),
    /// All of its blocks are there but this one, which is as before, or zeros.
    Hole(u64),
}

/// A change that is not durable yet.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// How many blocks it touches; none if it is not a write.
    pub blocks: u64,
}

/// See the module.
#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Content>,
    changes: usize,
}

const ROOT: Node = 0;

impl Disk {
    /// A disk that holds this content durably.
    pub fn of(tree: &Tree) -> Self {
        let mut disk = Self { nodes: vec![Content::Directory(Directory::default())], changes: 0 };
        for (path, content) in tree {
            let content = match content {
                Some(bytes) => Content::File(File { durable: bytes.clone(), pending: Vec::new() }),
                None => Content::Directory(Directory::default()),
            };
            let node = disk.add(content);
            let (parent, name) = disk.parent_of(path);
            disk.directory(parent).durable.insert(name.clone(), node);
            disk.directory(parent).now.insert(name, node);
        }
        disk
    }

    fn add(&mut self, content: Content) -> Node {
        self.nodes.push(content);
        self.nodes.len() - 1
    }

    fn directory(&mut self, node: Node) -> &mut Directory {
        match &mut self.nodes[node] {
            Content::Directory(directory) => directory,
            Content::File(_) => panic!("a file is no directory"),
        }
    }

    fn find(&self, path: &Path) -> Option<Node> {
        path.components().try_fold(ROOT, |node, component| match (&self.nodes[node], component) {
            (Content::Directory(directory), Component::Normal(name)) => directory.now.get(name.to_str()?).copied(),
            (Content::Directory(_), _) => Some(node),
            (Content::File(_), _) => None,
        })
    }

    fn parent_of(&self, path: &Path) -> (Node, String) {
        let parent = path.parent().unwrap_or(Path::new(""));
        let node = self.find(parent).unwrap_or_else(|| panic!("no directory for {}", path.display()));
        (node, path.file_name().unwrap_or_default().to_str().expect("UTF-8").to_owned())
    }

    fn put(&mut self, path: &Path, content: Content) {
        let node = self.add(content);
        let (parent, name) = self.parent_of(path);
        let change = self.change();
        let directory = self.directory(parent);
        directory.now.insert(name.clone(), node);
        directory.pending.push((change, NameChange::Put(name, node)));
    }

    fn change(&mut self) -> usize {
        self.changes += 1;
        self.changes - 1
    }

    /// Applies the effect of a call.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Create { path, truncated } => match self.find(path) {
                Some(_) if *truncated => self.change_file(path, FileChange::Truncate(0)),
                Some(_) => {}
                None => self.put(path, Content::File(File::default())),
            },
            Call::Write { path, offset, bytes } => {
                self.change_file(path, FileChange::Write { offset: *offset, bytes: bytes.clone() });
            }
            Call::Truncate { path, length } => self.change_file(path, FileChange::Truncate(*length)),
            Call::MakeDirectory { path } => self.put(path, Content::Directory(Directory::default())),
            Call::Remove { path } => {
                let (parent, name) = self.parent_of(path);
                let change = self.change();
                let directory = self.directory(parent);
                directory.now.remove(&name);
                directory.pending.push((change, NameChange::Remove(name)));
            }
            Call::Rename { from, to } => {
                let ((parent, from), (to_parent, to)) = (self.parent_of(from), self.parent_of(to));
                assert_eq!(parent, to_parent, "this test does not know how to move to another directory yet");
                let change = self.change();
                let directory = self.directory(parent);
                let node = directory.now.remove(&from).expect("what is renamed");
                directory.now.insert(to.clone(), node);
                directory.pending.push((change, NameChange::Move(from, to, node)));
            }
            Call::Sync { path } => self.sync(path),
        }
    }

    fn change_file(&mut self, path: &Path, change: FileChange) {
        // A file without a name ends with the process.
        let Some(node) = self.find(path) else { return };
        let number = self.change();
        match &mut self.nodes[node] {
            Content::File(file) => file.pending.push((number, change)),
            Content::Directory(_) => panic!("{} is a directory", path.display()),
        }
    }

    fn sync(&mut self, path: &Path) {
        let Some(node) = self.find(path) else { return };
        match &mut self.nodes[node] {
            Content::File(file) => {
                for (_, change) in std::mem::take(&mut file.pending) {
                    change.apply(&mut file.durable, Fate::Whole);
                }
            }
            Content::Directory(directory) => {
                directory.pending.clear();
                directory.durable = directory.now.clone();
            }
        }
    }

    /// The changes that are not durable, in order, by their numbers.
    pub fn pending(&self) -> BTreeMap<usize, Pending> {
        let mut pending = BTreeMap::new();
        for node in &self.nodes {
            match node {
                Content::File(file) => {
                    pending.extend(file.pending.iter().map(|(number, change)| (*number, change.pending())));
                }
                Content::Directory(directory) => {
                    pending.extend(directory.pending.iter().map(|(number, _)| (*number, Pending { blocks: 0 })));
                }
            }
        }
        pending
    }

    /// What a power cut leaves, if this becomes of each change that is not durable.
    pub fn after(&self, fate: &dyn Fn(usize) -> Fate) -> Tree {
        let mut tree = Tree::new();
        self.collect(ROOT, Path::new(""), fate, &mut tree);
        tree
    }

    fn collect(&self, node: Node, path: &Path, fate: &dyn Fn(usize) -> Fate, tree: &mut Tree) {
        match &self.nodes[node] {
            Content::File(file) => {
                let mut content = file.durable.clone();
                for (number, change) in &file.pending {
                    change.apply(&mut content, fate(*number));
                }
                tree.insert(path.to_path_buf(), Some(content));
            }
            Content::Directory(directory) => {
                if node != ROOT {
                    tree.insert(path.to_path_buf(), None);
                }
                let mut names = directory.durable.clone();
                for (number, change) in &directory.pending {
                    if fate(*number) != Fate::Lost {
                        change.apply(&mut names);
                    }
                }
                for (name, node) in names {
                    self.collect(node, &path.join(name), fate, tree);
                }
            }
        }
    }
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Put(name, node) => drop(names.insert(name.clone(), *node)),
            Self::Remove(name) => drop(names.remove(name)),
            Self::Move(from, to, node) => {
                if names.get(from) == Some(node) {
                    names.remove(from);
                }
                names.insert(to.clone(), *node);
            }
        }
    }
}

impl FileChange {
    fn pending(&self) -> Pending {
        match self {
            Self::Write { offset, bytes } if !bytes.is_empty() => {
                let end = offset + bytes.len() as u64;
                Pending { blocks: (end - 1) / BLOCK - offset / BLOCK + 1 }
            }
            _ => Pending { blocks: 0 },
        }
    }

    fn apply(&self, content: &mut Vec<u8>, fate: Fate) {
        let to_index = |number: u64| usize::try_from(number).expect("small");
        match (self, fate) {
            (_, Fate::Lost) => {}
            (Self::Truncate(length), _) => content.resize(to_index(*length), 0),
            (Self::Write { offset, bytes }, fate) => {
                let block = |number: u64| (offset / BLOCK + number) * BLOCK;
                let end = offset + bytes.len() as u64;
                let end = if let Fate::Prefix(blocks) = fate { end.min(block(blocks)) } else { end };
                content.resize(content.len().max(to_index(end)), 0);
                let hole = match fate {
                    Fate::Hole(number) => block(number).clamp(*offset, end)..block(number + 1).clamp(*offset, end),
                    _ => end..end,
                };
                for part in [*offset..hole.start, hole.end..end] {
                    let bytes = &bytes[to_index(part.start - offset)..to_index(part.end - offset)];
                    content[to_index(part.start)..to_index(part.end)].copy_from_slice(bytes);
                }
            }
        }
    }
}
