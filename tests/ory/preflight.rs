//! What is found out before anything is sent.

use serde_json::{Value, json};

use crate::kratos::{Kratos, is_here};
use crate::support::{Run, Scratch, export, user};

#[test]
fn a_schema_that_does_not_take_the_users_is_found_before_anything_is_sent() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let printed = scratch.run(&["migrate", "clerk", "--print-kratos-schema"]).expect_code(0).stdout;
    let mut schema: Value = serde_json::from_str(&printed).expect("a schema");
    let traits = &mut schema["properties"]["traits"];
    traits["additionalProperties"] = json!(false);
    traits["properties"]["phone"]["format"] = json!("email");
    traits["properties"].as_object_mut().expect("traits").remove("locale");
    let kratos = Kratos::start_with(&schema.to_string());
    let file = scratch.write("users.json", export((0..3).map(user)));
    let run = kratos.import(&scratch, &file, &[]);
    assert_eq!(run.code, Some(6), "{}", run.stderr);
    for part in ["`locale`", "\"format\": \"tel\"", "change the schema"] {
        assert!(run.stderr.contains(part), "{part}: {}", run.stderr);
    }
    // A dry run that looks at the target says so, too, in the same words.
    let looked = kratos.import(&scratch, &file, &["--dry-run", "--check-target"]).expect_code(6);
    let sentence = |run: &Run| run.stderr.lines().find(|line| line.contains("`locale`")).map(str::to_owned);
    assert_eq!(sentence(&looked), sentence(&run), "{}", looked.stderr);
    // So does `doctor`, which looks at the schema apart from whether the target answers.
    let examined = doctor(&kratos, &scratch, &[]).expect_code(6);
    let [target, schema] = ["target", "schema"].map(|name| finding(&examined, name));
    assert_eq!((&target["health"], &schema["health"]), (&json!("ok"), &json!("wrong")), "{}", examined.stdout);
    let text = schema["text"].as_str().expect("a sentence");
    assert!(sentence(&run).is_some_and(|sentence| sentence.contains(text)), "{text}");
    let other = kratos.import(&scratch, &file, &["--kratos-key", "trait:crm_id", "--kratos-schema", "nobody"]);
    assert!(other.stderr.contains("it has `clerk`"), "{}", other.stderr);
    let other = kratos.import(&scratch, &file, &["--kratos-key", "trait:crm_id"]);
    assert!(other.stderr.contains("no trait `crm_id`"), "{}", other.stderr);
    let other = kratos.import(&scratch, &file, &["--organization", "acme"]).expect_code(2);
    assert!(other.stderr.contains("has no organizations"), "{}", other.stderr);
    assert_eq!(kratos.identities(), [] as [Value; 0]);

    let mapping = scratch.write("mapping.toml", "[metadata]\npublic = \"traits.profile\"\n");
    let warned = kratos.import(&scratch, &file, &["--mapping", &mapping]);
    assert!(warned.stderr.contains("users can change at Kratos"), "{}", warned.stderr);
    let examined = doctor(&kratos, &scratch, &["--mapping", &mapping]).expect_code(6);
    let text = finding(&examined, "schema")["text"].to_string();
    assert!(text.contains("`profile`"), "what the rules of the mapping file need counts: {text}");
    scratch.write("mapping.toml", "[metadata]\npublic = 1\n");
    let examined = doctor(&kratos, &scratch, &["--mapping", &mapping]).expect_code(2);
    assert_eq!(finding(&examined, "mapping")["health"], "wrong", "{}", examined.stdout);
}

#[test]
fn doctor_says_that_the_schema_takes_the_users_where_it_does() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let examined = doctor(&kratos, &scratch, &[]).expect_code(0);
    assert_eq!(finding(&examined, "schema")["health"], "ok", "{}", examined.stdout);
    assert_eq!(kratos.identities(), [] as [Value; 0], "it changes nothing");
}

/// `doctor` for this Kratos.
fn doctor(kratos: &Kratos, scratch: &Scratch, more: &[&str]) -> Run {
    let base_url = kratos.base_url();
    let fixed = ["doctor", "--output", "json", "--target", "kratos", "--base-url", &base_url];
    Run::of(scratch.avnology(&[&fixed[..], more].concat()).output().expect("the binary runs"))
}

/// What it says about one thing.
fn finding(examined: &Run, name: &str) -> Value {
    let report = examined.report();
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["about"] == name).unwrap_or_else(|| panic!("{name}: {report}")).clone()
}
