//! The table is held to what can be typed, and to what README and the manual name.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};

use super::OPTIONS;
use crate::cli::variables::{SECRET_KEY, SECRET_KEY_FILE, SHARDS, variables};
use crate::cli::{CODEMOD, Cli};

/// Options of other programs that README and the manual show.
const OPTIONS_OF_OTHER_PROGRAMS: &[&str] = &[
    // the generator of exports
    "memberships-per-user",
    "tenant",
    // figures
    "duckdb",
    "older",
    "program",
    // cargo
    "examples",
    "features",
    "locked",
    "no-default-features",
    "nocapture",
    "open",
    "path",
    "profile",
    "release",
    "test",
    // fixtures/generate_export.rs
    "users",
    // sbatch
    "array",
    "wrap",
    // git
    "message",
    // zstd
    "long",
    "no-check",
    "ultra",
];

/// The long names of the options of a command and of the commands below it.
fn typed(command: &Command) -> BTreeSet<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned));
    own.chain(command.get_subcommands().flat_map(typed)).collect()
}

fn cli() -> Command {
    let mut command = Cli::command();
    command.build();
    command
}

#[test]
fn the_table_has_each_option_that_can_be_typed_and_no_other() {
    let command = cli();
    let clerk = command.find_subcommand("migrate").and_then(|migrate| migrate.find_subcommand("clerk")).unwrap();
    let in_table: Vec<String> = OPTIONS.iter().map(|option| option.name.to_owned()).collect();
    assert!(in_table.is_sorted(), "in the order of the names: {in_table:?}");
    let mut about_users = typed(&clerk.clone().mut_subcommand(CODEMOD, |_| Command::new(CODEMOD)));
    about_users.insert("config".to_owned());
    assert_eq!(in_table.into_iter().collect::<BTreeSet<_>>(), about_users);
}

/// README and the pages of the manual, with what they say.
fn pages() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manual = std::fs::read_dir(root.join("src/manual")).unwrap().map(|entry| entry.unwrap().path());
    let pages = manual.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages = pages.chain([root.join("README.md")]);
    pages.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The words of a text that begin with `begin`, as long as they consist of what `belongs` to them.
fn words<'t>(text: &'t str, begin: &'t str, belongs: fn(char) -> bool) -> impl Iterator<Item = &'t str> {
    let begins = text.match_indices(begin).map(|(at, _)| at).filter(move |at| !text[..*at].ends_with(belongs));
    begins.map(move |at| {
        let word = &text[at..];
        &word[..word.find(|character| !belongs(character)).unwrap_or(word.len())]
    })
}

#[test]
fn readme_and_the_manual_name_no_option_or_variable_that_there_is_not() {
    // The manual shows the options of all features.
    if !cfg!(all(feature = "codemod", feature = "sandbox")) {
        return;
    }
    let command = cli();
    let options = typed(&command);
    let variables = variables();
    let (mut seen_options, mut seen_variables) = (BTreeSet::new(), BTreeSet::new());
    for (page, text) in pages() {
        let page = page.display();
        for word in words(&text, "--", |character| character.is_ascii_alphanumeric() || character == '-') {
            let name = word.trim_start_matches('-');
            if name.starts_with(|first: char| first.is_ascii_lowercase()) {
                assert!(options.contains(name) || OPTIONS_OF_OTHER_PROGRAMS.contains(&name), "{page}: {word}");
                seen_options.insert(name.to_owned());
            }
        }
        // Clerk's own programs have further variables.
        let of_clerk = words(&text, "CLERK_", |character| character.is_ascii_alphanumeric() || character == '_');
        seen_variables.extend(of_clerk.map(str::to_owned));
        for word in words(&text, "AVNOLOGY_", |character| character.is_ascii_alphanumeric() || character == '_') {
            // The API's error codes end with a number.
            if !word.ends_with(|last: char| last.is_ascii_digit()) {
                assert!(variables.contains(&format!("\n  {word} ")), "{page}: {word}");
                seen_variables.insert(word.to_owned());
            }
        }
    }
    // An exception that no page needs any more could hide a mistake.
    for name in OPTIONS_OF_OTHER_PROGRAMS {
        assert!(seen_options.contains(*name), "no page names --{name}: take it out of the exceptions");
    }
    let of_options = OPTIONS.iter().filter_map(|option| option.variable);
    for name in of_options.chain([SECRET_KEY, SECRET_KEY_FILE, SHARDS]) {
        assert!(seen_variables.contains(name), "no page of the manual names {name}");
    }
}

#[test]
fn the_help_lists_each_variable_on_one_line() {
    let list = variables();
    for option in OPTIONS {
        let line = list.lines().find(|line| line.ends_with(&format!(" like --{}", option.name)));
        let name = line.map(|line| line.split_whitespace().next().unwrap());
        assert_eq!(name, option.variable, "{list}");
    }
}
