//! What a tenant can be read from: tables, and users with their memberships inside them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::organizations::{ALL, MEMBERS, TUPLES, Tenant, USERS, membership, rejected, rows, run_of, verify};
use crate::support::target::{Way, proxy};
use crate::support::{Run, Sandbox, Scratch, user};

#[test]
fn the_records_of_a_tenant_may_be_rows_of_a_csv() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    let organizations = (0..3).map(|n| format!("org_{n},\"Engines, {n}\",engines-{n},\"{{\"\"number\"\":{n}}}\"\n"));
    let organizations: String = organizations.collect();
    tenant.organizations = scratch.write("o.csv", format!("id,name,slug,public_metadata\n{organizations}"));
    let memberships = "orgmem_1,org_0,user_000001,org:admin,2020-09-13T12:26:40Z,\"{\"\"desk\"\":1}\"\n\
                       orgmem_2,org_1,user_000001,org:auditor,1600000000000,\n\
                       orgmem_3,org_1,user_000002,,,\n\
                       orgmem_4,org_2,user_000003,org:member,,{\n";
    let header = "id,organization_id,user_id,role,created_at,public_metadata\n";
    tenant.memberships = scratch.write("m.csv", format!("{header}{memberships}"));
    tenant.invitations = scratch.write(
        "i.csv",
        "id,organization_id,email_address,role,status\norginv_1,org_0,new@example.com,org:member,pending\n",
    );
    let run = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    assert_eq!(
        rows(&sandbox, MEMBERS),
        ["org_0 user_000001 admin", "org_1 user_000001 member"],
        "{:?} {}",
        rejected(&run),
        run.stderr
    );
    assert_eq!(
        rows(&sandbox, TUPLES),
        ["organizations org_0 admin user_000001", "organizations org_1 auditor user_000001"]
    );
    let of_first = "SELECT json_extract(metadata, '$.public_metadata.desk'), json_extract(metadata, '$.clerk.created_at') \
                    FROM members WHERE role = 'admin'";
    assert_eq!(rows(&sandbox, of_first), ["1 2020-09-13T12:26:40Z"]);
    assert_eq!(rows(&sandbox, "SELECT email FROM invitations"), ["new@example.com"]);
    // Each row that cannot be sent is rejected, as a membership and as a tuple; mended, it moves.
    assert_eq!(rejected(&run).iter().map(|(_, count)| count).sum::<u64>(), 4, "{:?}", rejected(&run));
    let mended = memberships.replace("000002,,", "000002,org:member,").replace(",{\n", ",\n");
    tenant.memberships = scratch.write("m.csv", format!("{header}{mended}"));
    tenant.import(&scratch, &sandbox, &[]).expect_code(0);
    assert_eq!((rows(&sandbox, MEMBERS).len(), rows(&sandbox, TUPLES).len()), (4, 4));
    verify(&tenant, &scratch, &sandbox, 0);
}

/// An export of the users of a tenant, of whom some hold memberships: three that no file has.
fn export_with_memberships() -> String {
    let mut users: Vec<Value> = (0..USERS).map(|number| serde_json::from_str(&user(number)).expect("a user")).collect();
    // In the file, too, which counts; a page of two; and one that does not say whose it is.
    users[4]["organization_memberships"] = json!([membership(0, 4, "org:owner")]);
    let page = [membership(0, 6, "org:viewer"), membership(0, 6, "org:viewer"), membership(2, 6, "org:auditor")];
    users[6]["organization_memberships"] = json!({"data": page, "total_count": 3});
    users[7]["organization_memberships"] =
        json!([{"id": "orgmem_7", "role": "org:member", "organization": {"id": "org_1"}}]);
    serde_json::to_string_pretty(&json!({ "data": users })).expect("a text")
}

#[test]
fn memberships_inside_users_move_beside_those_of_files_each_once() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    tenant.users = scratch.write("users.json", export_with_memberships());
    let alone = scratch.import(&sandbox, &tenant.users, &["--dry-run", "--preview", "0"]).expect_code(0).report();
    assert_eq!(alone["steps"].as_array().map_or(0, Vec::len), 0, "{alone}");
    let dry = tenant.import(&scratch, &sandbox, &["--dry-run", "--preview", "0"]);
    let valid: Vec<_> =
        dry.report()["steps"].as_array().expect("steps").iter().map(|step| step["valid"].clone()).collect();
    assert_eq!(valid, [USERS, 3, 12, 12, 1].map(Value::from), "{}", dry.stderr);
    let first = tenant.import(&scratch, &sandbox, &[]).expect_code(3);
    assert_eq!(first.count("created"), ALL + 6, "{}", first.stderr);
    let members = rows(&sandbox, MEMBERS);
    for member in ["org_0 user_000006 viewer", "org_2 user_000006 member", "org_1 user_000007 member"] {
        assert!(members.iter().any(|row| row == member), "{member}: {members:?}");
    }
    assert!(!members.iter().any(|row| row.ends_with("owner")), "{members:?}");
    assert!(rows(&sandbox, TUPLES).iter().any(|row| row == "organizations org_2 auditor user_000006"));
    assert!(!first.report().to_string().contains("\"organization_memberships\""), "they are not left behind");
    // Their file is gone with the end of the import, and comes again for what follows.
    let kept = || {
        let names = std::fs::read_dir(scratch.path(".avnology/runs")).expect("runs").flatten();
        names.filter(|entry| entry.file_name().to_string_lossy().starts_with("memberships-of-users")).count()
    };
    assert_eq!(kept(), 0);
    let again = tenant.import(&scratch, &sandbox, &["--new-run"]).expect_code(3);
    assert_eq!((again.count("created"), again.report()["not_asked"].clone()), (0, json!(ALL + 6)));
    let agreed = verify(&tenant, &scratch, &sandbox, 0);
    assert_eq!(agreed["kinds"]["memberships"]["equal"], 12, "{agreed}");
    let undone = scratch.undo(&sandbox, &run_of(&first), &["--yes"]).expect_code(0);
    assert!(rows(&sandbox, MEMBERS).is_empty() && kept() == 0, "{}", undone.stdout);
}

/// A run that goes on says of memberships inside users what it said before: they move.
#[test]
fn a_run_that_is_resumed_by_its_id_leaves_no_memberships_behind_either() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let mut tenant = Tenant::new(&scratch);
    tenant.users = scratch.write("users.json", export_with_memberships());
    let is_down = Arc::new(AtomicBool::new(true));
    let is_down_here = Arc::clone(&is_down);
    let url = proxy(&sandbox.base_url(), move |head, body| {
        let creates = head.starts_with("POST /v1/identities:batchCreate ");
        let is_real = !String::from_utf8_lossy(body).contains("validate_only\":true");
        let is_lost = is_down_here.load(Ordering::Relaxed) && creates && is_real;
        if is_lost { Way::Instead(String::new()) } else { Way::Through }
    });
    let broken_off = tenant.import(&scratch, &sandbox, &["--base-url", &url, "--max-wait", "1"]).expect_code(7);
    assert_eq!(broken_off.count("created"), 0, "{}", broken_off.stderr);
    is_down.store(false, Ordering::Relaxed);
    let mut resume = scratch.avnology(&["migrate", "clerk", "resume", &run_of(&broken_off), "--output", "json"]);
    let resumed = Run::of(resume.env("AVNOLOGY_SECRET_KEY", &sandbox.key).output().expect("the binary runs"));
    let resumed = resumed.expect_code(3);
    assert_eq!(resumed.count("created"), ALL + 6, "{}", resumed.stderr);
    assert!(!resumed.report().to_string().contains("\"organization_memberships\""), "{}", resumed.report());
}

/// What cannot be taken out of a user is named as what does not move.
#[test]
fn memberships_inside_users_of_a_pipe_do_not_move_and_are_counted() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::new(&scratch);
    let users = scratch.write("users.json", export_with_memberships());
    for dry_run in [&["--dry-run"][..], &[]] {
        let mut cat = Command::new("cat").arg(scratch.path(&users)).stdout(Stdio::piped()).spawn().expect("cat runs");
        let more = [&["--organizations", &tenant.organizations][..], dry_run].concat();
        let mut command = scratch.import_command(&sandbox, "-", &more);
        command.stdin(cat.stdout.take().expect("a pipe"));
        let run = Run::of(command.output().expect("the binary runs")).expect_code(0);
        cat.wait().expect("cat ends");
        assert_eq!(run.report()["left_behind"]["organization_memberships"], 3, "{}", run.report());
    }
    assert_eq!(rows(&sandbox, MEMBERS), Vec::<String>::new());
    // Of the same file they move.
    let from_file = scratch.import(&sandbox, &users, &["--organizations", &tenant.organizations]).expect_code(0);
    assert!(!from_file.report().to_string().contains("\"organization_memberships\""), "{}", from_file.report());
    assert_eq!(rows(&sandbox, MEMBERS).len(), 4, "{}", from_file.stderr);
}

/// At a Kratos they go with their users, if organizations do.
#[test]
fn memberships_inside_users_that_go_into_their_metadata_do_not_stay_behind() {
    let scratch = Scratch::new();
    let users = scratch.write("users.json", export_with_memberships());
    let dry = |more: &[&str]| {
        let fixed = ["migrate", "clerk", "--import", &users, "--dry-run", "--output", "json"];
        let at = ["--target", "kratos", "--base-url", "http://127.0.0.1:1"];
        scratch.run(&[&fixed[..], &at, more].concat()).expect_code(0).report()["left_behind"].clone()
    };
    assert_eq!(dry(&[])["organization_memberships"], 3);
    for more in [&[][..], &["--shard", "1/1"]] {
        let left = dry(&[&["--kratos-organizations", "metadata-admin"], more].concat());
        assert_eq!(left["organization_memberships"], Value::Null, "{left}");
    }
}

/// Wherever a user holds them: in a record as the SDK prints it, and in one that was no JSON and was mended.
#[test]
fn memberships_inside_users_of_every_form_move() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::new(&scratch);
    let holding = |number: usize, name: &str, held: Value| {
        let mut user: Value = serde_json::from_str(&user(number)).expect("a user");
        user[name] = held;
        user.to_string()
    };
    let of_sdk = json!({"totalCount": 1, "data": [{
        "id": "orgmem_s", "role": "org:admin", "publicMetadata": {"desk": 2}, "createdAt": 1_600_000_000_000_u64,
        "organization": {"id": "org_1", "createdBy": "user_000000"}, "publicUserData": {"userId": "user_000002"},
    }]});
    let broken = holding(3, "organization_memberships", json!([membership(2, 3, "org:member")]));
    let lines = [
        holding(1, "_raw", json!({"id": "user_000001", "organization_memberships": [membership(0, 1, "org:owner")]})),
        holding(2, "organizationMemberships", of_sdk),
        format!("{{\"x\":oops,{}", &broken[1..]),
    ];
    let users = scratch.write("users.ndjson", lines.join("\n"));
    let import = |users: &str, code: i32| {
        let more = ["--organizations", tenant.organizations.as_str(), "--rate", "1000/s"];
        scratch.import(&sandbox, users, &more).expect_code(code)
    };
    let first = import(&users, 3);
    let members = ["org_0 user_000001 owner", "org_1 user_000002 admin"];
    assert_eq!(rows(&sandbox, MEMBERS), members, "{}", first.stderr);
    let of_second = "SELECT json_extract(metadata, '$.public_metadata.desk'), json_extract(metadata, '$.clerk.created_at') \
                     FROM members WHERE role = 'admin'";
    assert_eq!(rows(&sandbox, of_second), ["2 2020-09-13T12:26:40Z"]);
    assert!(!first.report().to_string().contains("\"organization_memberships\""), "{}", first.report());
    let rejects = first.report()["rejects_file"].as_str().expect("a file").to_owned();
    // There it stands as a text, also after it was rejected a second time.
    let again = import(&rejects, 3);
    let rejects = again.report()["rejects_file"].as_str().expect("a file").to_owned();
    let mended = scratch.read(&rejects).replace(r#"\"x\":oops,"#, "");
    let mended = scratch.write("mended.ndjson", mended);
    let third = import(&mended, 0);
    assert_eq!(rows(&sandbox, MEMBERS), [&members[..], &["org_2 user_000003 member"]].concat(), "{}", third.stderr);
}

/// Of an export that is still being copied, users and memberships never come from different bytes.
#[test]
fn an_export_that_was_not_whole_when_memberships_were_taken_out_of_it_is_not_imported() {
    for (cut, change) in [("user_000007", true), ("user_000003", true), ("user_000007", false)] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let mut tenant = Tenant::new(&scratch);
        let whole = export_with_memberships();
        let (begun, rest) = whole.split_at(whole.find(cut).expect("a user"));
        // The other half of the cases: a whole file that another one takes the place of.
        let (first, path) = (
            if change { begun.to_owned() } else { whole.replace("org:viewer", "org:admin") },
            scratch.path("users.json"),
        );
        tenant.users = scratch.write("users.json", first);
        let (is_late, rest, after) = (AtomicBool::new(true), rest.to_owned(), whole.clone());
        let url = proxy(&sandbox.base_url(), move |_, _| {
            if is_late.swap(false, Ordering::Relaxed) {
                if change {
                    let file = std::fs::OpenOptions::new().append(true).open(&path);
                    file.and_then(|mut file| file.write_all(rest.as_bytes())).expect("the rest of the export");
                } else {
                    std::fs::write(&path, &after).expect("another export");
                }
            }
            Way::Through
        });
        let run = tenant.import(&scratch, &sandbox, &["--base-url", &url, "--on-missing", "remove"]).expect_code(5);
        assert!(run.stderr.contains("users.json") && run.stderr.contains("changed"), "{}", run.stderr);
        assert_eq!(sandbox.identities().len(), 0, "{}", run.stderr);
        // The same command imports what is there now.
        let again = tenant.import(&scratch, &sandbox, &["--base-url", &url, "--on-missing", "remove"]).expect_code(3);
        assert_eq!((again.count("created"), rows(&sandbox, MEMBERS).len()), (ALL + 6, 12), "{}", again.stderr);
        verify(&tenant, &scratch, &sandbox, 0);
    }
}
