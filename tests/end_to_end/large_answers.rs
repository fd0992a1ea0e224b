//! Users so large that a page of them exceeds the largest answer that is kept: the program asks for fewer at once.

use crate::support;

use serde_json::json;
use support::target::{Way, http, proxy, scripted_target};
use support::{Run, Sandbox, Scratch, export, user};

/// Users of 100 kB: a page of 90 has more than 8 MiB.
fn large_users(count: usize) -> String {
    let padding = "x".repeat(100_000);
    export(
        (0..count).map(|number| user(number).replace("\"number\"", &format!("\"padding\":\"{padding}\",\"number\""))),
    )
}

#[test]
fn large_users_are_verified_remembered_and_undone() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", large_users(90));
        let first = scratch.import(&sandbox, &file, &[]).expect_code(0);
        let verified = scratch.verify(&sandbox, &file, &[]).expect_code(0).report();
        assert_eq!((&verified["equal"], &verified["extra"]["count"]), (&json!(90), &json!(0)), "{flags:?}");
        // A sample of the users from before is looked up first, and with --recheck all users are read back.
        let again = scratch.import(&sandbox, &file, &[]).expect_code(0);
        assert_eq!((again.count("unchanged"), &again.report()["not_asked"]), (90, &json!(90)), "{flags:?}");
        assert_eq!(scratch.import(&sandbox, &file, &["--recheck"]).expect_code(0).count("unchanged"), 90);
        let undone = scratch.undo(&sandbox, first.report()["run"].as_str().expect("an id"), &["--yes"]).expect_code(0);
        assert_eq!(undone.report()["counts"]["deleted"], 90, "{flags:?}");
        assert!(sandbox.column("id").is_empty());
    }
}

#[test]
fn large_users_are_found_in_a_list_that_ignores_the_filter() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--no-batch"]);
    let url = proxy(&sandbox.base_url(), |head, _| Way::As(head.replacen("filter=", "ignored=", 1)));
    let file = scratch.write("users.json", large_users(90));
    scratch.import(&sandbox, &file, &[]).expect_code(0);
    let verified = scratch.verify(&sandbox, &file, &["--base-url", &url]).expect_code(0).report();
    assert_eq!((&verified["equal"], &verified["extra"]["count"]), (&json!(90), &json!(0)));
}

#[test]
fn large_users_with_a_new_external_id_are_found_and_updated() {
    for flags in [&[][..], &["--no-batch"]] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, flags);
        let file = scratch.write("users.json", large_users(90));
        scratch.import(&sandbox, &file, &[]).expect_code(0);
        let given = large_users(90).replace(r#"{"id":"user_"#, r#"{"external_id":"ext_NUMBER","id":"user_"#);
        let given = given.split("NUMBER").enumerate().map(|(number, part)| match number {
            0 => part.to_owned(),
            number => format!("{number}{part}"),
        });
        let file = scratch.write("given.json", given.collect::<String>());
        let verified = scratch.verify(&sandbox, &file, &[]).expect_code(3).report();
        let counts = (&verified["different_fields"], &verified["missing"]["count"], &verified["extra"]["count"]);
        assert_eq!(counts, (&json!({"external_id": 90}), &json!(0), &json!(0)), "{flags:?}");
        let updated = scratch.import(&sandbox, &file, &["--on-existing", "update"]).expect_code(0);
        assert_eq!(updated.count("updated"), 90, "{flags:?}: {}", updated.stdout);
        assert!(sandbox.column("external_id").iter().all(|id| id.starts_with("ext_")));
    }
}

#[test]
fn an_answer_about_one_user_that_is_too_large_is_named() {
    let padding = "x".repeat(9 * 1024 * 1024);
    let body =
        format!(r#"{{"identities":[{{"id":"usr_1","external_id":"user_000001","traits":{{"x":"{padding}"}}}}]}}"#);
    let url = scripted_target(move |request| {
        let is_asked = request.contains("user_0");
        http("200 OK", "", if is_asked { &body } else { r#"{"identities":[]}"# })
    });
    let scratch = Scratch::new();
    let file = scratch.write("users.json", export((0..3).map(user)));
    let fixed = ["migrate", "clerk", "verify", "--import", &file, "--output", "json", "--progress", "none"];
    let mut command = scratch.avnology(&[&fixed[..], &["--base-url", &url]].concat());
    let run = Run::of(command.env("AVNOLOGY_SECRET_KEY", "sk_test_1").output().expect("it runs")).expect_code(7);
    assert!(run.stderr.contains("its answer is larger than 8 MiB"), "{}", run.stderr);
}
