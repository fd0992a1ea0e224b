//! What is printed on stderr beside progress: notes, errors, and the account at the end.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;
use terminal_size::terminal_size_of;

use super::visible::{visible, visible_json};
use super::wrapped::for_terminal;
use crate::ignore::ignore;

/// The form of the messages on standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Prints messages as text for people, or as one JSON object a line for programs that collect logs.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    format: LogFormat,
    quiet: bool,
}

/// A line in JSON, with the same members as the lines of the log.
#[derive(Serialize)]
struct LogLine<'a, T> {
    timestamp: jiff::Timestamp,
    level: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<&'a T>,
}

impl Console {
    /// A console. If it is quiet, it prints only errors and exceptions.
    pub fn new(format: LogFormat, quiet: bool) -> Self {
        Self { format, quiet }
    }

    /// Prints what the program does now.
    pub fn note(self, text: &str) {
        if !self.quiet {
            self.print("INFO", text, text);
        }
    }

    /// Prints an error.
    pub fn error(self, text: &str) {
        self.print("ERROR", &format!("error: {text}"), text);
    }

    /// Prints the account of a job: a summary for people, or the report for programs. A quiet console prints only
    /// `exceptions`, if there are any: one line for the person who has to act.
    pub fn account(
        self,
        summary: impl FnOnce(&mut String) -> fmt::Result,
        report: &impl Serialize,
        exceptions: Option<&str>,
    ) {
        let written = match (self.quiet, self.format, exceptions) {
            (true, _, None) => Ok(()),
            (true, _, Some(exceptions)) => return self.print("WARN", exceptions, exceptions),
            (false, LogFormat::Json, _) => write_line("INFO", "finished", Some(report)),
            (false, LogFormat::Text, _) => {
                let mut text = String::new();
                summary(&mut text).map_err(io::Error::other).and_then(|()| write_text(&text))
            }
        };
        ignore(written, "a closed stderr must not end anything");
    }

    fn print(self, level: &'static str, text: &str, message: &str) {
        let written = match self.format {
            LogFormat::Text => write_text(&format!("{text}\n")),
            LogFormat::Json => write_line::<()>(level, message, None),
        };
        ignore(written, "a closed stderr leaves no place to report this");
    }
}

/// Writes text for people to standard error. It may have colours, and is safe for a terminal.
pub fn write_stderr(text: &str) -> io::Result<()> {
    let text = for_terminal(text, terminal_size_of(io::stderr()));
    let mut stderr = anstream::stderr().lock();
    stderr.write_all(text.as_bytes())?;
    stderr.flush()
}

fn write_text(text: &str) -> io::Result<()> {
    write_stderr(&visible(text))
}

fn write_line<T: Serialize>(level: &'static str, message: &str, report: Option<&T>) -> io::Result<()> {
    let line = serde_json::to_string(&LogLine { timestamp: jiff::Timestamp::now(), level, message, report })?;
    io::stderr().write_all((visible_json(&line) + "\n").as_bytes())
}
