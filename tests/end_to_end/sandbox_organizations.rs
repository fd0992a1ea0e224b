//! Organizations, members, invitations and permissions of the sandbox, over HTTP: the contract on which an import of a whole
//! tenant is built.

use serde_json::{Value, json};

use crate::support::caller::{Answer, Caller};
use crate::support::{Sandbox, Scratch};

/// A sandbox with two users and an organization, and a caller.
struct Tenant {
    caller: Caller,
    ada: String,
    alan: String,
    acme: String,
}

impl Tenant {
    async fn of(sandbox: &Sandbox) -> Self {
        let caller = Caller::of(sandbox);
        let ada = json!({"external_id": "ada", "email": "ada@example.com"});
        let ada = caller.post("v1/identities", json!({"identity": ada, "initial_password": "open sesame"})).await;
        let ada = id(&ada.expect(201));
        let alan = id(&caller.create(json!({"external_id": "alan", "email": "alan@example.com"})).await);
        let acme = json!({
            "name": "acme", "display_name": "Acme <b>Ltd</b>", "external_id": "org_acme", "metadata": {"n": 1},
            "admin_metadata": {"plan": "gold"},
        });
        let acme = id(&caller.post("v1/organizations", acme).await.expect(201));
        Self { caller, ada, alan, acme }
    }

    fn members(&self) -> String {
        format!("v1/organizations/{}/members", self.acme)
    }

    fn tuple(&self, relation: &str, user: &str) -> Value {
        json!({"namespace": "organizations", "object": self.acme, "relation": relation,
            "subject": format!("identities:{user}")})
    }

    async fn is_allowed(&self, relation: &str, user: &str) -> bool {
        let answer = self.caller.post("v1/permissions:check", self.tuple(relation, user)).await.expect(200);
        answer["allowed"].as_bool().expect("a verdict")
    }

    async fn batch(&self, method: &str, items: Value) -> Vec<Value> {
        let answer = self.caller.post(&format!("v1/{method}"), json!({ "requests": items })).await.expect(200);
        answer["results"].as_array().expect("results").clone()
    }
}

fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("an id: {object}")).to_owned()
}

/// Status, code and field of each result of a batch.
fn outcomes(results: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().trim_start_matches("AVNOLOGY_AUTH_").to_owned();
    let outcome = |result: &Value| {
        let (status, error) = (text(&result["status"]), &result["error"]);
        format!("{status} {} {}", text(&error["code"]), text(&error["field"])).trim_end().to_owned()
    };
    results.iter().map(outcome).collect()
}

#[track_caller]
fn expect_field(answer: Answer, status: u16, code: &str, field: &str) {
    assert_eq!(answer.expect_error(status, code)["error"]["field"], field);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, in its order")]
async fn organizations_are_unique_validated_and_found_again() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let Tenant { caller, acme, .. } = &Tenant::of(&sandbox).await;
    let (conflict, invalid) = ("AVNOLOGY_AUTH_903", "AVNOLOGY_AUTH_902");
    for (body, status, code, field) in [
        (json!({"name": "acme"}), 409, conflict, "organization.name"),
        (json!({"name": "other", "slug": "acme"}), 409, conflict, "organization.slug"),
        (json!({"name": "other", "external_id": "org_acme"}), 409, conflict, "organization.external_id"),
        (json!({"display_name": "No name"}), 400, invalid, "organization.name"),
        (json!({"name": "a"}), 400, invalid, "organization.name"),
        (json!({"name": "Upper"}), 400, invalid, "organization.name"),
        (json!({"name": "a".repeat(65)}), 400, invalid, "organization.name"),
        (json!({"name": "ok", "slug": "not ok"}), 400, invalid, "organization.slug"),
        (json!({"name": "ok", "registration_mode": "closed"}), 400, invalid, "organization.registration_mode"),
        (json!({"name": "ok", "metadata": []}), 400, invalid, "organization.metadata"),
    ] {
        expect_field(caller.post("v1/organizations", body).await, status, code, field);
    }
    let items = json!([
        {"organization": {"name": "new", "external_id": "org_new"}},
        {"organization": {"name": "changed", "external_id": "org_acme"}},
        {"organization": {"name": "acme", "external_id": "org_other"}},
        {"organization": {"name": "free", "slug": "new"}},
        {"organization": {"name": "!"}},
        {"odd": 1},
    ]);
    let results = caller.post("v1/organizations:batchCreate", json!({ "requests": items })).await.expect(200);
    let results = results["results"].as_array().expect("results").clone();
    assert_eq!(
        outcomes(&results),
        [
            "created",
            "exists",
            "error 903 organization.name",
            "error 903 organization.slug",
            "error 902 organization.name",
            "error 902"
        ]
    );
    assert_eq!(results[1]["id"], *acme);
    let probe = json!({"requests": [{"organization": {"name": "probe"}}], "validate_only": true});
    assert_eq!(caller.post("v1/organizations:batchCreate", probe).await.expect(200)["results"][0]["status"], "created");

    let names = |answer: Value| -> Vec<String> {
        let organizations = answer["organizations"].as_array().expect("organizations").iter();
        organizations.map(|organization| organization["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(caller.get("v1/organizations").await.expect(200)), ["new", "acme"]);
    for (field, value) in [("external_id", "org_acme"), ("name", "acme"), ("slug", "acme")] {
        let path = format!("v1/organizations?filter={field}%20=%20%22{value}%22");
        assert_eq!(names(caller.get(&path).await.expect(200)), ["acme"], "{field}");
    }
    let found = caller.get("v1/organizations:batchGet?external_ids=org_new,org_nobody,org_acme").await.expect(200);
    assert_eq!(names(found), ["new", "acme"]);

    let path = format!("v1/organizations/{acme}");
    let change =
        json!({"organization": {"display_name": "Acme", "metadata": {"n": 2}}, "update_mask": "display_name,metadata"});
    let changed = caller.patch(&path, change, None).await.expect(200);
    assert_eq!((&changed["display_name"], &changed["metadata"]["n"]), (&json!("Acme"), &json!(2)));
    assert_eq!(changed["admin_metadata"]["plan"], "gold", "what the mask does not name stays");
    let slug = json!({"organization": {"slug": "other"}, "update_mask": "slug"});
    expect_field(caller.patch(&path, slug, None).await, 400, invalid, "update_mask");
    let taken = json!({"organization": {"name": "new"}, "update_mask": "name"});
    expect_field(caller.patch(&path, taken, None).await, 409, conflict, "organization.name");
    caller.get("v1/organizations/org_nobody").await.expect_error(404, "AVNOLOGY_AUTH_300");
}

#[tokio::test]
async fn members_have_a_role_and_a_batch_says_which_role_is_there() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::of(&sandbox).await;
    let Tenant { caller, ada, alan, acme } = &tenant;
    let added = caller.post(&tenant.members(), json!({"user_id": ada, "role": "admin", "metadata": {"a": 1}})).await;
    assert_eq!(added.expect(201)["email"], "ada@example.com");
    caller
        .post(&tenant.members(), json!({"user_id": ada, "role": "owner"}))
        .await
        .expect_error(409, "AVNOLOGY_AUTH_301");
    let nowhere = "v1/organizations/org_nobody/members";
    caller.post(nowhere, json!({"user_id": ada, "role": "admin"})).await.expect_error(404, "AVNOLOGY_AUTH_300");
    let item = |organization: &str, user: &str, role: &str| json!({"membership": {"organization_id": organization, "user_id": user, "role": role}});
    let items = json!([
        item(acme, ada, "viewer"),
        item(acme, alan, "billing"),
        item("org_nobody", ada, "member"),
        item(acme, "usr_nobody", "member"),
        item(acme, ada, "custom"),
    ]);
    let results = tenant.batch("memberships:batchCreate", items).await;
    assert_eq!(
        outcomes(&results),
        [
            "exists",
            "created",
            "error 300 membership.organization_id",
            "error 901 membership.user_id",
            "error 902 membership.role"
        ]
    );
    assert_eq!((&results[0]["role"], &results[1]["id"]), (&json!("admin"), &json!(format!("{acme}/{alan}"))));
    assert!(!tenant.is_allowed("admin", ada).await, "a member's role is no tuple unless the sandbox has the option");

    let listed = caller.get(&format!("{}?page_size=1", tenant.members())).await.expect(200);
    assert_eq!((&listed["members"][0]["user_id"], &listed["total_size"]), (&json!(alan), &json!(2)));
    let token = listed["next_page_token"].as_str().expect("a token");
    let rest = caller.get(&format!("{}?page_size=1&page_token={token}", tenant.members())).await.expect(200);
    assert_eq!((&rest["members"][0]["role"], &rest["next_page_token"]), (&json!("admin"), &Value::Null));

    let one = format!("{}/{ada}", tenant.members());
    assert_eq!(caller.patch(&one, json!({"role": "owner"}), None).await.expect(200)["metadata"], json!({"a": 1}));
    let results =
        tenant.batch("memberships:batchUpdate", json!([item(acme, alan, "viewer"), item(acme, "x", "viewer")]));
    assert_eq!(outcomes(&results.await), ["updated", "error 901"]);
    assert_eq!(caller.get(&one).await.expect(200)["role"], "owner");

    let path = format!("v1/organizations/{acme}");
    assert_eq!(caller.get(&path).await.expect(200)["member_count"], 2);
    caller.delete(&path).await.expect_error(409, "AVNOLOGY_AUTH_903");
    caller.delete(&format!("v1/identities/{alan}")).await.expect(204);
    assert_eq!(caller.get(&path).await.expect(200)["member_count"], 1, "a deleted user is no member");
    let gone =
        json!({"memberships": [{"organization_id": acme, "user_id": ada}, {"organization_id": acme, "user_id": ada}]});
    let gone = caller.post("v1/memberships:batchDelete", gone).await.expect(200);
    assert_eq!(outcomes(gone["results"].as_array().expect("results")), ["deleted", "error 901"]);
    caller.delete(&one).await.expect_error(404, "AVNOLOGY_AUTH_901");
    caller.delete(&path).await.expect(204);
    caller.get(&path).await.expect_error(404, "AVNOLOGY_AUTH_300");
}

#[tokio::test]
async fn permissions_are_exactly_the_tuples_that_were_written() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::of(&sandbox).await;
    let Tenant { caller, ada, alan, acme } = &tenant;
    let admin = tenant.tuple("admin", ada);
    assert_eq!(caller.post("v1/permissions", &admin).await.expect(201), admin);
    caller.post("v1/permissions", &admin).await.expect_error(409, "AVNOLOGY_AUTH_903");
    for (field, value) in
        [("namespace", ""), ("object", "a#b"), ("relation", "a b"), ("subject", "a@b"), ("subject", "")]
    {
        let mut wrong = admin.clone();
        wrong[field] = json!(value);
        let field = format!("permission.{field}");
        expect_field(caller.post("v1/permissions", wrong).await, 400, "AVNOLOGY_AUTH_902", &field);
    }
    assert!(tenant.is_allowed("admin", ada).await);
    assert!(!tenant.is_allowed("owner", ada).await && !tenant.is_allowed("admin", alan).await);
    let of_guide = json!({"namespace": "orgs", "object": acme, "relation": "support", "subject": alan});
    let results = tenant
        .batch("permissions:batchCreate", json!([{"permission": admin}, {"permission": of_guide}, {"permission": {}}]))
        .await;
    assert_eq!(outcomes(&results), ["exists", "created", "error 902 permission.namespace"]);
    assert_eq!(results[1]["id"], format!("orgs:{acme}#support@{alan}"));
    let checked = json!({"permissions": [of_guide, tenant.tuple("admin", alan)]});
    let checked = caller.post("v1/permissions:batchCheck", checked).await.expect(200);
    assert_eq!(checked["results"], json!([{"allowed": true}, {"allowed": false}]));
    let listed = caller.get(&format!("v1/permissions?object={acme}&namespace=orgs")).await.expect(200);
    assert_eq!(listed["permissions"], json!([of_guide]));

    let query = format!("namespace=organizations&object={acme}&relation=admin&subject=identities:{ada}");
    caller.delete(&format!("v1/permissions?{query}")).await.expect(204);
    caller.delete(&format!("v1/permissions?{query}")).await.expect_error(404, "AVNOLOGY_AUTH_901");
    let gone = caller.post("v1/permissions:batchDelete", json!({"permissions": [of_guide, admin]})).await.expect(200);
    assert_eq!(outcomes(gone["results"].as_array().expect("results")), ["deleted", "error 901"]);
    assert_eq!(caller.get("v1/permissions").await.expect(200)["permissions"], json!([]));
}

#[tokio::test]
async fn invitations_are_one_for_an_address_and_none_for_a_member() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let tenant = Tenant::of(&sandbox).await;
    let Tenant { caller, ada, acme, .. } = &tenant;
    let path = format!("v1/organizations/{acme}/invitations");
    let body = json!({"email": "new@example.com", "role": "member", "expires_at": "2999-01-01T00:00:00Z", "send_email": false});
    let invited = caller.post(&path, &body).await.expect(201);
    assert_eq!((&invited["status"], &invited["email_sent"]), (&json!("pending"), &json!(false)));
    expect_field(caller.post(&path, &body).await, 409, "AVNOLOGY_AUTH_903", "invitation.email");
    caller.post(&tenant.members(), json!({"user_id": ada, "role": "admin"})).await.expect(201);
    let item = |organization: &str, email: &str, role: &str, expires_at: &str| json!({"invitation": {"organization_id": organization, "email": email, "role": role, "expires_at": expires_at}});
    let later = "2999-01-01T00:00:00Z";
    let items = json!([
        item(acme, "NEW@example.com", "member", later),
        item(acme, "ADA@example.com", "member", later),
        item("org_nobody", "a@example.com", "member", later),
        item(acme, "nowhere", "member", later),
        item(acme, "a@example.com", "custom", later),
        item(acme, "a@example.com", "member", "2020-01-01T00:00:00Z"),
    ]);
    assert_eq!(
        outcomes(&tenant.batch("invitations:batchCreate", items).await),
        [
            "exists",
            "error 301 invitation.email",
            "error 300 invitation.organization_id",
            "error 902 invitation.email",
            "error 902 invitation.role",
            "error 902 invitation.expires_at"
        ]
    );
    let listed = caller.get(&path).await.expect(200);
    assert_eq!(listed["invitations"], json!([invited]));
    let one = format!("{path}/{}", id(&invited));
    caller.delete(&one).await.expect(204);
    caller.delete(&one).await.expect_error(404, "AVNOLOGY_AUTH_901");
}

#[tokio::test]
async fn a_target_may_write_the_tuple_of_a_member_and_have_no_batch_methods() {
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &["--member-tuples", "--no-batch"]);
    let tenant = Tenant::of(&sandbox).await;
    let Tenant { caller, ada, acme, .. } = &tenant;
    for method in ["organizations:batchCreate", "memberships:batchCreate", "permissions:batchCreate"] {
        caller.post(&format!("v1/{method}"), json!({"requests": []})).await.expect_error(404, "AVNOLOGY_AUTH_901");
    }
    caller.post(&tenant.members(), json!({"user_id": ada, "role": "admin"})).await.expect(201);
    assert!(tenant.is_allowed("admin", ada).await);
    caller.post("v1/permissions", tenant.tuple("admin", ada)).await.expect_error(409, "AVNOLOGY_AUTH_903");
    let one = format!("{}/{ada}", tenant.members());
    caller.patch(&one, json!({"role": "viewer"}), None).await.expect(200);
    assert!(tenant.is_allowed("viewer", ada).await && !tenant.is_allowed("admin", ada).await);

    let page = caller.sign_in("ada@example.com", "open sesame").await.body;
    let role = "<li><strong>Acme &lt;b&gt;Ltd&lt;/b&gt;</strong>: member as viewer, permission viewer</li>";
    assert!(page.contains(role), "{page}");
    caller.delete(&one).await.expect(204);
    assert!(!tenant.is_allowed("viewer", ada).await);
    let page = caller.sign_in("ada@example.com", "open sesame").await.body;
    assert!(page.contains("In no organization"), "{page}");

    let identity = json!({"external_id": "new", "email": "new@example.com", "organization_id": "org_nobody"});
    let refused = caller.post("v1/identities", json!({ "identity": identity })).await;
    expect_field(refused, 404, "AVNOLOGY_AUTH_300", "identity.organization_id");
    let assigned = json!({"identity": {"organization_id": acme}, "update_mask": "organization_id"});
    caller.patch(&format!("v1/identities/{ada}"), assigned, None).await.expect(200);
    let path = format!("v1/organizations/{acme}");
    caller.delete(&path).await.expect_error(409, "AVNOLOGY_AUTH_903");
    caller.delete(&format!("{path}?force=true")).await.expect(204);
    assert_eq!(caller.get(&format!("v1/identities/{ada}")).await.expect(200)["organization_id"], Value::Null);
}

#[tokio::test]
async fn a_key_needs_the_scope_of_each_kind_and_items_fail_on_purpose() {
    let scratch = Scratch::new();
    let scopes = ["--scopes", "admin:orgs:read,admin:permissions:write", "--fault", "item-error=1"];
    let sandbox = Sandbox::start(&scratch, &scopes);
    let caller = Caller::of(&sandbox);
    let refused = "AVNOLOGY_AUTH_100";
    caller.get("v1/identities").await.expect_error(403, refused);
    caller.get("v1/organizations").await.expect(200);
    caller.post("v1/organizations", "{}").await.expect_error(403, refused);
    caller.post("v1/memberships:batchCreate", "{}").await.expect_error(403, refused);
    caller.get("v1/permissions").await.expect_error(403, refused);
    caller.post("v1/permissions:check", "{}").await.expect_error(403, refused);
    let tuple = json!({"namespace": "n", "object": "o", "relation": "r", "subject": "s"});
    let failed =
        caller.post("v1/permissions:batchCreate", json!({"requests": [{"permission": tuple}]})).await.expect(200);
    assert_eq!(outcomes(failed["results"].as_array().expect("results")), ["error 500"]);
    let once = caller.post_once("v1/permissions", &tuple, "key").await;
    assert_eq!(once.status, 201);
    assert_eq!(caller.post_once("v1/permissions", &tuple, "key").await.header("idempotent-replayed"), Some("true"));
}
