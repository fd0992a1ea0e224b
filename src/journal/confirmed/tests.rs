//! What is known of a target, and what is forgotten.

use super::confirmed_users::BUFFERED;
use super::{ConfirmedRecord, ConfirmedUsers, ContentHash, SAMPLE_SIZE};
use crate::index::sorted_files;

fn confirmed(number: usize, content: &str) -> ConfirmedRecord {
    ConfirmedRecord::new(&format!("user_{number}"), &format!("usr_{number}"), ContentHash::of(content.as_bytes()))
}

#[test]
fn what_was_learned_last_is_known_and_nothing_else() {
    let runs = tempfile::tempdir().unwrap();
    let mut users = ConfirmedUsers::open(runs.path(), "https://one.example").unwrap();
    assert!(users.lookup().unwrap().is_none());
    users.add((0..BUFFERED).map(|number| confirmed(number, "old"))).unwrap();
    users.add(vec![confirmed(7, "newer"), confirmed(7, "newest"), confirmed(9, "newest")]).unwrap();
    users.write().unwrap();
    users.add(vec![confirmed(9, "old")]).unwrap();
    users.write().unwrap();
    assert_eq!(sorted_files(&users.directory).unwrap().len(), 3);
    drop(users);
    let users = ConfirmedUsers::open(runs.path(), "https://one.example").unwrap();
    assert_eq!(sorted_files(&users.directory).unwrap().len(), 1, "they are merged");
    let lookup = users.lookup().unwrap().unwrap();
    assert_eq!(lookup.users.len(), BUFFERED as u64);
    let contents = |name: &str| {
        ["old", "newer", "newest"].map(|content| lookup.is_confirmed(name, ContentHash::of(content.as_bytes())))
    };
    assert_eq!(contents("user_8"), [true, false, false]);
    assert_eq!(contents("user_7"), [false, false, true]);
    assert_eq!(contents("user_9"), [true, false, false]);
    assert_eq!(contents("user_x"), [false, false, false]);
    let other = ConfirmedUsers::open(runs.path(), "https://two.example").unwrap();
    assert!(other.lookup().unwrap().is_none());
    ConfirmedUsers::forget(runs.path(), "https://one.example").unwrap();
    assert!(ConfirmedUsers::open(runs.path(), "https://one.example").unwrap().lookup().unwrap().is_none());
}

#[test]
fn the_sample_is_small_true_and_spread_over_all() {
    let runs = tempfile::tempdir().unwrap();
    for group in 0..4 {
        let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
        users.add((0..5000).map(|number| confirmed(group * 5000 + number, ""))).unwrap();
        users.write().unwrap();
    }
    let users = ConfirmedUsers::open(runs.path(), "target").unwrap();
    assert_eq!(users.sample().count(), SAMPLE_SIZE);
    let number = |external_id: &str| external_id.trim_start_matches("user_").parse::<usize>().unwrap();
    assert!(users.sample().all(|(external_id, id)| *id == format!("usr_{}", number(external_id))));
    for group in 0..4 {
        let from_group = users.sample().filter(|(external_id, _)| number(external_id) / 5000 == group).count();
        assert!(from_group > 5, "{from_group} of group {group}");
    }
}

#[test]
fn what_is_damaged_is_forgotten_as_a_whole() {
    for name in ["0000000001.sorted", "sample.json"] {
        let runs = tempfile::tempdir().unwrap();
        let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
        for content in ["old", "new"] {
            users.add((0..100).map(|number| confirmed(number, content))).unwrap();
            users.write().unwrap();
        }
        std::fs::write(users.directory.join(name), "{\"torn").unwrap();
        let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
        assert!(users.lookup().unwrap().is_none() && users.sample().next().is_none());
        users.add((0..100).map(|number| confirmed(number, ""))).unwrap();
        users.write().unwrap();
        assert!(users.sample().count() > 5);
    }
}

#[test]
fn a_run_that_may_change_users_is_remembered_until_it_is_over() {
    let runs = tempfile::tempdir().unwrap();
    let users = ConfirmedUsers::open(runs.path(), "target").unwrap();
    assert_eq!(users.updating().unwrap(), None);
    users.note_updating(Some("one")).unwrap();
    assert_eq!(users.updating().unwrap().as_deref(), Some("one"));
    users.note_updating(None).unwrap();
    users.note_updating(None).unwrap();
    assert_eq!(users.updating().unwrap(), None);
    users.note_updating(Some("two")).unwrap();
    assert_eq!(users.recreate_empty().unwrap().updating().unwrap(), None);
}

#[test]
fn a_user_is_known_by_name_as_soon_as_what_was_taken_in_is_written() {
    let runs = tempfile::tempdir().unwrap();
    let mut users = ConfirmedUsers::open(runs.path(), "target").unwrap();
    let last = confirmed(BUFFERED, "").newest("the last one", "usr_last");
    users.add((1..BUFFERED).map(|number| confirmed(number, "")).chain([last])).unwrap();
    drop(users);
    let users = ConfirmedUsers::open(runs.path(), "target").unwrap();
    assert!(users.sample().any(|(external_id, _)| external_id == "the last one"));
}
