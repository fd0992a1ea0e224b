//! `--import clerk://`: the users come from Clerk's API in the command that imports them. The identities are the same as by
//! way of an export, it resumes as an import of a file does, and in the end nothing of it is left.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use reqwest::Method;

use crate::clerk_document::records;
use crate::support::clerk::ClerkSandbox;
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
        let url = self.clerk.url();
        let fixed = ["--passwords", "passwords.csv", "--clerk-url", &url, "--clerk-rate", "5000/s"];
        let more: Vec<&str> = fixed.into_iter().chain(more.iter().copied()).collect();
        let mut command = self.scratch.import_command(&self.sandbox, "clerk://", &more);
        command.env("CLERK_SECRET_KEY", &self.clerk.key);
        command
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
        let connection = rusqlite::Connection::open(&self.sandbox.database).expect("the database");
        let columns =
            "external_id, email, username, phone, first_name, last_name, state, traits, hashed_password, oidc";
        let query = format!(
            "SELECT json_array({columns}, json_remove(admin_metadata, '$.avnology_migrate')) FROM identities ORDER BY external_id"
        );
        let mut statement = connection.prepare(&query).expect("the table");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("readable rows")
    }
}

#[test]
fn both_ways_give_the_same_identities_and_nothing_is_left_of_the_users() {
    let one = Parts::start(&[]);
    let dry = one.import(&["--dry-run"]).expect_code(0);
    assert_eq!((dry.count("read"), dry.count("rejected")), (USERS, 0));
    assert_eq!(one.kept(), Vec::<PathBuf>::new(), "a dry run keeps nothing");
    let run = one.import(&[]).expect_code(0);
    assert_eq!((run.count("read"), run.count("created")), (USERS, USERS));
    assert_eq!(run.report()["passwords"]["joined"], one.with_passwords, "{}", run.stdout);
    assert_eq!(one.kept(), Vec::<PathBuf>::new(), "nothing is left of a finished import");

    let other = Parts::start(&[]);
    other.clerk.export(&other.scratch, "export", &["--only", "users"]).expect_code(0);
    other.scratch.import(&other.sandbox, "export", &["--passwords", "passwords.csv"]).expect_code(0);
    assert_eq!(one.identities(), other.identities());
    assert_eq!(one.identities().len() as u64, USERS);

    // Again: only who is changed at Clerk is sent.
    let changed = records(&one.scratch.path("tenant"), "users")[7]["id"].as_str().expect("an id").to_owned();
    let body = Some(r#"{"first_name":"Changed"}"#);
    one.clerk.call(Method::PATCH, &format!("/v1/users/{changed}"), body).expect(200);
    let run = one.import(&["--on-existing", "update"]).expect_code(0);
    assert_eq!((run.count("unchanged"), run.count("updated")), (USERS - 1, 1), "{}", run.stdout);
    let all = [dry, run].map(|run| run.stdout + &run.stderr).concat();
    assert!(!all.contains(&one.clerk.key), "the key is in no output");
}

#[test]
fn an_import_that_is_killed_goes_on_with_the_users_that_it_read() {
    let parts = Parts::start(&["--fault", "latency=20ms"]);
    let slow = ["--batch-size", "10", "--concurrency", "1"];
    let mut killed = parts.command(&slow).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    until_of(&mut killed, "some users are there", || !parts.identities().is_empty());
    killed.kill().expect("it can be killed");
    killed.wait().expect("it ends");
    let [kept] = parts.kept().try_into().expect("one directory");
    #[cfg(unix)]
    for (path, mode) in [(kept.clone(), 0o700), (kept.join("users.ndjson.zst"), 0o600)] {
        let permissions = std::fs::metadata(&path).expect("it is there").permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, mode, "{}", path.display());
    }
    // Whoever is new at Clerk by now is for the next import.
    let new = r#"{"email_address":["new@example.com"],"first_name":"New"}"#;
    parts.clerk.call(Method::POST, "/v1/users", Some(new)).expect(200);

    let manifest = std::fs::read_to_string(kept.join("manifest.json")).expect("a manifest");
    std::fs::write(kept.join("manifest.json"), manifest.replace("\"ins_", "\"ins_other")).expect("it");
    let run = parts.import(&slow).expect_code(2);
    assert!(run.stderr.contains("of another instance") && run.stderr.contains("--new-run"), "{}", run.stderr);
    std::fs::write(kept.join("manifest.json"), manifest).expect("it");

    let run = parts.import(&slow).expect_code(0);
    assert!(run.stderr.contains("Going on with the users"), "{}", run.stderr);
    assert_eq!((run.count("read"), run.count("created")), (USERS, USERS), "{}", run.stdout);
    assert_eq!(parts.kept(), Vec::<PathBuf>::new());
    let run = parts.import(&[]).expect_code(0);
    assert_eq!((run.count("created"), run.count("unchanged")), (1, USERS), "{}", run.stdout);

    // An import that was refused because of its users reads them anew.
    let named = r#"{"username":"only_a_name"}"#;
    parts.clerk.call(Method::POST, "/v1/users", Some(named)).expect(200);
    let run = parts.import(&["--strict"]).expect_code(4);
    assert_eq!((run.count("created"), parts.kept().len()), (0, 1));
    let run = parts.import(&["--strict", "--missing-email", "placeholder:example.org"]).expect_code(0);
    assert_eq!(run.count("created"), 1, "{}", run.stdout);
}

#[test]
fn where_users_from_clerk_cannot_be_had_it_is_said_what_can_be_done() {
    let scratch = Scratch::new();
    for (arguments, said) in [
        (&["--import", "clerk://", "--sandbox"][..], "CLERK_SECRET_KEY"),
        (&["--import", "clerk://", "--sandbox", "--shard", "1/2"], "import DIR in shards"),
        (&["verify", "--import", "clerk://", "--sandbox"], "then name DIR"),
    ] {
        let run = scratch.run(&[&["migrate", "clerk"], arguments].concat()).expect_code(2);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(!scratch.path(".avnology/runs").exists());
}
