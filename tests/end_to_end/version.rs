//! `--version`: which build this is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Scratch;

#[test]
fn the_version_is_short_and_long() {
    let scratch = Scratch::new();
    let name = concat!("avnology ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(scratch.run(&["-V"]).expect_code(0).stdout, name);
    let long = scratch.run(&["--version"]).expect_code(0).stdout;
    let lines: Vec<&str> = long.strip_prefix(name).expect("the same first line").lines().collect();
    let [commit, features, target] = lines[..] else { panic!("{long}") };
    if cfg!(debug_assertions) {
        assert_eq!(commit, "commit:   not recorded in a development build");
    }
    let features = features.strip_prefix("features: ").expect("features").split(", ");
    let features: Vec<&str> = features.collect();
    assert_eq!(features.contains(&"codemod"), cfg!(feature = "codemod"));
    assert_eq!(features.contains(&"jemalloc"), cfg!(feature = "jemalloc"));
    assert!(features.contains(&"sandbox") && features.contains(&"traits-schema"), "{features:?}");
    assert_eq!(features.contains(&"object-storage"), cfg!(feature = "object-storage"));
    assert!(!features.contains(&"default"), "{features:?}");
    assert!(target.starts_with(&format!("target:   {}-", std::env::consts::ARCH)), "{target}");
}

/// The build script by itself, as cargo runs it.
struct BuildScript {
    scratch: Scratch,
}

const FIRST: &str = "1111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222";

impl BuildScript {
    fn compile() -> Self {
        let scratch = Scratch::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/version/build.rs");
        let mut compile = Command::new("rustc");
        compile.args(["--edition", "2024", "-o"]).arg(scratch.path("build")).arg(source);
        assert!(compile.status().expect("rustc runs").success());
        Self { scratch }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.scratch.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    /// What `--version` would say of the commit in a build of this directory, and which files of it are watched.
    fn run(&self, directory: &str, profile: &str) -> (String, Vec<PathBuf>) {
        let directory = self.scratch.path(directory);
        let mut script = Command::new(self.scratch.path("build"));
        script.env_clear().env("PROFILE", profile).env("CARGO_MANIFEST_DIR", &directory).env("TARGET", "a-b-c");
        let output = script.output().expect("the script runs");
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let of = |key| text.lines().filter_map(move |line| line.strip_prefix(key)).map(str::to_owned);
        assert!(of("cargo::rustc-env=").any(|line| line == "AVNOLOGY__FEATURES=none"), "{text}");
        assert!(of("cargo::rustc-env=").any(|line| line == "AVNOLOGY__TARGET=a-b-c"), "{text}");
        let watched: Vec<PathBuf> = of("cargo::rerun-if-changed=").skip(1).map(PathBuf::from).collect();
        for path in &watched {
            assert!(path.exists(), "cargo builds again each time if {} is missing", path.display());
        }
        (of("cargo::rustc-env=AVNOLOGY__COMMIT=").next().expect("a commit"), watched)
    }

    fn watches(&self, watched: &[PathBuf], name: &str) -> bool {
        let expected = self.scratch.path(name).canonicalize().expect("there");
        watched.iter().any(|path| path.canonicalize().is_ok_and(|path| path == expected))
    }
}

#[test]
fn a_release_build_records_the_commit_that_is_checked_out() {
    let script = BuildScript::compile();
    script.write("one/.git/HEAD", "ref: refs/heads/topic/one\n");
    script.write("one/.git/refs/heads/topic/one", &format!("{FIRST}\n"));
    let (commit, watched) = script.run("one", "release");
    assert_eq!(commit, FIRST);
    assert!(["one/.git/HEAD", "one/.git/refs/heads/topic/one"].iter().all(|name| script.watches(&watched, name)));
    // A development build would be made anew at each commit.
    assert_eq!(script.run("one", "debug"), ("not recorded in a development build".to_owned(), vec![]));

    // A branch that git has packed away: the next commit writes a file for it.
    script.write("packed/.git/HEAD", "ref: refs/heads/main\n");
    script.write(
        "packed/.git/packed-refs",
        &format!("# pack-refs with: peeled\n{FIRST} refs/heads/not/refs/heads/main\n{SECOND} refs/heads/main\n"),
    );
    script.write("packed/.git/refs/heads/other", FIRST);
    let (commit, watched) = script.run("packed", "release");
    assert_eq!(commit, SECOND);
    assert!(["packed/.git/refs", "packed/.git/packed-refs"].iter().all(|name| script.watches(&watched, name)));

    // Without a branch, as most machines that build for others have it.
    script.write("detached/.git/HEAD", &format!("{SECOND}\n"));
    assert_eq!(script.run("detached", "release").0, SECOND);

    // A further working tree of the first one.
    script.write("further/.git", "gitdir: ../one/.git/worktrees/further\n");
    script.write("one/.git/worktrees/further/HEAD", "ref: refs/heads/two\n");
    script.write("one/.git/worktrees/further/commondir", "../..\n");
    script.write("one/.git/refs/heads/two", &format!("{SECOND}\n"));
    let (commit, watched) = script.run("further", "release");
    assert_eq!(commit, SECOND);
    assert!(script.watches(&watched, "one/.git/refs/heads/two"));
}

#[test]
fn without_a_repository_the_commit_is_unknown_and_the_build_succeeds() {
    let script = BuildScript::compile();
    script.write("none/Cargo.toml", "");
    script.write("odd/.git/HEAD", "ref: refs/heads/.invalid\n");
    script.write("empty/.git/HEAD", "");
    for directory in ["none", "odd", "empty"] {
        let (commit, _) = script.run(directory, "release");
        assert_eq!(commit, "unknown: built outside of its repository", "{directory}");
    }
}
