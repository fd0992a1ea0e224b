//! At home in the shell: completions and man pages.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use crate::support::Scratch;

/// What bash offers for the last of these words.
fn offered(scratch: &Scratch, words: &[&str]) -> BTreeSet<String> {
    let script = "source completions.bash && COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)) && \
                  _avnology avnology \"${@: -1}\" \"${@: -2:1}\" && printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", script, "bash"]).args(words).current_dir(scratch.path("")).stdin(Stdio::null());
    let output = command.output().expect("bash runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{words:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_options_values_and_files() {
    let scratch = Scratch::new();
    let script = scratch.run(&["completions", "bash"]).expect_code(0).stdout;
    scratch.write("completions.bash", script);
    scratch.write("clerk_users.json", "[]");
    for (words, all) in [
        (&["avnology", "mig"][..], &["migrate"][..]),
        (&["avnology", "completions", ""], &["bash", "zsh", "fish", "powershell"]),
        (&["avnology", "migrate", "clerk", "un"], &["undo"]),
        (&["avnology", "migrate", "clerk", "--dry"], &["--dry-run"]),
        (&["avnology", "migrate", "clerk", "--on-existing", ""], &["skip", "update", "fail"]),
        (&["avnology", "migrate", "clerk", "--import", "clerk_u"], &["clerk_users.json"]),
        (&["avnology", "migrate", "clerk", "nothing-like-it"], &[""]),
    ] {
        let found = offered(&scratch, words);
        for expected in all {
            assert!(found.contains(*expected), "{words:?}: {expected} in {found:?}");
        }
    }
    assert_eq!(offered(&scratch, &["avnology", "mig"]).len(), 1);
}

#[test]
fn each_shell_gets_a_script_of_its_own_that_knows_the_commands() {
    let scratch = Scratch::new();
    for (shell, mark) in [
        ("bash", "complete -F _avnology"),
        ("zsh", "#compdef avnology"),
        ("fish", "complete -c avnology"),
        ("powershell", "Register-ArgumentCompleter -Native -CommandName 'avnology'"),
    ] {
        let run = scratch.run(&["completions", shell]).expect_code(0);
        for part in [mark, "sandbox", "codemod", "on-existing"] {
            assert!(run.stdout.contains(part), "{shell}: {part}");
        }
        assert_eq!(run.stderr, "", "{shell}");
    }
    let run = scratch.run(&["completions", "tcsh"]).expect_code(2);
    assert!(run.stderr.contains("[possible values: bash, zsh, fish, powershell]"), "{}", run.stderr);
}

/// The names of the commands in a help text.
fn commands_below(scratch: &Scratch, words: &[&str]) -> Vec<String> {
    let help = scratch.run(&[words, &["--help"]].concat()).expect_code(0).stdout;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let rows = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    rows.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn each_command_has_a_man_page() {
    let scratch = Scratch::new();
    scratch.run(&["man", "--out", "share/man1"]).expect_code(0);
    let (mut open, mut expected) = (vec![vec![]], BTreeSet::new());
    while let Some(words) = open.pop() {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let name = [&["avnology"], &words[..]].concat().join("-");
        let page = scratch.read(&format!("share/man1/{name}.1"));
        let title = format!("\n.TH {name} 1  \"avnology {}\"", env!("CARGO_PKG_VERSION"));
        assert!(page.contains(&title), "{name}: {page}");
        assert_eq!(scratch.run(&[&["man"], &words[..]].concat()).expect_code(0).stdout, page, "{name}");
        open.extend(
            commands_below(&scratch, &words)
                .into_iter()
                .map(|below| words.iter().map(|word| (*word).to_owned()).chain([below]).collect()),
        );
        expected.insert(format!("{name}.1"));
    }
    let entries = std::fs::read_dir(scratch.path("share/man1")).expect("pages");
    let written = entries.map(|entry| entry.expect("a page").file_name().into_string().expect("a name"));
    assert_eq!(written.collect::<BTreeSet<_>>(), expected);
    for command in ["avnology-migrate-clerk.1", "avnology-migrate-clerk-undo.1", "avnology-sandbox.1"] {
        assert!(expected.contains(command), "{command} in {expected:?}");
    }
    let page = scratch.read("share/man1/avnology-migrate-clerk.1");
    for part in ["\\-\\-on\\-existing", "AVNOLOGY_SECRET_KEY_FILE", "130  interrupted"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A second time, over pages that are there.
    scratch.run(&["man", "--out", "share/man1"]).expect_code(0);
}

#[test]
fn pages_that_cannot_be_are_errors() {
    let scratch = Scratch::new();
    let run = scratch.run(&["man", "migrate", "clark"]).expect_code(2);
    assert!(run.stderr.contains("there is no command `clark`") && run.stderr.contains("`clerk`"), "{}", run.stderr);
    scratch.write("file", "");
    let run = scratch.run(&["man", "--out", "file"]).expect_code(2);
    assert!(run.stderr.contains("cannot write man pages into `file`"), "{}", run.stderr);
    scratch.run(&["man", "migrate", "--out", "pages"]).expect_code(2);
    assert!(!scratch.path("pages").exists());
}
