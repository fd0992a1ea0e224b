//! The topics of the manual and their pages.

/// A topic of the manual.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// Its names; the first one is the one that lists show.
    pub names: &'static [&'static str],
    /// What the page is about, in a few words.
    pub about: &'static str,
    /// The page, as Markdown.
    pub text: &'static str,
}

impl Topic {
    /// The topic with this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        TOPICS.iter().find(|topic| topic.names.contains(&name))
    }
}

/// Declares the pages: as topics, and as modules, so that rustdoc shows them. The references of `links.md` come first and so
/// win over the ones at the end of a page, which lead from file to file.
macro_rules! pages {
    ($( $page:ident, $file:literal, [$($name:literal),+], $about:literal; )+) => {
        $(
            #[doc = include_str!("links.md")]
            #[doc = ""]
            #[doc = include_str!($file)]
            pub mod $page {}
        )+

        /// All topics, in the order in which the manual is best read.
        pub const TOPICS: &[Topic] =
            &[$( Topic { names: &[$($name),+], about: $about, text: include_str!($file) }, )+];
    };
}

pages! {
    inputs, "inputs.md", ["inputs", "import", "csv", "compressed", "duplicates"], "what is read: shapes, files and pipes, duplicates";
    export, "export.md", ["export", "delta", "clerk-api"], "from Clerk's own API: export, resume, delta, the switch";
    mapping, "mapping.md", ["mapping", "schema"], "what becomes of each field, and rules of your own";
    organizations, "organizations.md", ["organizations", "roles", "memberships"], "organizations, memberships, roles and invitations";
    passwords, "passwords.md", ["passwords"], "passwords that another file has";
    pilot, "pilot.md", ["pilot", "selection"], "some users first: a list, a condition, a sample";
    runs, "runs.md", ["runs", "resume", "undo", "verify", "rejects"], "runs: resume, replay of rejects, verify, undo";
    nightly, "nightly.md", ["nightly", "config"], "every night: config file, systemd, Kubernetes";
    metrics, "metrics.md", ["metrics", "exit-codes", "report", "logs"], "metrics, logs, reports and exit codes";
    pace, "pace.md", ["pace", "rate", "proxies"], "how fast the import goes, and the connection";
    ory, "ory.md", ["ory", "kratos"], "Ory Kratos as the target";
    shards, "shards.md", ["shards", "merge", "machines"], "one import on several machines";
    plan, "plan.md", ["plan", "applications", "apps", "hydra", "templates", "tokens"], "the rest of a tenant: applications, templates, roles, settings";
    webhooks, "webhooks.md", ["webhooks"], "endpoints of webhooks, their events, secrets and handlers";
    codemod, "codemod.md", ["codemod", "code"], "moving a code base: what is swapped, and what is listed";
    cutover, "cutover.md", ["cutover", "switch", "go-live", "roll-back"], "the switch: checks, words of persons, the page to sign";
    stores, "stores.md", ["stores", "s3"], "inputs in S3, Google Cloud, Azure, or behind https";
    rehearse, "rehearse.md", ["rehearse", "stand-in"], "stand-ins for both sides, to rehearse against";
    options, "options.md", ["options", "environment"], "the options that matter most, and the environment";
    figures, "figures.md", ["figures"], "what was measured";
    glossary, "glossary.md", ["glossary", "words"], "what the words mean";
    changelog, "changelog.md", ["changelog"], "what changed";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::manual::plain::{definition, plain};

    #[test]
    fn each_name_means_one_page_and_no_command() {
        let names: Vec<&str> = TOPICS.iter().flat_map(|topic| topic.names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        let command = crate::cli::Cli::command();
        for name in names {
            assert!(command.find_subcommand(name).is_none(), "`{name}` is a command");
        }
    }

    #[test]
    fn pages_are_readable_on_a_terminal_of_80_columns() {
        for topic in TOPICS {
            // What programs print and files that are shown are indented, and as wide as they are.
            let text = plain(topic.text);
            let wide = text.lines().filter(|line| !line.starts_with("    ") && line.chars().count() > 80);
            assert_eq!(wide.collect::<Vec<_>>(), [""; 0], "{}", topic.names[0]);
            assert!(!text.contains("```") && !text.contains("]: "), "{text}");
        }
    }

    #[test]
    fn the_pages_name_every_exit_code_and_options_that_there_are() {
        let metrics = Topic::find("exit-codes").unwrap().text;
        for status in crate::exit::ExitStatus::ALL {
            let row = format!("| {:<4} | ", status.code());
            assert!(metrics.contains(&row), "{row}");
        }
        let mut command = crate::cli::Cli::command();
        command.build();
        let clerk = command.find_subcommand("migrate").and_then(|migrate| migrate.find_subcommand("clerk")).unwrap();
        let names: BTreeSet<&str> = clerk.get_arguments().filter_map(|argument| argument.get_long()).collect();
        let rows = Topic::find("options").unwrap().text.lines().filter(|line| line.starts_with("| `--"));
        for option in rows.flat_map(|row| row.split("`--").skip(1)) {
            let name = option.split([' ', '`']).next().unwrap();
            assert!(names.contains(name), "there is no option --{name}");
        }
    }

    /// In rustdoc, too, a reference leads to the page that it names.
    #[test]
    fn references_between_pages_have_the_names_of_topics() {
        let links = include_str!("links.md");
        for topic in TOPICS {
            let definitions = topic.text.lines().filter_map(definition);
            for (label, target) in definitions {
                let page = TOPICS.iter().find(|topic| target == format!("{}.md", topic.names[0]));
                assert!(page.is_some_and(|page| page.names[0] == label), "{}: [{label}]: {target}", topic.names[0]);
                assert!(links.contains(&format!("[{label}]: crate::manual::{label}\n")), "links.md lacks {label}");
            }
        }
    }
}
