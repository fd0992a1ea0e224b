//! The faults at every method of organizations, members, roles and invitations: each record ends in one place, the target holds
//! each once, and undo leaves nothing, even if any request or answer is lost.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::organizations::{MEMBERS, ORGANIZATIONS, TUPLES, Tenant, lines_of, membership, organization, rows, run_of};
use crate::support::target::{Way, proxy};
use crate::support::{Sandbox, Scratch, export, user};
use crate::sweep::{FAULTS, Fault, STOPPED};

/// The methods, by how their request lines begin. The preflight's empty batches are no records.
const BATCH: &[&str] = &[
    "POST /v1/organizations:batchCreate",
    "POST /v1/memberships:batchCreate",
    "POST /v1/permissions:batchCreate",
    "POST /v1/invitations:batchCreate",
    "GET /v1/organizations:batchGet",
    "POST /v1/permissions:batchCheck",
    "POST /v1/permissions:batchDelete",
    "POST /v1/memberships:batchDelete",
    "DELETE /v1/organizations/",
];

/// The same at a target without batch methods.
const SINGLE: &[&str] = &[
    "POST /v1/organizations HTTP",
    "POST /v1/organizations/",
    "POST /v1/permissions HTTP",
    "GET /v1/organizations/",
    "GET /v1/permissions?namespace",
    "DELETE /v1/permissions",
    "DELETE /v1/organizations/",
];

/// The faults, of those that identities meet. The other statuses are the same to all methods.
const BY_BATCH: &[&str] = &[
    "reset before",
    "reset after",
    "reset during",
    "time out after",
    "HTML with 200",
    "nothing with 200",
    "a result missing",
    "429",
    "500 after",
    "403",
];
const ONE_BY_ONE: &[&str] = &["reset after", "HTML with 200", "500 after"];

/// The first request of each of these methods meets the fault once.
fn strike(fault: &Fault, methods: &'static [&'static str], flags: &[&str]) -> usize {
    let scratch = Scratch::new();
    let (mut tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, flags));
    scratch.write(&tenant.users, export((0..4).map(user)));
    scratch.write(&tenant.organizations, lines_of((0..2).map(organization)));
    let roles = ["org:admin", "org:auditor", "org:member"];
    let members = (0..3).map(|number| membership(number % 2, number, roles[number]));
    tenant.memberships = scratch.write("members.ndjson", lines_of(members));
    let struck = Arc::new((Mutex::new(BTreeSet::new()), AtomicBool::new(false)));
    let (state, way) = (Arc::clone(&struck), fault.way);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let is_probe = body.starts_with(br#"{"requests":[]"#) || body.starts_with(br#"{"permissions":[]"#);
        let method = methods.iter().find(|method| head.starts_with(**method) && !is_probe);
        match method {
            Some(method) if state.1.load(Ordering::Relaxed) && state.0.lock().expect("the set").insert(*method) => {
                way()
            }
            _ => Way::Through,
        }
    });
    let fixed = ["--base-url", url.as_str(), "--concurrency", "1", "--request-timeout", "1"];
    struck.1.store(true, Ordering::Relaxed);
    let at = format!("{} {flags:?}", fault.name);
    // Where a fault stops the run, the same command goes on.
    let until_over = |first: &[&str], more: &[&str]| {
        let mut run = tenant.import(&scratch, &sandbox, &[&fixed[..], first].concat());
        for _ in 0..methods.len() {
            if run.code == Some(3) {
                break;
            }
            assert!(run.code.is_some_and(|code| fault.codes.contains(&code)), "{at}: {}{}", run.stdout, run.stderr);
            run = tenant.import(&scratch, &sandbox, &[&fixed[..], more].concat());
        }
        run.expect_code(3)
    };
    let run = until_over(&[], &[]);
    // Reading back is a method, too.
    assert_eq!(until_over(&["--new-run", "--recheck"], &["--recheck"]).count("unfinished"), 0, "{at}");
    let counts =
        [ORGANIZATIONS, MEMBERS, TUPLES, "SELECT email FROM invitations"].map(|query| rows(&sandbox, query).len());
    assert_eq!(counts, [2, 3, 3, 1], "{at}: {}", run.stdout);
    assert_eq!(run.report()["rejected_by_code"].as_object().expect("codes").len(), 1, "{at}: {}", run.stdout);
    let undone = (0..4).map(|_| {
        let mut command =
            scratch.avnology(&["migrate", "clerk", "undo", &run_of(&run), "--yes", "--request-timeout", "1"]);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs").status.code()
    });
    let codes: Vec<Option<i32>> = undone.take_while(|code| *code != Some(0)).collect();
    assert!(codes.len() < 4 && (codes.is_empty() || fault.codes == STOPPED), "{at}: {codes:?}");
    let left: Vec<String> = [ORGANIZATIONS, MEMBERS, TUPLES, "SELECT email FROM invitations"]
        .iter()
        .flat_map(|query| rows(&sandbox, query))
        .collect();
    assert!(left.is_empty(), "{at}: {left:?}");
    struck.0.lock().expect("the set").len()
}

#[test]
fn faults_at_every_method_of_a_tenant_leave_every_record_in_one_place() {
    let named = |names: &'static [&str]| FAULTS.iter().filter(move |fault| names.contains(&fault.name));
    let batch = named(BY_BATCH).map(|fault| (fault, BATCH, &[][..]));
    let single = named(ONE_BY_ONE).map(|fault| (fault, SINGLE, &["--no-batch"][..]));
    let cases: Vec<(&Fault, &'static [&'static str], &[&str])> = batch.chain(single).collect();
    let (next, struck) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((fault, methods, flags)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let count = strike(fault, methods, flags);
                    struck.lock().unwrap().push((fault.name, count, methods.len()));
                }
            });
        }
    });
    let struck = struck.into_inner().unwrap();
    assert_eq!((struck.len(), BY_BATCH.len() + ONE_BY_ONE.len()), (cases.len(), cases.len()));
    // A method that no request uses would be swept in vain; a check of tuples is one that only some runs send.
    for (fault, count, methods) in &struck {
        assert!(count + 1 >= *methods, "{fault}: {count} of {methods}");
    }
}
