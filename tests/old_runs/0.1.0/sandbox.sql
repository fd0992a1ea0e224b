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
INSERT INTO "identities" VALUES(1,'usr_01a215c0-d172-7216-9fe1-8e38be5b8417','somebody_else','user90@example.com','user90@example.com',1,NULL,NULL,0,'N90',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user90@example.com","first_name":"N90","email_addresses":[{"value":"user90@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"somebody_else"},"avnology_migrate":{"run":"20261126T024807Z-87466819","record":"0:1"}}',NULL,NULL,1,'2026-11-26T02:48:07.794264637Z','2026-11-26T02:48:07.794264637Z');
INSERT INTO "identities" VALUES(2,'usr_01a215c0-d4d4-76c5-ba6c-d95ebf14962e','user_0101','user101@example.com','user101@example.com',0,NULL,NULL,0,'N101',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user101@example.com","first_name":"N101","email_addresses":[{"value":"user101@example.com","verified":false,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0101"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"0:1"}}',NULL,NULL,1,'2026-11-26T02:48:08.660643454Z','2026-11-26T02:48:08.660643454Z');
INSERT INTO "identities" VALUES(3,'usr_01a215c0-d4d8-732e-af19-7d1f399e7127','user_0103','user103@example.com','user103@example.com',0,NULL,NULL,0,'N103',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user103@example.com","first_name":"N103","email_addresses":[{"value":"user103@example.com","verified":false,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0103"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"0:3"}}',NULL,NULL,1,'2026-11-26T02:48:08.664184791Z','2026-11-26T02:48:08.664184791Z');
INSERT INTO "identities" VALUES(4,'usr_01a215c0-d536-72a2-a974-141edf72a249','user_0001','user1@example.com','user1@example.com',1,NULL,NULL,0,'N1',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user1@example.com","first_name":"N1","email_addresses":[{"value":"user1@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0001"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:1"}}',NULL,NULL,1,'2026-11-26T02:48:08.758774605Z','2026-11-26T02:48:08.758774605Z');
INSERT INTO "identities" VALUES(5,'usr_01a215c0-d59a-7545-aa93-0899875302ef','user_0002','user2@example.com','user2@example.com',1,NULL,NULL,0,'N2',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user2@example.com","first_name":"N2","email_addresses":[{"value":"user2@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0002"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:2"}}',NULL,NULL,1,'2026-11-26T02:48:08.858345219Z','2026-11-26T02:48:08.858345219Z');
INSERT INTO "identities" VALUES(6,'usr_01a215c0-d604-72eb-97b6-a81410552102','user_0003','user3@example.com','user3@example.com',1,NULL,NULL,0,'N3',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user3@example.com","first_name":"N3","email_addresses":[{"value":"user3@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0003"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:3"}}',NULL,NULL,1,'2026-11-26T02:48:08.964169318Z','2026-11-26T02:48:08.964169318Z');
INSERT INTO "identities" VALUES(7,'usr_01a215c0-d663-77fc-8238-a324e81d7967','user_0004','user4@example.com','user4@example.com',1,NULL,NULL,0,'N4',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user4@example.com","first_name":"N4","email_addresses":[{"value":"user4@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0004"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:5"}}',NULL,NULL,1,'2026-11-26T02:48:09.059461683Z','2026-11-26T02:48:09.059461683Z');
INSERT INTO "identities" VALUES(8,'usr_01a215c0-d6cc-74f1-b9d2-6fa123b0e1da','user_0005','user5@example.com','user5@example.com',1,NULL,NULL,0,'N5',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user5@example.com","first_name":"N5","email_addresses":[{"value":"user5@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0005"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:7"}}',NULL,NULL,1,'2026-11-26T02:48:09.164174706Z','2026-11-26T02:48:09.164174706Z');
INSERT INTO "identities" VALUES(9,'usr_01a215c0-d72c-763d-bbcc-255e1bc1c91a','user_0006','user6@example.com','user6@example.com',1,NULL,NULL,0,'N6',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user6@example.com","first_name":"N6","email_addresses":[{"value":"user6@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0006"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:8"}}',NULL,NULL,1,'2026-11-26T02:48:09.260135241Z','2026-11-26T02:48:09.260135241Z');
INSERT INTO "identities" VALUES(10,'usr_01a215c0-d790-72ca-a4b6-f9d92b5fe4ba','user_0007','user7@example.com','user7@example.com',1,NULL,NULL,0,'N7',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user7@example.com","first_name":"N7","email_addresses":[{"value":"user7@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0007"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:9"}}',NULL,NULL,1,'2026-11-26T02:48:09.360172346Z','2026-11-26T02:48:09.360172346Z');
INSERT INTO "identities" VALUES(11,'usr_01a215c0-d7f3-71d0-b5b9-4f60f5c9ff73','user_0008','user8@example.com','user8@example.com',1,NULL,NULL,0,'N8',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user8@example.com","first_name":"N8","email_addresses":[{"value":"user8@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0008"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:10"}}',NULL,NULL,1,'2026-11-26T02:48:09.459082291Z','2026-11-26T02:48:09.459082291Z');
INSERT INTO "identities" VALUES(12,'usr_01a215c0-d859-758e-815d-b1a7cc3e0e47','user_0009','user9@example.com','user9@example.com',1,NULL,NULL,0,'N9',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user9@example.com","first_name":"N9","email_addresses":[{"value":"user9@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0009"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:11"}}',NULL,NULL,1,'2026-11-26T02:48:09.561652819Z','2026-11-26T02:48:09.561652819Z');
INSERT INTO "identities" VALUES(13,'usr_01a215c0-d8ba-7645-a554-c70c313a9c1c','user_0010','user10@example.com','user10@example.com',1,NULL,NULL,0,'N10',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user10@example.com","first_name":"N10","email_addresses":[{"value":"user10@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0010"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:12"}}',NULL,NULL,1,'2026-11-26T02:48:09.658398938Z','2026-11-26T02:48:09.658398938Z');
INSERT INTO "identities" VALUES(14,'usr_01a215c0-d8fb-74cc-abbc-53547e329fac','user_0011','user11@example.com','user11@example.com',1,NULL,NULL,0,'N11',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user11@example.com","first_name":"N11","email_addresses":[{"value":"user11@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0011"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:13"}}',NULL,NULL,1,'2026-11-26T02:48:09.723191384Z','2026-11-26T02:48:09.723191384Z');
INSERT INTO "identities" VALUES(15,'usr_01a215c0-d921-719b-87e2-dad6d3d56396','user_0012','user12@example.com','user12@example.com',1,NULL,NULL,0,'N12',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user12@example.com","first_name":"N12","email_addresses":[{"value":"user12@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0012"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:14"}}',NULL,NULL,1,'2026-11-26T02:48:09.761117175Z','2026-11-26T02:48:09.761117175Z');
INSERT INTO "identities" VALUES(16,'usr_01a215c0-d95a-71f5-9dd1-dadc35a93290','user_0013','user13@example.com','user13@example.com',1,NULL,NULL,0,'N13',NULL,NULL,NULL,NULL,NULL,'active','{"email":"user13@example.com","first_name":"N13","email_addresses":[{"value":"user13@example.com","verified":true,"primary":true}],"phone_numbers":[]}','{"clerk":{"id":"user_0013"},"avnology_migrate":{"run":"20261126T024808Z-4e3c70ea","record":"1:15"}}',NULL,NULL,1,'2026-11-26T02:48:09.818063006Z','2026-11-26T02:48:09.818063006Z');
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_unix);
CREATE UNIQUE INDEX identities_by_email_key ON identities (email_key);
COMMIT;
