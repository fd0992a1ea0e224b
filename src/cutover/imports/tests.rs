use super::*;
use crate::cutover::{ExportSeen, KindCounts, Outcome};

fn moment(minute: u32) -> Timestamp {
    format!("2026-11-26T03:{minute:02}:00Z").parse().expect("a moment")
}

fn run(id: &str, minute: u32) -> SeenRun {
    SeenRun {
        id: id.to_owned(),
        target: "T".to_owned(),
        started: moment(minute),
        last_active: moment(minute),
        standing: RunStanding::Finished,
        read: Some(10),
        rejected: Some(0),
        by_kind: BTreeMap::new(),
        rejects_of: None,
        is_selection: false,
        shard: None,
        whole: String::new(),
        kinds: BTreeSet::from([Kind::User]),
        export: None,
        verification: None,
    }
}

fn roles(id: &str, minute: u32) -> SeenRun {
    SeenRun { kinds: BTreeSet::from([Kind::Membership, Kind::RoleTuple]), ..run(id, minute) }
}

fn found(minute: u32, extra: u64) -> Verification {
    let (missing, different, wrong) = (0, 0, 0);
    let (is_finished, is_selection, checked) = (true, false, 10);
    Verification {
        at: moment(minute),
        target: None,
        kinds: BTreeSet::from([Kind::User]),
        is_finished,
        is_selection,
        checked,
        missing,
        different,
        extra,
        wrong,
    }
}

fn imports(runs: &[SeenRun]) -> Imports {
    Imports::into_target("T", runs)
}

#[test]
fn only_the_last_whole_import_into_this_target_counts() {
    let outcome = |runs: &[SeenRun]| imports(runs).last_is_finished().outcome;
    assert_eq!(outcome(&[]), Outcome::Failed);
    assert_eq!(outcome(&[SeenRun { target: "U".to_owned(), ..run("a", 1) }]), Outcome::Failed);
    assert_eq!(outcome(&[SeenRun { is_selection: true, ..run("a", 1) }]), Outcome::Failed, "a pilot");
    assert_eq!(outcome(&[roles("a", 1)]), Outcome::Failed);
    assert_eq!(outcome(&[run("a", 1)]), Outcome::Ok);
    for standing in [RunStanding::Unfinished, RunStanding::Undone, RunStanding::Damaged] {
        assert_eq!(outcome(&[run("a", 1), SeenRun { standing, ..run("b", 2) }]), Outcome::Failed);
        assert_eq!(outcome(&[SeenRun { standing, ..run("a", 1) }, run("b", 2)]), Outcome::Ok);
    }
    let shard = |number, minute| SeenRun { shard: Some((number, 2)), whole: "w".to_owned(), ..run("s", minute) };
    assert_eq!(outcome(&[shard(1, 1)]), Outcome::Failed, "one of two");
    assert_eq!(outcome(&[shard(1, 1), shard(2, 2)]), Outcome::Ok);
    let half = SeenRun { standing: RunStanding::Unfinished, ..shard(2, 3) };
    assert_eq!(outcome(&[shard(1, 1), shard(2, 2), half]), Outcome::Failed, "the newest of each");
}

#[test]
fn the_newest_import_of_each_kind_has_to_be_whole() {
    let outcomes = |runs: &[SeenRun]| {
        let imports = imports(runs);
        [imports.last_is_finished(), imports.no_rejects_are_left(None)].map(|finding| finding.outcome)
    };
    let (ok, failed) = (Outcome::Ok, Outcome::Failed);
    assert_eq!(outcomes(&[run("a", 1), roles("b", 2)]), [ok, ok]);
    for standing in [RunStanding::Unfinished, RunStanding::Undone, RunStanding::Damaged] {
        let open = SeenRun { standing, ..roles("b", 2) };
        assert_eq!(outcomes(&[run("a", 1), open.clone()])[0], failed, "{standing:?}");
        assert_eq!(outcomes(&[open.clone(), run("a", 3)])[0], failed, "users bring no roles");
        assert_eq!(outcomes(&[run("a", 1), open.clone(), roles("c", 3)])[0], ok);
        let all = SeenRun { kinds: Kind::ALL.into(), ..run("c", 3) };
        assert_eq!(outcomes(&[run("a", 1), open, all])[0], ok);
    }
    let half = SeenRun { standing: RunStanding::Unfinished, ..roles("b", 2) };
    let before_changes = SeenRun { standing: RunStanding::Undone, ..run("a", 1) };
    let changes = ExportSeen { started: moment(3), since: Some(moment(1)) };
    let of_changes = SeenRun { export: Some(changes), ..run("b", 4) };
    assert_eq!(outcomes(&[before_changes, of_changes])[0], failed, "the users of the whole export are gone");
    let sentence = imports(&[run("a", 1), half]).last_is_finished().sentence;
    assert!(sentence.starts_with("run b (memberships, tuples) of "), "{sentence}");
    let rejects = SeenRun { rejected: Some(3), ..roles("b", 2) };
    let mended = SeenRun { rejects_of: Some("b".to_owned()), read: Some(3), ..roles("m", 3) };
    assert_eq!(outcomes(&[run("a", 1), rejects.clone()]), [ok, failed]);
    assert_eq!(outcomes(&[rejects.clone(), run("a", 3)]), [ok, failed]);
    assert_eq!(outcomes(&[run("a", 1), rejects.clone(), mended]), [ok, ok]);
    assert_eq!(outcomes(&[run("a", 1), rejects, roles("c", 3)]), [ok, ok]);
}

#[test]
fn rejects_of_a_kind_count_until_a_later_run_brings_that_kind() {
    let outcome = |runs: &[SeenRun]| imports(runs).no_rejects_are_left(None).outcome;
    let kinds = BTreeSet::from([Kind::User, Kind::Membership]);
    let tenant = |users, memberships| {
        let counts = |rejected| KindCounts { read: 5, rejected };
        let by_kind = BTreeMap::from([(Kind::User, counts(users)), (Kind::Membership, counts(memberships))]);
        SeenRun { rejected: Some(users + memberships), by_kind, kinds: kinds.clone(), ..run("a", 1) }
    };
    assert_eq!(outcome(&[tenant(3, 0)]), Outcome::Failed);
    assert_eq!(outcome(&[tenant(3, 0), run("b", 2)]), Outcome::Ok, "the users came again");
    assert_eq!(outcome(&[tenant(3, 2), run("b", 2)]), Outcome::Failed, "the memberships did not");
    assert!(imports(&[tenant(3, 2), run("b", 2)]).no_rejects_are_left(None).sentence.starts_with("2 rejects"));
    assert_eq!(outcome(&[tenant(0, 2), run("b", 2)]), Outcome::Failed);
    // Of a run that was pruned only the sum is known.
    let pruned = SeenRun { by_kind: BTreeMap::new(), ..tenant(3, 0) };
    assert_eq!(outcome(&[pruned, run("b", 2)]), Outcome::Failed);
    // Each kind is mended by itself.
    let mends = |id, minute, kind, read| SeenRun {
        rejects_of: Some("a".to_owned()),
        kinds: BTreeSet::from([kind]),
        read: Some(read),
        ..run(id, minute)
    };
    let (users, memberships) = (mends("m", 2, Kind::User, 3), mends("n", 3, Kind::Membership, 2));
    assert_eq!(outcome(&[tenant(3, 2), users.clone()]), Outcome::Failed);
    assert_eq!(outcome(&[tenant(3, 2), users.clone(), memberships.clone()]), Outcome::Ok);
    assert_eq!(outcome(&[tenant(3, 2), memberships, run("b", 4)]), Outcome::Ok);
    assert_eq!(outcome(&[tenant(3, 2), users, run("b", 4)]), Outcome::Failed);
}

#[test]
fn what_a_run_does_when_it_goes_on_is_later_than_what_was_said_before() {
    let went_on = SeenRun { rejected: Some(3), last_active: moment(5), ..run("a", 1) };
    let outcome = |accepted| imports(std::slice::from_ref(&went_on)).no_rejects_are_left(accepted).outcome;
    assert_eq!((outcome(Some(moment(3))), outcome(Some(moment(6)))), (Outcome::Failed, Outcome::Ok));
    let verified = |at| imports(std::slice::from_ref(&went_on)).are_verified(Some(&found(at, 0))).outcome;
    assert_eq!((verified(3), verified(6)), (Outcome::Failed, Outcome::Ok));
    let shard = |number, last| SeenRun {
        shard: Some((number, 2)),
        last_active: moment(last),
        whole: "w".to_owned(),
        ..run("s", 1)
    };
    assert_eq!(imports(&[shard(1, 7), shard(2, 2)]).users_last_changed(), Some(moment(7)));
    assert_eq!(imports(&[run("a", 1), roles("b", 2)]).users_last_changed(), Some(moment(1)));
}

#[test]
fn each_kind_has_to_be_compared_after_its_own_import() {
    let outcome = |runs: &[SeenRun], other: Option<Verification>| imports(runs).are_verified(other.as_ref()).outcome;
    let users = SeenRun { verification: Some(found(2, 0)), ..run("a", 1) };
    let of_roles = |minute| Verification { kinds: roles("b", 3).kinds, ..found(minute, 0) };
    let both = [users.clone(), roles("b", 3)];
    assert_eq!(outcome(&both, None), Outcome::Failed, "nobody compared the roles");
    assert_eq!(outcome(&both, Some(of_roles(2))), Outcome::Failed, "before they were there");
    assert_eq!(outcome(&both, Some(of_roles(4))), Outcome::Ok);
    assert_eq!(outcome(&both, Some(Verification { missing: 1, ..of_roles(4) })), Outcome::Failed);
    let in_run = SeenRun { verification: Some(of_roles(4)), ..roles("b", 3) };
    assert_eq!(outcome(&[users, in_run], None), Outcome::Ok);
    assert_eq!(outcome(&[run("a", 1)], Some(of_roles(4))), Outcome::Failed, "it is none of users");
    // Of users that came as changes others may be at the target. Of roles nobody may.
    let whole = SeenRun { verification: Some(found(2, 0)), ..run("a", 1) };
    let delta = ExportSeen { started: moment(3), since: Some(moment(1)) };
    let changes = SeenRun { export: Some(delta), verification: Some(found(5, 9)), ..run("c", 4) };
    let granted = |extra| SeenRun { verification: Some(Verification { extra, ..of_roles(7) }), ..roles("b", 6) };
    assert_eq!(outcome(&[whole.clone(), changes.clone(), granted(0)], None), Outcome::Ok);
    assert_eq!(outcome(&[whole, changes, granted(5)], None), Outcome::Failed);
    assert_eq!(imports(&[run("a", 1)]).newest_verification(Some(&of_roles(4))), None);
}

#[test]
fn rejects_are_left_until_they_are_mended_or_accepted() {
    let outcome = |runs: &[SeenRun], accepted| imports(runs).no_rejects_are_left(accepted).outcome;
    let first = SeenRun { rejected: Some(3), ..run("a", 1) };
    let mends = |read, rejected| SeenRun {
        rejects_of: Some("a".to_owned()),
        read: Some(read),
        rejected: Some(rejected),
        ..run("m", 2)
    };
    assert_eq!(outcome(&[run("a", 1)], None), Outcome::Ok);
    assert_eq!(outcome(std::slice::from_ref(&first), None), Outcome::Failed);
    assert_eq!(outcome(std::slice::from_ref(&first), Some(moment(0))), Outcome::Failed, "accepted before");
    assert_eq!(outcome(std::slice::from_ref(&first), Some(moment(2))), Outcome::Ok);
    assert_eq!(outcome(&[first.clone(), mends(3, 0)], None), Outcome::Ok);
    assert_eq!(outcome(&[first.clone(), mends(2, 0)], None), Outcome::Failed, "one was left out");
    assert_eq!(outcome(&[first.clone(), mends(3, 1)], None), Outcome::Failed);
    let changes = ExportSeen { started: moment(3), since: Some(moment(1)) };
    let of_changes = SeenRun { export: Some(changes), ..run("b", 4) };
    assert_eq!(outcome(&[first.clone(), of_changes], None), Outcome::Failed, "those of the whole one are still there");
    assert_eq!(outcome(&[first, run("b", 4)], None), Outcome::Ok, "a whole one anew");
}

#[test]
fn a_comparison_counts_if_it_is_later_clean_and_of_all() {
    let outcome = |runs: &[SeenRun], other: Option<Verification>| imports(runs).are_verified(other.as_ref()).outcome;
    let whole = SeenRun { verification: Some(found(2, 0)), ..run("a", 1) };
    assert_eq!(outcome(&[run("a", 1)], None), Outcome::Failed);
    assert_eq!(outcome(std::slice::from_ref(&whole), None), Outcome::Ok);
    assert_eq!(outcome(&[whole.clone(), run("b", 3)], None), Outcome::Failed, "of the import before");
    assert_eq!(outcome(&[run("a", 3)], Some(found(2, 0))), Outcome::Failed, "before the import");
    assert_eq!(outcome(&[run("a", 3)], Some(found(4, 0))), Outcome::Ok);
    assert_eq!(outcome(&[run("a", 3)], Some(found(4, 1))), Outcome::Failed);
    let elsewhere = Verification { target: Some("U".to_owned()), ..found(4, 0) };
    assert_eq!(outcome(&[run("a", 3)], Some(elsewhere)), Outcome::Failed);
    let changes = ExportSeen { started: moment(4), since: Some(moment(1)) };
    let of_changes = SeenRun { export: Some(changes), verification: Some(found(6, 9)), ..run("b", 5) };
    assert_eq!(outcome(&[whole, of_changes.clone()], None), Outcome::Ok, "the others are of the import before");
    assert_eq!(outcome(&[run("a", 1), of_changes], None), Outcome::Failed, "which nobody compared");
}

#[test]
fn changes_are_covered_as_long_as_exports_join() {
    let export = |minute, since: Option<u32>| Some(ExportSeen { started: moment(minute), since: since.map(moment) });
    let of = |id: &str, minute, export| SeenRun { export, ..run(id, minute) };
    let until = |runs: &[SeenRun]| imports(runs).covered_until();
    assert_eq!(until(&[run("a", 1)]), None, "nobody knows when that file was made");
    let whole = of("a", 2, export(1, None));
    assert_eq!(until(std::slice::from_ref(&whole)), Some(moment(1)));
    assert_eq!(until(&[whole.clone(), of("b", 9, export(8, Some(1)))]), Some(moment(8)));
    assert_eq!(until(&[whole.clone(), of("b", 9, export(8, Some(5)))]), Some(moment(1)), "between 1 and 5 is a gap");
    assert_eq!(until(&[of("b", 9, export(8, Some(1)))]), None);
    let unfinished = SeenRun { standing: RunStanding::Unfinished, ..of("b", 9, export(8, Some(1))) };
    assert_eq!(until(&[whole, unfinished]), Some(moment(1)));
}

#[test]
fn a_report_is_about_the_target_that_runs_name() {
    assert!(is_same_target("https://id.example.com", "https://id.example.com/"));
    assert!(is_same_target("kratos+http://127.0.0.1:4434", "http://127.0.0.1:4434"));
    assert!(!is_same_target("https://id.example.com", "https://example.com"));
}
