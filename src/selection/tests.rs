//! What is selected, against the same choice in memory.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;

use tokio_util::sync::CancellationToken;

use super::{IdList, IdListArgument, RecordsOfRun, Sample, SelectedRecords, SelectionChoice, SelectionError, select};
use crate::source::{Input, ReaderLimits};

/// A user whose number is also in its external id and its address; an unreadable record instead of some.
fn record(number: usize) -> String {
    if number % 17 == 16 {
        return format!("{{\"id\":\"user_{number}\",\"first_name\":7}}");
    }
    format!(
        r#"{{"id":"user_{number}","external_id":"emp {number}","public_metadata":{{"n":{number}}},
            "email_addresses":[{{"email_address":"U{number}@Example.com"}}]}}"#
    )
    .replace('\n', "")
}

fn inputs(directory: &Path, records: &[usize]) -> Vec<Input> {
    let mut next = 0;
    let write = |(index, count): (usize, &usize)| {
        let lines: Vec<String> = (next..next + count).map(record).collect();
        next += count;
        let path = directory.join(format!("{index}.ndjson"));
        std::fs::write(&path, lines.join("\n")).expect("a file");
        Input::File(path)
    };
    records.iter().enumerate().map(write).collect()
}

fn run(inputs: &[Input], choice: &SelectionChoice) -> Result<SelectedRecords, SelectionError> {
    select(inputs, ReaderLimits::default(), choice, &std::env::temp_dir(), &CancellationToken::new())
}

/// What is selected, by the numbers in the records.
fn selected(inputs: &[usize], selected: SelectedRecords) -> Vec<usize> {
    let of_run = RecordsOfRun::Selected(Arc::new(selected));
    let mut numbers = Vec::new();
    let mut before = 0;
    for (input, count) in (0..).zip(inputs) {
        let among = of_run.among(input, 1..=*count as u64).expect("a file");
        for number in 1..=*count as u64 {
            assert_eq!(among.takes(number), of_run.takes(input, number).expect("a file"));
            if among.takes(number) {
                numbers.push(before + usize::try_from(number).expect("a file") - 1);
            }
        }
        before += count;
    }
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Against the same choice in memory.
    #[test]
    fn those_are_selected_of_whom_all_options_hold(
        counts in proptest::collection::vec(1usize..90, 1..4),
        listed in proptest::option::of(proptest::collection::vec((0usize..300, 0u8..4), 1..60)),
        below in proptest::option::of(0usize..300),
        drawn in proptest::option::of((1u64..40, 0u64..3)),
        skip in prop_oneof![Just(0u64), 0u64..40],
        limit in proptest::option::of(1u64..60),
    ) {
        let directory = tempfile::tempdir().expect("a file");
        let files = inputs(directory.path(), &counts);
        let all = 0..counts.iter().sum::<usize>();
        let is_readable = |number: &usize| number % 17 != 16;
        let line = |(number, form): &(usize, u8)| match form {
            0 => format!("user_{number}"),
            1 => format!(" emp {number}\r"),
            2 => format!("u{number}@EXAMPLE.com"),
            _ => String::new(),
        };
        let list: Option<Vec<String>> = listed.as_ref().map(|listed| listed.iter().map(line).collect());
        let only = list.filter(|list| list.iter().any(|line| !line.is_empty())).map(|list| {
            let path = directory.path().join("list");
            std::fs::write(&path, list.join("\n")).expect("a file");
            let argument: IdListArgument = path.display().to_string().parse().expect("a file");
            Arc::new(IdList::read(&argument, &std::env::temp_dir()).expect("a file"))
        });
        let named: Option<BTreeSet<usize>> = only.as_ref().and(listed.as_ref()).map(|listed| {
            listed.iter().filter(|(_, form)| *form < 3).map(|(number, _)| *number).collect()
        });
        let choice = SelectionChoice {
            only,
            condition: below.map(|below| format!("@.public_metadata.n < {below}").parse().expect("a file")),
            sample: drawn.map(|(users, seed)| Sample { users, seed }),
            skip,
            limit,
        };
        let is_filtered = named.is_some() || below.is_some();
        let mut expected: Vec<usize> = all
            .clone()
            .filter(|number| !is_filtered || is_readable(number))
            .filter(|number| named.as_ref().is_none_or(|named| named.contains(number)))
            .filter(|number| below.is_none_or(|below| *number < below))
            .collect();
        let unsampled = expected.clone();
        let result = run(&files, &choice);
        if let Some((users, _)) = drawn {
            // Which ones are drawn is another test's; how many, and that they are of those, is seen here.
            let whole = SelectionChoice { skip: 0, limit: None, ..choice.clone() };
            expected = run(&files, &whole).map(|found| selected(&counts, found)).unwrap_or_default();
            prop_assert_eq!(expected.len() as u64, users.min(unsampled.len() as u64));
            prop_assert!(expected.iter().all(|number| unsampled.contains(number)));
        }
        let taken = expected.iter().copied().skip(usize::try_from(skip).expect("a file"));
        let expected: Vec<usize> = taken.take(limit.map_or(usize::MAX, |limit| usize::try_from(limit).expect("a file"))).collect();
        match result {
            Ok(found) => {
                let totals = found.totals().clone();
                prop_assert_eq!((totals.records, totals.selected), (all.len() as u64, expected.len() as u64));
                let unreadable = if is_filtered { all.clone().filter(|number| !is_readable(number)).count() } else { 0 };
                prop_assert_eq!(totals.unreadable, unreadable as u64);
                let is_missing = |entry: &&(usize, u8)| entry.1 < 3 && !(all.contains(&entry.0) && is_readable(&entry.0));
                let missing = listed.iter().flatten().filter(is_missing).count();
                prop_assert_eq!(totals.not_found.count, if named.is_some() { missing as u64 } else { 0 });
                prop_assert_eq!(selected(&counts, found), expected);
            }
            Err(SelectionError::Nobody { .. }) => prop_assert!(expected.is_empty()),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    /// A sample is of users and not of places: the next export has another order.
    #[test]
    fn the_same_users_are_drawn_in_any_order(
        numbers in Just((0usize..120).filter(|number| number % 17 != 16).collect::<Vec<_>>()).prop_shuffle(),
        seed in 0u64..4,
    ) {
        let directory = tempfile::tempdir().expect("a file");
        let draw = |numbers: &[usize]| {
            let path = directory.path().join("users.ndjson");
            let lines: Vec<String> = numbers.iter().map(|number| record(*number)).collect();
            std::fs::write(&path, lines.join("\n")).expect("a file");
            let choice = SelectionChoice { sample: Some(Sample { users: 9, seed }), ..SelectionChoice::default() };
            let found = selected(&[numbers.len()], run(&[Input::File(path)], &choice).expect("a file"));
            found.into_iter().map(|at| numbers[at]).collect::<BTreeSet<_>>()
        };
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        prop_assert_eq!(draw(&numbers), draw(&sorted));
    }
}

#[test]
fn another_seed_draws_other_users() {
    let directory = tempfile::tempdir().expect("a file");
    let files = inputs(directory.path(), &[400]);
    let draw = |seed| {
        let choice = SelectionChoice { sample: Some(Sample { users: 20, seed }), ..SelectionChoice::default() };
        selected(&[400], run(&files, &choice).expect("a file"))
    };
    assert_eq!(draw(0), draw(0));
    assert_ne!(draw(0), draw(1));
    // Spread over the input: twenty of four hundred all in one half would be one case in half a million.
    assert!(draw(0).iter().any(|number| *number < 200) && draw(0).iter().any(|number| *number >= 200));
}
