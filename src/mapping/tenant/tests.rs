//! What records of organizations and their members become, field by field.

use std::io;
use std::sync::Arc;

use super::slug::name_of;
use super::{
    InvitationMapper, MadeNames, MembershipMapper, OrganizationMapper, OrganizationRules, TargetId, TargetIds,
    TupleMapper, TupleRules,
};
use crate::kind::Kind;
use crate::mapping::{MapOutput, Notice, RecordMapper, RoleRule, Rules, WantedOutput};
use crate::source::{RawRecord, RecordChunk, RecordSpan};

/// A target that knows some, all of them by an earlier run.
#[derive(Debug)]
struct Known(&'static [(Kind, &'static str, &'static str)]);

impl TargetIds for Known {
    fn find(&self, kind: Kind, clerk_id: &str) -> io::Result<Option<TargetId>> {
        let known = self.0.iter().find(|(of, id, _)| (*of, *id) == (kind, clerk_id));
        Ok(known.map(|(_, id, own)| TargetId { id: (*own).into(), external_id: (*id).into(), is_proven: false }))
    }
}

/// What a record becomes, or why it does not; with its notices and those to whom it refers.
fn mapped(mapper: &dyn RecordMapper, record: &str) -> String {
    let length = record.len() as u64;
    let span = RecordSpan { number: 1, line: 1, offset: 0, length, fault: None };
    let chunk = RecordChunk {
        input: "-".into(),
        bytes: record.as_bytes().to_vec().into(),
        base: 0,
        spans: vec![span.clone()],
        header: None,
        consumed: length,
    };
    let wanted = WantedOutput { encoded: true, ids: true, preview: false };
    let mut output = MapOutput::default();
    match mapper.map(RawRecord::new(&chunk, &span), wanted, &mut output).expect("no disk") {
        Ok(prepared) => {
            let notices: Vec<&str> = prepared.notices.iter().map(Notice::as_str).collect();
            let refers: Vec<&str> = prepared.references.iter().map(|reference| &*reference.id).collect();
            let encoded = String::from_utf8(output.encoded).expect("UTF-8");
            format!("{}\n{encoded}\n{notices:?} {refers:?}", prepared.external_id)
        }
        Err(rejection) => format!("{} {:?}", rejection.code.as_str(), rejection.field),
    }
}

const IDS: Known = Known(&[
    (Kind::User, "user_1", "usr_1"),
    (Kind::Organization, "org_1", "o1"),
    (Kind::Membership, "org_1/user_1", "o1/usr_1"),
    (Kind::Organization, "org_2", "o3"),
    (Kind::User, "user_2", "usr_2"),
    (Kind::Membership, "org_2/user_2", "o2/usr_2"),
]);

const MEMBERSHIP: &str = r#"{"id":"orgmem_1","role":"org:admin","organization":{"id":"org_1","created_by":"user_1"},"public_user_data":{"user_id":"user_1"},"public_metadata":{"a":1},"private_metadata":{"b":2},"created_at":1600000000000}"#;

#[test]
fn an_organization_becomes_one_with_its_metadata() {
    let mapper = OrganizationMapper::new(Rules::default());
    let record = r#"{"id":"org_1","name":"Ada & Co","slug":"ada","public_metadata":{"z":1.50},"private_metadata":{"k":"v"},"max_allowed_memberships":5,"admin_delete_enabled":true,"created_by":"user_1","created_at":1600000000000,"has_image":true}"#;
    insta::assert_snapshot!(mapped(&mapper, record), @r#"
    org_1
    {"organization":{"external_id":"org_1","name":"ada","display_name":"Ada & Co","slug":"ada","metadata":{"z":1.50},"admin_metadata":{"private_metadata":{"k":"v"},"clerk":{"id":"org_1","created_at":"2020-09-13T12:26:40Z","created_by":"user_1","max_allowed_memberships":5,"admin_delete_enabled":true}}}}
    ["organization_limits", "organization_image"] []
    "#);
    assert_eq!(mapped(&mapper, r#"{"name":"Ada"}"#), r#"missing_id Some("id")"#);
    assert_eq!(mapped(&mapper, r#"{"id":"org_1","deleted":true}"#), r#"deleted_user Some("deleted")"#);
    assert_eq!(mapped(&mapper, r#"{"id":7}"#), "invalid_record None");
}

#[test]
fn a_membership_names_both_as_the_target_does() {
    let mapper = |rules| MembershipMapper::new(rules, Some(Arc::new(IDS)));
    insta::assert_snapshot!(mapped(&mapper(Rules::default()), MEMBERSHIP), @r#"
    o1/usr_1
    {"membership":{"organization_id":"o1","user_id":"usr_1","role":"admin","metadata":{"public_metadata":{"a":1},"clerk":{"membership":"orgmem_1","created_at":"2020-09-13T12:26:40Z"}}}}
    ["membership_private_metadata"] ["o1", "usr_1"]
    "#);
    let own = MEMBERSHIP.replace("org:admin", "org:x");
    assert!(mapped(&mapper(Rules::default()), &own).contains(r#""role":"member""#));
    let creator = OrganizationRules { creator: Some("owner".to_owned()), ..OrganizationRules::default() };
    assert!(
        mapped(&mapper(Rules { organizations: creator, ..Rules::default() }), MEMBERSHIP).contains(r#""role":"owner""#)
    );
    for (record, expected) in [
        (MEMBERSHIP.replace("\"user_1\"}", "\"user_9\"}"), r#"missing_reference Some("nobody")"#),
        (
            MEMBERSHIP.replace("\"id\":\"org_1\"", "\"id\":\"org_9\""),
            r#"organization_not_imported Some("organization")"#,
        ),
        (MEMBERSHIP.replace("org:admin", "org:ä"), r#"invalid_role Some("role")"#),
        (MEMBERSHIP.replace("org:admin", ""), r#"missing_reference Some("role")"#),
        (
            r#"{"role":"admin","organization_id":"org_1"}"#.to_owned(),
            r#"missing_reference Some("public_user_data.user_id")"#,
        ),
        (
            r#"{"role":"admin","organization_id":"org_1","user_id":"user_1","public_user_data":{"user_id":"user_2"}}"#
                .to_owned(),
            r#"missing_reference Some("public_user_data.user_id")"#,
        ),
    ] {
        let found = mapped(&mapper(Rules::default()), &record);
        if expected.contains("nobody") {
            assert!(found.starts_with("user_not_imported"), "{found}");
        } else {
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn a_tuple_is_of_the_membership_and_of_nobody_else() {
    let mapper = |rules| TupleMapper::new(rules, Some(Arc::new(IDS)));
    insta::assert_snapshot!(mapped(&mapper(Rules::default()), MEMBERSHIP), @r#"
    organizations:o1#admin@identities:usr_1
    {"permission":{"namespace":"organizations","object":"o1","relation":"admin","subject":"identities:usr_1"}}
    [] ["o1/usr_1", "o1", "usr_1"]
    "#);
    let roles = vec![RoleRule { clerk: "org:admin".to_owned(), avnology: "auditor".to_owned() }];
    let guide = Rules { roles, tuples: TupleRules::of_guide(), ..Rules::default() };
    assert!(mapped(&mapper(guide), MEMBERSHIP).starts_with("orgs:o1#auditor@usr_1\n"));
    let none = MEMBERSHIP.replace("org_1", "org_2");
    assert_eq!(mapped(&mapper(Rules::default()), &none), r#"membership_not_imported Some("organization")"#);
    // The membership is known with another organization than the one that has this id at Clerk now.
    let moved = MEMBERSHIP.replace("org_1", "org_2").replace("user_1", "user_2");
    assert_eq!(mapped(&mapper(Rules::default()), &moved), r#"stale_reference Some("organization")"#);
}

#[test]
fn an_open_invitation_moves_without_an_e_mail() {
    let mapper = InvitationMapper::new(Rules::default(), Some(Arc::new(IDS)), jiff::Timestamp::UNIX_EPOCH);
    let record = r#"{"id":"orginv_1","email_address":"New@example.com","role":"org:member","organization_id":"org_1","status":"pending","expires_at":1900000000000}"#;
    insta::assert_snapshot!(mapped(&mapper, record), @r#"
    o1/new@example.com
    {"invitation":{"organization_id":"o1","email":"New@example.com","role":"member","expires_at":"2030-03-17T17:46:40Z","send_email":false,"metadata":{"clerk":{"invitation":"orginv_1"}}}}
    [] ["o1"]
    "#);
    let late = InvitationMapper::new(Rules::default(), Some(Arc::new(IDS)), "2031-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(mapped(&late, record), r#"invitation_not_pending Some("expires_at")"#);
    let revoked = record.replace("pending", "revoked");
    assert_eq!(mapped(&mapper, &revoked), r#"invitation_not_pending Some("status")"#);
}

#[test]
fn names_are_made_by_one_rule() {
    let named = |slug: Option<&str>, name: &str, rule| {
        let (name, is_made) = name_of(slug, name, "org_2abcDEF", rule);
        (name.into_owned(), is_made)
    };
    for (slug, name, expected) in [
        (Some("ada-co"), "Ada", ("ada-co", false)),
        (Some("Ada_Co"), "Ada", ("ada-co", true)),
        (None, "  Söhne & Co. GmbH!", ("s-hne-co-gmbh", true)),
        (None, "日本", ("org-2abcdef", true)),
        (Some("a"), "Ada", ("ada", true)),
    ] {
        let (made, is_made) = named(slug, name, MadeNames::Plain);
        assert_eq!((made.as_str(), is_made), expected, "{slug:?} {name}");
    }
    assert_eq!(named(None, &"x".repeat(99), MadeNames::Plain).0.len(), 64);
    let (one, other) =
        (named(None, &"x".repeat(99), MadeNames::Suffix), named(None, &"x".repeat(99), MadeNames::Suffix));
    assert_eq!((one.0.len(), &one), (64, &other));
}
