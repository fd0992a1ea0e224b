//! The faults at every method of organizations, members, roles and invitations: each record ends in one place, the target holds
//! each once, and undo leaves nothing, even if any request or answer is lost. Of each method that creates, requests meet all
//! faults that users meet; of the others those after which nobody knows what was done.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::organizations::{MEMBERS, ORGANIZATIONS, TUPLES, Tenant, lines_of, membership, organization, rows, run_of};
use crate::support::target::{Way, proxy};
use crate::support::{Sandbox, Scratch, export, user};
use crate::sweep::{ABOUT_CONTENT, FAULTS, Fault, STOPPED, SURVIVED};

/// A method, by how its request lines begin and what is in them. The preflight's empty batches are no records.
struct Method {
    begins: &'static str,
    holds: &'static str,
    creates: bool,
}

const fn creates(begins: &'static str, holds: &'static str) -> Method {
    Method { begins, holds, creates: true }
}

const fn other(begins: &'static str) -> Method {
    Method { begins, holds: "", creates: false }
}

const BATCH: &[Method] = &[
    creates("POST /v1/organizations:batchCreate", ""),
    creates("POST /v1/memberships:batchCreate", ""),
    creates("POST /v1/permissions:batchCreate", ""),
    creates("POST /v1/invitations:batchCreate", ""),
    other("GET /v1/organizations:batchGet"),
    other("POST /v1/permissions:batchCheck"),
    other("POST /v1/permissions:batchDelete"),
    other("POST /v1/memberships:batchDelete"),
    other("DELETE /v1/organizations/"),
];

/// The same at a target without batch methods.
const SINGLE: &[Method] = &[
    creates("POST /v1/organizations HTTP", ""),
    creates("POST /v1/organizations/", "/members HTTP"),
    creates("POST /v1/permissions HTTP", ""),
    creates("POST /v1/organizations/", "/invitations HTTP"),
    other("GET /v1/organizations/"),
    other("GET /v1/permissions?namespace"),
    other("DELETE /v1/permissions"),
    other("DELETE /v1/organizations/"),
];

/// What methods meet that create nothing.
const EVERYWHERE: &[&str] = &[
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
const EVERYWHERE_SINGLY: &[&str] = &["reset after", "HTML with 200", "500 after"];

/// Faults that one import meets, one behind the other.
const TOGETHER: usize = 7;

/// Records in a batch: it can be split once.
const BATCH_SIZE: usize = 2;

/// A target, and the faults that it has.
struct Case {
    methods: &'static [Method],
    everywhere: &'static [&'static str],
    flags: &'static [&'static str],
    faults: Vec<&'static Fault>,
}

/// How the requests of a method fare.
#[derive(Default)]
struct Fares {
    seen: usize,
    struck: usize,
}

impl Case {
    /// The faults that a method meets.
    fn faults_of<'c>(&'c self, method: &'c Method) -> impl Iterator<Item = &'static Fault> + 'c {
        let meets = |fault: &&'static Fault| method.creates || self.everywhere.contains(&fault.name);
        self.faults.iter().copied().filter(meets)
    }

    /// What happens to the next request of a method. One that creates goes through after each fault: a record that fails
    /// again and again is to blame itself.
    fn way(&self, method: &Method, fares: &mut Fares) -> Way {
        fares.seen += 1;
        let Some(fault) = self.faults_of(method).nth(fares.struck) else { return Way::Through };
        // What follows is the same request, or both halves of its batch.
        let again = if fault.codes == ABOUT_CONTENT { BATCH_SIZE } else { 1 };
        if method.creates && !(fares.seen - 1).is_multiple_of(again + 1) {
            return Way::Through;
        }
        fares.struck += 1;
        (fault.way)()
    }

    /// Records of each kind: each fault meets a request, and the next request goes through.
    fn records(&self) -> usize {
        self.faults.len() * if self.flags.is_empty() { 2 * BATCH_SIZE } else { 2 }
    }

    fn is_about(&self, codes: &[i32]) -> bool {
        self.faults.iter().any(|fault| fault.codes == codes)
    }
}

fn invitation(number: usize, is_open: bool) -> Value {
    json!({
        "object": "organization_invitation", "id": format!("orginv_{number}"), "role": "org:member",
        "email_address": format!("new{number}@example.com"), "organization_id": format!("org_{number}"),
        "status": if is_open { "pending" } else { "accepted" }, "public_metadata": {},
    })
}

/// Writes a tenant with this many records of each kind beside its users.
fn write_inputs(scratch: &Scratch, tenant: &mut Tenant, records: usize) {
    scratch.write(&tenant.users, export((0..4).map(user)));
    scratch.write(&tenant.organizations, lines_of((0..records).map(organization)));
    let invitations = (0..=records).map(|number| invitation(number, number < records));
    scratch.write(&tenant.invitations, lines_of(invitations));
    let roles = ["org:admin", "org:auditor", "org:member"];
    let members = (0..records).map(|number| membership(number, number % 4, roles[number % 3]));
    tenant.memberships = scratch.write("members.ndjson", lines_of(members));
}

/// Imports, reads back and undoes a tenant; returns how the requests of each method fared.
fn strike(case: Case) -> BTreeMap<usize, Fares> {
    let scratch = Scratch::new();
    let (mut tenant, sandbox) = (Tenant::new(&scratch), Sandbox::start(&scratch, case.flags));
    let records = case.records();
    write_inputs(&scratch, &mut tenant, records);
    let names: Vec<&str> = case.faults.iter().map(|fault| fault.name).collect();
    let at = format!("{names:?} {:?}", case.flags);
    let (may_stop, may_be_refused) = (case.is_about(STOPPED), case.is_about(ABOUT_CONTENT));
    let (begun, fares) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(BTreeMap::<usize, Fares>::new())));
    let (has_begun, seen) = (Arc::clone(&begun), Arc::clone(&fares));
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let is_probe = body.starts_with(br#"{"requests":[]"#) || body.starts_with(br#"{"permissions":[]"#);
        let line = head.lines().next().unwrap_or_default();
        let is_it = |method: &Method| line.starts_with(method.begins) && line.contains(method.holds);
        match case.methods.iter().position(is_it) {
            Some(index) if has_begun.load(Ordering::Relaxed) && !is_probe => {
                let mut fares = seen.lock().expect("the requests");
                case.way(&case.methods[index], fares.entry(index).or_default())
            }
            _ => Way::Through,
        }
    });
    let size = BATCH_SIZE.to_string();
    let fixed =
        ["--base-url", url.as_str(), "--concurrency", "1", "--request-timeout", "1", "--batch-size", size.as_str()];
    begun.store(true, Ordering::Relaxed);
    // Where a fault stops the run, the same command goes on.
    let until_over = |first: &[&str], more: &[&str]| {
        let mut run = tenant.import(&scratch, &sandbox, &[&fixed[..], first].concat());
        for _ in 0..50 {
            if run.code == Some(3) {
                break;
            }
            let is_stopped = run.code == Some(6) && (may_stop || may_be_refused);
            assert!(is_stopped, "{at}: {:?} {}{}", run.code, run.stdout, run.stderr);
            run = tenant.import(&scratch, &sandbox, &[&fixed[..], more].concat());
        }
        run.expect_code(3)
    };
    let run = until_over(&[], &[]);
    // Reading back is a method, too.
    assert_eq!(until_over(&["--new-run", "--recheck"], &["--recheck"]).count("unfinished"), 0, "{at}");
    let invitations = "SELECT organization_id, email FROM invitations";
    let held = [ORGANIZATIONS, MEMBERS, TUPLES, invitations].map(|query| rows(&sandbox, query));
    for kind in held {
        let distinct: std::collections::BTreeSet<&String> = kind.iter().collect();
        assert_eq!((kind.len(), distinct.len()), (records, records), "{at}: {}", run.stdout);
    }
    assert_eq!(run.report()["rejected_by_code"].as_object().expect("codes").len(), 1, "{at}: {}", run.stdout);
    let undone = (0..20).map(|_| {
        let mut command =
            scratch.avnology(&["migrate", "clerk", "undo", &run_of(&run), "--yes", "--request-timeout", "1"]);
        command.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("it runs").status.code()
    });
    let codes: Vec<Option<i32>> = undone.take_while(|code| *code != Some(0)).collect();
    assert!(codes.len() < 20 && (codes.is_empty() || may_stop), "{at}: {codes:?}");
    let queries = [ORGANIZATIONS, MEMBERS, TUPLES, invitations];
    let left: Vec<String> = queries.iter().flat_map(|query| rows(&sandbox, query)).collect();
    assert!(left.is_empty(), "{at}: {left:?}");
    std::mem::take(&mut *fares.lock().expect("the requests"))
}

/// A target's faults, in parts that one import meets. What stops a run is by itself.
fn cases(methods: &'static [Method], everywhere: &'static [&'static str], flags: &'static [&'static str]) -> Vec<Case> {
    let case = |faults: &[&'static Fault]| Case { methods, everywhere, flags, faults: faults.to_vec() };
    // To a single record a fault of the content is true: it is rejected. What stops a run is the same to a request of one.
    let is_met = |fault: &&Fault| flags.is_empty() || fault.codes == SURVIVED || fault.name == "403";
    let of = |codes: &[i32]| FAULTS.iter().filter(is_met).filter(|fault| fault.codes == codes).collect::<Vec<_>>();
    [SURVIVED, ABOUT_CONTENT, STOPPED]
        .iter()
        .flat_map(|codes| of(codes).chunks(TOGETHER).map(case).collect::<Vec<_>>())
        .collect()
}

#[test]
fn faults_at_every_method_of_a_tenant_leave_every_record_in_one_place() {
    let batch = cases(BATCH, EVERYWHERE, &[]);
    let single = cases(SINGLE, EVERYWHERE_SINGLY, &["--no-batch"]);
    assert_eq!(batch.iter().map(|case| case.faults.len()).sum::<usize>(), FAULTS.len());
    let expected: Vec<Vec<(bool, usize)>> = batch
        .iter()
        .chain(&single)
        .map(|case| case.methods.iter().map(|method| (method.creates, case.faults_of(method).count())).collect())
        .collect();
    let waiting: Vec<Mutex<Option<Case>>> =
        batch.into_iter().chain(single).map(|case| Mutex::new(Some(case))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = waiting.get(index).and_then(|case| case.lock().expect("a case").take()) else {
                        break;
                    };
                    let (names, flags): (Vec<&str>, _) =
                        (case.faults.iter().map(|fault| fault.name).collect(), case.flags);
                    let fares = strike(case);
                    // A fault that no request met would be swept in vain. A check of tuples is one that only some runs send.
                    let mut missed = 0;
                    for (method, (creates, count)) in expected[index].iter().enumerate() {
                        let struck = fares.get(&method).map_or(0, |fares| fares.struck);
                        if *creates {
                            assert_eq!(struck, *count, "{names:?} {flags:?}: method {method}");
                        }
                        missed += usize::from(struck < *count);
                    }
                    assert!(missed <= 1, "{names:?} {flags:?}: {missed} methods met too few");
                }
            });
        }
    });
    assert!(next.load(Ordering::Relaxed) >= waiting.len());
}
