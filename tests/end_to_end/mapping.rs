//! Every rule of mapping, one row each, and properties that hold for any user.

#![expect(clippy::needless_pass_by_value, reason = "tables of cases read better without references")]

use avnology_migrate::avnology::encode;
use avnology_migrate::mapping::{EmailRules, MissingEmail, Notice, Rules, Unverified, map, parse};
use proptest::prelude::*;
use serde_json::{Value, json};

/// What mapping makes of a record: the canonical identity and the notices, or the code of its rejection.
fn outcome(record: &str, rules: &Rules) -> Result<(Value, Vec<&'static str>), &'static str> {
    let user = parse(record.as_bytes()).map_err(|rejection| rejection.code.as_str())?;
    let mapped = map(&user, rules).map_err(|rejection| rejection.code.as_str())?;
    let identity = serde_json::to_value(&mapped.identity).expect("an identity is JSON");
    Ok((identity, mapped.notices.iter().map(Notice::as_str).collect()))
}

/// A minimal user with these members added or replaced.
fn user(changes: Value) -> String {
    let mut user = json!({
        "id": "user_1",
        "email_addresses": [{"id": "idn_1", "email_address": "alan@example.com", "verified": true}],
        "primary_email_address_id": "idn_1",
    });
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    user.as_object_mut().expect("a user is an object").extend(changes);
    user.to_string()
}

#[track_caller]
fn assert_mapped(changes: Value, pointer: &str, expected: Value, notices: &[&str]) {
    let record = user(changes);
    let (identity, seen) = outcome(&record, &Rules::default()).unwrap_or_else(|code| panic!("{code}: {record}"));
    assert_eq!(identity.pointer(pointer).cloned().unwrap_or(Value::Null), expected, "{pointer} of {identity}");
    assert_eq!(seen, notices, "{record}");
}

#[track_caller]
fn assert_rejected(changes: Value, code: &str) {
    let record = user(changes);
    assert_eq!(outcome(&record, &Rules::default()).map(|(identity, _)| identity), Err(code), "{record}");
}

fn emails(list: &[(&str, &str)]) -> Value {
    list.iter().map(|(id, address)| json!({"id": id, "email_address": address})).collect()
}

const BCRYPT: &str = "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

#[test]
fn the_primary_email() {
    let two = || emails(&[("idn_1", "one@example.com"), ("idn_2", "two@example.com")]);
    let email = "/traits/email";
    assert_mapped(
        json!({"email_addresses": two(), "primary_email_address_id": "idn_2"}),
        email,
        json!("two@example.com"),
        &[],
    );
    assert_mapped(
        json!({"email_addresses": two(), "primary_email_address_id": null}),
        email,
        json!("one@example.com"),
        &["primary_not_named"],
    );
    assert_mapped(
        json!({"email_addresses": two(), "primary_email_address_id": ""}),
        email,
        json!("one@example.com"),
        &["primary_not_named"],
    );
    assert_mapped(
        json!({"email_addresses": two(), "primary_email_address_id": "idn_9"}),
        email,
        json!("one@example.com"),
        &["primary_email_unknown"],
    );
    // An address that nobody verified may be somebody else's.
    let second_is_verified = || {
        let mut two = two();
        two[1]["verification"] = json!({"status": "verified"});
        two
    };
    for (primary, email_address, warnings) in [
        (json!(null), "two@example.com", &["primary_not_named"]),
        (json!("idn_9"), "two@example.com", &["primary_email_unknown"]),
    ] {
        let user = json!({"email_addresses": second_is_verified(), "primary_email_address_id": primary});
        assert_mapped(user, email, json!(email_address), warnings);
    }
    assert_mapped(
        json!({"email_addresses": second_is_verified(), "primary_email_address_id": "idn_1"}),
        email,
        json!("one@example.com"),
        &[],
    );
    assert_mapped(
        json!({"email_addresses": two(), "primary_email_address_id": "idn_2"}),
        "/traits/email_addresses",
        json!([
            {"value": "one@example.com", "verified": false, "primary": false},
            {"value": "two@example.com", "verified": false, "primary": true},
        ]),
        &[],
    );
    assert_rejected(json!({"email_addresses": []}), "no_email");
    assert_rejected(json!({"email_addresses": null}), "no_email");
    assert_rejected(json!({"email_addresses": [{"id": "idn_1", "email_address": ""}]}), "no_email");
    assert_rejected(json!({"email_addresses": emails(&[("idn_1", "not an address")])}), "invalid_email");
}

#[test]
fn the_state_of_verification_is_carried_over() {
    let verified = "/traits/email_addresses/0/verified";
    for (verification, expected) in [
        (json!({"verified": true}), true),
        (json!({"verified": false}), false),
        (json!({"verification": {"status": "verified", "strategy": "email_code"}}), true),
        (json!({"verification": {"status": "unverified"}}), false),
        (json!({"verification": {"status": "expired"}}), false),
        (json!({"verification": {"status": "failed"}}), false),
        (json!({"verification": {"status": "transferable"}}), false),
        (json!({"verification": null}), false),
        (json!({}), false),
    ] {
        let mut email = json!({"id": "idn_1", "email_address": "a@example.com"});
        email.as_object_mut().expect("an object").extend(verification.as_object().expect("an object").clone());
        assert_mapped(json!({"email_addresses": [email]}), verified, json!(expected), &[]);
    }
}

#[test]
fn further_addresses() {
    let addresses = "/traits/email_addresses";
    let malformed = emails(&[("idn_1", "a@example.com"), ("idn_2", "nowhere")]);
    assert_mapped(
        json!({"email_addresses": malformed}),
        addresses,
        json!([{"value": "a@example.com", "verified": false, "primary": true}]),
        &["secondary_email_invalid"],
    );
    let twice = json!([
        {"id": "idn_0", "email_address": "A@example.com", "verified": true},
        {"id": "idn_1", "email_address": "a@example.com"},
    ]);
    assert_mapped(
        json!({"email_addresses": twice}),
        addresses,
        json!([{"value": "a@example.com", "verified": true, "primary": true}]),
        &[],
    );
}

#[test]
fn phones() {
    let phone =
        |id: &str, number: &str| json!({"id": id, "phone_number": number, "verification": {"status": "verified"}});
    let two = || json!([phone("idn_p", "+14155551234"), phone("idn_q", "+4930123456")]);
    assert_mapped(
        json!({"phone_numbers": two(), "primary_phone_number_id": "idn_q"}),
        "/traits/phone",
        json!("+4930123456"),
        &[],
    );
    assert_mapped(json!({"phone_numbers": two()}), "/traits/phone", json!("+14155551234"), &["primary_not_named"]);
    let mut second_is_verified = two();
    second_is_verified[0]["verification"]["status"] = json!("unverified");
    let user = json!({"phone_numbers": second_is_verified});
    assert_mapped(user, "/traits/phone", json!("+4930123456"), &["primary_not_named"]);
    let one = json!({"phone_numbers": [phone("idn_p", "+14155551234"), phone("idn_q", "+14155551234")]});
    assert_mapped(one, "/traits/phone", json!("+14155551234"), &[]);
    assert_mapped(
        json!({"phone_numbers": two(), "primary_phone_number_id": "idn_x"}),
        "/traits/phone",
        json!("+14155551234"),
        &["primary_phone_unknown"],
    );
    assert_mapped(
        json!({"phone_numbers": [phone("idn_p", "555 1234")]}),
        "/traits/phone",
        Value::Null,
        &["phone_invalid"],
    );
    assert_mapped(
        json!({"phone_numbers": [phone("idn_p", "555 1234")]}),
        "/traits/phone_numbers",
        json!([]),
        &["phone_invalid"],
    );
    let mut second_factor = phone("idn_p", "+14155551234");
    second_factor["reserved_for_second_factor"] = json!(true);
    assert_mapped(
        json!({"phone_numbers": [second_factor]}),
        "/traits/phone",
        json!("+14155551234"),
        &["second_factor_phone"],
    );
}

#[test]
fn the_external_id_and_the_origin() {
    assert_mapped(json!({}), "/external_id", json!("user_1"), &[]);
    assert_mapped(json!({"external_id": null}), "/external_id", json!("user_1"), &[]);
    assert_mapped(json!({"external_id": ""}), "/external_id", json!("user_1"), &[]);
    assert_mapped(json!({"external_id": "crm-7"}), "/external_id", json!("crm-7"), &[]);
    assert_mapped(json!({"external_id": "crm-7"}), "/admin_metadata/clerk/id", json!("user_1"), &[]);
    assert_mapped(
        json!({"created_at": 1_700_000_000_000_i64}),
        "/admin_metadata/clerk/created_at",
        json!("2023-11-14T22:13:20Z"),
        &[],
    );
    for created_at in [json!(1.7e12), json!("1700000000000"), json!("2023-11-14T22:13:20Z")] {
        let changes = json!({"created_at": created_at, "legal_accepted_at": ""});
        assert_mapped(changes, "/admin_metadata/clerk/created_at", json!("2023-11-14T22:13:20Z"), &[]);
    }
    for field in ["created_at", "legal_accepted_at"] {
        let pointer = format!("/admin_metadata/clerk/{field}");
        assert_mapped(json!({field: 1_700_000_000}), &pointer, json!("2023-11-14T22:13:20Z"), &["time_in_seconds"]);
        assert_mapped(json!({field: "1700000000"}), &pointer, json!("2023-11-14T22:13:20Z"), &["time_in_seconds"]);
        assert_mapped(json!({field: 0}), &pointer, json!("1970-01-01T00:00:00Z"), &["time_in_seconds"]);
        assert_rejected(json!({field: "yesterday"}), "invalid_record");
    }
    assert_rejected(json!({"id": null}), "missing_id");
    assert_rejected(json!({"id": ""}), "missing_id");
    assert_rejected(json!({"deleted": true}), "deleted_user");
    assert_rejected(json!({"created_at": i64::MAX}), "invalid_record");
    assert_rejected(json!({"external_id": "x".repeat(256)}), "field_too_long");
}

#[test]
fn names_and_locale() {
    assert_mapped(json!({"first_name": "Zoë 👩‍🚀"}), "/traits/first_name", json!("Zoë 👩‍🚀"), &[]);
    assert_mapped(json!({"first_name": ""}), "/traits/first_name", Value::Null, &[]);
    assert_mapped(json!({"last_name": "é".repeat(255)}), "/traits/last_name", json!("é".repeat(255)), &[]);
    assert_rejected(json!({"last_name": "é".repeat(256)}), "field_too_long");
    assert_mapped(json!({"username": "alan_t-1"}), "/traits/username", json!("alan_t-1"), &[]);
    assert_rejected(json!({"username": "al"}), "invalid_username");
    assert_rejected(json!({"username": "alan.t"}), "invalid_username");
    assert_mapped(json!({"locale": "en-US"}), "/locale", json!("en-US"), &[]);
    assert_mapped(json!({"locale": "English"}), "/locale", json!("English"), &[]);
    assert_mapped(json!({"locale": "en_US"}), "/locale", Value::Null, &["locale_invalid"]);
}

#[test]
fn passwords() {
    let hash = "/credentials/password/config/hashed_password";
    assert_mapped(json!({"password_digest": BCRYPT}), hash, json!(BCRYPT), &[]);
    assert_mapped(json!({"password_digest": BCRYPT, "password_hasher": "bcrypt"}), hash, json!(BCRYPT), &[]);
    assert_mapped(json!({"password_digest": BCRYPT, "password_hasher": null}), hash, json!(BCRYPT), &[]);
    assert_mapped(json!({"password_digest": "$2a$10$short"}), hash, Value::Null, &["password_malformed"]);
    assert_mapped(json!({"password_enabled": true}), hash, Value::Null, &["password_missing"]);
    assert_mapped(json!({"password_enabled": false}), "/credentials", Value::Null, &[]);
    for hasher in [
        "argon2i",
        "argon2id",
        "bcrypt_peppered",
        "bcrypt_sha256_django",
        "hmac_sha256_utf16_b64",
        "md5",
        "md5_salted",
        "md5_phpass",
        "pbkdf2_sha1",
        "pbkdf2_sha256",
        "pbkdf2_sha256_django",
        "pbkdf2_sha512",
        "pbkdf2_sha512_hex",
        "scrypt_firebase",
        "scrypt_werkzeug",
        "sha256",
        "sha256_salted",
        "sha512_symfony",
        "ldap_ssha",
        "awscognito",
        "BCRYPT",
    ] {
        let changes = json!({"password_digest": BCRYPT, "password_hasher": hasher});
        assert_mapped(changes, hash, Value::Null, &["password_not_portable"]);
    }
}

#[test]
fn social_sign_ins() {
    let account = |provider: &str, status: &str| json!({"provider": provider, "provider_user_id": "1078", "verification": {"status": status}});
    let providers = "/credentials/oidc/config/providers";
    assert_mapped(
        json!({"external_accounts": [account("oauth_google", "verified"), account("oauth_custom_acme", "verified")]}),
        providers,
        json!([{"provider": "google", "subject": "1078"}, {"provider": "custom_acme", "subject": "1078"}]),
        &[],
    );
    let unverified = json!({"external_accounts": [account("oauth_google", "unverified")]});
    assert_mapped(unverified, providers, Value::Null, &["external_account_unverified"]);
    let without_subject =
        json!({"external_accounts": [{"provider": "oauth_google", "verification": {"status": "verified"}}]});
    assert_mapped(without_subject, providers, Value::Null, &["external_account_incomplete"]);
}

#[test]
fn a_user_who_may_not_sign_in_at_clerk_arrives_disabled() {
    assert_mapped(json!({}), "/state", json!("active"), &[]);
    for reason in ["banned", "locked", "deprovisioned"] {
        assert_mapped(json!({reason: true}), "/state", json!("disabled"), &[]);
        assert_mapped(json!({reason: true}), "/admin_metadata/clerk/disabled_because", json!(reason), &[]);
        assert_mapped(json!({reason: false}), "/state", json!("active"), &[]);
        // What the SDK prints has some of them in `_raw` alone.
        assert_mapped(json!({"_raw": {reason: true}}), "/state", json!("disabled"), &[]);
        assert_mapped(json!({reason: false, "_raw": {reason: true}}), "/state", json!("disabled"), &[]);
        assert_mapped(json!({reason: true, "_raw": {reason: false}}), "/state", json!("disabled"), &[]);
        assert_mapped(json!({"_raw": {reason: false}}), "/state", json!("active"), &[]);
        let because = "/admin_metadata/clerk/disabled_because";
        assert_mapped(json!({"_raw": {reason: true}}), because, json!(reason), &[]);
    }
}

#[test]
fn a_locale_that_only_the_backend_api_gave_moves() {
    assert_mapped(json!({"_raw": {"locale": "de-AT"}}), "/locale", json!("de-AT"), &[]);
    assert_mapped(json!({"locale": null, "_raw": {"locale": "de-AT"}}), "/locale", json!("de-AT"), &[]);
    assert_mapped(json!({"locale": "fr", "_raw": {"locale": "de-AT"}}), "/locale", json!("fr"), &[]);
    assert_mapped(json!({"_raw": {"locale": "?"}}), "/locale", Value::Null, &["locale_invalid"]);
}

#[test]
fn what_cannot_move_is_reported() {
    for (changes, notice) in [
        (json!({"totp_enabled": true}), "totp"),
        (json!({"totp_secret": "JBSWY3DP"}), "totp"),
        (json!({"backup_code_enabled": true}), "backup_codes"),
        (json!({"backup_codes_enabled": true}), "backup_codes"),
        (json!({"passkeys": [{"id": "idn_k"}]}), "passkeys"),
        (json!({"web3_wallets": [{"id": "idn_w"}]}), "web3_wallets"),
        (json!({"saml_accounts": [{"id": "idn_s"}]}), "enterprise_accounts"),
        (json!({"enterprise_accounts": [{"id": "idn_s"}]}), "enterprise_accounts"),
        (json!({"has_image": true}), "profile_image"),
        (json!({"something_new": 1}), "unknown_fields"),
        (json!({"organization_memberships": [{"id": "orgmem_1"}]}), "organization_memberships"),
        (json!({"_raw": {"passkeys": [{}]}}), "passkeys"),
        (json!({"_raw": {"enterprise_accounts": [{}]}}), "enterprise_accounts"),
        (json!({"public_metadata": "text"}), "metadata_not_object"),
        (json!({"private_metadata": [1]}), "metadata_not_object"),
        (json!({"unsafe_metadata": 7}), "metadata_not_object"),
    ] {
        assert_mapped(changes, "/external_id", json!("user_1"), &[notice]);
    }
    assert_mapped(
        json!({"totp_enabled": false, "totp_secret": "", "passkeys": [], "object": "user", "public_metadata": null,
            "organization_memberships": [], "_raw": {"passkeys": []}}),
        "/state",
        json!("active"),
        &[],
    );
}

/// Only the case of letters counts the same in every program; what Unicode calls the same may be two mailboxes.
#[test]
fn no_spelling_lends_its_verification_to_what_may_be_another_mailbox() {
    let outcome = |record: Value, unverified: Unverified| -> Result<(Value, bool), &str> {
        let rules = Rules { email: EmailRules { unverified, ..EmailRules::default() }, ..Rules::default() };
        let record = user(record);
        let user = parse(record.as_bytes()).expect("a user");
        let identity = map(&user, &rules).map_err(|rejection| rejection.code.as_str())?.identity;
        let addresses = serde_json::to_value(&identity.traits).expect("JSON")["email_addresses"].clone();
        Ok((addresses, identity.email_verified))
    };
    let both = |[first, second]: [&str; 2]| {
        json!({"email_addresses": [
            {"id": "idn_1", "email_address": first, "verification": {"status": "unverified"}},
            {"id": "idn_2", "email_address": second, "verification": {"status": "verified"}},
        ]})
    };
    let entry = |value: &str, verified: bool| json!([{"value": value, "verified": verified, "primary": true}]);
    for [first, second] in [["weiss@x.de", "weiß@x.de"], ["ﬁn@x.de", "fin@x.de"], ["É@x.de", "é@x.de"]] {
        for primary in ["idn_1", "idn_2"] {
            let mut record = both([first, second]);
            record["primary_email_address_id"] = json!(primary);
            let is_second = primary == "idn_2";
            let expected = entry(if is_second { second } else { first }, is_second);
            assert_eq!(outcome(record.clone(), Unverified::Keep), Ok((expected, is_second)), "{first} {primary}");
            let dropped = outcome(record.clone(), Unverified::Drop);
            assert_eq!(dropped, Ok((entry(second, true), true)), "{first} {primary}");
            let rejected = outcome(record, Unverified::Reject).err();
            assert_eq!(rejected, (!is_second).then_some("email_unverified"), "{first} {primary}");
        }
        // Three of them: the one that is sent is verified by the other one of its spelling, wherever it stands.
        let mut record = both([first, second]);
        let third = json!({"id": "idn_3", "email_address": second, "verification": {"status": "unverified"}});
        record["email_addresses"].as_array_mut().expect("addresses").push(third);
        record["primary_email_address_id"] = json!("idn_3");
        assert_eq!(outcome(record, Unverified::Keep), Ok((entry(second, true), true)), "{first}");
        // Flat users, with a list and with so many addresses that they are not compared one by one.
        for others in [0, 20] {
            let mut list: Vec<String> = vec![first.to_owned()];
            list.extend((0..others).map(|number| format!("other{number}@x.de")));
            let flat = json!({
                "primary_email_address": first, "email_addresses": list, "verified_email_addresses": [second],
            });
            let (sent, verified) = outcome(flat, Unverified::Keep).expect("a user");
            assert_eq!((&sent[0], verified), (&entry(first, false)[0], false), "{first}");
        }
    }
    for [first, second] in [
        ["Ada@x.de", "aDA@X.DE"],
        ["jo\u{308}rg@x.de", "Jörg@X.de"],
        ["a@bücher.example", "A@XN--Bcher-kva.example"],
        ["c@例え.jp", "c@例え。jp"],
    ] {
        let expected = |value: &str| Ok((entry(value, true), true));
        assert_eq!(outcome(both([first, second]), Unverified::Keep), expected(first));
        assert_eq!(outcome(both([first, second]), Unverified::Reject), expected(first));
        let flat = json!({"email_addresses": [first], "verified_email_addresses": [second]});
        assert_eq!(outcome(flat, Unverified::Keep), expected(first));
    }
}

#[test]
fn metadata_goes_where_it_belongs_and_private_metadata_never_into_traits() {
    let bags = json!({"public_metadata": {"a": 1}, "unsafe_metadata": {"b": 2}, "private_metadata": {"c": 3}});
    let (identity, _) = outcome(&user(bags), &Rules::default()).expect("a user");
    assert_eq!(identity["traits"]["public_metadata"], json!({"a": 1}));
    assert_eq!(identity["traits"]["unsafe_metadata"], json!({"b": 2}));
    assert_eq!(identity["admin_metadata"]["private_metadata"], json!({"c": 3}));
    assert!(!identity["traits"].to_string().contains("\"c\""));
}

/// `{"firstName": …}` of `{"first_name": …}`.
fn camel_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let name = |name: &str| {
                let mut words = name.split('_');
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..])
            };
            members.iter().map(|(member, value)| (name(member), camel_case(value))).collect()
        }
        Value::Array(items) => items.iter().map(camel_case).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_user_as_the_sdk_prints_it_is_the_same_user() {
    let record: Value = serde_json::from_str(&user(json!({
        "username": "alan", "first_name": "Alan", "last_name": "T", "external_id": "crm-7", "has_image": true,
        "password_enabled": true, "created_at": 1_700_000_000_000_i64, "legal_accepted_at": 1_700_000_000_000_i64,
        "banned": true, "public_metadata": {"plan": "pro"}, "private_metadata": {}, "unsafe_metadata": {},
        "email_addresses": [
            {"id": "idn_0", "email_address": "a@example.com", "verification": {"status": "unverified"}},
            {"id": "idn_1", "email_address": "b@example.com", "verification": {"status": "verified"}},
        ],
        "phone_numbers": [{"id": "idn_p", "phone_number": "+14155550100", "reserved_for_second_factor": true}],
        "primary_phone_number_id": "idn_p", "web3_wallets": [{"id": "idn_w"}], "saml_accounts": [{"id": "idn_s"}],
        "external_accounts": [
            {"provider": "oauth_google", "provider_user_id": "1078", "verification": {"status": "verified"}},
        ],
    })))
    .expect("JSON");
    let expected = outcome(&record.to_string(), &Rules::default()).expect("a user");
    let mut printed = camel_case(&record);
    assert_eq!(outcome(&printed.to_string(), &Rules::default()).expect("the same user"), expected);
    // The SDK's own name for it.
    let account = printed["externalAccounts"][0].as_object_mut().expect("an account");
    let subject = account.remove("providerUserId").expect("the subject");
    account.insert("externalId".to_owned(), subject);
    printed["_raw"] = record;
    assert_eq!(outcome(&printed.to_string(), &Rules::default()).expect("the same user"), expected);
}

#[test]
fn a_placeholder_for_a_missing_email() {
    let rules =
        Rules { missing_email: MissingEmail::Placeholder { domain: "example.invalid".to_owned() }, ..Rules::default() };
    let (identity, notices) = outcome(&user(json!({"email_addresses": []})), &rules).expect("a user");
    assert_eq!(identity["traits"]["email"], "user_1@example.invalid");
    assert_eq!(identity["traits"]["email_addresses"][0]["verified"], false);
    assert_eq!(notices, ["email_placeholder"]);
}

#[test]
fn the_wire_form_fills_the_documented_fields_from_the_traits() {
    let record = user(json!({
        "username": "alan", "first_name": "Alan", "locale": "en-GB", "banned": true, "password_digest": BCRYPT,
        "phone_numbers": [{"id": "idn_p", "phone_number": "+14155551234", "verified": true}],
    }));
    let parsed = parse(record.as_bytes()).expect("a user");
    let mut body = Vec::new();
    encode(&map(&parsed, &Rules::default()).expect("an identity").identity, &mut body);
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    insta::assert_json_snapshot!(body);
}

/// A JSON value as text that no parser would write in the same way again.
fn odd_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1e400".to_owned()),
        Just("-0.0".to_owned()),
        Just("123456789012345678901234567890".to_owned()),
        Just("1.10".to_owned()),
        Just(r#""\u00e9\ud83d\ude00\/""#.to_owned()),
        Just("null".to_owned()),
        "[a-z é]{0,5}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(5, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" , "))),
            proptest::collection::vec(("[aA ]{0,2}", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn metadata_survives_to_the_byte(public in odd_json(), hidden in odd_json()) {
        let record = format!(
            r#"{{"id":"user_1","email_addresses":[{{"email_address":"a@example.com"}}],"public_metadata":{public},"private_metadata":{hidden}}}"#
        );
        let user = parse(record.as_bytes()).expect("a user");
        let mut body = Vec::new();
        encode(&map(&user, &Rules::default()).expect("an identity").identity, &mut body);
        let body = String::from_utf8(body).expect("UTF-8");
        prop_assert!(public == "null" || body.contains(&format!("\"public_metadata\":{public}")), "{}", body);
        prop_assert!(hidden == "null" || body.contains(&format!("\"private_metadata\":{hidden}")), "{}", body);
    }

    #[test]
    fn every_record_has_an_outcome_and_no_message_repeats_it(record in odd_json(), field in "[a-z_]{1,12}") {
        let record = format!(r#"{{"id":"user_1","{field}":{record},"first_name":{record},"email_addresses":{record}}}"#);
        if let Err(rejection) = parse(record.as_bytes()).and_then(|user| map(&user, &Rules::default()).map(|_| ())) {
            prop_assert!(!rejection.message.contains("é"), "{}", rejection.message);
        }
    }

    #[test]
    fn any_bytes_have_an_outcome(record in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(parse(&record).is_err() || std::str::from_utf8(&record).is_ok());
    }
}
