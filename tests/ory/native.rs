//! `--kratos-key native` and `auto`: the external ids that Kratos has since v25.4.0. No such Kratos can be built here, so a double
//! before the real v1.3.1 has them: it keeps them in the trait `external_id`, and shows no such trait.

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::target::{http, scripted_target};
use crate::support::{Run, Scratch, export, lines, user};

/// An identity as it is sent, with its external id among the traits.
fn hide(identity: &mut Value) {
    if let Some(id) = identity.as_object_mut().and_then(|members| members.remove("external_id")) {
        identity["traits"]["external_id"] = id;
    }
}

/// An answer with external ids in the place of the traits, wherever in it an identity is.
fn show(answer: &mut Value) {
    if let Some(list) = answer.as_array_mut() {
        list.iter_mut().for_each(show);
    } else if let Some(id) = answer["traits"].as_object_mut().and_then(|traits| traits.remove("external_id")) {
        answer["external_id"] = id;
    }
}

fn translated(method: &str, url: &str, mut body: Value) -> Value {
    match (method, &mut body) {
        ("POST", identity) => hide(identity),
        ("PATCH", Value::Object(batch)) => {
            for item in batch["identities"].as_array_mut().expect("a list") {
                hide(&mut item["create"]);
            }
        }
        ("PATCH", Value::Array(operations)) => {
            let there = Kratos::send("GET", url, None).1["traits"]["external_id"].clone();
            for operation in operations {
                if operation["path"] == "/external_id" {
                    operation["path"] = json!("/traits/external_id");
                } else if operation["path"] == "/traits" {
                    operation["value"]["external_id"] = there.clone();
                }
            }
        }
        _ => {}
    }
    body
}

fn answer(base_url: &str, request: &str) -> String {
    let mut words = request.split(' ');
    let (method, path) = (words.next().expect("a method"), words.next().expect("a path"));
    if let Some(id) = path.strip_prefix("/admin/identities/by/external/") {
        let (id, parameters) = id.split_once('?').unwrap_or((id, ""));
        let list = format!("{base_url}/admin/identities?credentials_identifier={id}&{parameters}");
        let found = Kratos::send("GET", &list, None).1;
        let mut found = found.as_array().cloned().unwrap_or_default();
        found.retain(|identity| identity["traits"]["external_id"] == id);
        let none = || {
            http(
                "404 Not Found",
                "",
                &json!({"error": {"code": 404, "message": "Unable to locate the resource"}}).to_string(),
            )
        };
        return found.pop().map_or_else(none, |mut identity| {
            show(&mut identity);
            http("200 OK", "", &identity.to_string())
        });
    }
    let url = format!("{base_url}{path}");
    let body = request.rsplit_once("\r\n").map(|(_, body)| body).filter(|body| !body.is_empty());
    let body = body.map(|body| translated(method, &url, serde_json::from_str(body).expect("JSON")));
    let (status, mut said) = Kratos::send(method, &url, body.as_ref());
    show(&mut said);
    let body = if said.is_string() { String::new() } else { said.to_string() };
    http(&format!("{status} Of-Kratos"), "", &body)
}

#[test]
fn users_are_known_by_external_ids_where_kratos_has_them() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let real = kratos.base_url();
    let newer = scripted_target({
        let real = real.clone();
        move |request| answer(&real, request)
    });
    let stranger = kratos.create(&json!({ "traits": { "email": "user5@example.com", "external_id": "other" } }));
    let long = |number: usize| format!(r#"{{"external_id":"{}","id""#, "x".repeat(number));
    let of_export = |number: usize| match number {
        3 => user(3).replacen(r#"{"id""#, &long(64), 1),
        4 => user(4).replacen(r#"{"id""#, &long(65), 1),
        number => user(number),
    };
    let file = scratch.write("users.json", export((0..8).map(of_export)));
    let at = |url: &str, key: &str, more: &[&str]| {
        let fixed =
            ["migrate", "clerk", "--import", &file, "--target", "kratos", "--base-url", url, "--kratos-key", key];
        scratch.run(&[&fixed[..], &["--output", "json", "--progress", "none"], more].concat())
    };
    let counts = |run: &Run| ["created", "updated", "unchanged", "rejected"].map(|name| run.count(name));

    // The real one has none, which is found before anything is sent.
    let refused = at(&real, "native", &[]).expect_code(6);
    assert!(refused.stderr.contains("no external ids") && kratos.identities().len() == 1, "{}", refused.stderr);

    let first = at(&newer, "native", &[]).expect_code(3);
    assert_eq!(counts(&first), [6, 0, 0, 2], "{}", first.stderr);
    let rejects = lines(&scratch.path(first.report()["rejects_file"].as_str().expect("rejects")));
    let mut codes: Vec<&str> = rejects.iter().map(|reject| reject["code"].as_str().expect("a code")).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["email_taken", "field_too_long"]);
    assert_eq!(counts(&at(&newer, "auto", &["--new-run", "--recheck"]).expect_code(3)), [0, 0, 6, 2]);
    // Under the trait of the older version it is the same users.
    let of_trait = at(&real, "auto", &["--new-run", "--recheck", "--limit", "4"]).expect_code(0);
    assert_eq!(counts(&of_trait), [0, 0, 4, 0]);

    let changed = |number: usize| match number {
        1 => user(1).replace(r#""number":1"#, r#""number":100"#),
        2 => user(2).replace(r#""N2""#, r#""Neu""#),
        number => of_export(number),
    };
    scratch.write("users.json", export((0..8).map(changed)));
    assert_eq!(counts(&at(&newer, "native", &["--on-existing", "update"]).expect_code(3)), [0, 2, 4, 2]);
    let verify = ["migrate", "clerk", "verify", "--import", &file, "--target", "kratos", "--base-url", &newer];
    let verified = scratch.run(&[&verify[..], &["--kratos-key", "native", "--output", "json"]].concat()).report();
    assert_eq!((&verified["missing"]["count"], &verified["different"]["count"]), (&json!(1), &json!(0)), "{verified}");

    let undone = Kratos::undo(&scratch, first.report()["run"].as_str().expect("a run"), &["--force"]).report();
    assert_eq!(undone["counts"]["deleted"], 6, "{undone}");
    assert_eq!(kratos.identities().iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&json!(stranger)]);
}
