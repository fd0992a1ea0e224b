//! Which of the files were named on the command line.

use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// A path that means nothing.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// There is nothing under that name.
    #[error("there is no file or folder `{0}`; put a pattern such as 'apps/*/src' in quotes")]
    Missing(String),
    /// It is not in the repository.
    #[error("`{0}` is not below {1}")]
    Outside(String, String),
    /// The pattern cannot be read.
    #[error("the pattern `{0}` cannot be read: {1}")]
    Pattern(String, globset::Error),
}

/// Which files were named.
#[derive(Debug)]
pub(super) struct Selection {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Below(String),
    Matching(GlobMatcher),
}

impl Selection {
    /// Of the paths of a command line; everything below the directory if there are none.
    ///
    /// # Errors
    /// If a path means nothing.
    pub(super) fn new(root: &Path, directory: &Path, paths: &[String]) -> Result<Self, SelectionError> {
        if paths.is_empty() {
            return Ok(Self { parts: vec![Part::Below(relative(root, directory).unwrap_or_default())] });
        }
        let parts = paths.iter().map(|path| part(root, directory, path)).collect::<Result<_, _>>()?;
        Ok(Self { parts })
    }

    /// Whether a file is among them.
    pub(super) fn has(&self, path: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Below(folder) => {
                folder.is_empty()
                    || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Part::Matching(pattern) => pattern.is_match(path),
        })
    }
}

fn part(root: &Path, directory: &Path, path: &str) -> Result<Part, SelectionError> {
    let full = directory.join(path);
    let outside = || SelectionError::Outside(path.to_owned(), root.display().to_string());
    if full.exists() {
        return relative(root, &full).map(Part::Below).ok_or_else(outside);
    }
    if !path.contains(['*', '?', '[', '{']) {
        return Err(SelectionError::Missing(path.to_owned()));
    }
    let base = relative(root, directory).ok_or_else(outside)?;
    let pattern = path.strip_prefix("./").unwrap_or(path);
    let pattern = if base.is_empty() { pattern.to_owned() } else { format!("{}/{pattern}", globset::escape(&base)) };
    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| SelectionError::Pattern(path.to_owned(), error))?;
    Ok(Part::Matching(glob.compile_matcher()))
}

/// A path from the root, with `/`; nothing if it is not below.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let real = |path: &Path| -> PathBuf { path.canonicalize().unwrap_or_else(|_| path.to_path_buf()) };
    let (root, path) = (real(root), real(path));
    let below = path.strip_prefix(&root).ok()?;
    let names = below.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    names.collect::<Option<Vec<_>>>().map(|names| names.join("/"))
}
