//! Asks the person at the terminal for consent.

use std::io::{self, BufRead, IsTerminal};

use tokio::sync::oneshot;

use super::super::command_error::CommandError;
use crate::ignore::ignore;
use crate::report::{visible, write_stderr};
use crate::signal::Signals;

/// Whether there is somebody to ask.
pub(in crate::command) fn is_somebody_there() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question that is answered by yes or no. No answer is no.
pub(in crate::command) async fn ask_consent(question: &str, signals: &mut Signals) -> Result<bool, CommandError> {
    forget_what_was_typed();
    if write_stderr(&format!("{} [y/N] ", visible(question))).is_err() {
        return Ok(false);
    }
    let (answered, answer) = oneshot::channel();
    // A thread of its own: the process does not wait for it when it ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        let is_yes = read.is_ok() && matches!(line.trim().to_lowercase().as_str(), "y" | "yes");
        ignore(answered.send(is_yes), "nobody waits for the answer any more");
    });
    tokio::select! {
        answer = answer => Ok(answer.unwrap_or(false)),
        signal = signals.next() => Err(CommandError::Interrupted(signal)),
    }
}

/// What somebody typed before the question was shown is no answer to it.
#[cfg(target_os = "linux")]
fn forget_what_was_typed() {
    use rustix::termios::{QueueSelector, tcflush};
    ignore(tcflush(io::stdin(), QueueSelector::IFlush), "then it is taken for the answer");
}

#[cfg(not(target_os = "linux"))]
fn forget_what_was_typed() {}
