//! The account of a run as one page for people: the same facts as in the JSON report, of which it is made.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::chart::{Chart, speed};
use super::page_shell::{environment, page_with};
use crate::human::{count, duration};
use crate::mapping::{Notice, RejectCode};
use crate::missing::CreatedEarlier;

/// What is on the page.
const TEMPLATE: &str = include_str!("page.html");

/// Somebody who did not move, named on the page if the user asks for personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedPerson {
    /// The code of the reject.
    pub code: String,
    /// Where the record stands: the input and the number in it.
    pub input: String,
    /// The number of the record in its input.
    pub record: u64,
    /// The id at Clerk, as far as it can be read.
    pub clerk_id: Option<String>,
    /// An address.
    pub email: Option<String>,
    /// The first and the last name.
    pub name: Option<String>,
}

/// Who is named on the page, if the user asks for personal data; else nobody.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct NamedPeople {
    /// The first of those who did not move.
    pub rejected: Vec<RejectedPerson>,
    /// The first of those who are no longer in the export.
    pub missing: Vec<CreatedEarlier>,
}

/// The page cannot be made of a report: it is not one of this program.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be made of the report: {0}")]
pub struct PageError(#[from] minijinja::Error);

/// What the template knows.
#[derive(Serialize)]
struct Facts<'a> {
    report: &'a Value,
    rejected: &'a [RejectedPerson],
    missing: &'a [CreatedEarlier],
    records: Option<Chart>,
    requests: Option<Chart>,
}

/// Whether the name of a file asks for the page and not for JSON.
pub fn is_page(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["html", "htm"].iter().any(|name| extension.eq_ignore_ascii_case(name))
}

/// Makes the page of a JSON report. `people` are named on it, and nobody else is. All of a report is data: nothing in it becomes
/// markup.
pub fn page(report: &Value, people: &NamedPeople) -> Result<String, PageError> {
    let mut environment = environment();
    environment.add_filter("grouped", grouped);
    environment.add_filter("time", |seconds: f64| duration(Duration::try_from_secs_f64(seconds).unwrap_or_default()));
    environment.add_filter("sentence", |code: &str| sentence(code).to_owned());
    environment.add_filter("percent", |part: f64, whole: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 });
    let chart = |name: &str| {
        let moments = report["timeline"].as_array().into_iter().flatten();
        let moments: Vec<(f64, f64)> =
            moments.filter_map(|moment| Some((moment["seconds"].as_f64()?, moment[name].as_f64()?))).collect();
        speed(&moments)
    };
    let (records, requests) = (chart("records"), chart("requests"));
    let NamedPeople { rejected, missing } = people;
    let facts = Facts { report, rejected, missing, records, requests };
    let body = environment.render_str(TEMPLATE, minijinja::value::Serde(&facts))?;
    let what = if report["dry_run"] == true { "Dry run" } else { "Migration" };
    let title = report["run"].as_str().map_or_else(|| what.to_owned(), |run| format!("{what} {run}"));
    Ok(page_with(&environment, &title, &body)?)
}

/// A number with commas between the thousands. Speeds are rounded.
fn grouped(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts are whole and positive")]
    count(number.round() as u64)
}

fn sentence(code: &str) -> &'static str {
    let reject = RejectCode::from_code(code).map(RejectCode::sentence);
    reject.or_else(|| Notice::from_code(code).map(Notice::sentence)).unwrap_or_default()
}
