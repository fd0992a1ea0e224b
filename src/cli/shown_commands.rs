//! The commands that the manual and the program's own hints show can be typed as they are shown.

use std::path::Path;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::cutover::again;

/// What a shell does with the rest of a line: that is not this program's.
const OF_THE_SHELL: [&str; 9] = ["|", ">", "<", "&", "&&", ";", "$(", "…", "2>"];

/// The words of a line, as a shell takes it apart. Nothing if a part of it is left out, as in `…`.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    let end = words.iter().position(|word| OF_THE_SHELL.contains(&word.as_str()) && word != "…");
    words.truncate(end.unwrap_or(words.len()));
    (quote.is_none() && !words.iter().any(|word| word.contains('…') || word.contains("$("))).then_some(words)
}

/// Whether a command can be typed. One that only shows its help can be.
fn check(place: &str, line: &str) {
    let Some(words) = words(line) else { return };
    if let Err(error) = Cli::command().try_get_matches_from(&words) {
        // Whether a value is good may depend on what is on the disk.
        let is_shown = !error.use_stderr() || error.kind() == clap::error::ErrorKind::ValueValidation;
        assert!(is_shown, "{place} shows `{line}`: {error}");
    }
}

#[test]
fn what_the_manual_and_hints_show_can_be_typed() {
    // The manual shows the options of all features.
    if !cfg!(all(feature = "codemod", feature = "sandbox")) {
        return;
    }
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manual")).expect("the manual") {
        let path = entry.expect("a page").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a page").replace("\\\n", " ");
        for line in text.lines() {
            if let Some(command) = line.trim_start().strip_prefix("$ ").filter(|line| line.starts_with("avnology ")) {
                check(&path.display().to_string(), command);
                count += 1;
            }
        }
    }
    assert!(count > 50, "the commands are found: {count}");
    for command in ["apps verify", "webhooks verify", "webhooks try", "verify --sign-in"] {
        check("a check of the switch", &again(command));
    }
}
