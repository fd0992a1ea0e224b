CREATE TABLE IF NOT EXISTS oauth_clients (
    number                     INTEGER PRIMARY KEY,
    id                         TEXT NOT NULL UNIQUE,
    client_name                TEXT NOT NULL,
    redirect_uris              TEXT NOT NULL,
    grant_types                TEXT NOT NULL,
    response_types             TEXT NOT NULL,
    scope                      TEXT NOT NULL,
    token_endpoint_auth_method TEXT NOT NULL,
    client_uri                 TEXT,
    logo_uri                   TEXT,
    skip_consent               INTEGER NOT NULL,
    metadata                   TEXT,
    secret_digest              BLOB,
    version                    INTEGER NOT NULL DEFAULT 1,
    create_time                TEXT NOT NULL,
    update_time                TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS oauth_grants (
    id             TEXT PRIMARY KEY,
    phase          TEXT NOT NULL,
    secret_digest  BLOB UNIQUE,
    client_id      TEXT NOT NULL,
    redirect_uri   TEXT NOT NULL,
    scope          TEXT NOT NULL,
    state          TEXT,
    nonce          TEXT,
    code_challenge TEXT NOT NULL,
    identity_id    TEXT,
    signed_in_unix INTEGER,
    expires_unix   INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_tokens (
    digest       BLOB PRIMARY KEY,
    kind         TEXT NOT NULL,
    grant_id     TEXT NOT NULL,
    scope        TEXT NOT NULL,
    is_spent     INTEGER NOT NULL DEFAULT 0,
    expires_unix INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS oauth_keys (
    number  INTEGER PRIMARY KEY,
    private BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS oauth_grants_by_client ON oauth_grants (client_id);
CREATE INDEX IF NOT EXISTS oauth_tokens_by_grant ON oauth_tokens (grant_id);
