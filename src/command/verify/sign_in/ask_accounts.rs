//! Asks the person at the terminal for test accounts. Passwords are not shown.

use secrecy::SecretString;

use crate::command::shared::command_error::CommandError;
use crate::signal::Signals;
use crate::verify::{TestAccount, TestAccounts, TestAccountsError};

/// Asks for accounts until an address is left empty.
pub(in crate::command) async fn ask_accounts(signals: &mut Signals) -> Result<TestAccounts, CommandError> {
    let mut accounts = Vec::new();
    loop {
        let address = typed("Address of a test account (empty: no more): ", signals, false).await?;
        let address = address.trim();
        if address.is_empty() {
            return Ok(TestAccounts::new("what was typed", accounts)?);
        }
        let password = SecretString::from(typed("Its password (not shown): ", signals, true).await?);
        let place = accounts.len() as u64 + 1;
        accounts.push(TestAccount { place, address: address.to_owned(), password, is_disabled: false });
    }
}

#[cfg(target_os = "linux")]
async fn typed(question: &str, signals: &mut Signals, is_secret: bool) -> Result<String, CommandError> {
    use std::io::{self, BufRead};

    use crate::ignore::ignore;
    use crate::report::write_stderr;

    let failed = |source| TestAccountsError::Read { name: "the terminal".to_owned(), source };
    // Before the question: an answer that comes at once is not shown either.
    let hidden = is_secret.then(unseen::Unseen::begin).transpose().map_err(failed)?;
    write_stderr(question).map_err(failed)?;
    let (answered, answer) = tokio::sync::oneshot::channel();
    // A thread of its own: the process does not wait for it when it ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).map(|_| line);
        ignore(answered.send(read), "nobody waits for the answer any more");
    });
    let line = tokio::select! {
        line = answer => line.unwrap_or_else(|_| Ok(String::new())).map_err(failed)?,
        signal = signals.next() => return Err(CommandError::Interrupted(signal)),
    };
    if hidden.is_some() {
        // The end of the line was not shown either.
        ignore(write_stderr("\n"), "there was a question a moment ago");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(not(target_os = "linux"))]
async fn typed(_: &str, _: &mut Signals, _: bool) -> Result<String, CommandError> {
    std::future::ready(Err(TestAccountsError::NoPrompt.into())).await
}

#[cfg(target_os = "linux")]
mod unseen {
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    use crate::ignore::ignore;

    /// As long as this is there, the terminal does not show what is typed.
    pub(in crate::command) struct Unseen(Termios);

    impl Unseen {
        pub(in crate::command) fn begin() -> io::Result<Self> {
            let before = tcgetattr(io::stdin())?;
            let mut now = before.clone();
            now.local_modes.remove(LocalModes::ECHO);
            tcsetattr(io::stdin(), OptionalActions::Flush, &now)?;
            Ok(Self(before))
        }
    }

    impl Drop for Unseen {
        fn drop(&mut self) {
            ignore(tcsetattr(io::stdin(), OptionalActions::Now, &self.0), "the terminal is gone");
        }
    }
}
