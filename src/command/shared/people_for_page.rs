//! Who did not move and who is missing, by the files of a run, for the page that may name people. The run keeps whom its page names,
//! so that the page can be made again with what is found out later.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use serde_json::Value;

use crate::files::replace_private;
use crate::journal::RunDirectory;
use crate::missing::CreatedEarlier;
use crate::outcomes::Ledger;
use crate::report::{NamedPeople, RejectedPerson};

/// How many are named: a page is for people.
const MOST: usize = 500;

/// The first of those who are in the rejects files of a run, and of those whom it names as missing. Who cannot be read from a
/// record is named by its place.
pub(in crate::command) fn people_for_page(
    ledger: &Ledger,
    directory: Option<&RunDirectory>,
) -> io::Result<NamedPeople> {
    let rejected = first_lines(ledger.rejects_files().cloned(), |line| {
        // Somebody may have changed the file.
        serde_json::from_str(line).ok().map(|line| person(&line))
    })?;
    let missing = directory.map(RunDirectory::missing).filter(|path| path.exists());
    let missing = first_lines(missing.into_iter(), |line| serde_json::from_str::<CreatedEarlier>(line).ok())?;
    Ok(NamedPeople { rejected, missing })
}

/// Keeps whom the page of a run names. If that is nobody, nothing is left of an earlier part of the run.
pub(in crate::command) fn keep_named(directory: &RunDirectory, people: Option<&NamedPeople>) -> io::Result<()> {
    let path = directory.named_people();
    match people {
        Some(people) => replace_private(&path, |file| serde_json::to_writer(file, people).map_err(Into::into)),
        None => match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    }
}

/// Whom the page of a run names.
pub(in crate::command) fn kept_named(directory: &RunDirectory) -> io::Result<NamedPeople> {
    match std::fs::read(directory.named_people()) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(NamedPeople::default()),
        Err(error) => Err(error),
    }
}

/// What is on the first lines of these files.
fn first_lines<T>(files: impl Iterator<Item = PathBuf>, read: impl Fn(&str) -> Option<T>) -> io::Result<Vec<T>> {
    let mut found = Vec::new();
    for path in files {
        for line in BufReader::new(File::open(path)?).lines() {
            if found.len() == MOST {
                return Ok(found);
            }
            found.extend(read(&line?));
        }
    }
    Ok(found)
}

fn person(line: &Value) -> RejectedPerson {
    let user = &line["original"];
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let addresses = user["email_addresses"].as_array();
    let address = addresses.and_then(|addresses| text(&addresses.first()?["email_address"]));
    let names: Vec<String> = ["first_name", "last_name"].iter().filter_map(|name| text(&user[*name])).collect();
    RejectedPerson {
        code: text(&line["code"]).unwrap_or_default(),
        input: text(&line["position"]["input"]).unwrap_or_default(),
        record: line["position"]["record"].as_u64().unwrap_or_default(),
        clerk_id: text(&user["id"]),
        email: address.or_else(|| text(&user["primary_email_address"])),
        name: Some(names.join(" ")).filter(|name| !name.is_empty()),
    }
}
