//! `avnology migrate clerk runs export RUN --users needs-reset --recovery-links`: a way back in for each user whose password could
//! not move.
//!
//! The file grows line by line, in the order of the list, which is always the same for a run that has ended. So where it broke off is
//! where it goes on: the lines that are there are compared with the list, and links are made for those behind. Who is killed
//! between the answer and the line makes a second link for that user, and the first one is known to nobody.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::recovery_error::RecoveryError;
use crate::command::shared::command_error::CommandError;
use crate::command::shared::results_list::listed_runs;
use crate::command::shared::target::{kratos_calls, with_target};
use crate::destination::TargetError;
use crate::exit::ExitStatus;
use crate::files::{create_new_private, sync_directory_of};
use crate::human::plural;
use crate::ignore::ignore;
use crate::kratos::{KratosCalls, Recovery};
use crate::report::print_text;
use crate::results::{ResultsError, UserList, list_records};
use crate::settings::{RecoverySettings, RunExportSettings};

/// Who a line is about. There is no `Debug`: it is personal data.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Person {
    clerk_id: Option<String>,
    external_id: Option<String>,
    id: Option<String>,
    email: Option<String>,
}

/// A line of the file.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    person: &'a Person,
    /// `link`, or `gone` if there is no such identity any more.
    outcome: &'static str,
    #[serde(flatten)]
    recovery: Option<&'a Recovery>,
}

/// Users whose links are being made at once.
const AT_ONCE: usize = 4;

/// Writes the links, and says how many there are. Exit status 3 if some of the users are gone.
pub async fn make_recovery_links(
    settings: RunExportSettings,
    recovery: RecoverySettings,
) -> Result<ExitStatus, CommandError> {
    let target = recovery.target.clone();
    with_target(&target, async |target| {
        let calls = Arc::new(kratos_calls(&target, &recovery.connection)?);
        let (people, mut waiting) = mpsc::channel(64);
        let listing = tokio::task::spawn_blocking(move || list(&settings, &people));
        let made = write_links(&calls, &recovery, &mut waiting).await;
        drop(waiting);
        let listed = listing.await.map_err(|error| io::Error::other(format!("listing the users failed: {error}")));
        let links = made?;
        let listed = listed.map_err(|error| RecoveryError::List(error.into()))?;
        listed.map_err(RecoveryError::List)?;
        let Links { before, made, gone } = links;
        let path = recovery.out.display();
        let earlier = if before > 0 { format!(", of which {before} were there before") } else { String::new() };
        let without = if gone > 0 {
            format!("; {} gone from Kratos since the import, and got no link", plural(gone, "user"))
        } else {
            String::new()
        };
        let all = plural(before + made, "line");
        print_text(&format!("{all} in {path}{earlier}{without}\n"))?;
        Ok(if gone > 0 { ExitStatus::Rejected } else { ExitStatus::Success })
    })
    .await
}

/// What was done.
struct Links {
    /// Lines that were there.
    before: u64,
    /// Lines that came.
    made: u64,
    /// Users of these who are gone.
    gone: u64,
}

/// Hands on the users, in order.
fn list(settings: &RunExportSettings, people: &mpsc::Sender<Person>) -> Result<(), ResultsError> {
    listed_runs(settings, |runs| {
        let listed = list_records(UserList::NeedsReset, runs, |record| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            let person = Person {
                clerk_id: owned(record.clerk_id.as_deref()),
                external_id: owned(record.external_id.as_deref()),
                id: owned(record.id.as_deref()),
                email: owned(record.email),
            };
            ignore(people.blocking_send(person), "nobody writes links any more");
            Ok(())
        });
        listed.map(drop)
    })
}

async fn write_links(
    calls: &KratosCalls,
    settings: &RecoverySettings,
    waiting: &mut mpsc::Receiver<Person>,
) -> Result<Links, CommandError> {
    let path = settings.out.as_path();
    let failed = |source| RecoveryError::Write { path: path.to_path_buf(), source };
    let mut file = open(path)?;
    let before = compare(&mut file, path, waiting).await?;
    let links = futures::stream::unfold(waiting, async |waiting| waiting.recv().await.map(|person| (person, waiting)));
    let links = links.map(|person| async {
        let recovery = match &person.id {
            Some(id) => calls.recovery(id, settings.hours).await?,
            None => None,
        };
        Ok::<_, TargetError>((person, recovery))
    });
    let mut links = std::pin::pin!(links.buffered(AT_ONCE));
    let (mut made, mut gone) = (0, 0);
    while let Some(link) = links.next().await {
        let (person, recovery) = link?;
        let outcome = if recovery.is_some() { "link" } else { "gone" };
        let line = Line { person: &person, outcome, recovery: recovery.as_ref() };
        let mut line = serde_json::to_vec(&line).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        file.write_all(&line).map_err(failed)?;
        made += 1;
        gone += u64::from(recovery.is_none());
    }
    file.sync_all().map_err(failed)?;
    Ok(Links { before, made, gone })
}

/// The file, for the owner only and for this process only.
fn open(path: &Path) -> Result<File, RecoveryError> {
    let failed = |source| RecoveryError::Write { path: path.to_path_buf(), source };
    let file = match create_new_private(path) {
        Ok(file) => {
            sync_directory_of(path).map_err(failed)?;
            file
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            OpenOptions::new().read(true).write(true).open(path).map_err(failed)?
        }
        Err(error) => return Err(failed(error)),
    };
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata().map_err(failed)?.permissions()) & 0o077 != 0 {
        return Err(RecoveryError::Readable { path: path.to_path_buf() });
    }
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(RecoveryError::Held { path: path.to_path_buf() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// How a line begins.
const BEGINNING: &[u8] = br#"{"clerk_id":"#;

/// Compares the lines that are there with the list, and takes those users off it. A line without its end was being written when the
/// process was killed: it is cut off.
async fn compare(file: &mut File, path: &Path, waiting: &mut mpsc::Receiver<Person>) -> Result<u64, RecoveryError> {
    let failed = |source| RecoveryError::Write { path: path.to_path_buf(), source };
    let (mut lines, mut end, mut line) = (0, 0, Vec::new());
    let mut reader = BufReader::new(&*file);
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
        let other = || RecoveryError::Other { path: path.to_path_buf(), line: lines + 1 };
        if length == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            let count = line.len().min(BEGINNING.len());
            if line[..count] != BEGINNING[..count] {
                return Err(other());
            }
            break;
        }
        let there = serde_json::from_slice::<Person>(&line).map_err(|_| other())?;
        if waiting.recv().await.is_none_or(|person| person != there) {
            return Err(other());
        }
        lines += 1;
        end += length as u64;
    }
    file.set_len(end).map_err(failed)?;
    file.seek(SeekFrom::Start(end)).map_err(failed)?;
    Ok(lines)
}
