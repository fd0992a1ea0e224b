//! `--import clerk://`: a tenant comes from Clerk's API in the command that imports it. What is at the target is the same as by
//! way of an export, it resumes as an import of a file does, and in the end nothing of it is left.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::Value;

use crate::clerk_document::records;
use crate::support::clerk::ClerkSandbox;
use crate::support::scripted_clerk::{Clerk, KEY};
use crate::support::target::http;
use crate::support::{Run, Sandbox, Scratch, until_of};
use crate::tenant::write_tenant;
use crate::user::Generator;

const USERS: u64 = 300;

/// A tenant behind Clerk's API, a target, and the Dashboard's CSV with the passwords of every third user.
struct Parts {
    scratch: Scratch,
    clerk: ClerkSandbox,
    sandbox: Sandbox,
    with_passwords: usize,
}

/// An import of the users that is not soon at its end.
const SLOW: [&str; 6] = ["--batch-size", "10", "--concurrency", "1", "--steps", "users"];

impl Parts {
    fn start(more: &[&str]) -> Self {
        let scratch = Scratch::new();
        let generator = Generator { seed: 5, bad_share: 0.0, digests: false };
        write_tenant(&generator, USERS, &scratch.path("tenant")).expect("written");
        let digest = bcrypt::hash_with_salt("old password", 4, [7; 16]).expect("a digest").to_string();
        let users = records(&scratch.path("tenant"), "users");
        let ids: Vec<&str> = users.iter().step_by(3).map(|user| user["id"].as_str().expect("an id")).collect();
        let header = "id,totp_secret,password_digest,password_hasher".to_owned();
        let rows = ids.iter().map(|id| format!("{id},,{digest},bcrypt"));
        scratch.write("passwords.csv", std::iter::once(header).chain(rows).collect::<Vec<_>>().join("\n") + "\n");
        let clerk = ClerkSandbox::start(&scratch, "tenant", &[]);
        let (with_passwords, sandbox) = (ids.len(), Sandbox::start(&scratch, more));
        Self { scratch, clerk, sandbox, with_passwords }
    }

    fn command(&self, more: &[&str]) -> Command {
        self.command_at("5000/s", more)
    }

    /// One that asks Clerk's API at this rate.
    fn command_at(&self, rate: &str, more: &[&str]) -> Command {
        let url = self.clerk.url();
        let fixed = ["--passwords", "passwords.csv", "--clerk-url", &url, "--clerk-rate", rate];
        let more: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = self.scratch.import_command(&self.sandbox, "clerk://", &more);
        command.env("CLERK_SECRET_KEY", &self.clerk.key);
        command
    }

    /// Kills an import of the users while it sends them. Returns the directory of what it read.
    fn kill_while_it_sends(&self) -> PathBuf {
        let mut killed = self.command(&SLOW).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        until_of(&mut killed, "some users are there", || !self.identities().is_empty());
        killed.kill().expect("it can be killed");
        killed.wait().expect("it ends");
        let [kept] = self.kept().try_into().expect("one directory");
        kept
    }

    fn import(&self, more: &[&str]) -> Run {
        Run::of(self.command(more).output().expect("the binary runs"))
    }

    /// Directories in which users from Clerk are.
    fn kept(&self) -> Vec<PathBuf> {
        let all = |directory: &str| std::fs::read_dir(self.scratch.path(directory)).into_iter().flatten().flatten();
        let paths = all(".").chain(all(".avnology/runs")).map(|entry| entry.path());
        paths.filter(|path| path.to_string_lossy().contains("from-clerk-")).collect()
    }

    /// What every identity has, but for what differs from run to run.
    fn identities(&self) -> Vec<String> {
        let columns =
            "external_id, email, username, phone, first_name, last_name, state, traits, hashed_password, oidc";
        self.rows(&format!(
            "SELECT json_array({columns}, json_remove(admin_metadata, '$.avnology_migrate')) FROM identities ORDER BY external_id"
        ))
    }

    /// What else of the tenant is there, by Clerk's ids: organizations, who is a member of them, roles, and invitations.
    fn rest(&self) -> [Vec<String>; 4] {
        [
            "SELECT json_array(external_id, name, slug, display_name, json_remove(metadata, '$.avnology_migrate')) \
             FROM organizations ORDER BY 1",
            "SELECT json_array(o.external_id, i.external_id, m.role) FROM members m JOIN organizations o \
             ON o.id = m.organization_id JOIN identities i ON i.id = m.user_id ORDER BY 1",
            "SELECT json_array(o.external_id, relation, i.external_id) FROM permissions p JOIN organizations o ON o.id = p.object \
             JOIN identities i ON p.subject = 'identities:' || i.id ORDER BY 1",
            "SELECT json_array(email, role, o.external_id) FROM invitations n JOIN organizations o ON o.id = n.organization_id \
             ORDER BY 1",
        ]
        .map(|query| self.rows(query))
    }

    fn rows(&self, query: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(&self.sandbox.database).expect("the database");
        let mut statement = connection.prepare(query).expect("the table");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("readable rows")
    }
}

#[test]
fn both_ways_give_the_same_identities_and_nothing_is_left_of_the_users() {
    let one = Parts::start(&[]);
    let kinds = ["organizations", "organization_memberships", "organization_invitations"];
    let [organizations, memberships, invitations] = kinds.map(|kind| tenant_size(&one, kind));
    let all = USERS + organizations + 2 * memberships + invitations;
    assert!(organizations > 1 && memberships > USERS && invitations > 1, "{organizations} {memberships} {invitations}");
    let dry = one.import(&["--dry-run"]);
    assert_eq!(dry.count("read"), all, "{}", dry.stderr);
    assert_eq!(one.kept(), Vec::<PathBuf>::new(), "a dry run keeps nothing");
    let run = one.import(&[]);
    assert_eq!((run.count("read"), run.count("created") + run.count("rejected")), (all, all), "{}", run.stderr);
    assert_eq!(run.report()["passwords"]["joined"], one.with_passwords, "{}", run.stdout);
    assert_eq!(one.kept(), Vec::<PathBuf>::new(), "nothing is left of a finished import");

    // It is compared with what Clerk's API says, in the words of the import.
    let url = one.clerk.url();
    let fixed = ["--clerk-url", &url, "--clerk-rate", "5000/s", "--rate", "1000/s"];
    let arguments = ["migrate", "clerk", "verify", "--import", "clerk://", "--output", "json", "--progress", "none"];
    let mut command = one.scratch.avnology(&[&arguments[..], &fixed].concat());
    command.env("AVNOLOGY_SECRET_KEY", &one.sandbox.key).env("AVNOLOGY_BASE_URL", one.sandbox.base_url());
    let verified = Run::of(command.env("CLERK_SECRET_KEY", &one.clerk.key).output().expect("the binary runs"));
    let found = verified.expect_code(0).report()["kinds"].clone();
    assert_eq!(
        (&found["organizations"]["equal"], &found["memberships"]["equal"]),
        (&organizations.into(), &memberships.into())
    );

    let other = Parts::start(&[]);
    other.clerk.export(&other.scratch, "export", &[]).expect_code(0);
    let by_files = other.scratch.import(&other.sandbox, "export", &["--passwords", "passwords.csv"]);
    assert_eq!((run.code, &run.report()["counts"]), (by_files.code, &by_files.report()["counts"]), "{}", run.stderr);
    assert_eq!(one.identities(), other.identities());
    assert_eq!(one.identities().len() as u64, USERS);
    let rest = one.rest();
    assert_eq!(rest, other.rest());
    assert_eq!((rest[0].len() as u64, rest[1].len() as u64), (organizations, memberships));
    let invitations = records(&one.scratch.path("tenant"), "organization_invitations");
    let is_open =
        |invitation: &&Value| invitation["status"] == "pending" && invitation["expires_at"] == 4_102_444_800_000_u64;
    let open = invitations.iter().filter(is_open).count();
    assert!(open > 0 && open < invitations.len(), "{open} of {}", invitations.len());
    assert_eq!((rest[2].len() as u64, rest[3].len()), (memberships, open), "{rest:?}");

    // Again: only who is changed at Clerk is sent.
    let changed = records(&one.scratch.path("tenant"), "users")[7]["id"].as_str().expect("an id").to_owned();
    let body = Some(r#"{"first_name":"Changed"}"#);
    one.clerk.call(Method::PATCH, &format!("/v1/users/{changed}"), body).expect(200);
    let run = one.import(&["--on-existing", "update", "--steps", "users"]).expect_code(0);
    assert_eq!((run.count("unchanged"), run.count("updated")), (USERS - 1, 1), "{}", run.stdout);
    assert_eq!(one.kept(), Vec::<PathBuf>::new());
    let all = [dry, run].map(|run| run.stdout + &run.stderr).concat();
    assert!(!all.contains(&one.clerk.key), "the key is in no output");
}

#[test]
fn an_import_that_is_killed_goes_on_with_the_users_that_it_read() {
    let parts = Parts::start(&["--fault", "latency=20ms"]);
    let kept = parts.kill_while_it_sends();
    #[cfg(unix)]
    for (path, mode) in [(kept.clone(), 0o700), (kept.join("users.ndjson.zst"), 0o600)] {
        let permissions = std::fs::metadata(&path).expect("it is there").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, mode, "{}", path.display());
    }
    // Users who are new at Clerk by now is for the next import.
    let new = r#"{"email_address":["new@example.com"],"first_name":"New"}"#;
    parts.clerk.call(Method::POST, "/v1/users", Some(new)).expect(200);

    let manifest = std::fs::read_to_string(kept.join("manifest.json")).expect("a manifest");
    std::fs::write(kept.join("manifest.json"), manifest.replace("\"ins_", "\"ins_other")).expect("it");
    let run = parts.import(&SLOW).expect_code(2);
    assert!(run.stderr.contains("of another instance") && run.stderr.contains("--new-run"), "{}", run.stderr);
    std::fs::write(kept.join("manifest.json"), manifest).expect("it");

    let run = parts.import(&SLOW).expect_code(0);
    assert!(run.stderr.contains("Going on with what was read"), "{}", run.stderr);
    assert_eq!((run.count("read"), run.count("created")), (USERS, USERS), "{}", run.stdout);
    assert_eq!(parts.kept(), Vec::<PathBuf>::new());
    let run = parts.import(&["--steps", "users"]).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (1, USERS), "{}", run.stdout);

    // An import that was refused because of its users reads them anew.
    let named = r#"{"username":"only_a_name"}"#;
    parts.clerk.call(Method::POST, "/v1/users", Some(named)).expect(200);
    let run = parts.import(&["--strict", "--steps", "users"]).expect_code(4);
    assert_eq!((run.count("created"), parts.kept().len()), (0, 1));
    let placeholder = ["--missing-email", "placeholder:example.org", "--steps"];
    let run = parts.import(&[&["--strict"], &placeholder[..], &["users"]].concat()).expect_code(0);
    assert_eq!(run.count("created"), 1, "{}", run.stdout);
    // What is wanted beside the users is read, too: those of an import of users alone are not all.
    let mut killed = parts.command(&[&SLOW[..], &["--recheck"]].concat());
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    until_of(&mut killed, "users are read", || parts.kept().iter().any(|kept| kept.join("manifest.json").exists()));
    killed.kill().expect("it can be killed");
    killed.wait().expect("it ends");
    let run = parts.import(&[&placeholder[..], &["users,organizations"]].concat());
    assert_eq!(run.count("read"), USERS + 2 + tenant_size(&parts, "organizations"), "{}", run.stderr);
    assert_eq!((run.count("rejected"), parts.kept()), (0, Vec::new()), "{}", run.stderr);
}

/// What was read of a list that is not at its end, by the state of the reading.
fn records_so_far(scratch: &Scratch) -> u64 {
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).into_iter().flatten().flatten();
    let states = runs.filter_map(|entry| std::fs::read(entry.path().join("export-state.json")).ok());
    let records = states.filter_map(|state| serde_json::from_slice::<Value>(&state).ok()?["open"]["records"].as_u64());
    records.sum()
}

#[test]
fn a_kill_while_it_reads_from_clerk_costs_no_page_that_is_durable() {
    const READ: u64 = 2_600;
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(READ));
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut pages = 0;
    clerk.instead(move |request| {
        pages += u64::from(request.contains("/users?limit=500"));
        // What was read is made durable once a second; then nothing comes any more.
        if pages == 3 {
            std::thread::sleep(std::time::Duration::from_millis(1100));
        }
        (pages > 3).then(|| http("503 Service Unavailable", "", ""))
    });
    let command = || {
        let more = ["--steps", "users", "--clerk-url", &clerk.url, "--clerk-rate", "5000/s"];
        let mut command = scratch.import_command(&sandbox, "clerk://", &more);
        command.env("CLERK_SECRET_KEY", KEY);
        command
    };
    let mut killed = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    until_of(&mut killed, "three pages are durable", || records_so_far(&scratch) == 1_500);
    killed.kill().expect("it can be killed");
    killed.wait().expect("it ends");
    clerk.instead(|_| None);
    clerk.tenant().requests.clear();
    let run = Run::of(command().output().expect("the binary runs")).expect_code(0);
    assert_eq!((run.count("read"), run.count("created")), (READ, READ), "{}", run.stdout);
    let requests = clerk.tenant().requests.clone();
    let first = requests.iter().find(|request| request.contains("/users?limit=500")).expect("a page");
    assert!(first.contains("starting_after=user_001499&"), "it goes on behind the last record: {requests:?}");
}

/// The directory in which records from Clerk are.
fn kept_in(scratch: &Scratch) -> Vec<PathBuf> {
    let runs = std::fs::read_dir(scratch.path(".avnology/runs")).into_iter().flatten().flatten();
    runs.map(|entry| entry.path()).filter(|path| path.to_string_lossy().contains("from-clerk-")).collect()
}

/// Sets back by some hours when records in a directory were read.
fn set_back(scratch: &Scratch, file: &str, hours: i64) {
    let [kept] = kept_in(scratch).try_into().expect("one directory");
    let text = std::fs::read_to_string(kept.join(file)).expect("it is there");
    let mut noted: Value = serde_json::from_str(&text).expect("JSON");
    for name in ["started", "finished"] {
        if let Some(at) = noted[name].as_str() {
            let at: jiff::Timestamp = at.parse().expect("a time");
            noted[name] = (at - jiff::SignedDuration::from_hours(hours)).to_string().into();
        }
    }
    std::fs::write(kept.join(file), noted.to_string()).expect("written");
}

/// An import from Clerk of users and what comes behind them.
fn import_all(scratch: &Scratch, clerk: &Clerk, sandbox: &Sandbox, more: &[&str]) -> Run {
    let fixed = ["--steps", "users,organizations", "--clerk-url", &clerk.url, "--clerk-rate", "5000/s"];
    let mut command = scratch.import_command(sandbox, "clerk://", &[&fixed[..], more].concat());
    Run::of(command.env("CLERK_SECRET_KEY", KEY).output().expect("the binary runs"))
}

#[test]
fn what_was_read_more_than_a_day_ago_and_was_never_imported_is_read_anew() {
    for hours in [1, 25] {
        let (scratch, clerk) = (Scratch::new(), Clerk::with_users(40));
        let sandbox = Sandbox::start(&scratch, &[]);
        // The users are read, and what is behind them is not.
        clerk.instead(|request| request.contains("/organizations?").then(|| http("503 Service Unavailable", "", "")));
        import_all(&scratch, &clerk, &sandbox, &["--max-wait", "1"]).expect_code(7);
        set_back(&scratch, "export-state.json", hours);
        clerk.instead(|_| None);
        clerk.tenant().delete_user("user_000007");
        let run = import_all(&scratch, &clerk, &sandbox, &[]).expect_code(0);
        assert_eq!(run.count("created"), if hours == 1 { 40 } else { 39 }, "{}", run.stderr);
        let goes_on = run.stderr.contains("Going on with what was read from Clerk since 20");
        assert_eq!(goes_on, hours == 1, "{}", run.stderr);
        assert!(goes_on || run.stderr.contains("more than 20 hours old; it is read anew"), "{}", run.stderr);
    }
    for hours in [1, 25] {
        let (scratch, clerk) = (Scratch::new(), Clerk::with_users(40));
        let sandbox = Sandbox::start(&scratch, &[]);
        // All is read, and it ends before a run begins.
        let nowhere = ["--base-url", "http://127.0.0.1:1", "--max-wait", "1"];
        assert_ne!(import_all(&scratch, &clerk, &sandbox, &nowhere).code, Some(0));
        assert!(kept_in(&scratch)[0].join("manifest.json").exists());
        for entry in std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs").flatten() {
            if entry.path().join("run.json").exists() {
                std::fs::remove_dir_all(entry.path()).expect("removed");
            }
        }
        set_back(&scratch, "manifest.json", hours);
        clerk.tenant().delete_user("user_000007");
        assert_ne!(import_all(&scratch, &clerk, &sandbox, &nowhere).code, Some(0));
        let users = kept_in(&scratch)[0].join("manifest.json");
        let manifest: Value = serde_json::from_slice(&std::fs::read(users).expect("it")).expect("JSON");
        assert_eq!(manifest["files"][0]["records"], if hours == 1 { 40 } else { 39 }, "{manifest}");
    }
}

#[test]
fn an_export_that_goes_on_says_since_when() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(40));
    clerk.instead(|request| request.contains("/organizations?").then(|| http("503 Service Unavailable", "", "")));
    let wanted = ["--only", "users,organizations", "--max-wait", "1"];
    let run = clerk.export(&scratch, "export", &wanted).expect_code(7);
    assert!(!run.stderr.contains("Going on"), "{}", run.stderr);
    clerk.instead(|_| None);
    let run = clerk.export(&scratch, "export", &wanted).expect_code(0);
    assert!(run.stderr.contains("Going on with the export that was begun at 20"), "{}", run.stderr);
}

#[test]
fn what_was_read_from_clerk_goes_with_the_run_that_needed_it() {
    let parts = Parts::start(&["--fault", "latency=20ms"]);
    let kept = parts.kill_while_it_sends();
    let name = kept.file_name().expect("a name").to_string_lossy().into_owned();
    let prune = |more: &[&str]| {
        let fixed = ["migrate", "clerk", "runs", "prune", "--output", "json"];
        let run = parts.scratch.run(&[&fixed[..], more].concat()).expect_code(0);
        let pruned: Value = serde_json::from_str(&run.stdout).expect("JSON");
        let found = pruned.as_array().expect("a list").iter().find(|pruned| pruned["run"] == *name).cloned();
        found.unwrap_or_else(|| panic!("nothing is said of {name}: {pruned}"))["what"].as_str().expect("it").to_owned()
    };
    let give_up = ["--give-up-resume", "--give-up-undo"];
    // Its run can be resumed, is not old enough, or only looked at.
    assert_eq!(prune(&["--older-than", "0h"]), "kept");
    assert_eq!(prune(&[&["--older-than", "1d"], &give_up[..]].concat()), "kept");
    assert_eq!(prune(&[&["--older-than", "0h", "--dry-run"], &give_up[..]].concat()), "removed");
    assert!(kept.join("users.ndjson.zst").exists());
    assert_eq!(prune(&[&["--older-than", "0h", "--personal-data"], &give_up[..]].concat()), "removed");
    assert_eq!(parts.kept(), Vec::<PathBuf>::new());

    // What was read for a run that never began goes when it is old, too.
    let mut killed = parts.command_at("1/s", &["--recheck"]);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    until_of(&mut killed, "it reads", || parts.kept().iter().any(|kept| kept.join("export-state.json").exists()));
    killed.kill().expect("it can be killed");
    killed.wait().expect("it ends");
    assert_eq!(prune(&["--older-than", "1d"]), "kept");
    assert_eq!(prune(&["--older-than", "0h"]), "removed");
    assert_eq!(parts.kept(), Vec::<PathBuf>::new());
}

#[test]
fn what_a_killed_dry_run_read_from_clerk_goes_when_it_is_old() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(40));
    clerk.instead(|request| request.contains("/organizations?").then(|| http("503 Service Unavailable", "", "")));
    let arguments = ["--import", "clerk://", "--dry-run", "--clerk-url", &clerk.url, "--clerk-rate", "5000/s"];
    let mut command = scratch.avnology(&[&["migrate", "clerk"], &arguments[..]].concat());
    let command = command.env("CLERK_SECRET_KEY", KEY).stdout(Stdio::null()).stderr(Stdio::null());
    let mut killed = command.spawn().expect("it starts");
    let left = || {
        let entries = std::fs::read_dir(scratch.path(".")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("avnology-from-clerk-"))
    };
    until_of(&mut killed, "users are read", || left().is_some_and(|left| left.join("users.ndjson.zst").exists()));
    let prune = |age: &str| {
        let run = scratch.run(&["migrate", "clerk", "runs", "prune", "--older-than", age]).expect_code(0);
        run.stdout.lines().find(|line| line.contains("avnology-from-clerk-")).expect("it is listed").to_owned()
    };
    std::fs::create_dir_all(scratch.path(".avnology/runs")).expect("a directory");
    assert!(prune("0h").contains("some process is at it"));
    killed.kill().expect("it can be killed");
    killed.wait().expect("it ends");
    assert!(prune("1d").contains("not old enough"));
    assert!(prune("0h").contains("removed"));
    assert_eq!(left(), None);
}

fn tenant_size(parts: &Parts, kind: &str) -> u64 {
    records(&parts.scratch.path("tenant"), kind).len() as u64
}

#[test]
fn where_users_from_clerk_cannot_be_had_it_is_said_what_can_be_done() {
    let scratch = Scratch::new();
    for (arguments, said) in [
        (&["--import", "clerk://", "--sandbox"][..], "CLERK_SECRET_KEY"),
        (&["--import", "clerk://", "--sandbox", "--shard", "1/2"], "import DIR in shards"),
        (&["verify", "--import", "clerk://", "--sandbox"], "CLERK_SECRET_KEY"),
        (&["--import", "clerk://", "--organizations", "clerk://", "--sandbox"], "--import clerk://"),
    ] {
        let run = scratch.run(&[&["migrate", "clerk"], arguments].concat()).expect_code(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(!scratch.path(".avnology/runs").exists());
}
