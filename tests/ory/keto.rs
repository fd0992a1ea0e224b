//! Role tuples beside a real Kratos, at a Keto: its double, or a real one, if `AVNOLOGY__KETO_READ_URL` and
//! `AVNOLOGY__KETO_WRITE_URL` name its ports. Everything in its namespace `orgs`, which has to declare owner, admin, member and
//! billing and no other relation, is deleted.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::keto_double::{KetoDouble, PARTS};
use crate::kratos::{Kratos, is_here};
use crate::support::target::{Way, proxy};
use crate::support::{Run, Scratch, export, lines, until, user};

/// A Keto, by its two ports.
struct Keto {
    read: String,
    write: String,
    /// Requests that wrote, if it is a double.
    writes: Arc<AtomicUsize>,
}

impl Keto {
    fn start() -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let keto = if let (Some(read), Some(write)) =
            (variable("AVNOLOGY__KETO_READ_URL"), variable("AVNOLOGY__KETO_WRITE_URL"))
        {
            Self { read, write, writes: Arc::default() }
        } else {
            let KetoDouble { read, write, writes } = KetoDouble::start();
            Self { read, write, writes }
        };
        let url = format!("{}/admin/relation-tuples?namespace=orgs", keto.write);
        assert_eq!(Kratos::send("DELETE", &url, None).0, 204);
        keto
    }

    /// All tuples, each as often as it is there, with `names` for the ids of identities.
    fn tuples(&self, names: &dyn Fn(&str) -> String) -> Vec<String> {
        let (status, list) =
            Kratos::send("GET", &format!("{}/relation-tuples?namespace=orgs&page_size=1000", self.read), None);
        assert_eq!(status, 200, "{list}");
        let text = |tuple: &Value| {
            let [namespace, object, relation, subject] = PARTS.map(|part| tuple[part].as_str().expect("a text"));
            format!("{namespace}:{object}#{relation}@{}", names(subject))
        };
        let mut tuples: Vec<String> = list["relation_tuples"].as_array().expect("a list").iter().map(text).collect();
        tuples.sort_unstable();
        tuples
    }

    fn patch(&self, action: &str, [object, relation, subject]: [&str; 3]) {
        let tuple = json!({ "namespace": "orgs", "object": object, "relation": relation, "subject_id": subject });
        let body = json!([{ "action": action, "relation_tuple": tuple }]);
        assert_eq!(Kratos::send("PATCH", &format!("{}/admin/relation-tuples", self.write), Some(&body)).0, 204);
    }

    fn options(&self) -> [&str; 4] {
        ["--keto-read-url", &self.read, "--keto-write-url", &self.write]
    }
}

fn membership(organization: &str, number: usize, role: &str) -> String {
    json!({
        "id": format!("orgmem_{organization}_{number}"), "role": role, "organization": { "id": organization },
        "public_user_data": { "user_id": format!("user_{number:06}") },
    })
    .to_string()
        + "\n"
}

/// The users by their numbers, instead of the ids of their identities.
fn names(kratos: &Kratos) -> impl Fn(&str) -> String + use<> {
    let identities = kratos.identities();
    move |id: &str| {
        let found = identities.iter().find(|one| one["id"] == id);
        found.map_or(id, |one| one["traits"]["external_id"].as_str().expect("a key")).to_owned()
    }
}

fn steps(run: &Run) -> Vec<[u64; 4]> {
    let report = run.report();
    let counts = |step: &Value| {
        ["created", "updated", "unchanged", "rejected"].map(|name| step[name].as_u64().expect("a count"))
    };
    report["steps"].as_array().expect("steps").iter().map(counts).collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
fn roles_go_to_keto_each_once_and_to_nobody_else() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let keto = Keto::start();
    // Many enough for a sample of them, by which the memory of confirmed users is believed.
    let users = scratch.write("users.json", export((0..40).map(user)));
    let good: String = (0..6)
        .map(|number| {
            membership(&format!("org_{}", number % 2), number, ["org:admin", "org:member", "org:billing"][number % 3])
        })
        .collect();
    let bad = [
        membership("org_0", 7, "org:auditor"),
        membership("org_0", 99, "org:admin"),
        membership("org_1#admin@user", 7, "org:member"),
    ];
    let memberships = scratch.write("memberships.ndjson", good.clone() + &bad.concat());
    let with = |memberships: &str, more: &[&str]| {
        let fixed = [&["--memberships", memberships][..], &keto.options(), more].concat();
        kratos.import(&scratch, &users, &fixed)
    };
    // Every second answer to what is written gets lost, after it was carried out.
    let asked = AtomicUsize::new(0);
    let loses = proxy(&keto.write, move |head, _| {
        if head.starts_with("PATCH") && asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
            Way::Afterwards(Box::new(|_| String::new()))
        } else {
            Way::Through
        }
    });
    let options = ["--memberships", &memberships, "--keto-read-url", &keto.read, "--keto-write-url", &loses];
    let first = kratos.import(&scratch, &users, &options).expect_code(3);
    assert_eq!(steps(&first), [[40, 0, 0, 0], [6, 0, 0, 3]], "{}", first.stderr);
    let granted = [
        "orgs:org_0#admin@user_000000",
        "orgs:org_0#billing@user_000002",
        "orgs:org_0#member@user_000004",
        "orgs:org_1#admin@user_000003",
        "orgs:org_1#billing@user_000005",
        "orgs:org_1#member@user_000001",
    ];
    assert_eq!(keto.tuples(&names(&kratos)), granted, "each once");
    let rejects = lines(&scratch.path(first.report()["rejects_file"].as_str().expect("rejects")));
    let codes: BTreeSet<&str> = rejects.iter().map(|reject| reject["code"].as_str().expect("a code")).collect();
    assert_eq!(codes, BTreeSet::from(["missing_reference", "target_invalid", "user_not_imported"]));
    let undeclared = rejects.iter().find(|reject| reject["code"] == "target_invalid").expect("it");
    assert!(undeclared["message"].as_str().expect("a message").contains("--print-keto-namespaces=auditor"));

    // Again: nothing is sent. Asked about, nothing is there that has to be changed.
    let memberships = scratch.write("good.ndjson", &good);
    let writes = || keto.writes.load(Ordering::Relaxed);
    let before = writes();
    let again = with(&memberships, &["--new-run"]).expect_code(0);
    assert_eq!((again.report()["not_asked"].as_u64(), steps(&again)[1]), (Some(46), [0, 0, 6, 0]));
    let asked = with(&memberships, &["--new-run", "--recheck"]).expect_code(0);
    assert_eq!((steps(&asked)[1], writes()), ([0, 0, 6, 0], before), "{}", asked.stderr);
    let verify = || {
        let more = [&["--memberships", &memberships][..], &keto.options()].concat();
        kratos.verify(&scratch, &users, &more)
    };
    verify().expect_code(0);
    keto.patch("insert", ["org_0", "member", "stranger"]);
    let extra = verify().expect_code(3).report();
    assert_eq!(extra["kinds"]["tuples"]["extra"]["count"], 1, "{extra}");
    keto.patch("delete", ["org_0", "member", "stranger"]);

    // A role becomes another one: left as it is, and then changed, in one transaction.
    let changed = scratch.write("changed.ndjson", good.replacen("org:admin", "org:owner", 1));
    let left = with(&changed, &[]).expect_code(0);
    assert_eq!((steps(&left)[1], keto.tuples(&names(&kratos))), ([0, 0, 6, 0], granted.map(str::to_owned).to_vec()));
    let updated = with(&changed, &["--on-existing", "update"]).expect_code(0);
    assert_eq!(steps(&updated)[1], [0, 1, 5, 0], "{}", updated.stderr);
    let tuples = keto.tuples(&names(&kratos));
    assert!(tuples.contains(&"orgs:org_0#owner@user_000000".to_owned()) && tuples.len() == 6, "{tuples:?}");
    let again = with(&changed, &["--new-run", "--on-existing", "update"]).expect_code(0);
    assert_eq!(again.report()["not_asked"], 46);

    // Somebody else has the place of a user at Kratos now: that one gets no role.
    let seven = kratos.by_key("user_000006").expect("the user");
    Kratos::send("DELETE", &kratos.identity(seven["id"].as_str().expect("an id")), None);
    kratos.create(&json!({ "schema_id": "clerk", "traits": {
        "email": "user6@example.com", "external_id": "user_000006", "email_addresses": [], "phone_numbers": [],
    } }));
    let more =
        scratch.write("more.ndjson", good.replacen("org:admin", "org:owner", 1) + &membership("org_0", 6, "org:admin"));
    let stale = with(&more, &["--new-run"]).expect_code(3);
    assert_eq!(
        (steps(&stale)[1][0], steps(&stale)[1][3], keto.tuples(&names(&kratos)).len()),
        (0, 1, 6),
        "{}",
        stale.stderr
    );

    // What the first run granted is taken back; what was changed since is another run's.
    Kratos::undo(&scratch, first.report()["run"].as_str().expect("a run"), &[]).expect_code(0);
    assert_eq!(
        keto.tuples(&|id| if id.len() == 36 { "id".to_owned() } else { id.to_owned() }),
        ["orgs:org_0#owner@id"]
    );
}

const THROUGH: usize = 0;
const CARRIED_OUT: usize = 1;
const LOST: usize = 2;

/// The tuples of an import were inserted, and it was killed before it knew. What is its own, and is taken back, is what it inserted
/// itself, and nothing that somebody else granted before or since.
#[test]
fn what_a_killed_import_granted_is_its_own_and_nothing_else() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let keto = Keto::start();
    let users = scratch.write("users.json", export((0..6).map(user)));
    kratos.import(&scratch, &users, &[]).expect_code(0);
    let names = names(&kratos);
    let id = |number: usize| kratos.by_key(&format!("user_{number:06}")).expect("the user")["id"].clone();
    let memberships: String = (0..6).map(|number| membership("org_0", number, "org:member")).collect();
    let memberships = scratch.write("memberships.ndjson", memberships);
    // What becomes of a request that writes: it goes through, or its answer never comes, or it never arrives.
    let (way, seen) = (Arc::new(AtomicUsize::new(THROUGH)), Arc::new(AtomicUsize::new(0)));
    let (chosen, counted) = (Arc::clone(&way), Arc::clone(&seen));
    let between = proxy(&keto.write, move |head, _| match chosen.load(Ordering::SeqCst) {
        way if way != THROUGH && head.starts_with("PATCH") => {
            counted.fetch_add(1, Ordering::SeqCst);
            Way::Silence { committed: way == CARRIED_OUT }
        }
        _ => Way::Through,
    });
    let options =
        ["--memberships", &memberships, "--keto-read-url", &keto.read, "--keto-write-url", &between, "--new-run"];
    let killed = |way_of_it: usize| {
        way.store(way_of_it, Ordering::SeqCst);
        let (seen_before, there) = (seen.load(Ordering::SeqCst), keto.tuples(&names).len());
        let mut command = kratos.command(&scratch, &["--import", &users], &options);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
        until("the tuples are on their way", || seen.load(Ordering::SeqCst) > seen_before);
        if way_of_it == CARRIED_OUT {
            until("Keto has them", || keto.tuples(&names).len() > there);
        }
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        way.store(THROUGH, Ordering::SeqCst);
        let runs = scratch.run(&["migrate", "clerk", "runs"]).stdout;
        runs.lines().nth(1).and_then(|line| line.split_whitespace().next()).expect("a run").to_owned()
    };
    let resume = |run: &str| scratch.run(&["migrate", "clerk", "resume", run, "--output", "json"]);
    let theirs = |number: usize| {
        keto.patch("insert", ["org_0", "member", id(number).as_str().expect("an id")]);
        format!("orgs:org_0#member@user_{number:06}")
    };
    let of_first = theirs(1);

    let run = killed(CARRIED_OUT);
    assert!(keto.tuples(&names).len() > 6, "the receipt of the killed run is there");
    Kratos::undo(&scratch, &run, &[]).expect_code(0);
    assert_eq!(keto.tuples(&names), std::slice::from_ref(&of_first), "undone without going on");

    let run = killed(CARRIED_OUT);
    let resumed = resume(&run).expect_code(0);
    assert_eq!(steps(&resumed)[1], [5, 0, 1, 0], "{}", resumed.stderr);
    assert_eq!(keto.tuples(&names).len(), 6, "each once, and no receipt is left");
    let undone = Kratos::undo(&scratch, &run, &[]).expect_code(0).report();
    assert_eq!((&undone["counts"]["created"], keto.tuples(&names)), (&json!(5), vec![of_first.clone()]), "{undone}");

    // Nothing of it arrived, and somebody else granted one of them meanwhile.
    let run = killed(LOST);
    let of_second = theirs(2);
    let resumed = resume(&run).expect_code(0);
    assert_eq!(steps(&resumed)[1], [4, 0, 2, 0], "{}", resumed.stderr);
    Kratos::undo(&scratch, &run, &[]).expect_code(0);
    assert_eq!(keto.tuples(&names), [of_first, of_second]);
}

#[test]
fn a_keto_that_is_none_or_lacks_the_namespace_stops_the_import_before_the_first_user() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let keto = Keto::start();
    let users = scratch.write("users.json", export((0..2).map(user)));
    let memberships = scratch.write("memberships.ndjson", membership("org_0", 0, "org:admin"));
    let mapping = scratch.write("mapping.toml", "[tuples]\nform = \"guide\"\nnamespace = \"teams\"\n");
    let with = |read: &str, write: &str, more: &[&str]| {
        let fixed = ["--memberships", &memberships, "--keto-read-url", read, "--keto-write-url", write];
        kratos.import(&scratch, &users, &[&fixed[..], more].concat())
    };
    let base_url = kratos.base_url();
    for (run, word) in [
        (with(&keto.read, &keto.write, &["--mapping", &mapping]), "`teams`"),
        (with(&base_url, &keto.write, &[]), "--keto-read-url"),
        (with(&keto.read, &base_url, &[]), "--keto-write-url"),
        (kratos.import(&scratch, &users, &["--keto-read-url", &keto.read]), "need each other"),
    ] {
        assert!(run.code != Some(0) && run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    assert!(kratos.identities().is_empty());
    let printed = scratch.run(&["migrate", "clerk", "--print-keto-namespaces=admin,auditor"]).expect_code(0).stdout;
    assert!(printed.contains("class orgs") && printed.contains("auditor: identities[]"), "{printed}");
}
