//! A Kratos behind a gateway that wants a token, with providers of its own and a config file: what is looked at beforehand is what
//! happens then, and nothing but the token for Kratos goes there.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::target::{Way, http, proxy};
use crate::support::{Run, Scratch, export, user};

const TOKEN: &str = "token-of-the-gateway-7k3q";

/// A user with a social sign-in and a trait of the mapping file's.
fn social(number: usize) -> String {
    let accounts = json!([{
        "provider": "oauth_google", "provider_user_id": format!("g-{number}"), "verification": { "status": "verified" },
    }]);
    user(number).replacen('{', &format!(r#"{{"external_accounts":{accounts},"#), 1)
}

/// The identity schema that is printed for a mapping, which takes nothing that it does not name.
fn strict_schema(scratch: &Scratch, mapping: &str) -> String {
    let printed = ["migrate", "clerk", &format!("--print-kratos-schema={mapping}")];
    let mut schema: Value = serde_json::from_str(&scratch.run(&printed).expect_code(0).stdout).expect("a schema");
    let traits = &mut schema["properties"]["traits"];
    traits["additionalProperties"] = json!(false);
    assert_eq!(traits["properties"]["number"], json!({}), "a place for the trait of the mapping");
    schema.to_string()
}

#[test]
fn behind_a_gateway_what_is_looked_at_beforehand_is_what_happens() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let mapping = scratch.write("mapping.toml", "[traits]\nnumber = \"public_metadata.number\"\n");
    let kratos = Kratos::start_with(&strict_schema(&scratch, &mapping));
    let heads = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&heads);
    let gateway = proxy(&kratos.base_url(), move |head, _| {
        heard.lock().expect("the heads").push_str(head);
        if head.contains(&format!("Bearer {TOKEN}")) {
            Way::Through
        } else {
            Way::Instead(http("401 Unauthorized", "", "{}"))
        }
    });
    let file = scratch
        .write("users.json", export((0..9).map(|number| if number < 3 { social(number) } else { user(number) })));
    scratch.write(
        "avnology.toml",
        format!(
            "[migrate.clerk]\ntarget = \"kratos\"\nbase-url = \"{gateway}\"\nkratos-schema = \"clerk\"\n\
             kratos-provider = \"google=google-oidc\"\nmapping = \"mapping.toml\"\n"
        ),
    );
    let with = |token: Option<&str>, more: &[&str]| {
        let fixed = ["migrate", "clerk", "--import", &file, "--output", "json", "--progress", "none", "-vv"];
        let mut command = scratch.avnology(&[&fixed[..], more].concat());
        command.env("AVNOLOGY_SECRET_KEY", "sk_live_of_avnology_id");
        if let Some(token) = token {
            command.env("AVNOLOGY_KRATOS_TOKEN", token);
        }
        let run = Run::of(command.output().expect("the binary runs"));
        assert!(!format!("{}{}", run.stdout, run.stderr).contains(TOKEN), "the token is in no output");
        run
    };
    for token in [None, Some("another-one")] {
        let refused = with(token, &[]).expect_code(6);
        assert!(refused.stderr.contains("AVNOLOGY_KRATOS_TOKEN"), "{}", refused.stderr);
    }
    let elsewhere = with(Some(TOKEN), &["--base-url", "http://kratos.example.com:4434"]).expect_code(2);
    assert!(elsewhere.stderr.contains("https"), "{}", elsewhere.stderr);
    let check = ["--dry-run", "--check-target", "--preview", "0"];
    let before = with(Some(TOKEN), &check).expect_code(0).report();
    assert_eq!((&before["at_target"]["new"], kratos.identities().len()), (&json!(9), 0), "{before}");
    let run = with(Some(TOKEN), &[]).expect_code(0);
    assert_eq!(run.count("created"), 9, "{}", run.stderr);
    let after = with(Some(TOKEN), &check).expect_code(0).report();
    assert_eq!((&after["at_target"]["new"], &after["at_target"]["equal"]), (&json!(0), &json!(9)), "{after}");

    let one = kratos.by_key("user_000001").expect("the user");
    assert_eq!(one["traits"]["number"], 1);
    let shown = format!("{}?include_credential=oidc", kratos.identity(one["id"].as_str().expect("an id")));
    let identifiers = Kratos::send("GET", &shown, None).1["credentials"]["oidc"]["identifiers"].clone();
    assert_eq!(identifiers, json!(["google-oidc:g-1"]), "the provider as Kratos calls it");
    let heads = heads.lock().expect("the heads");
    assert!(heads.contains(TOKEN) && !heads.contains("sk_live"), "the key of Avnology ID goes nowhere");
}
