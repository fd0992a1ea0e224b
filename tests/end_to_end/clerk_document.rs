//! What the OpenAPI document of Clerk's Backend API says, and what this program makes of it: the stand-in's answers, its
//! parameters, the generated tenants, and the fields that the importer reads.
//!
//! `tests/clerk_api/document.json` is cut out of the document by `tests/clerk_api/cut.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use avnology_migrate::clerk::{
    EmailAddress, ExternalAccount, Invitation, Membership, Organization, PhoneNumber, User, Verification,
};
use jsonschema::Validator;
use reqwest::Method;
use serde::de::value::Error as NoValue;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::{Value, json};

use crate::support::Scratch;
use crate::support::clerk::ClerkSandbox;
use crate::tenant::{TenantShape, write_tenant, write_tenant_of_shape};
use crate::user::Generator;

/// The tenant that is committed.
pub(crate) const TENANT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/tenant");

/// The document, as far as it was cut out.
struct Document(Value);

impl Document {
    fn read() -> Self {
        let text = include_str!("../clerk_api/document.json");
        Self(serde_json::from_str(text).expect("the document"))
    }

    fn calls(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0["paths"].as_object().expect("paths").iter().map(|(call, about)| (call.as_str(), about))
    }

    /// What checks a value against a schema of the document.
    fn validator(&self, schema: &Value) -> Validator {
        let mut whole = schema.clone();
        whole["$defs"] = self.0["$defs"].clone();
        jsonschema::validator_for(&whole).expect("a schema")
    }

    fn answer(&self, call: &str, status: &str) -> Validator {
        self.validator(&self.0["paths"][call]["answers"][status])
    }

    /// The members of an object.
    fn members(&self, schema: &str) -> BTreeSet<&str> {
        let members = self.0["$defs"][schema]["properties"].as_object();
        members.unwrap_or_else(|| panic!("{schema}")).keys().map(String::as_str).collect()
    }
}

#[track_caller]
fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let faults: Vec<String> =
        validator.iter_errors(value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

/// The path of a call with ids of the committed tenant.
fn concrete(call: &str) -> (Method, String) {
    let (method, path) = call.split_once(' ').expect("a method and a path");
    let first = |file: &str| records(Path::new(TENANT), file)[0]["id"].as_str().expect("an id").to_owned();
    let mut path = path.to_owned();
    for (placeholder, file) in [
        ("{user_id}", "users"),
        ("{organization_id}", "organizations"),
        ("{invitation_id}", "organization_invitations"),
        ("{organization_role_id}", "organization_roles"),
        ("{permission_id}", "organization_permissions"),
        ("{role_set_key_or_id}", "role_sets"),
        ("{oauth_application_id}", "oauth_applications"),
        ("{id}", "redirect_urls"),
        ("{template_id}", "jwt_templates"),
        ("{enterprise_connection_id}", "enterprise_connections"),
        ("{saml_connection_id}", "saml_connections"),
    ] {
        if path.contains(placeholder) {
            path = path.replace(placeholder, &first(file));
        }
    }
    (method.parse().expect("a method"), format!("/v1{path}"))
}

/// The records of a file of a tenant.
pub(crate) fn records(directory: &Path, file: &str) -> Vec<Value> {
    let path = directory.join(format!("{file}.ndjson"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).expect("a record")).collect()
}

#[test]
fn every_answer_of_the_stand_in_is_as_documented() {
    let (scratch, document) = (Scratch::new(), Document::read());
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let mut answered = 0;
    for (call, about) in document.calls().filter(|(call, _)| call.starts_with("GET ")) {
        let (method, path) = concrete(call);
        let limit = if about["parameters"]["limit"].is_null() { "" } else { "?limit=500" };
        let answer = clerk.call(method.clone(), &format!("{path}{limit}"), None).expect(200);
        assert_valid(&document.answer(call, "200"), &answer, call);
        let is_list = answer.is_array() || answer["data"].is_array();
        let records = answer.as_array().or(answer["data"].as_array());
        assert!(!is_list || records.is_some_and(|records| !records.is_empty()), "{call}: {answer}");
        answered += 1;
        let errors = document.validator(&json!({"$ref": "#/$defs/ClerkErrors"}));
        let odd = clerk.call(method.clone(), &format!("{path}?undocumented=1"), None);
        if is_list {
            assert_valid(&errors, &odd.expect(422), call);
        }
        let refused = clerk.call_with("Bearer sk_test_another", method, &path, None).expect(401);
        assert_valid(&errors, &refused, call);
        assert!(refused["clerk_trace_id"].as_str().is_some_and(|id| id.len() == 32), "{refused}");
    }
    assert_eq!(answered, 39, "the calls that read");
}

#[test]
fn what_the_stand_in_writes_is_as_documented() {
    let (scratch, document) = (Scratch::new(), Document::read());
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let mut written = 0;
    // Users are deleted last.
    let mut calls: Vec<(&str, &Value)> = document.calls().filter(|(call, _)| !call.starts_with("GET ")).collect();
    calls.sort_by_key(|(call, _)| call.starts_with("DELETE"));
    for (call, about) in calls {
        let (method, path) = concrete(call);
        let body = about.get("body").map(|body| example(&body["properties"]).to_string());
        let answer = clerk.call(method.clone(), &path, body.as_deref()).expect(200);
        assert_valid(&document.answer(call, "200"), &answer, call);
        written += 1;
        if body.is_some() {
            clerk.call(method, &path, Some("{\"undocumented\":1}")).expect(422);
        }
    }
    assert_eq!(written, 9, "the calls that write");
}

/// A body with every documented member.
fn example(members: &Value) -> Value {
    let mut body = json!({});
    for (name, schema) in members.as_object().expect("members") {
        let schema = schema["anyOf"].as_array().map_or(schema, |either| &either[0]);
        body[name] = match (name.as_str(), schema["type"].as_str()) {
            ("created_at" | "legal_accepted_at", _) => json!("2026-01-02T03:04:05Z"),
            ("email_address", _) => json!(["new@example.com", "second@example.com"]),
            ("email_address_identification_status" | "phone_number_identification_status", _) => {
                json!(["verified", "reserved"])
            }
            (_, Some("boolean")) => json!(true),
            (_, Some("integer")) => json!(3),
            (_, Some("array")) => json!(["+15550100"]),
            (_, Some("object")) => json!({"a": {"b": 1}}),
            _ => json!("a text"),
        };
    }
    body
}

/// Which parameters a list takes is what the document says: each of them is accepted, and one of another list is not.
#[test]
fn the_stand_in_takes_the_documented_parameters_and_no_others() {
    let (scratch, document) = (Scratch::new(), Document::read());
    let clerk = ClerkSandbox::start(&scratch, TENANT, &[]);
    let lists: BTreeMap<&str, &Value> =
        document.calls().filter(|(call, about)| call.starts_with("GET ") && is_list(call, about)).collect();
    let all: BTreeMap<&String, &Value> =
        lists.values().flat_map(|about| about["parameters"].as_object().expect("parameters")).collect();
    assert!(lists.len() > 20 && all.len() > 30, "{} {}", lists.len(), all.len());
    for (call, about) in lists {
        let (method, path) = concrete(call);
        for (name, schema) in &all {
            let documented = about["parameters"].get(name.as_str());
            let schema = documented.unwrap_or(schema);
            let value = match (name.as_str(), schema["type"].as_str(), &schema["enum"]) {
                ("order_by", ..) => "-created_at".to_owned(),
                ("starting_after", ..) => {
                    records(Path::new(TENANT), "users")[3]["id"].as_str().expect("one").to_owned()
                }
                ("provider", ..) => "oauth_google&provider_user_id=1".to_owned(),
                ("provider_user_id", ..) => "1&provider=oauth_google".to_owned(),
                ("verified", ..) | (_, Some("boolean"), _) => "true".to_owned(),
                (_, Some("integer"), _) => "5".to_owned(),
                (_, _, Value::Array(choices)) => choices[0].as_str().expect("a text").to_owned(),
                _ => "value".to_owned(),
            };
            let answer = clerk.call(method.clone(), &format!("{path}?{name}={value}"), None);
            let expected = if documented.is_some() { 200 } else { 422 };
            assert_eq!(answer.status, expected, "{call}: {name}={value}: {}", answer.body);
        }
    }
}

/// Whether the answer to a call is a list, or the length of one.
fn is_list(call: &str, about: &Value) -> bool {
    let answer = &about["answers"]["200"];
    answer["type"] == "array"
        || call == "GET /users/count"
        || answer["$ref"].as_str().is_some_and(|name| name.ends_with('s') && !name.ends_with("Settings"))
}

#[test]
fn the_committed_tenant_is_what_the_generator_writes() {
    let scratch = Scratch::new();
    let generator = Generator { seed: 1, bad_share: 0.0, digests: false };
    write_tenant(&generator, 12, &scratch.path("tenant")).expect("written");
    let names = |directory: &Path| -> BTreeSet<String> {
        let entries = std::fs::read_dir(directory).expect("a directory");
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect()
    };
    let written = names(&scratch.path("tenant"));
    assert_eq!(written, names(Path::new(TENANT)));
    for name in written {
        let committed = std::fs::read_to_string(Path::new(TENANT).join(&name)).expect("a file");
        let generated = std::fs::read_to_string(scratch.path("tenant").join(&name)).expect("a file");
        assert_eq!(generated, committed, "{name}: fixtures/README.md says how to write it again");
    }
}

/// A larger tenant than the committed one, which has every variant of a user.
#[test]
fn generated_tenants_are_as_documented() {
    let (scratch, document) = (Scratch::new(), Document::read());
    let generator = Generator { seed: 7, bad_share: 0.0, digests: false };
    let directory = scratch.path("tenant");
    write_tenant(&generator, 400, &directory).expect("written");
    for (call, about) in document.calls() {
        let Some(name) = call.strip_prefix("GET /").filter(|path| !path.contains('/') && is_list(call, about)) else {
            continue;
        };
        let answer = &about["answers"]["200"];
        let list = answer["$ref"].as_str().map(|name| &document.0["$defs"][name.trim_start_matches("#/$defs/")]);
        let entry = list.map_or(&answer["items"], |list| &list["properties"]["data"]["items"]);
        let validator = document.validator(entry);
        let records = records(&directory, name);
        assert!(!records.is_empty(), "{name}");
        for record in &records {
            assert_valid(&validator, record, name);
        }
    }
    let ids = |file: &str| -> BTreeSet<String> {
        records(&directory, file).iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
    };
    let (users, organizations) = (ids("users"), ids("organizations"));
    assert_eq!((users.len(), organizations.len()), (400, 4));
    let mut members: BTreeMap<String, u64> = BTreeMap::new();
    for membership in records(&directory, "organization_memberships") {
        let organization = membership["organization"]["id"].as_str().expect("an id").to_owned();
        assert!(users.contains(membership["public_user_data"]["user_id"].as_str().expect("an id")), "{membership}");
        *members.entry(organization).or_default() += 1;
    }
    for organization in records(&directory, "organizations") {
        assert_eq!(
            Some(&members[organization["id"].as_str().expect("an id")]),
            organization["members_count"].as_u64().as_ref()
        );
        assert!(users.contains(organization["created_by"].as_str().expect("an id")), "{organization}");
    }
}

/// What the figures and the tests of organizations are measured with.
#[test]
fn an_uneven_tenant_has_what_tenants_become_over_the_years() {
    let scratch = Scratch::new();
    let generator = Generator { seed: 7, bad_share: 0.0, digests: false };
    let (directory, shape) = (scratch.path("tenant"), TenantShape::uneven(30, 2.5, 7));
    write_tenant_of_shape(&generator, 600, shape, &directory).expect("written");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let users: BTreeSet<String> = records(&directory, "users").iter().map(|user| text(&user["id"])).collect();
    let (mut members, mut roles, mut gone) = (BTreeMap::<String, BTreeSet<String>>::new(), BTreeSet::new(), 0);
    let memberships = records(&directory, "organization_memberships");
    for membership in &memberships {
        let (user, organization) =
            (text(&membership["public_user_data"]["user_id"]), text(&membership["organization"]["id"]));
        gone += u64::from(!users.contains(&user));
        assert!(members.entry(organization).or_default().insert(user), "nobody twice: {membership}");
        roles.insert(text(&membership["role"]));
    }
    let largest = members.values().map(BTreeSet::len).max().expect("members");
    assert!(largest >= 300 && (1_300..1_700).contains(&memberships.len()) && gone == 1, "{largest}, {gone}");
    assert!(roles.contains("org:support_agent") && roles.contains("org:admin"), "{roles:?}");
    let organizations = records(&directory, "organizations");
    let without: Vec<&Value> = organizations.iter().filter(|organization| organization["slug"].is_null()).collect();
    assert_eq!((organizations.len(), without.len()), (30, 6));
    assert_eq!(without[0]["name"], without[1]["name"], "a slug made of the name is taken");
    let slugs: BTreeSet<String> = organizations.iter().filter_map(|o| Some(o["slug"].as_str()?.to_owned())).collect();
    assert!(slugs.contains("organization-5") && slugs.contains("organization_5"), "{slugs:?}");
    // It is as an export is: its manifest says what is in it.
    let manifest = std::fs::read_to_string(directory.join("manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    for file in manifest["files"].as_array().expect("files") {
        let lines = std::fs::read_to_string(directory.join(file["file"].as_str().expect("a name"))).expect("the file");
        assert_eq!(lines.lines().count() as u64, file["records"].as_u64().expect("a count"), "{file}");
    }
}

/// Every member of a user in the document is read, or ignored by name; and nothing is ignored that the document does not
/// have. What is read beside the document comes from other exports.
#[test]
fn every_documented_field_of_a_user_is_read_or_ignored_by_name() {
    let document = Document::read();
    let verifications: BTreeSet<&str> = document.0["$defs"]
        .as_object()
        .expect("schemas")
        .keys()
        .filter(|name| name.starts_with("verification_"))
        .flat_map(|name| document.members(name))
        .collect();
    for (name, documented, read, ignored) in [
        ("User", document.members("User"), User::READ, User::IGNORED),
        ("EmailAddress", document.members("EmailAddress"), EmailAddress::READ, EmailAddress::IGNORED),
        ("PhoneNumber", document.members("PhoneNumber"), PhoneNumber::READ, PhoneNumber::IGNORED),
        (
            "ExternalAccount",
            document.members("ExternalAccountWithVerification"),
            ExternalAccount::READ,
            ExternalAccount::IGNORED,
        ),
        ("Verification", verifications, Verification::READ, Verification::IGNORED),
    ] {
        let (read, ignored): (BTreeSet<&str>, BTreeSet<&str>) =
            (read.iter().copied().collect(), ignored.iter().copied().collect());
        let known: BTreeSet<&str> = read.union(&ignored).copied().collect();
        assert_eq!(documented.difference(&known).collect::<Vec<_>>(), [&""; 0], "{name}: documented, and not known");
        assert_eq!(
            ignored.difference(&documented).collect::<Vec<_>>(),
            [&""; 0],
            "{name}: ignored, and not documented"
        );
        assert_eq!(read.intersection(&ignored).collect::<Vec<_>>(), [&""; 0], "{name}: read and ignored");
    }
    let elsewhere: Vec<&str> =
        User::READ.iter().copied().filter(|name| !document.members("User").contains(name)).collect();
    assert_eq!(
        elsewhere,
        [
            "deleted",
            "primary_email_address",
            "primary_phone_number",
            "verified_email_addresses",
            "unverified_email_addresses",
            "verified_phone_numbers",
            "unverified_phone_numbers",
            "password_digest",
            "password_hasher",
            "totp_secret",
            "backup_codes_enabled",
            "backup_codes",
            "_raw",
        ],
        "what other exports have"
    );
}

/// Notes which members a type reads, and gives none.
struct Members<'m>(&'m mut BTreeSet<&'static str>);

impl<'de> Deserializer<'de> for Members<'_> {
    type Error = NoValue;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NoValue> {
        Err(NoValue::custom("no value"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        members: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, NoValue> {
        // Each has a second name, as the SDK prints it.
        self.0.extend(members.iter().filter(|name| !name.contains(char::is_uppercase)));
        Err(NoValue::custom("no value"))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map enum identifier ignored_any
    }
}

fn read_by<'de, T: Deserialize<'de>>() -> BTreeSet<&'static str> {
    let mut members = BTreeSet::new();
    assert!(T::deserialize(Members(&mut members)).is_err() && !members.is_empty());
    members
}

/// The same of what else moves: what the importer does not read of it is named here, and why.
#[test]
fn every_documented_field_of_what_moves_beside_users_is_read_or_ignored_by_name() {
    let document = Document::read();
    // Pictures are at Clerk, counts and times of changes are the target's own, names of roles are not their keys, and an
    // invitation's address would lead to Clerk.
    let organization = ["image_url", "last_active_at", "members_count", "missing_member_with_elevated_permissions"];
    let organization = [&organization[..], &["object", "pending_invitations_count", "updated_at"]].concat();
    let membership = ["object", "permissions", "role_name", "updated_at"];
    let invitation = ["inviter_id", "object", "public_inviter_data", "role_name", "updated_at", "url"];
    for (name, read, ignored, elsewhere) in [
        ("Organization", read_by::<Organization<'_>>(), &organization[..], &["deleted"][..]),
        ("OrganizationMembership", read_by::<Membership<'_>>(), &membership, &["organization_id", "user_id"]),
        ("OrganizationInvitation", read_by::<Invitation<'_>>(), &invitation, &[]),
    ] {
        let ignored: BTreeSet<&str> = ignored.iter().copied().collect();
        let known: BTreeSet<&str> = read.union(&ignored).copied().collect();
        let documented = document.members(name);
        assert_eq!(documented.difference(&known).collect::<Vec<_>>(), [&""; 0], "{name}: documented, and not known");
        let beside: Vec<&str> = known.difference(&documented).copied().collect();
        assert_eq!(beside, elsewhere, "{name}: what only other exports have");
        assert_eq!(read.intersection(&ignored).collect::<Vec<_>>(), [&""; 0], "{name}: read and ignored");
    }
}
