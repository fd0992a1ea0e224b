//! `avnology help`.

use clap::Args;

use crate::manual::TOPICS;

/// `avnology help …`
#[derive(Debug, Args)]
pub struct HelpArguments {
    /// A topic of the manual, or a command, as in `help migrate clerk`; the list of both if left out
    #[arg(value_name = "TOPIC|COMMAND")]
    pub words: Vec<String>,
}

/// The list of topics.
pub(crate) fn topics() -> String {
    let rows = TOPICS.iter().map(|topic| format!("\n  {:<10} {}", topic.names[0], topic.about));
    std::iter::once("Topics of the manual (avnology help TOPIC):".to_owned()).chain(rows).collect()
}
