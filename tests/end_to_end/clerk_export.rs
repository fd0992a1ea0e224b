//! An export from Clerk's API: all of it, to the byte, once; even if things change, fail or are killed meanwhile. Only GET is ever
//! sent, and the key is in no output.

use crate::support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};
use support::scripted_clerk::{Clerk, Item, KEY, Tenant, moment, refusal};
use support::target::http;
use support::{Run, Sandbox, Scratch};

/// The lines of an exported file.
fn exported(scratch: &Scratch, name: &str) -> Vec<String> {
    scratch.read(name).lines().map(str::to_owned).collect()
}

fn id_of(line: &str) -> String {
    let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    record["id"].as_str().expect("an id").to_owned()
}

/// The ids in an exported file, each of which is there once.
#[track_caller]
fn ids_in(lines: &[String]) -> BTreeSet<String> {
    let ids: BTreeSet<String> = lines.iter().map(|line| id_of(line)).collect();
    assert_eq!(ids.len(), lines.len(), "none twice");
    ids
}

fn manifest(scratch: &Scratch, out: &str) -> Value {
    serde_json::from_str(&scratch.read(&format!("{out}/manifest.json"))).expect("a manifest")
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).expect("it is there").permissions()) & 0o777
}

/// Records of a list, with the newest last.
fn items(kind: &str, count: u64) -> Vec<Item> {
    (0..count)
        .map(|number| {
            let (id, at) = (format!("{kind}_{number:05}"), moment(number));
            let text = format!(r#"{{"object":"{kind}", "id":"{id}","created_at":{at},"n":1.0e3}}"#);
            Item { id, updated_at: at, text }
        })
        .collect()
}

#[test]
fn a_tenant_is_exported_whole_and_to_the_byte_with_get_alone() {
    let scratch = Scratch::new();
    let mut tenant = Tenant {
        lists: BTreeMap::from([
            ("organizations", items("org", 3)),
            ("organization_memberships", items("orgmem", 1_234)),
            ("organization_roles", items("role", 2)),
            ("domains", items("dmn", 2)),
        ]),
        ..Tenant::default()
    };
    tenant.not_offered.insert("enterprise_connections", "unsupported_subscription_plan_features");
    (0..1_101).for_each(|_| drop(tenant.create_user()));
    let clerk = Clerk::serve(tenant);
    let run = clerk.export(&scratch, "export", &["--output", "json"]).expect_code(0);

    let tenant = clerk.tenant();
    let users: Vec<String> = tenant.users.iter().map(|user| user.text.clone()).collect();
    assert_eq!(exported(&scratch, "export/users.ndjson"), users);
    for (list, items) in &tenant.lists {
        let mut texts: Vec<String> = items.iter().map(|item| item.text.clone()).collect();
        if *list == "domains" {
            // It has no order that can be chosen.
            texts.reverse();
        }
        assert_eq!(exported(&scratch, &format!("export/{list}.ndjson")), texts, "{list}");
    }
    assert!(tenant.requests.iter().all(|request| request.starts_with("GET /v1/")), "{:?}", tenant.requests);
    for forbidden in ["secret", "rotate", "token", "svix"] {
        assert!(!tenant.requests.iter().any(|request| request.contains(forbidden)), "{:?}", tenant.requests);
    }

    let manifest = manifest(&scratch, "export");
    assert_eq!(run.report(), manifest, "the report is the manifest");
    assert_eq!(manifest["instance"]["environment_type"], "development");
    let files = manifest["files"].as_array().expect("files");
    assert_eq!(files.len(), 18, "all kinds but the one that the plan does not have");
    for file in files {
        let path = scratch.path("export").join(file["file"].as_str().expect("a name"));
        let bytes = std::fs::read(&path).expect("the file");
        let hex = |digest: String, byte: &u8| format!("{digest}{byte:02x}");
        let digest = Sha256::digest(&bytes).iter().fold(String::new(), hex);
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().as_str(), "{file}");
        assert_eq!((&file["sha256"], &file["records"]), (&Value::from(digest), &Value::from(lines)), "{file}");
        #[cfg(unix)]
        assert_eq!(mode(&path), 0o600, "{file}");
    }
    #[cfg(unix)]
    assert_eq!((mode(&scratch.path("export")), mode(&scratch.path("export/manifest.json"))), (0o700, 0o600));
    let missing = &manifest["missing"][0];
    assert_eq!(missing["kind"], "enterprise_connections");
    assert!(missing["reason"].as_str().expect("a reason").contains("unsupported_subscription_plan_features"));
    assert!(!scratch.path("export/enterprise_connections.ndjson.part").exists());
}

#[test]
fn only_what_was_asked_for_is_exported_and_what_is_no_kind_is_an_error() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(3));
    clerk.export(&scratch, "export", &["--only", "organizations,users"]).expect_code(0);
    let manifest = manifest(&scratch, "export");
    let kinds: Vec<&str> =
        manifest["files"].as_array().expect("files").iter().filter_map(|file| file["kind"].as_str()).collect();
    assert_eq!(kinds, ["users", "organizations"]);
    let run = clerk.export(&scratch, "other", &["--only", "people"]).expect_code(2);
    assert!(run.stderr.contains("organization_memberships"), "{}", run.stderr);
}

#[test]
fn a_finished_export_is_not_touched_and_new_begins_again() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(30));
    clerk.export(&scratch, "export", &["--only", "users"]).expect_code(0);
    let (before, asked) = (scratch.read("export/manifest.json"), clerk.tenant().requests.len());
    let run = clerk.export(&scratch, "export", &["--only", "users"]).expect_code(0);
    assert!(run.stderr.contains("--new"), "{}", run.stderr);
    assert_eq!((scratch.read("export/manifest.json"), clerk.tenant().requests.len()), (before, asked));
    clerk.tenant().create_user();
    clerk.export(&scratch, "export", &["--only", "users", "--new"]).expect_code(0);
    assert_eq!(exported(&scratch, "export/users.ndjson").len(), 31);
    // What is somebody else's stays.
    scratch.write("export/notes.txt", "mine");
    let run = clerk.export(&scratch, "export", &["--new"]).expect_code(2);
    assert!(run.stderr.contains("notes.txt") && scratch.path("export/notes.txt").exists(), "{}", run.stderr);
}

#[test]
fn a_finished_export_is_not_taken_for_one_that_was_asked_for_otherwise() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(30));
    let first = ["--only", "users", "--since", "2020-01-01"];
    clerk.export(&scratch, "earlier", &["--only", "users"]).expect_code(0);
    clerk.export(&scratch, "export", &first).expect_code(0);
    let before = scratch.read("export/manifest.json");
    for (other, how) in [
        (&["--only", "organizations,users", "--since", "2020-01-01"][..], "--only users"),
        (&["--only", "organizations", "--since", "2020-01-01"], "--only users"),
        (&["--only", "users"], "--since 2020-01-01"),
        (&["--only", "users", "--since", "2020-01-02"], "--since 2020-01-01"),
        (&[&first[..], &["--deleted", "earlier"]].concat(), "another --deleted"),
        (&[&first[..], &["--compress", "zstd"]].concat(), "another --compress"),
    ] {
        let run = clerk.export(&scratch, "export", other);
        assert_eq!(run.code, Some(2), "{other:?}: {}", run.stderr);
        assert!(run.stderr.contains(how) && run.stderr.contains("--new"), "{other:?}: {}", run.stderr);
        assert_eq!(scratch.read("export/manifest.json"), before, "{other:?}");
    }
    let other = Clerk::with_users(30);
    let run = other.export(&scratch, "export", &first).expect_code(2);
    assert!(run.stderr.contains(&clerk.url) && run.stderr.contains("--new"), "{}", run.stderr);
    clerk.export(&scratch, "export", &first).expect_code(0);
    // What Clerk does not offer, and who is gone if that cannot be known, was asked for all the same.
    clerk.tenant().not_offered.insert("organizations", "organization_not_enabled_in_instance");
    clerk.instead(|request| {
        request.contains("/count").then(|| http("200 OK", "", r#"{"object":"total_count","total_count":99}"#))
    });
    let second = ["--only", "organizations,users", "--deleted", "earlier"];
    clerk.export(&scratch, "second", &second).expect_code(3);
    clerk.export(&scratch, "second", &second).expect_code(3);
    clerk.export(&scratch, "second", &second[..2]).expect_code(3);
}

#[test]
fn what_is_exported_is_imported_from_its_directory_as_it_is() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(40));
    let sandbox = Sandbox::start(&scratch, &[]);
    for compress in ["none", "gzip", "zstd"] {
        let out = format!("export-{compress}");
        clerk.export(&scratch, &out, &["--compress", compress]).expect_code(0);
        let run = scratch.import(&sandbox, &out, &[]).expect_code(0);
        let found = run.count("created") + run.count("unchanged");
        assert_eq!((run.count("read"), found), (40, 40), "{compress}");
    }
    assert_eq!(sandbox.column("external_id").len(), 40);
    // What is not whole is not imported.
    std::fs::remove_file(scratch.path("export-none/manifest.json")).expect("removed");
    scratch.write("export-none/export-state.json", "{}");
    let run = scratch.import(&sandbox, "export-none", &[]).expect_code(2);
    assert!(run.stderr.contains("not finished"), "{}", run.stderr);
    clerk.export(&scratch, "no-users", &["--only", "organizations"]).expect_code(0);
    let run = scratch.import(&sandbox, "no-users", &[]).expect_code(2);
    assert!(run.stderr.contains("has no users"), "{}", run.stderr);
}

#[test]
fn a_file_of_an_export_that_is_not_the_one_of_its_manifest_is_not_imported() {
    let scratch = Scratch::new();
    let clerk = Clerk::with_users(40);
    let organizations = items("org", 3).into_iter().map(|item| Item {
        text: item.text.replace(
            "{\"object\"",
            &format!("{{\"name\":\"{0}\",\"slug\":\"{0}\",\"object\"", item.id.replace('_', "-")),
        ),
        ..item
    });
    clerk.tenant().lists.insert("organizations", organizations.collect());
    let sandbox = Sandbox::start(&scratch, &[]);
    clerk.export(&scratch, "export", &[]).expect_code(0);
    let disable = ["--on-missing", "disable", "--max-missing", "50"];
    scratch.import(&sandbox, "export", &disable).expect_code(0);
    let users = scratch.read("export/users.ndjson");
    let shorter: Vec<&str> = users.lines().take(39).collect();
    scratch.write("export/users.ndjson", shorter.join("\n") + "\n");
    let is_refused = |run: Run, name: &str| {
        assert_eq!(run.code, Some(5), "{}", run.stderr);
        assert!(run.stderr.contains(name) && run.stderr.contains("manifest"), "{}", run.stderr);
    };
    is_refused(scratch.import(&sandbox, "export", &disable), "users.ndjson");
    is_refused(scratch.import(&sandbox, "export", &["--dry-run"]), "users.ndjson");
    // Named by itself it is imported, and nobody is taken for missing.
    let named = scratch.import(&sandbox, "export/users.ndjson", &disable).expect_code(2);
    assert!(named.stderr.contains("--on-missing needs all users"), "{}", named.stderr);
    assert_eq!(sandbox.column("state"), vec!["active"; 40]);
    scratch.import(&sandbox, "export/users.ndjson", &[]).expect_code(0);
    scratch.write("export/users.ndjson", users);
    // So are the files of other kinds.
    for (kind, command) in [
        ("organizations", &["migrate", "clerk", "--import", "export", "--sandbox", "--dry-run"][..]),
        ("jwt_templates", &["migrate", "clerk", "plan", "--from", "export", "--out", "plan.json"]),
        ("jwt_templates", &["migrate", "clerk", "tokens", "--from", "export"]),
    ] {
        let name = format!("export/{kind}.ndjson");
        let before = scratch.read(&name);
        scratch.write(&name, format!("{before}{{\"id\":\"one_more\"}}\n"));
        is_refused(scratch.run(command), &format!("{kind}.ndjson"));
        scratch.write(&name, before);
        std::fs::rename(scratch.path(&name), scratch.path("moved")).expect("moved");
        is_refused(scratch.run(command), &format!("{kind}.ndjson"));
        std::fs::rename(scratch.path("moved"), scratch.path(&name)).expect("moved");
    }
}

#[test]
fn the_record_that_a_page_begins_behind_may_be_deleted_meanwhile() {
    for gone in [1, 3, 600] {
        let (scratch, clerk) = (Scratch::new(), Clerk::with_users(1_300));
        clerk.after_each(move |tenant, _| {
            // The last ones that were handed out, at the end of the first page of users.
            if tenant.requests.last().is_some_and(|request| request.contains("/users?") && !request.contains("after")) {
                for number in 500_u64.saturating_sub(gone)..500 {
                    tenant.delete_user(&format!("user_{number:06}"));
                }
            }
        });
        clerk.export(&scratch, "export", &["--only", "users"]).expect_code(0);
        let found = ids_in(&exported(&scratch, "export/users.ndjson"));
        assert!(found.is_superset(&clerk.tenant().ids()), "with {gone} deleted");
    }
}

#[test]
fn lists_by_offset_have_no_gap_where_records_were_deleted_before() {
    let scratch = Scratch::new();
    let lists = BTreeMap::from([("organization_memberships", items("orgmem", 3_000))]);
    let clerk = Clerk::serve(Tenant { lists, ..Tenant::default() });
    clerk.after_each(|tenant, number| {
        let list = tenant.lists.get_mut("organization_memberships").expect("the list");
        // Always from the beginning, which moves all that is not read yet; now and then more than pages overlap.
        list.drain(..if number % 3 == 0 { 40 } else { 2 });
    });
    clerk.export(&scratch, "export", &["--only", "organization_memberships"]).expect_code(0);
    let found = ids_in(&exported(&scratch, "export/organization_memberships.ndjson"));
    let left: BTreeSet<String> =
        clerk.tenant().lists["organization_memberships"].iter().map(|item| item.id.clone()).collect();
    assert!(found.is_superset(&left), "missing: {:?}", left.difference(&found).collect::<Vec<_>>());
}

#[test]
fn pages_are_asked_for_side_by_side_and_a_border_that_is_never_answered_costs_a_lane_and_nothing_else() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(9_000));
    clerk.tenant().lists.insert("organization_memberships", items("orgmem", 3_000));
    // The second page of memberships comes only when the fourth was asked for, the first of users only when others were, and where
    // the last quarter of the users begins is never said.
    let (mut has_fourth, mut borders) = (false, BTreeSet::new());
    clerk.instead(move |request| {
        let is_at = |offset: u64| request.contains(&format!("offset={offset}&"));
        if request.contains("/organization_memberships?") {
            has_fourth |= is_at(3 * 490);
            return (is_at(490) && !has_fourth).then(|| http("503 Service Unavailable", "retry-after: 0\r\n", ""));
        }
        if request.contains("limit=10&") && is_at(3 * 2_250 - 10) {
            return Some(http("504 Gateway Timeout", "retry-after: 0\r\n", ""));
        }
        let is_behind = request.contains("/users?") && request.contains("starting_after");
        borders.extend(is_behind.then(|| request.to_owned()));
        let is_first = request.contains("/users?limit=500&order_by");
        (is_first && borders.len() < 2).then(|| http("503 Service Unavailable", "retry-after: 0\r\n", ""))
    });
    clerk.export(&scratch, "export", &["--only", "users,organization_memberships"]).expect_code(0);
    assert_eq!(ids_in(&exported(&scratch, "export/users.ndjson")), clerk.tenant().ids());
    assert_eq!(exported(&scratch, "export/organization_memberships.ndjson").len(), 3_000);
}

#[test]
fn a_page_that_comes_late_waits_for_no_memory_that_pages_behind_it_hold() {
    for is_chunked in [false, true] {
        let (scratch, clerk) = (Scratch::new(), Clerk::with_users(0));
        let padding = "x".repeat(2_000);
        let padded = items("orgmem", 12_000).into_iter().map(|item| Item {
            text: item.text.replace("{\"object\"", &format!("{{\"padding\":\"{padding}\",\"object\"")),
            ..item
        });
        clerk.tenant().lists.insert("organization_memberships", padded.collect());
        clerk.tenant().is_chunked = is_chunked;
        // Every third page is answered the second time only, so that those behind it are there before it.
        let mut asked = BTreeSet::new();
        clerk.instead(move |request| {
            let offset = request.split("offset=").nth(1)?.split('&').next()?.parse::<u64>().ok()?;
            let is_late = offset % (3 * 490) == 490 && asked.insert(offset);
            is_late.then(|| http("503 Service Unavailable", "retry-after: 1\r\n", ""))
        });
        let run = clerk.export(&scratch, "export", &["--only", "organization_memberships", "-vv"]).expect_code(0);
        assert_eq!(ids_in(&exported(&scratch, "export/organization_memberships.ndjson")).len(), 12_000);
        let waited: Vec<&str> = run.stderr.lines().filter(|line| line.contains("without room in memory")).collect();
        assert!(waited.is_empty(), "chunked: {is_chunked}: {waited:?}");
    }
}

#[test]
fn faults_of_the_way_cost_requests_and_nothing_else() {
    let spoilt: [fn() -> String; 5] = [
        || http("429 Too Many Requests", "retry-after: 0\r\n", ""),
        || http("503 Service Unavailable", "", "<html>"),
        || http("200 OK", "", "<html>maintenance</html>"),
        || "HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n[{\"id\":".to_owned(),
        String::new,
    ];
    for (which, spoil) in spoilt.into_iter().enumerate() {
        let (scratch, clerk) = (Scratch::new(), Clerk::with_users(1_200));
        let mut count = 0;
        clerk.instead(move |_| {
            count += 1;
            (count % 2 == 0).then(spoil)
        });
        let more = ["--only", "users,organizations", "--output", "json", "--request-timeout", "1"];
        let run = clerk.export(&scratch, "export", &more).expect_code(0);
        let found = ids_in(&exported(&scratch, "export/users.ndjson"));
        assert_eq!(found, clerk.tenant().ids(), "fault {which}");
        assert!(run.report()["requests"]["retries"].as_u64().expect("a count") > 0, "fault {which}");
    }
}

#[test]
fn pages_that_are_too_large_are_asked_for_in_parts() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(0));
    for number in 0..200 {
        let id = clerk.tenant().create_user();
        let padding = "x".repeat(100_000);
        let text = format!(r#"{{"id":"{id}","padding":"{padding}","updated_at":{}}}"#, moment(number));
        clerk.tenant().users.last_mut().expect("a user").text = text;
    }
    clerk.export(&scratch, "export", &["--only", "users"]).expect_code(0);
    assert_eq!(ids_in(&exported(&scratch, "export/users.ndjson")), clerk.tenant().ids());
}

#[test]
fn a_key_that_is_refused_and_an_api_that_is_down_are_different_errors() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(5));
    let mut command = clerk.export_command(&scratch, "export", &["--max-wait", "1"]);
    let run = Run::of(command.env("CLERK_SECRET_KEY", "sk_test_another").output().expect("it runs")).expect_code(6);
    assert!(run.stderr.contains("CLERK_SECRET_KEY") && run.stderr.contains("authentication_invalid"), "{}", run.stderr);
    assert!(!run.stderr.contains("sk_test_another"), "{}", run.stderr);
    clerk.instead(|_| Some(http("503 Service Unavailable", "", "")));
    clerk.export(&scratch, "export", &["--max-wait", "1"]).expect_code(7);
    let command = |variable: Option<(&str, &str)>| {
        let mut command = clerk.export_command(&scratch, "export", &[]);
        command.env_remove("CLERK_SECRET_KEY").envs(variable);
        Run::of(command.output().expect("it runs"))
    };
    let run = command(None).expect_code(2);
    assert!(run.stderr.contains("CLERK_SECRET_KEY"), "{}", run.stderr);
    clerk.instead(|_| None);
    scratch.write("key", format!("{KEY}\n"));
    command(Some(("CLERK_SECRET_KEY_FILE", "key"))).expect_code(0);
    scratch.write(".env", format!("CLERK_SECRET_KEY={KEY}\n"));
    clerk.tenant().create_user();
    let mut with_env = clerk.export_command(&scratch, "export", &["--new"]);
    Run::of(with_env.env_remove("CLERK_SECRET_KEY").output().expect("it runs")).expect_code(0);
    assert_eq!(exported(&scratch, "export/users.ndjson").len(), 6);
}

#[test]
fn the_key_is_in_no_output_of_any_answer() {
    let headers = format!("x-request-id: {KEY}\r\nlocation: https://{KEY}.example/{KEY}\r\nretry-after: 0\r\n");
    let body = format!(
        r#"{{"errors":[{{"message":"{KEY}","long_message":"{KEY}","code":"{KEY}"}}],"clerk_trace_id":"{KEY}"}}"#
    );
    let commands: [&[&str]; 4] = [
        &["export", "--out", "export", "--metrics-file", "metrics.prom"],
        &["--import", "clerk://", "--dry-run"],
        &["plan", "--from", "clerk://", "--out", "plan.json"],
        &["cutover", "check", "freeze", "--exported-at", "2026-01-01T00:00:00Z"],
    ];
    let statuses = [
        "200 OK",
        "302 Found",
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "429 Too Many Requests",
        "500 Oh",
    ];
    for (which, status) in statuses.into_iter().enumerate() {
        for (command, answers) in commands.into_iter().zip([2, 2, 2, 1]) {
            let (scratch, clerk) = (Scratch::new(), Clerk::with_users(5));
            let answer = http(status, &headers, &body);
            let mut count = 0;
            clerk.instead(move |_| {
                count += 1;
                (count > answers).then(|| answer.clone())
            });
            let format = if which % 2 == 0 { "text" } else { "json" };
            let fixed = ["-vv", "--log-format", format, "--clerk-url", &clerk.url, "--max-wait", "1"];
            let arguments = [&["migrate", "clerk"], command, &fixed].concat();
            let mut command = scratch.avnology(&arguments);
            command.env("CLERK_SECRET_KEY", KEY).env("AVNOLOGY_SECRET_KEY", "sk_test_target");
            let run = Run::of(command.output().expect("it runs"));
            // A plan is made of what there is: an instance may be without any of it.
            let is_plan = arguments.contains(&"plan");
            assert!(run.code != Some(0) || is_plan, "{arguments:?} {status}: {}", run.stderr);
            assert!(clerk.tenant().requests.iter().any(|request| request.starts_with("GET /v1/")), "{}", run.stderr);
            assert_eq!(files_with(&scratch.path("."), KEY), [""; 0], "{arguments:?} {status}");
            for output in [&run.stdout, &run.stderr] {
                assert!(!output.contains(KEY), "{arguments:?} {status}: {output}");
            }
        }
    }
}

/// The names of all files below a directory in which a text occurs, but for records, which are as Clerk gave them.
fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let has = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if !path.to_string_lossy().contains(".ndjson") && std::fs::read(&path).is_ok_and(has) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_api_that_counts_more_than_it_lists_is_named_and_one_whose_list_has_no_end_stops_it() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(5));
    clerk.instead(|request| {
        request.contains("/count").then(|| http("200 OK", "", r#"{"object":"total_count","total_count":7}"#))
    });
    let run = clerk.export(&scratch, "export", &["--only", "users", "--output", "json"]).expect_code(3);
    let difference = &run.report()["differences"][0];
    assert_eq!((&difference["found"], &difference["counted"]), (&Value::from(5), &Value::from(7)));

    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(600));
    let page: Vec<String> = clerk.tenant().users[..500].iter().map(|user| user.text.clone()).collect();
    let page = format!("[{}]", page.join(","));
    clerk.instead(move |request| request.contains("/users?").then(|| http("200 OK", "", &page)));
    let run = clerk.export(&scratch, "export", &["--only", "users"]).expect_code(7);
    assert!(run.stderr.contains("no end"), "{}", run.stderr);
}

#[test]
fn a_tenant_in_which_somebody_signs_up_all_the_time_is_no_difference() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(700));
    clerk.after_each(|tenant, _| drop(tenant.create_user()));
    let run = clerk.export(&scratch, "export", &["--only", "users", "--output", "json"]).expect_code(0);
    assert_eq!(run.report()["differences"], serde_json::json!([]));
    assert!(exported(&scratch, "export/users.ndjson").len() > 700);
}

#[test]
fn one_process_at_a_time_and_an_export_that_was_begun_otherwise_is_not_gone_on_with() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(5));
    clerk.instead(|request| {
        request.contains("/users?").then(|| {
            std::thread::sleep(Duration::from_millis(1500));
            http("503 Service Unavailable", "", "")
        })
    });
    let mut first = clerk.export_command(&scratch, "export", &["--only", "users"]).spawn().expect("it starts");
    while !scratch.path("export/export-state.json").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    clerk.export(&scratch, "export", &["--only", "users"]).expect_code(8);
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    clerk.instead(|_| None);
    let run = clerk.export(&scratch, "export", &[]).expect_code(2);
    assert!(run.stderr.contains("--only users") && run.stderr.contains("--new"), "{}", run.stderr);
    clerk.export(&scratch, "export", &["--only", "users"]).expect_code(0);
}

#[test]
fn a_delta_has_who_is_new_or_changed_even_while_it_is_read() {
    let scratch = Scratch::new();
    let clerk = Clerk::with_users(2_000);
    clerk.export(&scratch, "full", &["--only", "users"]).expect_code(0);
    // The full export was begun now, by the clock of this machine.
    let now = jiff::Timestamp::now().as_millisecond();
    let mut expected = BTreeSet::new();
    for number in (0..1_200).step_by(2) {
        let id = format!("user_{number:06}");
        clerk.tenant().change_user(&id, now + number, 1);
        expected.insert(id);
    }
    let mut next = 1_201_u64;
    clerk.after_each(move |tenant, _| {
        // Changed while pages are read: each moves to the front, the first of them from where nobody has read yet.
        if next < 1_230 {
            let at = now + 10_000 + i64::try_from(next).expect("small");
            tenant.change_user("user_000000", at, next);
            tenant.change_user(&format!("user_{next:06}"), at, 2);
            next += 2;
        }
    });
    clerk.export(&scratch, "delta", &["--only", "users", "--since", "full"]).expect_code(0);
    let found = ids_in(&exported(&scratch, "delta/users.ndjson"));
    assert!(found.is_superset(&expected), "missing {:?}", expected.difference(&found).collect::<Vec<_>>());
    assert!(found.len() < 800, "only what changed: {}", found.len());
    let moment = &manifest(&scratch, "delta")["since"]["moment"];
    assert_eq!(*moment, manifest(&scratch, "full")["started"]);
    let run = clerk.export(&scratch, "other", &["--since", "nowhere"]).expect_code(2);
    assert!(run.stderr.contains("2026-11-23"), "{}", run.stderr);
}

/// Clerk dates changes by its own clock.
#[test]
fn an_export_begins_by_the_clock_that_is_behind() {
    let scratch = Scratch::new();
    let clerk = Clerk::with_users(3);
    for (out, date, is_behind) in
        [("behind", "Mon, 23 Nov 2020 03:00:00 GMT", true), ("ahead", "Mon, 23 Nov 2099 03:00:00 GMT", false)]
    {
        clerk.instead(move |line| {
            let body = r#"{"object":"instance","id":"ins_1","environment_type":"development"}"#;
            line.contains("/v1/instance ").then(|| http("200 OK", &format!("date: {date}\r\n"), body))
        });
        let before = jiff::Timestamp::now();
        clerk.export(&scratch, out, &["--only", "users"]).expect_code(0);
        let started: jiff::Timestamp =
            manifest(&scratch, out)["started"].as_str().expect("a time").parse().expect("a time");
        if is_behind {
            assert_eq!(started.to_string(), "2020-11-23T03:00:00Z");
        } else {
            assert!(before <= started && started <= jiff::Timestamp::now(), "{started}");
        }
    }
}

#[test]
fn files_that_no_export_has_left_are_not_replaced() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(3));
    std::fs::create_dir(scratch.path("mine")).expect("a directory");
    scratch.write("mine/users.ndjson", "my only copy");
    for more in [&[][..], &["--new"]] {
        let run = clerk.export(&scratch, "mine", more).expect_code(2);
        assert!(run.stderr.contains("`users.ndjson`"), "{}", run.stderr);
        assert_eq!(scratch.read("mine/users.ndjson"), "my only copy");
    }
}

#[test]
fn progress_and_metrics_are_those_of_every_command() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(1_200));
    let more = ["--only", "users", "--log-format", "json", "--progress", "json", "--metrics-file", "metrics.prom"];
    let run = clerk.export(&scratch, "export", &more).expect_code(0);
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(
        lines.iter().any(|line| line["message"] == "finished" && line["report"]["files"].is_array()),
        "{}",
        run.stderr
    );
    let metrics = scratch.read("metrics.prom");
    for expected in ["exit_code 0", "exported_records 1200", "job=\"export\"", "requests{kind=\"sent\"}"] {
        assert!(metrics.contains(expected), "{expected}: {metrics}");
    }
    scratch.write("avnology.toml", "[migrate.clerk]\nonly = \"organizations\"\nquiet = true\n");
    let arguments = ["migrate", "clerk", "export", "--out", "configured", "--clerk-url", clerk.url.as_str()];
    let mut command = scratch.avnology(&arguments);
    let run = Run::of(command.env("CLERK_SECRET_KEY", KEY).output().expect("it runs")).expect_code(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert!(scratch.path("configured/organizations.ndjson").exists());
}

#[test]
fn a_code_of_clerks_is_shown_when_a_list_is_refused_that_every_tenant_has() {
    let (scratch, clerk) = (Scratch::new(), Clerk::with_users(5));
    clerk.instead(|request| {
        request.contains("/users?").then(|| refusal("422 Unprocessable Entity", "form_param_unknown"))
    });
    let run = clerk.export(&scratch, "export", &["--only", "users"]).expect_code(6);
    assert!(run.stderr.contains("form_param_unknown, trace 0123abcd"), "{}", run.stderr);
}
