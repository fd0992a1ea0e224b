CREATE TABLE IF NOT EXISTS identities (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    external_id     TEXT UNIQUE,
    email           TEXT NOT NULL,
    email_key       TEXT,
    email_verified  INTEGER NOT NULL,
    username        TEXT UNIQUE COLLATE NOCASE,
    phone           TEXT UNIQUE,
    phone_verified  INTEGER NOT NULL,
    first_name      TEXT,
    last_name       TEXT,
    display_name    TEXT,
    organization_id TEXT,
    locale          TEXT,
    timezone        TEXT,
    state           TEXT NOT NULL,
    traits          TEXT,
    admin_metadata  TEXT,
    hashed_password TEXT,
    oidc            TEXT,
    version         INTEGER NOT NULL DEFAULT 1,
    create_time     TEXT NOT NULL,
    update_time     TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS organizations (
    number            INTEGER PRIMARY KEY,
    id                TEXT NOT NULL UNIQUE,
    external_id       TEXT UNIQUE,
    name              TEXT NOT NULL UNIQUE,
    display_name      TEXT,
    slug              TEXT NOT NULL UNIQUE,
    registration_mode TEXT NOT NULL,
    feature_flags     TEXT,
    security_policies TEXT,
    metadata          TEXT,
    admin_metadata    TEXT,
    version           INTEGER NOT NULL DEFAULT 1,
    create_time       TEXT NOT NULL,
    update_time       TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS members (
    number          INTEGER PRIMARY KEY,
    organization_id TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    role            TEXT NOT NULL,
    metadata        TEXT,
    joined_at       TEXT NOT NULL,
    UNIQUE (organization_id, user_id)
);
CREATE TABLE IF NOT EXISTS invitations (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    email           TEXT NOT NULL,
    email_key       TEXT NOT NULL,
    role            TEXT NOT NULL,
    metadata        TEXT,
    email_sent      INTEGER NOT NULL,
    expires_at      TEXT,
    created_at      TEXT NOT NULL,
    UNIQUE (organization_id, email_key)
);
CREATE TABLE IF NOT EXISTS permissions (
    number    INTEGER PRIMARY KEY,
    namespace TEXT NOT NULL,
    object    TEXT NOT NULL,
    relation  TEXT NOT NULL,
    subject   TEXT NOT NULL,
    UNIQUE (namespace, object, relation, subject)
);
-- With its own numbers: keys come in no order, and answers are long, so each would otherwise change a page that no other one does.
CREATE TABLE IF NOT EXISTS idempotency_keys (
    key          TEXT PRIMARY KEY,
    request      BLOB NOT NULL,
    status       INTEGER NOT NULL,
    body         BLOB NOT NULL,
    created_unix INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sign_ins (
    identity_id   TEXT PRIMARY KEY,
    last_login_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_keys_by_age ON idempotency_keys (created_unix);
CREATE INDEX IF NOT EXISTS members_by_user ON members (user_id);
CREATE INDEX IF NOT EXISTS permissions_by_subject ON permissions (subject);
CREATE INDEX IF NOT EXISTS identities_by_organization ON identities (organization_id) WHERE organization_id IS NOT NULL;
