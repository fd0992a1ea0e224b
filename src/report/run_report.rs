//! The account of a run for programs: `report.json`, and stdout with `--output json`.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::forecast::Forecast;
use super::selection_report::SelectionReport;
use super::{InputOrigin, TimelineMoment};
use crate::exit::ExitStatus;
use crate::mapping::{Coverage, Notice, NoticeKind, RejectCode, RoleCounts};
use crate::memberships::MembershipsReport;
use crate::missing::MissingReport;
use crate::outcomes::{AtTarget, CodeCount, Counts, InputProgress, Ledger, SharingRecord};
use crate::pace::PaceFigures;
use crate::passwords::PasswordsReport;
use crate::source::InputSum;

/// Facts about a run that are not in its account.
#[derive(Clone, Debug, Default)]
pub struct RunDetails {
    /// The run's id; none in a dry run.
    pub run: Option<String>,
    /// Whether the run can be resumed. A run with an input that can be read only once cannot.
    pub can_go_on: bool,
    /// The runs of the shards, if this account merges them.
    pub shards: Vec<String>,
    /// The run whose mended rejects were an input.
    pub rejects_of: Option<String>,
    /// What came of users who are no longer in the export, if somebody looked.
    pub missing: Option<MissingReport>,
    /// The result of joining the passwords of another file.
    pub passwords: Option<PasswordsReport>,
    /// What came of joining memberships to their users.
    pub memberships: Option<MembershipsReport>,
    /// The target's base URL; none in a dry run.
    pub target: Option<String>,
    /// Whom the run is about, if users were selected.
    pub selection: Option<SelectionReport>,
    /// What an import would take, for a dry run that saw all of it.
    pub forecast: Option<Forecast>,
    /// The path of the report file.
    pub report_file: Option<String>,
    /// Where personal data of the run are.
    pub personal_data: Option<String>,
    /// The database of the sandbox, if the run uses one.
    pub sandbox_database: Option<String>,
    /// Who ran it, when, and how.
    pub origin: Option<InputOrigin>,
    /// The sums of the inputs, in order, as far as they are known.
    pub sums: Vec<InputSum>,
    /// How this part of the run went over time.
    pub timeline: Vec<TimelineMoment>,
}

/// The account of a run.
#[derive(Debug, Serialize)]
pub struct RunReport<'a> {
    tool: &'static str,
    version: &'static str,
    run: Option<&'a str>,
    /// The runs of the shards, if this report merges them.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shards: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    rejects_of: Option<&'a str>,
    /// Which shard it was, and how many records it left to the other shards.
    #[serde(skip_serializing_if = "Option::is_none")]
    shard: Option<ShardReport>,
    /// Whom the run is about, if users were selected.
    #[serde(skip_serializing_if = "Option::is_none")]
    selection: Option<&'a SelectionReport>,
    dry_run: bool,
    target: Option<&'a str>,
    /// `finished` or `stopped`.
    status: &'static str,
    exit_code: u8,
    /// Why the run stopped.
    reason: Option<String>,
    inputs: Vec<InputReport<'a>>,
    /// Inputs without any record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_records: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passwords: Option<&'a PasswordsReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memberships: Option<&'a MembershipsReport>,
    /// What came of users who are no longer in the export.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a MissingReport>,
    counts: Counts,
    /// Counts by step, if there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<StepReport>,
    /// How many of the unchanged records were not asked about, because the target confirmed them in an earlier run.
    not_asked: u64,
    rejected_by_code: &'a BTreeMap<RejectCode, CodeCount>,
    warnings: BTreeMap<Notice, u64>,
    /// The first thousand records that share a verified address or number, each with the other record.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shared_addresses: &'a [SharingRecord],
    left_behind: BTreeMap<Notice, u64>,
    password_resets: u64,
    /// In a dry run: what an import would take.
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<&'a Forecast>,
    /// In a dry run: which fields the users have.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<&'a Coverage>,
    /// In a dry run: which roles the members of organizations have.
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<&'a RoleCounts>,
    /// In a dry run that looked there: what is at the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_target: Option<&'a AtTarget>,
    requests: Requests,
    /// The figures of the pace at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pace: Option<&'a PaceFigures>,
    elapsed_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'a InputOrigin>,
    /// How this part of the run went over time.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    timeline: &'a [TimelineMoment],
    rejects_file: Option<String>,
    /// Files with earlier rejects of the same run, which somebody changed before the run had finished.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    earlier_rejects_files: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    preview: Vec<Box<RawValue>>,
}

/// What a report says about an input.
#[derive(Debug, Serialize)]
struct InputReport<'a> {
    #[serde(flatten)]
    progress: &'a InputProgress,
    /// Of all its bytes, under the name of its kind: `blake3`, as `b3sum` prints it.
    #[serde(flatten)]
    sum: Option<&'a InputSum>,
}

/// What a report says about a step.
#[derive(Debug, Serialize)]
struct StepReport {
    step: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

/// What a report says about a shard.
#[derive(Debug, Serialize)]
struct ShardReport {
    number: u32,
    of: u32,
    left_to_others: u64,
}

#[derive(Debug, Serialize)]
struct Requests {
    sent: u64,
    retries: u64,
    throttled: u64,
}

impl<'a> RunReport<'a> {
    /// The report of a run. `previews` says whether to include the first identities, which are personal data.
    pub fn new(ledger: &'a Ledger, details: &'a RunDetails, previews: bool) -> Self {
        let preview = if previews { ledger.previews.as_slice() } else { &[] };
        Self {
            tool: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            run: details.run.as_deref(),
            shards: &details.shards,
            rejects_of: details.rejects_of.as_deref(),
            shard: ledger.shard.map(|shard| ShardReport {
                number: shard.number(),
                of: shard.of().get(),
                left_to_others: ledger.left_to_others(),
            }),
            selection: details.selection.as_ref(),
            dry_run: ledger.is_dry_run(),
            target: details.target.as_deref(),
            status: if ledger.stopped.is_none() { "finished" } else { "stopped" },
            exit_code: ExitStatus::of(ledger).code(),
            reason: ledger.reason(),
            inputs: inputs(ledger, details),
            without_records: ledger.without_records(),
            passwords: details.passwords.as_ref(),
            memberships: details.memberships.as_ref(),
            missing: details.missing.as_ref(),
            counts: ledger.counts(),
            steps: ledger
                .steps()
                .into_iter()
                .map(|(kind, counts)| StepReport { step: kind.plural(), counts })
                .collect(),
            not_asked: ledger.not_asked,
            rejected_by_code: ledger.rejected_by_code(),
            // Programs have always read both kinds as warnings.
            warnings: ledger
                .notices(NoticeKind::Warning)
                .into_iter()
                .chain(ledger.notices(NoticeKind::AtTarget))
                .collect(),
            shared_addresses: &ledger.sharing,
            left_behind: ledger.notices(NoticeKind::LeftBehind),
            password_resets: ledger.password_resets,
            forecast: details.forecast.as_ref(),
            coverage: ledger.is_dry_run().then_some(&ledger.forecast_counts.coverage),
            roles: Some(&ledger.forecast_counts.roles).filter(|roles| !roles.is_empty()),
            at_target: ledger.at_target.as_ref(),
            requests: Requests { sent: ledger.requests, retries: ledger.retries, throttled: ledger.throttled },
            pace: ledger.pace.as_ref(),
            elapsed_seconds: (ledger.elapsed.as_secs_f64() * 1000.0).round() / 1000.0,
            origin: details.origin.as_ref(),
            timeline: &details.timeline,
            rejects_file: ledger.rejects_file.as_ref().map(|path| path.display().to_string()),
            earlier_rejects_files: ledger.earlier_rejects.iter().map(|path| path.display().to_string()).collect(),
            preview: preview.iter().filter_map(|text| RawValue::from_string(text.clone()).ok()).collect(),
        }
    }
}

fn inputs<'a>(ledger: &'a Ledger, details: &'a RunDetails) -> Vec<InputReport<'a>> {
    let sums = details.sums.iter().map(Some).chain(std::iter::repeat(None));
    ledger.inputs.iter().zip(sums).map(|(progress, sum)| InputReport { progress, sum }).collect()
}
