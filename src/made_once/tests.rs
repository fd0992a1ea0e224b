//! What is remembered through kills, and whose file of secrets is gone on with.

use serde_json::json;

use super::*;

fn open(runs: &std::path::Path) -> MadeObjects {
    MadeObjects::open(runs, "apps-", "https://id.example.com", "a test").expect("it opens")
}

#[test]
fn objects_and_the_mark_are_there_again_and_nobody_else_has_them_meanwhile() {
    let runs = tempfile::tempdir().expect("a directory");
    let objects = open(runs.path());
    let second = MadeObjects::open(runs.path(), "apps-", "https://id.example.com", "another");
    assert!(matches!(second, Err(AppliedError::Lock(_))));
    let mut object = MadeObject {
        id: "../oa 1".to_owned(),
        state: MadeState::Creating,
        target_id: None,
        content: "a".to_owned(),
        secrets_of: None,
        is_activated: false,
        was_found_active: false,
    };
    objects.put(&object).expect("written");
    object.state = MadeState::Made;
    objects.put(&object).expect("written");
    let mark = objects.mark().to_owned();
    drop(objects);
    let objects = open(runs.path());
    assert_eq!((objects.mark(), objects.get("../oa 1").expect("read")), (mark.as_str(), Some(object.clone())));
    assert_eq!(objects.each().expect("a list").collect::<Result<Vec<_>, _>>().expect("read"), [object]);
    objects.remove("../oa 1").expect("removed");
    assert_eq!(objects.get("../oa 1").expect("read"), None);
}

#[test]
fn a_file_of_secrets_is_gone_on_with_by_the_work_that_began_it_alone() {
    let runs = tempfile::tempdir().expect("a directory");
    let path = runs.path().join("secrets.ndjson");
    let objects = open(runs.path());
    assert!(SecretsFile::of(&objects, None).expect("looked").is_none());
    let mut secrets = SecretsFile::of(&objects, Some(&path)).expect("it is free").expect("it");
    secrets.add(&json!({"id": 1, "secret": "s"})).expect("written");
    drop(secrets);
    // A kill tore a line.
    let whole = std::fs::read(&path).expect("it");
    std::fs::write(&path, [&whole[..], b"{\"id\": 2, \"sec"].concat()).expect("torn");
    for named in [None, Some(path.as_path())] {
        let secrets = SecretsFile::of(&objects, named).expect("ours").expect("it");
        assert!(
            secrets.has(|line| line["id"] == 1).expect("read") && !secrets.has(|line| line["id"] == 2).expect("read")
        );
    }
    let other = SecretsFile::of(&objects, Some(&runs.path().join("other")));
    assert!(matches!(other, Err(AppliedError::OtherSecrets { .. })), "{other:?}");
    // Somebody copied it away and back, and copies are for everybody.
    #[cfg(unix)]
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("a copy");
    let mut secrets = SecretsFile::of(&objects, None).expect("ours").expect("it");
    secrets.add(&json!({"id": 3, "secret": "t"})).expect("written");
    secrets.finish().expect("finished");
    let text = std::fs::read_to_string(&path).expect("it");
    assert_eq!(text.lines().count(), 3, "{text}");
    let mut taken = SecretsFile::of(&objects, Some(&path)).expect("looked").expect("it");
    for refused in [taken.check_not_taken(), taken.ready(), taken.add(&json!({"id": 4, "secret": "u"}))] {
        assert!(matches!(refused, Err(AppliedError::SecretsThere { .. })), "{refused:?}");
    }
    assert!(!taken.has_any().expect("looked"), "none of this work");
    taken.finish().expect("nothing to finish");
    assert_eq!(std::fs::read_to_string(&path).expect("it"), text);
    assert!(SecretsFile::of(&objects, None).expect("looked").is_none());
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).expect("it").permissions()) & 0o777,
        0o600
    );
}

#[test]
fn what_somebody_put_in_place_of_the_file_is_never_written_to() {
    let runs = tempfile::tempdir().expect("a directory");
    let path = runs.path().join("secrets.ndjson");
    let objects = open(runs.path());
    let mut secrets = SecretsFile::of(&objects, Some(&path)).expect("it is free").expect("it");
    secrets.ready().expect("made");
    drop(secrets);
    // A kill within the first line is ours, too.
    for (text, is_ours) in [("{\"secr", true), ("", true), ("somebody's notes\n", false)] {
        std::fs::write(&path, text).expect("written");
        let mut secrets = SecretsFile::of(&objects, None).expect("looked").expect("it");
        assert_eq!(secrets.ready().is_ok(), is_ours, "{text}");
        let now = std::fs::read_to_string(&path).expect("it");
        assert_eq!(now == text, !is_ours, "{now}");
    }
}
