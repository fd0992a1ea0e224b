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
}
