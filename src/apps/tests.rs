//! Every combination of facts has its step; and a break-off at any moment of an apply ends with each client once and its secret
//! known.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::destination::TargetError;
use crate::made_once::{MadeObject, MadeObjects, MadeState, SecretsFile};

fn client(number: usize, is_public: bool) -> PlannedClient {
    let form = ClientForm {
        client_id: format!("client_{number}"),
        client_name: format!("App {number}"),
        redirect_uris: vec![format!("https://app{number}.example/cb")],
        grant_types: vec!["authorization_code"],
        response_types: vec!["code"],
        scope: "openid".to_owned(),
        token_endpoint_auth_method: if is_public { "none" } else { "client_secret_basic" }.to_owned(),
        client_uri: None,
        skip_consent: false,
        metadata: Value::Null,
    };
    PlannedClient { application: format!("oa_{number}"), form, refused: Vec::new() }
}

fn object(state: MadeState, content: &ClientContent) -> MadeObject {
    MadeObject {
        id: "oa_1".to_owned(),
        state,
        target_id: None,
        content: content.digest(),
        secrets_of: None,
        is_activated: false,
        was_found_active: false,
    }
}

#[test]
fn each_combination_of_facts_has_its_step() {
    let planned = client(1, false);
    let wanted = planned.form.content();
    let found = |form: &ClientForm, mark: Option<&str>| -> FoundClient {
        let form = mark.map_or_else(|| form.clone(), |mark| form.clone().marked("oa_1", mark));
        serde_json::from_value(serde_json::to_value(form).expect("JSON")).expect("a client")
    };
    let renamed = ClientForm { client_name: "Other".to_owned(), ..planned.form.clone() };
    let public = client(1, true).form;
    let (creating, made) = (object(MadeState::Creating, &wanted), object(MadeState::Made, &wanted));
    let made_renamed = object(MadeState::Made, &renamed.content());
    let (ours, foreign) = (Some("mark"), Some("another's"));
    let name = || vec!["client_name"];
    for (number, (found, remembered, has_secret, force, expected)) in [
        (None, None, false, false, ClientStep::Create),
        (None, Some(&made), false, false, ClientStep::Create),
        (None, Some(&creating), false, false, ClientStep::Create),
        (Some(found(&planned.form, ours)), Some(&made), false, false, ClientStep::Keep),
        (Some(found(&planned.form, ours)), None, false, false, ClientStep::Remember),
        (Some(found(&planned.form, None)), None, false, false, ClientStep::Keep),
        (Some(found(&planned.form, foreign)), Some(&creating), true, false, ClientStep::Keep),
        (Some(found(&planned.form, ours)), Some(&creating), true, false, ClientStep::Remember),
        (Some(found(&planned.form, ours)), Some(&creating), false, false, ClientStep::Recreate),
        (Some(found(&renamed, ours)), Some(&creating), false, true, ClientStep::Leave(Left::SecretLost)),
        (Some(found(&public, ours)), Some(&creating), false, false, ClientStep::Remember),
        (Some(found(&renamed, ours)), Some(&made_renamed), false, false, ClientStep::Change(name())),
        (Some(found(&renamed, ours)), Some(&made), false, false, ClientStep::Leave(Left::ChangedSince(name()))),
        (Some(found(&renamed, ours)), Some(&made), false, true, ClientStep::Change(name())),
        (Some(found(&renamed, ours)), None, false, false, ClientStep::Leave(Left::ChangedSince(name()))),
        (Some(found(&renamed, foreign)), Some(&made), false, true, ClientStep::Leave(Left::Foreign(name()))),
        (Some(found(&renamed, None)), None, false, true, ClientStep::Leave(Left::Foreign(name()))),
        (Some(found(&public, ours)), Some(&made), false, true, ClientStep::Leave(Left::OtherType)),
    ]
    .into_iter()
    .enumerate()
    {
        let found = found.as_ref();
        let facts =
            ClientFacts { application: "oa_1", wanted: &wanted, found, remembered, mark: "mark", has_secret, force };
        assert_eq!(decide(&facts), expected, "row {number}");
    }
    for (found, force, expected) in [
        (None, false, UndoStep::Forget),
        (Some(found(&planned.form, ours)), false, UndoStep::Delete),
        (Some(found(&renamed, ours)), false, UndoStep::KeepChanged),
        (Some(found(&renamed, ours)), true, UndoStep::Delete),
        (Some(found(&planned.form, foreign)), false, UndoStep::KeepForeign),
        (Some(found(&planned.form, None)), false, UndoStep::KeepForeign),
        (Some(found(&planned.form, None)), true, UndoStep::KeepForeign),
        (Some(found(&renamed, foreign)), true, UndoStep::KeepForeign),
    ] {
        assert_eq!(decide_undo(&made, found.as_ref(), "mark", force), expected, "{found:?}");
    }
}

/// A target in memory that the connection is lost to at the n-th moment: before a request, or after it was carried out.
#[derive(Default)]
struct Cut {
    clients: RefCell<BTreeMap<String, Value>>,
    secrets: Cell<u32>,
    moments: Cell<u32>,
    /// Whether the target gives ids of its own.
    own_ids: bool,
}

impl Cut {
    fn moment(&self) -> Result<(), TargetError> {
        let left = self.moments.get();
        self.moments.set(left.saturating_sub(1));
        if left == 1 { Err(TargetError::Index(std::io::Error::other("killed"))) } else { Ok(()) }
    }

    fn found(value: &Value) -> FoundClient {
        serde_json::from_value(value.clone()).expect("a client")
    }
}

impl ClientRegistry for Cut {
    async fn is_there(&self) -> Result<bool, TargetError> {
        Ok(true)
    }

    async fn read(&self, client_id: &str) -> Result<Option<FoundClient>, TargetError> {
        self.moment()?;
        Ok(self.clients.borrow().get(client_id).map(Self::found))
    }

    async fn create(&self, form: &ClientForm) -> Result<Created, TargetError> {
        self.moment()?;
        let number = self.secrets.get() + 1;
        let client_id = if self.own_ids { format!("own_{number}") } else { form.client_id.clone() };
        if self.clients.borrow().contains_key(&client_id) {
            return Ok(Created::Taken);
        }
        self.secrets.set(number);
        let mut value = serde_json::to_value(form).expect("JSON");
        value["client_id"] = json!(client_id);
        let secret = form.is_confidential().then(|| format!("secret {number}"));
        value["secret"] = json!(secret);
        self.clients.borrow_mut().insert(client_id.clone(), value);
        self.moment()?;
        Ok(Created::Client(CreatedClient { client_id, secret: secret.map(Into::into) }))
    }

    async fn change(
        &self,
        client_id: &str,
        form: &ClientForm,
        fields: &[&'static str],
    ) -> Result<ChangedClient, TargetError> {
        self.moment()?;
        let mut clients = self.clients.borrow_mut();
        let client = clients.get_mut(client_id).expect("it is there");
        for (field, value) in form.values(fields).expect("JSON") {
            client[field] = value;
        }
        self.moment()?;
        Ok(ChangedClient::Done)
    }

    async fn delete(&self, client_id: &str) -> Result<(), TargetError> {
        self.moment()?;
        self.clients.borrow_mut().remove(client_id);
        self.moment()
    }

    async fn page(&self, _token: Option<&str>) -> Result<(Vec<FoundClient>, Option<String>), TargetError> {
        self.moment()?;
        Ok((self.clients.borrow().values().map(Self::found).collect(), None))
    }

    fn endless_list(&self) -> TargetError {
        unreachable!("its list has one page")
    }
}

async fn apply(
    target: &Cut,
    runs: &std::path::Path,
    clients: &[PlannedClient],
) -> Result<Vec<ClientOutcome>, ApplyError> {
    let objects = MadeObjects::open(runs, "apps-", "a target", "a test").expect("it opens");
    let secrets = SecretsFile::of(&objects, Some(&runs.join("secrets"))).expect("it can be used");
    let mut applying = Applying { registry: target, objects: &objects, secrets, force: false, dry_run: false };
    let mut outcomes = Vec::new();
    for client in clients {
        outcomes.push(apply_one(&mut applying, client).await?.0);
    }
    Ok(outcomes)
}

/// Everything is at the target once, and the last secret of each client in the file is the one that the target knows.
fn assert_whole(target: &Cut, runs: &std::path::Path, clients: &[PlannedClient], moment: u32) {
    let there = target.clients.borrow();
    assert_eq!(there.len(), clients.len(), "moment {moment}");
    let text = std::fs::read_to_string(runs.join("secrets")).expect("secrets");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    for client in clients {
        let [found] = there
            .values()
            .filter(|found| found["metadata"]["clerk"]["application"] == client.application.as_str())
            .collect::<Vec<_>>()[..]
        else {
            panic!("moment {moment}: {} is there once", client.application)
        };
        let known: Vec<&Value> = lines
            .iter()
            .filter(|line| line["application"] == client.application.as_str())
            .map(|line| &line["client_secret"])
            .collect();
        let expected = if client.form.is_confidential() { vec![&found["secret"]] } else { Vec::new() };
        assert_eq!(known, expected, "moment {moment}: {}", client.application);
    }
}

#[tokio::test]
async fn a_break_off_at_any_moment_ends_with_each_client_once_and_each_secret_known() {
    for own_ids in [false, true] {
        let clients = [client(1, false), client(2, true), client(3, false)];
        let mut breaks = 0;
        // All that is done has fewer moments than the last one here.
        let second: &[u32] = if own_ids { &[0, 2] } else { &[0, 1, 2, 3] };
        for (first, second) in (1..=16).flat_map(|first| second.iter().map(move |second| (first, *second))) {
            let runs = tempfile::tempdir().expect("a directory");
            let target = Cut { own_ids, ..Cut::default() };
            for moment in [first, second] {
                target.moments.set(moment);
                breaks += u32::from(apply(&target, runs.path(), &clients).await.is_err());
            }
            target.moments.set(0);
            apply(&target, runs.path(), &clients).await.expect("it goes through");
            assert_whole(&target, runs.path(), &clients, first);
            let again = apply(&target, runs.path(), &clients).await.expect("it goes through");
            assert_eq!(again, [ClientOutcome::Unchanged, ClientOutcome::Unchanged, ClientOutcome::Unchanged]);
            // A change that is broken off, and comes through.
            let mut renamed = clients.clone();
            renamed[2].form.client_name = "Other".to_owned();
            target.moments.set(first);
            breaks += u32::from(apply(&target, runs.path(), &renamed).await.is_err());
            target.moments.set(0);
            apply(&target, runs.path(), &renamed).await.expect("it goes through");
            assert_whole(&target, runs.path(), &renamed, first);
            // Undone, broken off, and undone.
            for moment in [first, 0] {
                target.moments.set(moment);
                let objects = MadeObjects::open(runs.path(), "apps-", "a target", "a test").expect("it opens");
                let undoing = Undoing { registry: &target, objects: &objects, force: false, dry_run: false };
                for object in objects.each().expect("a list") {
                    if undo_one(&undoing, &object.expect("it")).await.is_err() {
                        breaks += 1;
                        break;
                    }
                }
            }
            assert!(target.clients.borrow().is_empty(), "moment {first}");
        }
        assert!(breaks > 50, "{breaks}");
    }
}

#[tokio::test]
async fn what_somebody_changed_before_the_memory_knew_that_the_client_is_made_is_theirs() {
    let (runs, target) = (tempfile::tempdir().expect("a directory"), Cut::default());
    let planned = [client(1, true)];
    // It looks, it asks, and the answer is lost.
    target.moments.set(3);
    apply(&target, runs.path(), &planned).await.expect_err("it is killed");
    target.clients.borrow_mut().get_mut("client_1").expect("it is made")["client_name"] = json!("Theirs");
    target.moments.set(0);
    for _ in 0..2 {
        let outcomes = apply(&target, runs.path(), &planned).await.expect("it goes through");
        assert_eq!(outcomes, [ClientOutcome::Left(Left::ChangedSince(vec!["client_name"]))]);
        assert_eq!(target.clients.borrow()["client_1"]["client_name"], "Theirs");
    }
}
