//! What people and scripts see: progress during a run, and a summary at its end.
//!
//! stdout is for data (the JSON report, previews); everything else goes to stderr. Colour never carries meaning. It is off
//! if stderr is not a terminal, and if `NO_COLOR` is set.

mod bars;
mod chart;
mod consent_request;
mod console;
mod covered;
mod cutover_page;
mod exporting;
mod forecast;
mod found_there;
mod given_path;
mod joined_memberships;
mod json_line;
mod json_lines;
mod listing;
mod metrics;
mod moment;
mod no_longer_there;
mod origin;
mod page;
mod page_shell;
mod plain;
mod progress_display;
mod reading;
mod report_path;
mod run_report;
mod schema;
mod selection_report;
mod stdout;
mod summary;
mod timeline;
mod undoing;
mod visible;
mod wrapped;

pub use bars::Bars;
pub use consent_request::ConsentRequest;
pub use console::{Console, LogFormat, write_stderr};
pub use cutover_page::{cutover_markdown, cutover_page};
pub use exporting::{ExportFigures, write_export_summary};
pub use forecast::{Forecast, RequestBounds};
pub use given_path::GivenPath;
pub use json_lines::JsonLines;
pub use listing::ListingProgress;
pub use metrics::{Measured, MetricsFile};
pub use moment::Moment;
pub use origin::InputOrigin;
pub use page::{NamedPeople, PageError, RejectedPerson, is_page, page};
pub use plain::PlainLines;
pub use progress_display::{ProgressDisplay, ShownProgress};
pub use reading::ReadingProgress;
pub use report_path::ReportPath;
pub use run_report::{RunDetails, RunReport};
pub use schema::REPORT_SCHEMA;
pub use selection_report::SelectionReport;
pub use stdout::{StdoutError, print_exact, print_json, print_text, print_wrapped, stream_to_stdout};
pub use summary::{write_findings, write_summary};
pub use timeline::{Timeline, TimelineMoment};
pub use undoing::{Deleted, DeletedKinds, UndoingProgress};
pub use visible::{visible, visible_json};
