//! The one table of the options of `avnology migrate clerk` that are about users, and of the variables that the program reads.
//!
//! The help lists the variables from it, the config file takes its keys from it, the settings find an option's variable in it,
//! and it says which options a run remembers in `run.json`. Tests hold it to what can be typed, to `run.json`, and to what
//! README and the manual name.

/// What there is to know of an option beside its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionRow {
    /// The long name without its dashes, which is also the key in the config file.
    pub name: &'static str,
    /// The variable of the environment that holds the value if nothing is typed. It wins over the config file.
    pub variable: Option<&'static str>,
    /// Whether the config file may hold it. If not, it is a decision of the moment, or makes sense only to somebody who
    /// watches.
    pub is_in_config: bool,
    /// The only command that takes it from the config file, if others have an option of the same name.
    pub config_of: Option<&'static str>,
    /// Whether a run remembers it (`options` in `run.json`): it resumes as it began, even if the config file has changed since.
    pub is_remembered: bool,
}

impl OptionRow {
    const fn new(name: &'static str) -> Self {
        Self { name, variable: None, is_in_config: true, config_of: None, is_remembered: false }
    }

    const fn in_config_of(self, command: &'static str) -> Self {
        Self { config_of: Some(command), ..self }
    }

    const fn variable(self, name: &'static str) -> Self {
        Self { variable: Some(name), ..self }
    }

    const fn typed_only(self) -> Self {
        Self { is_in_config: false, ..self }
    }

    const fn remembered(self) -> Self {
        Self { is_remembered: true, ..self }
    }

    /// The option of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        OPTIONS.iter().find(|option| option.name == name)
    }
}

/// `--base-url`
pub const BASE_URL: OptionRow = OptionRow::new("base-url").variable("AVNOLOGY_BASE_URL");
/// `--cacert`
pub const CACERT: OptionRow = OptionRow::new("cacert").variable("AVNOLOGY_CACERT");
/// `--clerk-url`, whose variable Clerk's own programs know, too
pub const CLERK_URL: OptionRow = OptionRow::new("clerk-url").variable("CLERK_API_URL");
/// `--concurrency`
pub const CONCURRENCY: OptionRow = OptionRow::new("concurrency").variable("AVNOLOGY_CONCURRENCY").remembered();
/// `--notify-url`
pub const NOTIFY_URL: OptionRow = OptionRow::new("notify-url").variable("AVNOLOGY_NOTIFY_URL");
/// `--rate`
pub const RATE: OptionRow = OptionRow::new("rate").variable("AVNOLOGY_RATE").remembered();
/// `--runs-dir`
pub const RUNS_DIR: OptionRow = OptionRow::new("runs-dir").variable("AVNOLOGY_RUNS_DIR");

/// All options, in the order of their names.
pub const OPTIONS: &[OptionRow] = &[
    OptionRow::new("activate-report").typed_only(),
    OptionRow::new("all").typed_only(),
    OptionRow::new("apps-report").typed_only(),
    OptionRow::new("assign").typed_only(),
    OptionRow::new("assume-hash-format"),
    OptionRow::new("at").typed_only(),
    BASE_URL,
    OptionRow::new("batch-bytes").remembered(),
    OptionRow::new("batch-size").remembered(),
    OptionRow::new("burst"),
    OptionRow::new("by").typed_only(),
    CACERT,
    OptionRow::new("check-target").typed_only(),
    OptionRow::new("clerk-rate"),
    CLERK_URL,
    OptionRow::new("client-id").typed_only(),
    OptionRow::new("code-report").typed_only(),
    OptionRow::new("compress"),
    CONCURRENCY,
    OptionRow::new("config").typed_only(),
    OptionRow::new("connect-timeout"),
    OptionRow::new("create-organization"),
    OptionRow::new("deleted").typed_only(),
    OptionRow::new("dry-run").typed_only(),
    OptionRow::new("endpoint").typed_only(),
    OptionRow::new("endpoints").typed_only(),
    OptionRow::new("event").typed_only(),
    OptionRow::new("evidence").typed_only(),
    OptionRow::new("example").typed_only(),
    OptionRow::new("exported-at").typed_only(),
    OptionRow::new("findings").typed_only(),
    OptionRow::new("force").typed_only(),
    OptionRow::new("format").typed_only(),
    OptionRow::new("from").typed_only(),
    OptionRow::new("give-up-resume").typed_only(),
    OptionRow::new("give-up-undo").typed_only(),
    OptionRow::new("header").typed_only(),
    OptionRow::new("headers").typed_only(),
    OptionRow::new("help").typed_only(),
    OptionRow::new("hydra-admin-url"),
    OptionRow::new("import"),
    OptionRow::new("invitations"),
    OptionRow::new("keep").typed_only(),
    OptionRow::new("kept-export").typed_only(),
    OptionRow::new("keto-read-url"),
    OptionRow::new("keto-write-url"),
    OptionRow::new("key-form").typed_only(),
    OptionRow::new("kratos-key"),
    OptionRow::new("kratos-organizations"),
    OptionRow::new("kratos-provider"),
    OptionRow::new("kratos-public-url").typed_only(),
    OptionRow::new("kratos-schema"),
    OptionRow::new("limit").typed_only(),
    OptionRow::new("log-format"),
    OptionRow::new("mapping"),
    OptionRow::new("max-age").typed_only(),
    OptionRow::new("max-changes").typed_only(),
    OptionRow::new("max-duration"),
    OptionRow::new("max-errors").remembered(),
    OptionRow::new("max-missing").remembered(),
    OptionRow::new("max-record-bytes").remembered(),
    OptionRow::new("max-wait").remembered(),
    OptionRow::new("memberships"),
    OptionRow::new("metrics-file"),
    OptionRow::new("min-records").remembered(),
    OptionRow::new("missing-email"),
    OptionRow::new("new").typed_only(),
    OptionRow::new("new-run"),
    OptionRow::new("note").typed_only(),
    NOTIFY_URL,
    OptionRow::new("older-than").typed_only(),
    // A file in the working directory must not start a program.
    OptionRow::new("on-end").typed_only(),
    OptionRow::new("on-existing"),
    OptionRow::new("on-missing").remembered(),
    // `--only` of an import is a decision of the moment.
    OptionRow::new("only").in_config_of("export"),
    OptionRow::new("organization"),
    OptionRow::new("organizations"),
    OptionRow::new("out").typed_only(),
    OptionRow::new("output"),
    OptionRow::new("passwords"),
    OptionRow::new("personal-data").typed_only(),
    OptionRow::new("plan").typed_only(),
    OptionRow::new("preview").typed_only(),
    OptionRow::new("print-default-mapping").typed_only(),
    OptionRow::new("print-keto-namespaces").typed_only(),
    OptionRow::new("print-kratos-schema").typed_only(),
    OptionRow::new("progress"),
    OptionRow::new("quiet"),
    RATE,
    OptionRow::new("rate-max"),
    OptionRow::new("rate-min"),
    OptionRow::new("recheck").remembered(),
    OptionRow::new("recovery-links").typed_only(),
    OptionRow::new("redirect-uri").typed_only(),
    OptionRow::new("report"),
    OptionRow::new("report-personal-data"),
    OptionRow::new("request-timeout"),
    OptionRow::new("results").typed_only(),
    RUNS_DIR,
    OptionRow::new("sample").typed_only(),
    OptionRow::new("sandbox").typed_only(),
    OptionRow::new("sandbox-db").typed_only(),
    OptionRow::new("scheme").typed_only(),
    OptionRow::new("secret-file").typed_only(),
    OptionRow::new("secrets-out").typed_only(),
    OptionRow::new("seed").typed_only(),
    OptionRow::new("shard"),
    OptionRow::new("sign-in").typed_only(),
    OptionRow::new("sign-in-report").typed_only(),
    OptionRow::new("since"),
    OptionRow::new("skip").typed_only(),
    OptionRow::new("staging-verify-report").typed_only(),
    OptionRow::new("state").typed_only(),
    OptionRow::new("steps"),
    OptionRow::new("strict").remembered(),
    OptionRow::new("target"),
    OptionRow::new("tolerance").typed_only(),
    OptionRow::new("traits-schema"),
    OptionRow::new("try-report").typed_only(),
    OptionRow::new("url").typed_only(),
    OptionRow::new("users").typed_only(),
    OptionRow::new("verbose"),
    OptionRow::new("verify-report").typed_only(),
    OptionRow::new("webhooks-report").typed_only(),
    OptionRow::new("where").typed_only(),
    OptionRow::new("withdraw").typed_only(),
    OptionRow::new("yes").typed_only(),
];

/// The variable with the admin key. A key is never an option: other users of the machine can see options.
pub const SECRET_KEY: &str = "AVNOLOGY_SECRET_KEY";
/// The variable that names a file with the admin key.
pub const SECRET_KEY_FILE: &str = "AVNOLOGY_SECRET_KEY_FILE";
/// The variable that says how many shards there are, where the engine does not.
pub const SHARDS: &str = "AVNOLOGY_SHARDS";

/// The variable with the token of a gateway before Kratos, which has no authentication of its own.
pub const KRATOS_TOKEN: &str = "AVNOLOGY_KRATOS_TOKEN";
/// The variable that names a file with that token.
pub const KRATOS_TOKEN_FILE: &str = "AVNOLOGY_KRATOS_TOKEN_FILE";

/// The variable with the token of a gateway before Hydra, which has no authentication of its own.
pub const HYDRA_TOKEN: &str = "AVNOLOGY_HYDRA_TOKEN";
/// The variable that names a file with that token.
pub const HYDRA_TOKEN_FILE: &str = "AVNOLOGY_HYDRA_TOKEN_FILE";

/// The variable with the key of Clerk's API, under the name that Clerk's own programs use.
pub const CLERK_SECRET_KEY: &str = "CLERK_SECRET_KEY";
/// The variable that names a file with the key of Clerk's API.
pub const CLERK_SECRET_KEY_FILE: &str = "CLERK_SECRET_KEY_FILE";

/// Variables that are no option, and what each one is.
const OTHER_VARIABLES: &[(&str, &str)] = &[
    (
        SECRET_KEY,
        "the admin key; it needs the scopes admin:users:read and admin:users:write; for organizations admin:orgs:read and \
         admin:orgs:write, for roles admin:permissions:read and admin:permissions:write, for webhooks admin:webhooks:write, too",
    ),
    (SECRET_KEY_FILE, "a file with the key; read again when the target refuses the key"),
    (SHARDS, "how many shards there are, for --shard auto"),
    (KRATOS_TOKEN, "the token of the gateway before Kratos, if it wants one"),
    (KRATOS_TOKEN_FILE, "a file with that token"),
    (HYDRA_TOKEN, "the token of the gateway before Hydra, if it wants one"),
    (HYDRA_TOKEN_FILE, "a file with that token"),
    (CLERK_SECRET_KEY, "the key of Clerk's API, for `export`"),
    (CLERK_SECRET_KEY_FILE, "a file with that key"),
    ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "the proxy to the target"),
    ("NO_COLOR", "no colours"),
];

/// The list of all variables, as `--help` shows it.
pub(super) fn variables() -> String {
    let line = |(name, about): (&str, &str)| format!("\n  {name:<20}  {about}");
    let of_options = OPTIONS.iter().filter_map(|option| Some((option.variable?, format!("like --{}", option.name))));
    let of_options = of_options.map(|(name, about)| line((name, &about)));
    std::iter::once("Environment (options win over it; it wins over a .env file of the working directory):".to_owned())
        .chain(of_options)
        .chain(OTHER_VARIABLES.iter().copied().map(line))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use clap::{Command, CommandFactory};

    use super::*;
    use crate::cli::{CODEMOD, Cli};

    /// Options of other programs that README and the manual show.
    const OF_OTHER_PROGRAMS: &[&str] = &[
        // the generator of exports
        "memberships-per-user",
        "tenant",
        // cargo
        "bins",
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
                    assert!(options.contains(name) || OF_OTHER_PROGRAMS.contains(&name), "{page}: {word}");
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
        for name in OF_OTHER_PROGRAMS {
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
}
