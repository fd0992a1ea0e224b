//! Password hashes: each hasher of Clerk's that Kratos verifies is proven by a sign-in, and all others are counted.

use std::collections::BTreeSet;

use serde_json::json;

use crate::kratos::{Kratos, is_here};
use crate::support::{Scratch, export, user};

const PASSWORD: &str = "Correct-Horse-7";

/// Digests of the password in the forms that Clerk documents, made by Python's hashlib, by Go's argon2 and by Perl's crypt.
const DOCUMENTED: &[(&str, &str)] = &[
    ("argon2i", "$argon2i$v=19$m=4096,t=3,p=1$c29tZXNhbHQx$chHB3KWzmSQNk0bJoWV6z9xJxOv2zH7yucwQMW2ChvA"),
    ("argon2id", "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQx$+Nu17J/5sgksFKFJuD1valtNn//phA/7hIjmzkk5E8U"),
    ("bcrypt", "$2a$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"),
    ("bcrypt", "$2b$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"),
    ("bcrypt", "$2y$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"),
    ("ldap_ssha", "{SSHA}nUxzeo+xwoDUpBOhOasZstA2FI1OYUNsLTc3"),
    ("md5", "ebf2ab53747a2240becb504eecd6d767"),
    ("pbkdf2_sha1", "pbkdf2_sha1$1000$NaCl-77$0a15011f411f05a36a4479382c2d845fb901070d"),
    ("pbkdf2_sha256", "pbkdf2_sha256$1000$TmFDbC03Nw==$xHDgTgS+c28L7yJ/QxjqCbe//KD1KzHYPlPjOeUHyxI="),
    ("pbkdf2_sha256_django", "pbkdf2_sha256$1000$NaCl-77$xHDgTgS+c28L7yJ/QxjqCbe//KD1KzHYPlPjOeUHyxI="),
    (
        "scrypt_werkzeug",
        "scrypt:1024:8:1$NaCl-77$1809fc73f7f225209bf708447ccb173751fc22ae7c0c86f0192c6c9bb38730f8d67ed454387ea8f962d4c176bb54ad8d6b4e405dd1b34d165bc555b7ae928c7b",
    ),
    ("sha256", "1424538cd0d1febcaa22e3d2e682da0e758b89af1abfe775966cf06a567e16a6"),
];

/// In the usual form of hashers that Clerk does not document.
const ASSUMED: &[(&str, &str)] = &[
    ("md5_salted", "49f256aa5b95a8d1eb6a19704f6f3b98$NaCl-77"),
    ("sha256_salted", "6975f45b9f35ee89d1bd8e2300b1468b6145b9cf5b0615ec159d9560c7812783$NaCl-77"),
    (
        "pbkdf2_sha512",
        "pbkdf2_sha512$1000$NaCl-77$8ff3dfe981a1fb9e5778705003f28fa3b1caabd57aa4cf51bdeeac80a7f2f45027a0e2c1c41fc60e325fe1e49d2949d2dfc4cde5574787b4e7d572acfd0a894d",
    ),
];

/// What Kratos does not verify, or not in the form in which Clerk has it.
const LEFT: &[(&str, &str)] = &[
    ("awscognito", "user-pool#ada"),
    ("bcrypt_peppered", "$2b$04$abcdefghijklmnopqrstuuIhSHOYW62MYzOCiBO1FrAHfyr5D9TxS"),
    ("bcrypt_sha256_django", "bcrypt_sha256$$2b$12$abcdefghijklmnopqrstuuDwHUGbMKMz5qv2hmZ3F/4dSd0Ya4D3a"),
    ("hmac_sha256_utf16_b64", "c2FsdA==$NLzu6PUxUYmPu7lNDEfvPcwJTYsUcVIfQkjWxH2Gr3k="),
    ("md5_phpass", "$P$BwSmX3eFhPgqVTmAoE6vVvUEUbWVQ60"),
    ("pbkdf2_sha512_hex", "pbkdf2_sha512_hex$1000$4e61436c2d3737$8ff3dfe981a1fb9e5778705003f28fa3"),
    ("phpass", "$P$BwSmX3eFhPgqVTmAoE6vVvUEUbWVQ60"),
    ("scrypt_firebase", "lSrfV15cpx95/sZS2W9c9Q==$42xEC+ixf3L2lw==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH$14$8"),
    ("sha512_symfony", "sha512$5000$NaCl-77$8ff3dfe981a1fb9e5778705003f28fa3"),
];

/// In a form that its hasher never writes.
const MALFORMED: &[(&str, &str)] = &[("md5", "not in its form")];

/// All that Clerk takes: the list of its API, and the one of its migration tool.
const OF_CLERK: &[&str] = &[
    "argon2i",
    "argon2id",
    "awscognito",
    "bcrypt",
    "bcrypt_peppered",
    "bcrypt_sha256_django",
    "hmac_sha256_utf16_b64",
    "ldap_ssha",
    "md5",
    "md5_phpass",
    "md5_salted",
    "pbkdf2_sha1",
    "pbkdf2_sha256",
    "pbkdf2_sha256_django",
    "pbkdf2_sha512",
    "pbkdf2_sha512_hex",
    "phpass",
    "scrypt_firebase",
    "scrypt_werkzeug",
    "sha256",
    "sha256_salted",
    "sha512_symfony",
];

fn with_digest(number: usize, (hasher, digest): (&str, &str)) -> String {
    let password = format!(r#""password_hasher":{},"password_digest":{},"first_name""#, json!(hasher), json!(digest));
    user(number).replace(r#""first_name""#, &password)
}

#[test]
fn each_hasher_that_kratos_verifies_signs_in_and_all_others_are_counted() {
    if !is_here() {
        return;
    }
    let scratch = Scratch::new();
    let kratos = Kratos::start(&scratch);
    let all = || DOCUMENTED.iter().chain(ASSUMED).chain(LEFT).chain(MALFORMED).enumerate();
    let tried: BTreeSet<&str> = all().map(|(_, (hasher, _))| *hasher).collect();
    assert_eq!(tried, OF_CLERK.iter().copied().collect(), "no hasher of Clerk's is left out");
    let file = scratch.write("users.json", export(all().map(|(number, digest)| with_digest(number, *digest))));
    let run = kratos.import(&scratch, &file, &[]).expect_code(0);
    assert_eq!(run.count("created"), all().count() as u64);
    let report = run.report();
    let noticed = |code: &str| report["warnings"][code].as_u64();
    assert_eq!(noticed("password_not_portable"), Some((ASSUMED.len() + LEFT.len()) as u64), "{report}");
    assert_eq!(noticed("password_malformed"), Some(1), "{report}");
    kratos.verify(&scratch, &file, &[]).expect_code(0);
    for (number, (hasher, _)) in all() {
        let email = format!("user{number}@example.com");
        let expected = if number < DOCUMENTED.len() { 200 } else { 400 };
        assert_eq!(kratos.sign_in(&email, "correct-horse-7"), 400, "{hasher}");
        assert_eq!(kratos.sign_in(&email, PASSWORD), expected, "{hasher}");
        // Kratos has written it anew by now.
        assert_eq!(kratos.sign_in(&email, PASSWORD), expected, "{hasher}");
    }

    // The others move if somebody says that they are in the usual form.
    let assumed = |index: usize| with_digest(100 + index, ASSUMED[index]);
    let file = scratch.write("assumed.json", export((0..ASSUMED.len()).map(assumed)));
    let names = "md5_salted,sha256_salted,pbkdf2_sha512";
    kratos.import(&scratch, &file, &["--assume-hash-format", names]).expect_code(0);
    for (index, (hasher, _)) in ASSUMED.iter().enumerate() {
        let email = format!("user{}@example.com", 100 + index);
        assert_eq!(kratos.sign_in(&email, "correct-horse-7"), 400, "{hasher}");
        assert_eq!(kratos.sign_in(&email, PASSWORD), 200, "{hasher}");
    }
}
