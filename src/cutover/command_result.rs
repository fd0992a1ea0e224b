//! The results of other commands, as their reports (JSON) say them.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::Finding;
use super::target_name::is_same_target;
use crate::human::plural;

/// What a command found out, by its report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandResult {
    /// The command, such as `apps verify`, if the report says it.
    pub command: Option<String>,
    /// When it was made.
    pub at: Timestamp,
    /// At which target, if the report says it.
    pub target: Option<String>,
    /// How it ended: 0 only if all is as it should be.
    pub exit_code: u64,
    /// How many things it looked at, if the report says it.
    pub checked: Option<u64>,
    /// Which endpoints of webhooks are active, if it looked at any.
    pub active_endpoints: Vec<String>,
}

/// The command that says which endpoints are active.
const WEBHOOKS_VERIFY: &str = "webhooks verify";

/// How many endpoints are named.
const NAMED: usize = 3;

/// The command whose report has no name of it, and is known by its own member.
const SIGN_IN: &str = "verify --sign-in";

#[derive(Deserialize)]
struct Members {
    command: Option<String>,
    signed_in: Option<u64>,
    at: Option<Timestamp>,
    target: Option<String>,
    exit_code: u64,
    checked: Option<Value>,
    lines: Option<Value>,
}

impl CommandResult {
    /// Reads a report, whose file was written at this time; or says what is wrong with it.
    pub fn read(text: &[u8], written: Timestamp) -> Result<Self, String> {
        let members: Members =
            serde_json::from_slice(text).map_err(|error| format!("it is no such report: {error}"))?;
        let Members { command, signed_in, at, target, exit_code, checked, lines } = members;
        let command = command.or(signed_in.map(|_| SIGN_IN.to_owned()));
        let checked = checked.as_ref().and_then(Value::as_u64).or(signed_in);
        let lines = lines.as_ref().and_then(Value::as_array).into_iter().flatten();
        let active = lines.filter(|line| line["active"] == true).filter_map(|line| line["name"].as_str());
        let active_endpoints = active.map(str::to_owned).collect();
        Ok(Self { command, at: at.unwrap_or(written), target, exit_code, checked, active_endpoints })
    }
}

/// What to type for a new report of a command.
pub fn again(command: &str) -> String {
    let typed = match command {
        SIGN_IN => "verify --sign-in ACCOUNTS",
        "apps verify" => "apps verify --plan PLAN",
        WEBHOOKS_VERIFY => "webhooks verify --plan PLAN --endpoints FILE",
        "webhooks activate" => "webhooks activate --plan PLAN --endpoints FILE",
        "webhooks try" => "webhooks try --url URL --secret-file FILE",
        command => command,
    };
    format!("avnology migrate clerk {typed} --report FILE")
}

/// That endpoints of webhooks get deliveries, by the result of `webhooks verify`: to be said as long as the switch is not recorded.
pub fn active_too_early(result: &CommandResult) -> Option<Finding> {
    let active = &result.active_endpoints;
    if result.command.as_deref() != Some(WEBHOOKS_VERIFY) || active.is_empty() {
        return None;
    }
    let (endpoints, verb) = (plural(active.len() as u64, "endpoint"), if active.len() == 1 { "is" } else { "are" });
    let named = active.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if active.len() > NAMED { " …" } else { "" };
    let sentence = format!(
        "{endpoints} {verb} active before the switch: {named}{more}; deactivate at the target what is active, or record `flip` if the switch is done"
    );
    Some(Finding::failed(sentence).then(again(WEBHOOKS_VERIFY)))
}

/// Whether the result of this command is good, is about this target, and is not older than what it should be about.
pub fn result_is_good(
    command: &str,
    result: &CommandResult,
    target: Option<&str>,
    last_import: Option<Timestamp>,
) -> Finding {
    let again = again(command);
    if result.command.as_deref() != Some(command) {
        let other = result.command.as_ref().map_or_else(String::new, |other| format!(", but of `{other}`"));
        return Finding::failed(format!("the report is none of `{command}`{other}")).then(again);
    }
    // Where nobody could sign in, nothing was wrong either.
    if command == SIGN_IN && result.checked == Some(0) {
        return Finding::failed("nobody signed in").then(again);
    }
    if let (Some(said), Some(target)) = (&result.target, target)
        && !is_same_target(target, said)
    {
        return Finding::failed(format!("the report is about {said}, not about {target}")).then(again);
    }
    let when = result.at.strftime("%F %T UTC");
    if last_import.is_some_and(|import| import > result.at) {
        return Finding::failed(format!("the report of {when} is older than the last import")).then(again);
    }
    let checked = result.checked.map(|checked| format!(", {} looked at", plural(checked, "thing"))).unwrap_or_default();
    match result.exit_code {
        0 => Finding::ok(format!("`{command}` of {when} found nothing wrong{checked}")),
        code => Finding::failed(format!("`{command}` of {when} ended with exit code {code}{checked}")).then(again),
    }
}

/// What counts of a report of the code.
#[derive(Deserialize)]
struct CodeReport {
    totals: CodeTotals,
}

#[derive(Deserialize)]
struct CodeTotals {
    files: u64,
    files_changed: u64,
    left: u64,
    entries_left: u64,
}

/// Whether nothing of Clerk's is left in code bases, by the reports of `codemod --check`, each with a name for people.
pub fn code_is_clean(reports: &[(String, Vec<u8>)]) -> Finding {
    let again = "avnology migrate clerk codemod --check --report FILE.json";
    let mut files = 0;
    for (name, text) in reports {
        let totals = match serde_json::from_slice::<CodeReport>(text) {
            Ok(report) => report.totals,
            Err(error) => {
                return Finding::failed(format!("`{name}` is no report of `codemod` in JSON: {error}")).then(again);
            }
        };
        let CodeTotals { files: of_report, files_changed, left, entries_left } = totals;
        if files_changed > 0 {
            return Finding::failed(format!("{} would change, by `{name}`", plural(files_changed, "file")))
                .then("avnology migrate clerk codemod");
        }
        if left.max(entries_left) > 0 {
            let left = plural(left.max(entries_left), "place");
            return Finding::failed(format!("{left} of Clerk's in the code, by `{name}`")).then(again);
        }
        files += of_report;
    }
    if files == 0 {
        return Finding::failed("no file was looked at").then(again);
    }
    Finding::ok(format!("nothing of Clerk's is left in {}", plural(files, "file")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutover::Outcome;

    #[test]
    fn a_result_counts_if_it_is_good_and_of_this_command_target_and_time() {
        let at: Timestamp = "2026-11-26T03:00:00Z".parse().expect("a moment");
        let later: Timestamp = "2026-11-26T03:00:01Z".parse().expect("a moment");
        let read = |text: &str| CommandResult::read(text.as_bytes(), at).expect("a report");
        let outcome =
            |text: &str, import| result_is_good("apps verify", &read(text), Some("https://t"), import).outcome;
        let good = r#"{"command":"apps verify","target":"https://t/","exit_code":0}"#;
        assert_eq!(outcome(good, None), Outcome::Ok);
        assert_eq!(outcome(good, Some(later)), Outcome::Failed, "older than the import");
        assert_eq!(outcome(r#"{"exit_code":3}"#, None), Outcome::Failed);
        assert_eq!(outcome(&good.replace("apps", "webhooks"), None), Outcome::Failed);
        assert_eq!(outcome(&good.replace("//t", "//u"), None), Outcome::Failed);
        assert_eq!(outcome(r#"{"exit_code":0}"#, None), Outcome::Failed, "it may be of any command");
        let sign_in = |signed_in: u64| {
            let text = format!(r#"{{"signed_in":{signed_in},"exit_code":0}}"#);
            result_is_good("verify --sign-in", &read(&text), None, None).outcome
        };
        assert_eq!((sign_in(2), sign_in(0)), (Outcome::Ok, Outcome::Failed));
        assert!(CommandResult::read(b"{}", at).is_err() && CommandResult::read(b"", at).is_err());
    }

    #[test]
    fn endpoints_are_active_too_early_by_the_report_of_their_comparison_alone() {
        let at: Timestamp = "2026-11-26T03:00:00Z".parse().expect("a moment");
        let found = |command: &str, active: &[bool]| {
            let lines: Vec<Value> = (1..)
                .zip(active)
                .map(|(n, active)| serde_json::json!({ "name": format!("e{n}"), "active": active }))
                .collect();
            let report = serde_json::json!({ "command": command, "exit_code": 0, "lines": lines }).to_string();
            let result = CommandResult::read(report.as_bytes(), at).expect("a report");
            active_too_early(&result).map(|finding| finding.sentence)
        };
        assert_eq!(found("webhooks verify", &[false]), None);
        assert_eq!(found("webhooks activate", &[true]), None);
        let sentence = found("webhooks verify", &[false, true]).expect("a finding");
        assert!(sentence.starts_with("1 endpoint is active before the switch: e2;"), "{sentence}");
        let sentence = found("webhooks verify", &[true; 4]).expect("a finding");
        assert!(sentence.starts_with("4 endpoints are active before the switch: e1, e2, e3 …;"), "{sentence}");
        let other = CommandResult::read(br#"{"exit_code":0,"lines":7}"#, at).expect("a report");
        assert_eq!(other.active_endpoints, [] as [String; 0]);
    }

    #[test]
    fn code_is_clean_if_nothing_is_left_anywhere() {
        let report = |files: u64, changed: u64, left: u64, entries: u64| {
            let totals = serde_json::json!({
                "files": files, "files_changed": changed, "left": left, "entries_left": entries
            });
            ("r".to_owned(), serde_json::json!({ "totals": totals }).to_string().into_bytes())
        };
        assert_eq!(code_is_clean(&[report(3, 0, 0, 0)]).outcome, Outcome::Ok);
        for wrong in [report(0, 0, 0, 0), report(3, 1, 0, 0), report(3, 0, 1, 0), report(3, 0, 0, 1)] {
            assert_eq!(code_is_clean(&[wrong]).outcome, Outcome::Failed);
        }
        assert_eq!(code_is_clean(&[report(3, 0, 0, 0), report(3, 0, 1, 0)]).outcome, Outcome::Failed);
        assert_eq!(code_is_clean(&[("r".to_owned(), b"# Clerk".to_vec())]).outcome, Outcome::Failed);
    }
}
