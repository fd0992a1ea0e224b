//! The lists that the OpenAPI document has, as a table.

use super::kind::Kind;
use super::list::{Filter, List, ListShape, Paging};

/// The states of an invitation.
const STATES: &[&str] = &["pending", "accepted", "revoked", "expired"];

/// A member of a user, for an order.
macro_rules! of_user {
    ($sql:literal) => {
        concat!("(SELECT ", $sql, " FROM users u WHERE u.id = r.user_id)")
    };
}

/// An entry of a list of the record: one of the values, in any case.
macro_rules! entry {
    ($list:literal, $member:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM json_each(r.record, '$.",
            $list,
            "') e WHERE lower(e.value ->> '$.",
            $member,
            "') IN (SELECT lower(value) FROM json_each(json_array({}))))"
        )
    };
}

/// Part of a member of an entry of a list, in any case.
macro_rules! part_of_entry {
    ($list:literal, $member:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM json_each(r.record, '$.",
            $list,
            "') e WHERE instr(lower(e.value ->> '$.",
            $member,
            "'), lower({})) > 0)"
        )
    };
}

/// Part of a member, in any case.
macro_rules! part {
    ($member:literal) => {
        concat!("instr(lower(COALESCE(r.record ->> '$.", $member, "', '')), lower({})) > 0")
    };
}

/// An entry of a user whose id another member has: the primary one.
macro_rules! primary {
    ($user:literal, $list:literal, $member:literal, $id:literal) => {
        concat!(
            "(SELECT e.value ->> '$.",
            $member,
            "' FROM json_each(",
            $user,
            ".record, '$.",
            $list,
            "') e WHERE e.value ->> '$.id' = ",
            $user,
            ".record ->> '$.",
            $id,
            "')"
        )
    };
}

/// What `/users`, `/users/count` and the memberships of an organization ask of users.
const USERS: &[(&str, Filter)] = &[
    ("user_id", Filter::Signed("r.id IN ({})")),
    ("email_address", Filter::Any(entry!("email_addresses", "email_address"))),
    ("phone_number", Filter::Any(entry!("phone_numbers", "phone_number"))),
    ("web3_wallet", Filter::Any(entry!("web3_wallets", "web3_wallet"))),
    ("username", Filter::Any("r.record ->> '$.username' IN ({})")),
    (
        "query",
        Filter::Text(concat!(
            "(",
            "r.id = {} OR ",
            part_of_entry!("email_addresses", "email_address"),
            " OR ",
            part_of_entry!("phone_numbers", "phone_number"),
            " OR ",
            part_of_entry!("web3_wallets", "web3_wallet"),
            " OR ",
            part!("username"),
            " OR ",
            part!("first_name"),
            " OR ",
            part!("last_name"),
            ")"
        )),
    ),
    ("email_address_query", Filter::Text(part_of_entry!("email_addresses", "email_address"))),
    ("phone_number_query", Filter::Text(part_of_entry!("phone_numbers", "phone_number"))),
    ("username_query", Filter::Text(part!("username"))),
    ("name_query", Filter::Text(concat!("(", part!("first_name"), " OR ", part!("last_name"), ")"))),
    ("last_active_at_before", Filter::Integer("r.last_active_at < {}")),
    ("last_active_at_after", Filter::Integer("r.last_active_at > {}")),
    ("created_at_before", Filter::Integer("r.created_at < {}")),
    ("created_at_after", Filter::Integer("r.created_at > {}")),
];

/// What only `/users` and `/users/count` ask of users.
const MORE_OF_USERS: &[(&str, Filter)] = &[
    ("external_id", Filter::Signed("COALESCE(r.record ->> '$.external_id', '') IN ({})")),
    (
        "organization_id",
        Filter::Signed(
            "EXISTS (SELECT 1 FROM organization_memberships m WHERE m.user_id = r.id AND m.organization_id IN ({}))",
        ),
    ),
    ("banned", Filter::Flag("COALESCE(r.record ->> '$.banned', 0) = {}")),
    ("last_active_at_since", Filter::Integer("r.last_active_at >= {}")),
    ("last_sign_in_at_before", Filter::Integer("r.record ->> '$.last_sign_in_at' < {}")),
    ("last_sign_in_at_after", Filter::Integer("r.record ->> '$.last_sign_in_at' > {}")),
    ("provider", Filter::For("provider_user_id")),
    (
        "provider_user_id",
        Filter::Along(
            "provider",
            "EXISTS (SELECT 1 FROM json_each(r.record, '$.external_accounts') e \
             WHERE e.value ->> '$.provider' = {other} AND e.value ->> '$.provider_user_id' IN ({}))",
        ),
    ),
];

const KEYS: &[(&str, Filter)] =
    &[("query", Filter::Text(concat!("(r.id = {} OR ", part!("name"), " OR ", part!("key"), ")")))];

const KEY_ORDERS: &[(&str, &str)] =
    &[("created_at", "r.created_at"), ("name", "r.record ->> '$.name'"), ("key", "r.record ->> '$.key'")];

const NAME_ORDERS: &[(&str, &str)] = &[("created_at", "r.created_at"), ("name", "r.record ->> '$.name'")];

const INVITATION_ORDERS: &[(&str, &str)] =
    &[("created_at", "r.created_at"), ("email_address", "r.record ->> '$.email_address'")];

/// What only the list of a whole instance shows of an invitation.
pub(super) const OF_INVITATIONS: &str = "public_organization_data";

const DOMAIN_MODES: Filter = Filter::Signed("r.record ->> '$.enrollment_mode' IN ({})");
const DOMAIN_VERIFIED: Filter = Filter::Flag("(COALESCE(r.record ->> '$.verification.status', '') = 'verified') = {}");

/// `GET /users`
pub(super) const USER_LIST: List = List {
    orders: &[
        ("created_at", "r.created_at"),
        ("updated_at", "r.updated_at"),
        ("email_address", primary!("r", "email_addresses", "email_address", "primary_email_address_id")),
        ("web3wallet", primary!("r", "web3_wallets", "web3_wallet", "primary_web3_wallet_id")),
        ("first_name", "r.record ->> '$.first_name'"),
        ("last_name", "r.record ->> '$.last_name'"),
        ("phone_number", primary!("r", "phone_numbers", "phone_number", "primary_phone_number_id")),
        ("username", "r.record ->> '$.username'"),
        ("last_active_at", "r.last_active_at"),
        ("last_sign_in_at", "r.record ->> '$.last_sign_in_at'"),
    ],
    has_cursor: true,
    filters: MORE_OF_USERS,
    user_filters: USERS,
    ..List::of(Kind::Users, ListShape::Array, Paging::Always)
};

/// `GET /users/count`
pub(super) const USER_COUNT: List =
    List { filters: MORE_OF_USERS, user_filters: USERS, ..List::of(Kind::Users, ListShape::Array, Paging::Never) };

/// `GET /organization_memberships`, and those of a user
pub(super) const MEMBERSHIP_LIST: List = List {
    orders: &[
        ("created_at", "r.created_at"),
        (
            "phone_number",
            of_user!("(SELECT e.value ->> '$.phone_number' FROM json_each(u.record, '$.phone_numbers') e LIMIT 1)"),
        ),
        (
            "email_address",
            of_user!("(SELECT e.value ->> '$.email_address' FROM json_each(u.record, '$.email_addresses') e LIMIT 1)"),
        ),
        ("first_name", of_user!("u.record ->> '$.first_name'")),
        ("last_name", of_user!("u.record ->> '$.last_name'")),
        ("username", of_user!("u.record ->> '$.username'")),
    ],
    ..List::of(Kind::OrganizationMemberships, ListShape::Page, Paging::Always)
};

/// `GET /users/{user_id}/organization_memberships`
pub(super) const MEMBERSHIPS_OF_USER: List = List::of(Kind::OrganizationMemberships, ListShape::Page, Paging::Always);

/// `GET /organizations/{organization_id}/memberships`
pub(super) const MEMBERSHIPS_OF_ORGANIZATION: List =
    List { filters: &[("role", Filter::Any("r.record ->> '$.role' IN ({})"))], user_filters: USERS, ..MEMBERSHIP_LIST };

/// `GET /organizations/{organization_id}/invitations`
pub(super) const INVITATIONS_OF_ORGANIZATION: List = List {
    orders: INVITATION_ORDERS,
    filters: &[
        ("status", Filter::Choice("r.record ->> '$.status' IN ({})", STATES)),
        ("email_address", Filter::Text("lower(r.record ->> '$.email_address') = lower({})")),
    ],
    hidden: Some(OF_INVITATIONS),
    ..List::of(Kind::OrganizationInvitations, ListShape::Page, Paging::Always)
};

/// `GET /organizations/{organization_id}/invitations/pending`
pub(super) const PENDING_OF_ORGANIZATION: List = List {
    hidden: Some(OF_INVITATIONS),
    without: Some(("status", "r.record ->> '$.status' = 'pending'")),
    ..List::of(Kind::OrganizationInvitations, ListShape::Page, Paging::Always)
};

/// `GET /organizations/{organization_id}/domains`
pub(super) const DOMAINS_OF_ORGANIZATION: List = List {
    filters: &[("verified", DOMAIN_VERIFIED), ("enrollment_mode", DOMAIN_MODES)],
    ..List::of(Kind::OrganizationDomains, ListShape::Page, Paging::Always)
};

/// Lists whose path is the name of their kind.
const LISTS: &[List] = &[
    USER_LIST,
    MEMBERSHIP_LIST,
    List {
        orders: &[
            ("created_at", "r.created_at"),
            ("name", "r.record ->> '$.name'"),
            ("members_count", "(SELECT count(*) FROM organization_memberships m WHERE m.organization_id = r.id)"),
        ],
        filters: &[
            ("query", Filter::Text(concat!("(r.id = {} OR ", part!("name"), " OR ", part!("slug"), ")"))),
            (
                "user_id",
                Filter::Signed(
                    "EXISTS (SELECT 1 FROM organization_memberships m \
                     WHERE m.organization_id = r.id AND m.user_id IN ({}))",
                ),
            ),
            ("organization_id", Filter::Signed("r.id IN ({})")),
        ],
        views: &["include_members_count", "include_missing_member_with_elevated_permissions"],
        ..List::of(Kind::Organizations, ListShape::Page, Paging::Always)
    },
    List {
        orders: &[
            ("created_at", "r.created_at"),
            ("email_address", "r.record ->> '$.email_address'"),
            ("expires_at", "r.record ->> '$.expires_at'"),
        ],
        filters: &[
            ("status", Filter::Choice("r.record ->> '$.status' IN ({})", STATES)),
            ("query", Filter::Text(concat!("(r.id = {} OR ", part!("email_address"), ")"))),
        ],
        without: Some(("status", "COALESCE(r.record ->> '$.status', '') <> 'revoked'")),
        ..List::of(Kind::Invitations, ListShape::Array, Paging::WhenAsked)
    },
    List {
        orders: INVITATION_ORDERS,
        filters: &[
            ("status", Filter::Choice("r.record ->> '$.status' IN ({})", STATES)),
            ("query", Filter::Text(part!("email_address"))),
        ],
        ..List::of(Kind::OrganizationInvitations, ListShape::Page, Paging::Always)
    },
    List {
        orders: NAME_ORDERS,
        filters: &[
            ("organization_id", Filter::Text("r.organization_id = {}")),
            ("verified", DOMAIN_VERIFIED),
            ("enrollment_mode", DOMAIN_MODES),
            (
                "query",
                Filter::Text(concat!(
                    "CASE WHEN substr({}, 1, 4) = 'org_' THEN r.organization_id = {} ELSE ",
                    part!("name"),
                    " END"
                )),
            ),
            ("domains", Filter::Any("r.record ->> '$.name' IN ({})")),
        ],
        ..List::of(Kind::OrganizationDomains, ListShape::Page, Paging::Always)
    },
    List { orders: KEY_ORDERS, filters: KEYS, ..List::of(Kind::OrganizationRoles, ListShape::Page, Paging::Always) },
    List {
        orders: KEY_ORDERS,
        filters: KEYS,
        ..List::of(Kind::OrganizationPermissions, ListShape::Page, Paging::Always)
    },
    List { orders: KEY_ORDERS, filters: KEYS, ..List::of(Kind::RoleSets, ListShape::Page, Paging::Always) },
    List {
        orders: NAME_ORDERS,
        // The document says both directions; this is the one of the parameter itself.
        default_order: "+created_at",
        filters: &[("name_query", Filter::Text(concat!("(", part!("name"), " OR r.record ->> '$.client_id' = {})")))],
        ..List::of(Kind::OauthApplications, ListShape::Page, Paging::Always)
    },
    List::of(Kind::RedirectUrls, ListShape::Array, Paging::WhenAsked),
    List::of(Kind::JwtTemplates, ListShape::Array, Paging::WhenAsked),
    List::of(Kind::AllowlistIdentifiers, ListShape::Array, Paging::WhenAsked),
    List::of(Kind::BlocklistIdentifiers, ListShape::Page, Paging::Never),
    List::of(Kind::Domains, ListShape::Page, Paging::Never),
    List {
        filters: &[
            ("organization_id", Filter::Text("r.organization_id = {}")),
            ("active", Filter::Flag("COALESCE(r.record ->> '$.active', 0) = {}")),
        ],
        ..List::of(Kind::EnterpriseConnections, ListShape::Page, Paging::Always)
    },
    List {
        orders: NAME_ORDERS,
        filters: &[
            ("query", Filter::Text(part!("name"))),
            ("organization_id", Filter::Signed("COALESCE(r.organization_id, '') IN ({})")),
        ],
        ..List::of(Kind::SamlConnections, ListShape::Page, Paging::Always)
    },
];

/// The list at `/{kind}`, if the document has one.
pub(super) fn list_of(kind: Kind) -> Option<&'static List> {
    LISTS.iter().find(|list| list.kind == kind)
}
