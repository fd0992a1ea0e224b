//! The one table of the options of `avnology migrate clerk` that are about users, and of their variables.
//!
//! The help lists the variables from it (`variables`), the config file takes its keys from it, the settings find an option's variable in it,
//! and it says which options a run remembers in `run.json`. Tests hold it to what can be typed, to `run.json`, and to what
//! README and the manual name.

#[cfg(test)]
mod tests;

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
    OptionRow::new("even-if-gone").typed_only(),
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
