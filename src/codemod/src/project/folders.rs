//! The folders of package.json files, and the workspaces that hold them together.

use std::collections::{BTreeMap, BTreeSet};

/// The folder of a package.json.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The package's name.
    pub name: Option<String>,
    /// Whether it is the root of a workspace.
    pub is_workspace: bool,
}

/// All folders that have a package.json, by their path; the root is the empty path and always among them.
#[derive(Clone, Debug)]
pub struct Folders {
    folders: BTreeMap<String, Folder>,
}

impl Folders {
    /// Of package.json files by their folder, and of the folders with a pnpm-workspace.yaml.
    pub fn new(packages: impl IntoIterator<Item = (String, Folder)>, pnpm: &BTreeSet<String>) -> Self {
        let mut folders: BTreeMap<String, Folder> = packages.into_iter().collect();
        folders.entry(String::new()).or_default();
        for (path, folder) in &mut folders {
            folder.is_workspace |= pnpm.contains(path);
        }
        Self { folders }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Folder)> {
        self.folders.iter()
    }

    /// The folder that a file belongs to.
    pub fn of(&self, path: &str) -> &str {
        above(path).find_map(|folder| self.folders.get_key_value(folder)).map_or("", |(folder, _)| folder)
    }

    /// The workspace that a file belongs to: the outermost one, or its folder if there is none.
    pub fn workspace_of(&self, path: &str) -> &str {
        let workspaces = above(path).filter_map(|folder| self.folders.get_key_value(folder));
        let outermost = workspaces.filter(|(_, folder)| folder.is_workspace).last();
        outermost.map_or_else(|| self.of(path), |(folder, _)| folder)
    }

    /// The name of a folder's package.
    pub fn name(&self, folder: &str) -> Option<&str> {
        self.folders.get(folder).and_then(|folder| folder.name.as_deref())
    }

    /// Whether there is a package.json.
    pub fn has(&self, folder: &str) -> bool {
        self.folders.contains_key(folder)
    }
}

/// The folders above a file, from the innermost to the root.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        let (folder, next) = match path.rfind('/') {
            Some(at) => (&path[..at], Some(&path[..at])),
            None => ("", None),
        };
        rest = next;
        Some(folder)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_belongs_to_the_nearest_folder_and_the_outermost_workspace() {
        assert_eq!(above("a/b/c.ts").collect::<Vec<_>>(), ["a/b", "a", ""]);
        let folder = |is_workspace| Folder { name: None, is_workspace };
        let packages =
            [(String::new(), folder(false)), ("mono".into(), folder(false)), ("mono/apps/web".into(), folder(false))];
        let folders = Folders::new(packages, &BTreeSet::from(["mono".to_owned()]));
        assert_eq!(folders.of("mono/apps/web/src/a.ts"), "mono/apps/web");
        assert_eq!(folders.workspace_of("mono/apps/web/src/a.ts"), "mono");
        assert_eq!(folders.of("mono/a.ts"), "mono");
        assert_eq!((folders.of("a.ts"), folders.workspace_of("a.ts")), ("", ""));
    }
}
