//! Kill -9 of an export at random moments while users are created, changed and deleted, and the same command again until it is
//! done: every user who was there the whole time is in the export exactly once, as of a moment during it.
//!
//! CI runs a few dozen kills. `AVNOLOGY__KILLS=300 cargo test --release --test end_to_end clerk_export_kill -- --nocapture` runs more.

use crate::support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use support::Scratch;
use support::scripted_clerk::{Clerk, Item, Tenant, moment};

/// How many kills: `AVNOLOGY__KILLS`, or what CI has time for.
fn wanted_kills() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a knob of this test alone")]
    std::env::var("AVNOLOGY__KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(24)
}

/// What every user's record ever was, and who was there the whole time.
#[derive(Default)]
struct History {
    texts: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

/// A tenant that changes after each answer, and what became of it.
struct Churned {
    clerk: Clerk,
    users_at_first: BTreeSet<String>,
    history: Arc<Mutex<History>>,
    /// The memberships that were there the whole time.
    members: Arc<Mutex<BTreeSet<String>>>,
}

impl Churned {
    fn serve(seed: u64) -> Self {
        let mut tenant = Tenant::default();
        (0..6_000).for_each(|_| drop(tenant.create_user()));
        let members = (0..3_000_u64).map(|number| {
            let (id, at) = (format!("orgmem_{number:05}"), moment(number));
            Item { text: format!(r#"{{"id":"{id}","created_at":{at}}}"#), id, updated_at: at }
        });
        tenant.lists = BTreeMap::from([("organization_memberships", members.collect())]);
        let texts = tenant.users.iter().map(|user| user.text.clone()).collect();
        let history = Arc::new(Mutex::new(History { texts, ..History::default() }));
        let ids = tenant.lists["organization_memberships"].iter().map(|item| item.id.clone());
        let members = Arc::new(Mutex::new(ids.collect::<BTreeSet<_>>()));
        let users_at_first = tenant.ids();
        let clerk = Clerk::serve(tenant);
        let (of_hook, of_members) = (Arc::clone(&history), Arc::clone(&members));
        let mut changes = fastrand::Rng::with_seed(seed);
        clerk.after_each(move |tenant, number| {
            // So that kills happen everywhere.
            std::thread::sleep(Duration::from_millis(changes.u64(..8)));
            let mut history = of_hook.lock().expect("it");
            for _ in 0..changes.usize(..4) {
                history.change(tenant, &mut changes, number);
                let members = tenant.lists.get_mut("organization_memberships").expect("the list");
                if !members.is_empty() && changes.u32(..2) == 0 {
                    let gone = members.remove(changes.usize(..members.len()));
                    of_members.lock().expect("it").remove(&gone.id);
                }
            }
        });
        Self { clerk, users_at_first, history, members }
    }

    /// Exports it with at most this many kills of the exporter. Returns how many there were.
    fn export(&self, scratch: &Scratch, dice: &mut fastrand::Rng, kills: u64, compress: &str) -> u64 {
        let more = ["--only", "users,organization_memberships", "--compress", compress];
        let mut killed = 0;
        loop {
            let mut command = self.clerk.export_command(scratch, "export", &more);
            let mut exporter = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
            if killed < kills {
                std::thread::sleep(Duration::from_millis(dice.u64(20..400)));
            }
            if killed < kills && exporter.try_wait().expect("its state").is_none() {
                exporter.kill().expect("it can be killed");
                exporter.wait().expect("it ends");
                killed += 1;
                continue;
            }
            let output = exporter.wait_with_output().expect("it ends");
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(matches!(output.status.code(), Some(0)), "{:?}: {stderr}", output.status.code());
            return killed;
        }
    }
}

impl History {
    /// Changes one user of the tenant.
    fn change(&mut self, tenant: &mut Tenant, changes: &mut fastrand::Rng, number: u64) {
        let which = changes.usize(..tenant.users.len());
        let id = tenant.users[which].id.clone();
        match changes.u32(..3) {
            0 => drop(tenant.create_user()),
            1 => tenant.change_user(&id, moment(10_000 + number), number),
            _ => {
                tenant.delete_user(&id);
                self.deleted.insert(id);
            }
        }
        self.texts.extend(tenant.users.get(which).map(|user| user.text.clone()));
        self.texts.extend(tenant.users.last().map(|user| user.text.clone()));
    }
}

/// Exports a tenant that changes after each answer, with kills in between. Returns how many there were.
fn round(dice: &mut fastrand::Rng, kills: u64, compress: &str) -> u64 {
    let scratch = Scratch::new();
    let tenant = Churned::serve(dice.u64(..));
    let killed = tenant.export(&scratch, dice, kills, compress);
    let suffix = if compress == "zstd" { ".zst" } else { "" };
    let lines = |kind: &str| -> Vec<String> {
        let bytes = std::fs::read(scratch.path(&format!("export/{kind}.ndjson{suffix}"))).expect("the file");
        let text = if compress == "zstd" { unpacked(&bytes) } else { bytes };
        String::from_utf8(text).expect("UTF-8").lines().map(str::to_owned).collect()
    };
    let id_of =
        |line: &String| serde_json::from_str::<Value>(line).expect("JSON")["id"].as_str().expect("an id").to_owned();
    let (users, members) = (lines("users"), lines("organization_memberships"));
    let ids: BTreeSet<String> = users.iter().map(id_of).collect();
    assert_eq!(ids.len(), users.len(), "no user twice");
    let history = tenant.history.lock().expect("it");
    let always: BTreeSet<String> = tenant.users_at_first.difference(&history.deleted).cloned().collect();
    assert!(ids.is_superset(&always), "missing {:?}", always.difference(&ids).collect::<Vec<_>>());
    let strange: Vec<&String> = users.iter().filter(|user| !history.texts.contains(*user)).collect();
    assert!(strange.is_empty(), "never was so: {strange:?}");
    let member_ids: BTreeSet<String> = members.iter().map(id_of).collect();
    assert_eq!(member_ids.len(), members.len(), "no membership twice");
    assert!(member_ids.is_superset(&tenant.members.lock().expect("it")));
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(scratch.path("export/manifest.json")).expect("it")).expect("JSON");
    assert_eq!(manifest["files"][0]["records"], users.len());
    killed
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    zstd::stream::read::Decoder::new(bytes).expect("a frame").read_to_end(&mut text).expect("whole");
    text
}

#[test]
fn a_user_who_was_there_the_whole_time_is_exported_once_in_spite_of_kills() {
    let (seed, wanted) = (fastrand::u64(..), wanted_kills());
    println!("seed {seed}");
    let mut dice = fastrand::Rng::with_seed(seed);
    let (mut killed, mut rounds) = (0, 0);
    while killed < wanted || rounds < 2 {
        killed += round(&mut dice, (wanted / 2).clamp(1, 12), if rounds % 2 == 0 { "none" } else { "zstd" });
        rounds += 1;
    }
    println!("{killed} kills in {rounds} exports");
}
