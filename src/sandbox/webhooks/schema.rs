//! The tables, and the triggers that note what is to be delivered.

use rusqlite::Connection;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS webhooks (
    number          INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    url             TEXT NOT NULL,
    events          TEXT NOT NULL,
    description     TEXT,
    active          INTEGER NOT NULL,
    organization_id TEXT,
    custom_headers  TEXT NOT NULL,
    secret          TEXT NOT NULL,
    version         INTEGER NOT NULL DEFAULT 1,
    create_time     TEXT NOT NULL,
    update_time     TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    number      INTEGER PRIMARY KEY,
    webhook_id  TEXT NOT NULL,
    event_type  TEXT NOT NULL,
    payload     TEXT NOT NULL,
    create_time TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    status      INTEGER
);
CREATE INDEX IF NOT EXISTS webhook_deliveries_open ON webhook_deliveries (number) WHERE status IS NULL;
";

/// By name: when, which row, and the event.
const TRIGGERS: [(&str, &str, &str, &str); 5] = [
    ("webhook_created", "AFTER INSERT ON identities", "NEW", "user.created"),
    ("webhook_updated", "AFTER UPDATE ON identities WHEN NEW.version <> OLD.version", "NEW", "user.updated"),
    (
        "webhook_disabled",
        "AFTER UPDATE ON identities WHEN NEW.state <> OLD.state AND NEW.state <> 'active'",
        "NEW",
        "user.disabled",
    ),
    (
        "webhook_enabled",
        "AFTER UPDATE ON identities WHEN NEW.state <> OLD.state AND NEW.state = 'active'",
        "NEW",
        "user.enabled",
    ),
    ("webhook_deleted", "AFTER DELETE ON identities", "OLD", "user.deleted"),
];

/// Makes the tables, and the triggers if something is to be delivered. Without that they cost nothing, for there are none.
pub(in crate::sandbox) fn prepare(connection: &Connection, delivers: bool) -> rusqlite::Result<()> {
    connection.execute_batch(TABLES)?;
    for (name, when, row, event) in TRIGGERS {
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}"))?;
        if delivers {
            connection.execute_batch(&format!(
                "CREATE TRIGGER {name} {when} BEGIN \
                 INSERT INTO webhook_deliveries (webhook_id, event_type, payload, create_time) \
                 SELECT id, '{event}', json_object('id', {row}.id, 'external_id', {row}.external_id, 'email', {row}.email, \
                 'state', {row}.state), strftime('%Y-%m-%dT%H:%M:%fZ', 'now') \
                 FROM webhooks WHERE active AND EXISTS (SELECT 1 FROM json_each(webhooks.events) WHERE value = '{event}'); END"
            ))?;
        }
    }
    Ok(())
}
