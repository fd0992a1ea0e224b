//! Who did not move, by the rejects files of a run, for the page that may name people.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use serde_json::Value;

use crate::report::RejectedPerson;

/// How many are named: a page is for people.
const MOST: usize = 500;

/// The first of those who are in the rejects files of a run. Who cannot be read from a record is named by its place.
pub(super) fn rejected_people<'a>(files: impl Iterator<Item = &'a PathBuf>) -> io::Result<Vec<RejectedPerson>> {
    let mut people = Vec::new();
    for path in files {
        for line in BufReader::new(File::open(path)?).lines() {
            if people.len() == MOST {
                return Ok(people);
            }
            // Somebody may have changed the file.
            people.extend(serde_json::from_str(&line?).ok().map(|line| person(&line)));
        }
    }
    Ok(people)
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
