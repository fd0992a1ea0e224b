//! README and the manual: what they show is what the program prints, their links lead to something, and `avnology help`
//! prints them.

#[path = "../support/page.rs"]
mod page;

use std::path::{Path, PathBuf};

use crate::support::Scratch;
use page::Page;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The Markdown files for people, as paths from the root.
fn pages() -> Vec<PathBuf> {
    let manual = std::fs::read_dir(Path::new(ROOT).join("src/manual")).expect("the manual");
    let manual = manual.map(|entry| Path::new("src/manual").join(entry.expect("an entry").file_name()));
    let manual = manual.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let others = ["README.md", "fixtures/README.md", "tests/README.md", ".github/CONTRIBUTING.md"];
    manual.filter(|path| !path.ends_with("links.md")).chain(others.map(PathBuf::from)).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn what_readme_shows_is_what_happens() {
    let text = read(Path::new("README.md"));
    assert!(Page::new("README.md").run(&text) >= 8, "the first command and the tour");
    assert!(text.lines().count() <= 300, "README sells and starts; the rest is in the manual");
}

#[test]
fn what_the_manual_shows_is_what_happens() {
    let commands = pages().into_iter().filter(|path| path.starts_with("src/manual")).map(|path| {
        let name = path.display().to_string();
        Page::new(&name).run(&read(&path))
    });
    assert!(commands.sum::<usize>() >= 15, "commands that can run");
}

/// Links such as `[text](target)` and `[label]: target` to files and to headings in them. Other addresses are not checked.
#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    for page in pages().into_iter().chain([PathBuf::from("src/lib.rs")]) {
        let text = read(&page).replace("//! ", "");
        let inline = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
        let defined = text.lines().filter_map(|line| Some(line.strip_prefix('[')?.split_once("]: ")?.1));
        // rustdoc's front page is at target/doc/avnology_migrate.
        let from = if page.ends_with("lib.rs") { Path::new("a/b/c") } else { page.parent().expect("a directory") };
        for link in inline.chain(defined).filter(|link| !link.contains("://") && !link.contains("::")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { resolved(&from.join(file)) };
            assert!(Path::new(ROOT).join(&target).exists(), "{}: {link}", page.display());
            assert!(
                heading.is_empty() || headings(&read(&target)).any(|has| has == heading),
                "{}: {link}",
                page.display()
            );
        }
    }
}

/// The path without `..`.
fn resolved(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, component| {
        match component {
            std::path::Component::ParentDir => assert!(path.pop(), "{} leaves the repository", path.display()),
            component => path.push(component),
        }
        path
    })
}

/// The anchors of a page's headings.
fn headings(text: &str) -> impl Iterator<Item = String> {
    let lines = text.lines().filter(|line| line.starts_with('#'));
    lines.map(|line| {
        let kept = |character: &char| character.is_alphanumeric() || "- ".contains(*character);
        line.trim_matches(['#', ' ']).to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")
    })
}

#[test]
fn every_test_is_on_the_map() {
    let map = read(Path::new("tests/README.md"));
    for (folder, beside) in [("tests", ["README.md", "end_to_end"]), ("tests/end_to_end", ["main.rs", "snapshots"])] {
        for entry in std::fs::read_dir(Path::new(ROOT).join(folder)).expect("the tests") {
            let path = Path::new(folder).join(entry.expect("an entry").file_name());
            let name = path.strip_prefix("tests").expect("a test").display().to_string();
            if !beside.iter().any(|file| path.ends_with(file)) {
                assert!(map.contains(&format!("({name}")), "tests/README.md lacks {name}");
            }
        }
    }
}

#[test]
fn help_has_the_manual_and_the_commands() {
    let scratch = Scratch::new();
    let page = scratch.run(&["help", "runs"]).expect_code(0).stdout;
    assert!(page.starts_with("RUNS AND UNDO\n") && page.contains("$ avnology migrate clerk undo"), "{page}");
    assert!(page.ends_with("See also: avnology help shards, nightly, metrics, glossary, pilot\n"), "{page}");
    // Another name of the same page.
    assert_eq!(scratch.run(&["help", "undo"]).expect_code(0).stdout, page);
    let clerk = scratch.run(&["help", "migrate", "clerk"]).expect_code(0).stdout;
    assert_eq!(clerk, scratch.run(&["migrate", "clerk", "--help"]).expect_code(0).stdout);
    assert_eq!(scratch.run(&["help", "sandbox"]).expect_code(0).stdout, scratch.run(&["sandbox", "--help"]).stdout);
    // The commands below `migrate clerk` may be named without it, also in capitals.
    let merge = scratch.run(&["help", "runs", "merge"]).expect_code(0).stdout;
    assert_eq!(merge, scratch.run(&["migrate", "clerk", "runs", "merge", "--help"]).expect_code(0).stdout);
    assert_eq!(scratch.run(&["help", "RUNS"]).expect_code(0).stdout, page);
    let all = scratch.run(&["help"]).expect_code(0).stdout;
    assert_eq!(all, scratch.run(&["--help"]).expect_code(0).stdout);
    assert!(all.contains("  glossary   what the words mean\n") && all.contains("Exit codes:"), "{all}");
}

#[test]
fn an_unknown_topic_is_answered_with_the_nearest_and_the_list() {
    let scratch = Scratch::new();
    // A faulty config file does not prevent help.
    scratch.write("avnology.toml", "wrong");
    for (words, suggestion) in [
        (&["help", "nigthly"][..], "there is no topic or command `nigthly`; did you mean `nightly`?"),
        (&["help", "migrat"], "there is no topic or command `migrat`; did you mean `migrate`?"),
        (&["help", "migrate", "clark"], "there is no topic or command `clark`"),
        (&["help", "qqq"], "there is no topic or command `qqq`\n"),
    ] {
        let run = scratch.run(words).expect_code(2);
        assert!(run.stderr.contains(suggestion) && run.stderr.contains("  glossary "), "{words:?}: {}", run.stderr);
    }
    scratch.run(&["help", "runs"]).expect_code(0);
    scratch.run(&["help", "runs", "--odd"]).expect_code(2);
}
