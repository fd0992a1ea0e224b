//! The build script: records which build this is, for `avnology --version`.
//!
//! It reads the files of git and needs no git. A development build records no commit: it is mostly made of files that no
//! commit has, and each commit would make it anew.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

#[expect(
    clippy::disallowed_methods,
    reason = "cargo speaks to build scripts in variables, and this is not part of the program"
)]
fn main() {
    println!("cargo::rerun-if-changed=src/version/build.rs");
    let variable = |name| env::var(name).unwrap_or_default();
    let commit = if variable("PROFILE") == "release" {
        commit(Path::new(&variable("CARGO_MANIFEST_DIR"))).unwrap_or("unknown: built outside of its repository".into())
    } else {
        "not recorded in a development build".into()
    };
    println!("cargo::rustc-env=AVNOLOGY__COMMIT={commit}");
    println!("cargo::rustc-env=AVNOLOGY__FEATURES={}", features());
    println!("cargo::rustc-env=AVNOLOGY__TARGET={}", variable("TARGET"));
}

/// The features that are on, without `default`, which only stands for others.
fn features() -> String {
    let variables = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let names =
        variables.filter_map(|name| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase().replace('_', "-")));
    let mut names: Vec<_> = names.filter(|name| name != "default").collect();
    names.sort();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// The commit that is checked out in this directory. It is read again when that changes.
fn commit(repository: &Path) -> Option<String> {
    let git = git_directory(repository);
    let head = read(&git.join("HEAD"))?;
    let Some(branch) = head.strip_prefix("ref: ") else { return id(&head) };
    // A further working tree shares its branches with the first one.
    let shared = read(&git.join("commondir")).map_or_else(|| git.clone(), |path| git.join(path));
    if let Some(commit) = read(&shared.join(branch)) {
        return id(&commit);
    }
    // The next commit writes a file for the branch, somewhere below.
    watch(&shared.join("refs"));
    let packed = read(&shared.join("packed-refs"))?;
    packed.lines().find_map(|line| id(line.strip_suffix(branch)?.strip_suffix(' ')?))
}

/// In a further working tree, `.git` is a file that says where the directory is.
fn git_directory(repository: &Path) -> PathBuf {
    let git = repository.join(".git");
    let named = fs::read_to_string(&git).ok();
    named.and_then(|text| Some(repository.join(text.strip_prefix("gitdir: ")?.trim_end()))).unwrap_or(git)
}

/// SHA-1 or SHA-256, in hexadecimal digits.
fn id(text: &str) -> Option<String> {
    let is_id = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| text.to_owned())
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    watch(path);
    Some(text.trim_end().to_owned())
}

/// Only what exists can be watched: cargo runs the script again each time if something is missing.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
