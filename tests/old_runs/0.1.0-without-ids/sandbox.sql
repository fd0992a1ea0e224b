BEGIN TRANSACTION;
CREATE TABLE idempotency_keys (
    key          TEXT PRIMARY KEY,
    request      BLOB NOT NULL,
    status       INTEGER NOT NULL,
    body         BLOB NOT NULL,
    created_unix INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE identities (
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
INSERT INTO "identities" VALUES(1,'usr_01a2169d-d992-7402-9c31-e0f991d09447','user_0002','user2@example.com','user2@example.com',1,NULL,NULL,0,'N2',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user2@example.com","first_name":"N2","email_addresses":[{"value":"user2@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0002"},"avnology_migrate":{"run":"20261126T064932Z-dd4cd4c2","record":"0:1"}}',NULL,NULL,1,'2026-11-26T06:49:33.3307534Z','2026-11-26T06:49:33.3307534Z');
INSERT INTO "identities" VALUES(2,'usr_01a2169d-d992-7402-9c31-e0fab5f69929','somebody_else','taken@example.com','taken@example.com',1,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,'active','{"email":"taken@example.com","email_addresses":[{"value":"taken@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"somebody_else"},"avnology_migrate":{"run":"20261126T064932Z-dd4cd4c2","record":"0:2"}}',NULL,NULL,1,'2026-11-26T06:49:33.330923903Z','2026-11-26T06:49:33.330923903Z');
INSERT INTO "identities" VALUES(3,'usr_01a2169d-dbc0-76e7-8640-f42fb8b76661','user_0001','user1@example.com','user1@example.com',1,NULL,NULL,0,'N1',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user1@example.com","first_name":"N1","email_addresses":[{"value":"user1@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0001"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:1"}}',NULL,NULL,1,'2026-11-26T06:49:33.888663905Z','2026-11-26T06:49:33.888663905Z');
INSERT INTO "identities" VALUES(4,'usr_01a2169d-dbcf-72a7-971d-5379dc7326ed','user_0003','user3@example.com','user3@example.com',1,NULL,NULL,0,'N3',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user3@example.com","first_name":"N3","email_addresses":[{"value":"user3@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0003"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:3"}}',NULL,NULL,1,'2026-11-26T06:49:33.903271858Z','2026-11-26T06:49:33.903271858Z');
INSERT INTO "identities" VALUES(5,'usr_01a2169d-dbd3-759d-95f8-be564d12300e','user_0004','user4@example.com','user4@example.com',1,NULL,NULL,0,'N4',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user4@example.com","first_name":"N4","email_addresses":[{"value":"user4@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0004"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:5"}}',NULL,NULL,1,'2026-11-26T06:49:33.907146518Z','2026-11-26T06:49:33.907146518Z');
INSERT INTO "identities" VALUES(6,'usr_01a2169d-dbd6-71d6-9c8b-76e8dc1e2854','emp-5','user5@example.com','user5@example.com',1,NULL,NULL,0,'N5',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user5@example.com","first_name":"N5","email_addresses":[{"value":"user5@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0005"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:6"}}',NULL,NULL,1,'2026-11-26T06:49:33.910892228Z','2026-11-26T06:49:33.910892228Z');
INSERT INTO "identities" VALUES(7,'usr_01a2169d-dbda-7640-b1ff-79ef2eb44831','user_0006','user6@example.com','user6@example.com',1,NULL,NULL,0,'N6',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user6@example.com","first_name":"N6","email_addresses":[{"value":"user6@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0006"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:7"}}',NULL,NULL,1,'2026-11-26T06:49:33.91490927Z','2026-11-26T06:49:33.91490927Z');
INSERT INTO "identities" VALUES(8,'usr_01a2169d-dbdf-7631-b45f-92f66e750382','user_0007','user7@example.com','user7@example.com',1,NULL,NULL,0,'N7',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user7@example.com","first_name":"N7","email_addresses":[{"value":"user7@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0007"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:8"}}',NULL,NULL,1,'2026-11-26T06:49:33.91949887Z','2026-11-26T06:49:33.91949887Z');
INSERT INTO "identities" VALUES(9,'usr_01a2169d-dbe2-777d-b381-39d9f15702c8','user_0008','user8@example.com','user8@example.com',1,NULL,NULL,0,'N8',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user8@example.com","first_name":"N8","email_addresses":[{"value":"user8@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0008"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:9"}}',NULL,NULL,1,'2026-11-26T06:49:33.92298854Z','2026-11-26T06:49:33.92298854Z');
INSERT INTO "identities" VALUES(10,'usr_01a2169d-dbe6-7513-9be9-6176c7e0d063','user_0009','user9@example.com','user9@example.com',1,NULL,NULL,0,'N9',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user9@example.com","first_name":"N9","email_addresses":[{"value":"user9@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0009"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:10"}}',NULL,NULL,1,'2026-11-26T06:49:33.926607872Z','2026-11-26T06:49:33.926607872Z');
INSERT INTO "identities" VALUES(11,'usr_01a2169d-dbee-726e-a7ac-f923b428669f','emp-10','user10@example.com','user10@example.com',1,NULL,NULL,0,'N10',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user10@example.com","first_name":"N10","email_addresses":[{"value":"user10@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0010"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:11"}}',NULL,NULL,1,'2026-11-26T06:49:33.934103133Z','2026-11-26T06:49:33.934103133Z');
INSERT INTO "identities" VALUES(12,'usr_01a2169d-dc02-71ed-ba50-f978a0e8c087','user_0011','user11@example.com','user11@example.com',1,NULL,NULL,0,'N11',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user11@example.com","first_name":"N11","email_addresses":[{"value":"user11@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0011"},"avnology_migrate":{"run":"20261126T064933Z-53f3518d","record":"0:12"}}',NULL,NULL,1,'2026-11-26T06:49:33.954105022Z','2026-11-26T06:49:33.954105022Z');
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_unix);
CREATE UNIQUE INDEX identities_by_email_key ON identities (email_key);
COMMIT;
