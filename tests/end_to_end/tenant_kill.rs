//! Kill -9 at random moments of the importer of a whole tenant, of its target, or of both, and the same command again until it
//! finishes; then the same with its undo. After any kill, users, organizations, members, roles and invitations are at the target
//! once each, and in the end nothing is left of them.
//!
//! `AVNOLOGY__KILLS` says how many kills, as for users.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kill::{Tally, spawn, wanted_kills};
use crate::organizations::{MEMBERS, ORGANIZATIONS, TUPLES, lines_of, membership, organization, rows, run_of};
use crate::support::{Run, Sandbox, Scratch, export, user};

const USERS: usize = 120;
const ORGANIZATIONS_WANTED: usize = 40;
const MEMBERSHIPS: usize = 200;
const INVITATIONS: usize = 30;

const INVITED: &str = "SELECT organization_id, email FROM invitations";

/// Answers get lost after the commit, too, and single items fail for a while.
const FAULTS: [&str; 6] =
    ["--fault", "latency=2ms..10ms", "--fault", "reset-after=0.03", "--fault", "item-error=0.002"];

/// The arguments of an import of the tenant, behind its file of users.
fn write_tenant(scratch: &Scratch) -> (String, Vec<String>) {
    let roles = ["org:admin", "org:member", "org:auditor"];
    let members = (0..MEMBERSHIPS).map(|number| {
        // Nobody is a member of one organization twice.
        let (organization, round) = (number % ORGANIZATIONS_WANTED, number / ORGANIZATIONS_WANTED);
        let user = (7 * number + round) % USERS;
        membership(organization, user, roles[number % 3])
    });
    let invitation = |number: usize| -> Value {
        json!({
            "object": "organization_invitation", "id": format!("orginv_{number}"), "role": "org:member",
            "email_address": format!("new{number}@example.com"), "organization_id": format!("org_{number}"),
            "status": "pending", "public_metadata": {},
        })
    };
    let files = [
        ("--organizations", lines_of((0..ORGANIZATIONS_WANTED).map(organization))),
        ("--memberships", lines_of(members)),
        ("--invitations", lines_of((0..INVITATIONS).map(invitation))),
    ];
    let others = files.into_iter().flat_map(|(flag, text)| [flag.to_owned(), scratch.write(&flag[2..], text)]);
    (scratch.write("users.json", export((0..USERS).map(user))), others.collect())
}

/// Imports a tenant and undoes it, with at most `kills` kills in each of both, and checks both ends.
fn round(dice: &mut fastrand::Rng, kills: u64, flags: &[&str]) -> Tally {
    let scratch = Scratch::new();
    let faults: Vec<&str> = FAULTS.iter().chain(flags).copied().collect();
    let mut target = Sandbox::start(&scratch, &faults);
    let (users, others) = write_tenant(&scratch);
    let mut tally = Tally::default();
    let run = loop {
        let batch_size = dice.usize(5..9).to_string();
        let pace = ["--batch-size", &batch_size, "--concurrency", "3", "--rate", "1000/s", "--max-wait", "60"];
        let arguments: Vec<&str> = others.iter().map(String::as_str).chain(pace).collect();
        let importer = spawn(&mut scratch.import_command(&target, &users, &arguments));
        if let Some(output) = tally.kill(dice, kills, importer, || target.restart(&scratch, &faults)) {
            break Run::of(output).expect_code(0);
        }
    };
    let held = held(&target);
    assert_eq!(held, [USERS, ORGANIZATIONS_WANTED, MEMBERSHIPS, MEMBERSHIPS, INVITATIONS], "{}", run.stdout);
    assert_eq!(run.count("created"), held.iter().sum::<usize>() as u64, "{}", run.stdout);
    let of_import = tally.kills();
    loop {
        let mut command = scratch.avnology(&["migrate", "clerk", "undo", &run_of(&run), "--yes", "--max-wait", "60"]);
        let undoing = spawn(command.env("AVNOLOGY_SECRET_KEY", &target.key));
        if let Some(output) = tally.kill(dice, of_import + kills, undoing, || target.restart(&scratch, &faults)) {
            let undone = Run::of(output);
            // What an item's error keeps there the same command deletes.
            assert!(matches!(undone.code, Some(0 | 3)), "{:?}: {}", undone.code, undone.stderr);
            if undone.code == Some(0) {
                break;
            }
        }
        assert!(tally.runs < 200, "undoing comes to an end");
    }
    assert_eq!(self::held(&target), [0; 5]);
    tally
}

/// How many of each kind the target holds; each once.
fn held(target: &Sandbox) -> [usize; 5] {
    ["SELECT external_id FROM identities", ORGANIZATIONS, MEMBERS, TUPLES, INVITED].map(|query| {
        let held = rows(target, query);
        let distinct: BTreeSet<&String> = held.iter().collect();
        assert_eq!(held.len(), distinct.len(), "each once: {query}");
        held.len()
    })
}

#[expect(clippy::print_stdout, reason = "figures for a person who runs it by hand")]
fn harness(seed: u64, wanted: u64, flags: &[&str]) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let (mut total, mut rounds) = (Tally::default(), 0);
    while total.kills() < wanted {
        total.add(&round(&mut dice, 12, flags));
        rounds += 1;
    }
    println!("{rounds} tenants, {total:?}: each of a kind once, and nothing left");
}

#[test]
fn nothing_of_a_tenant_is_lost_or_doubled_by_kills() {
    harness(3, wanted_kills() * 2 / 3, &[]);
}

#[test]
fn nothing_of_a_tenant_is_lost_or_doubled_by_kills_without_batch_methods() {
    harness(4, wanted_kills() / 6, &["--no-batch"]);
}
