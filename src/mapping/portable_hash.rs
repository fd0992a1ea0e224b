//! Password hashes of other kinds than bcrypt, from the form in which Clerk has them to the one that Ory Kratos verifies.
//!
//! Clerk documents the forms of its hashers with `POST /v1/users`. Where it does not say how salt and password are put together,
//! the hash moves only if somebody says so (`--assume-hash-format`): a guess would lock people out, and nobody would know why.
//! Each form here is proven by sign-ins at a real Kratos, with the right and a wrong password: `tests/ory/passwords.rs`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::{Notice, PasswordRules};

/// Hashers whose forms Clerk does not document.
const UNCERTAIN: [&str; 3] = ["md5_salted", "pbkdf2_sha512", "sha256_salted"];

/// The hash as Kratos takes it; or why it does not move.
pub(super) fn portable(hasher: &str, digest: &str, rules: &PasswordRules) -> Result<String, Notice> {
    let is_assumed = || rules.assumed.iter().any(|assumed| assumed == hasher);
    if !rules.as_kratos || !is_known(hasher) || (UNCERTAIN.contains(&hasher) && !is_assumed()) {
        return Err(Notice::PasswordNotPortable);
    }
    converted(hasher, digest).ok_or(Notice::PasswordMalformed)
}

fn is_known(hasher: &str) -> bool {
    UNCERTAIN.contains(&hasher)
        || matches!(
            hasher,
            "argon2i"
                | "argon2id"
                | "ldap_ssha"
                | "md5"
                | "pbkdf2_sha1"
                | "pbkdf2_sha256"
                | "pbkdf2_sha256_django"
                | "scrypt_werkzeug"
                | "sha256"
        )
}

fn converted(hasher: &str, digest: &str) -> Option<String> {
    match hasher {
        "argon2i" | "argon2id" => argon2(hasher, digest),
        "ldap_ssha" => ssha(digest),
        "md5" => Some(format!("$md5${}", STANDARD.encode(hex_of(digest, 16)?))),
        "sha256" => {
            Some(format!("$sha256$pf={}$${}", STANDARD.encode("{PASSWORD}"), STANDARD.encode(hex_of(digest, 32)?)))
        }
        "md5_salted" => salted("md5", digest, 16),
        "sha256_salted" => salted("sha256", digest, 32),
        "pbkdf2_sha256" => {
            let (rounds, salt, hash) = pbkdf2_parts("pbkdf2_sha256", digest)?;
            pbkdf2("sha256", rounds, &decoded(salt)?, &decoded(hash)?)
        }
        "pbkdf2_sha256_django" => {
            let (rounds, salt, hash) = pbkdf2_parts("pbkdf2_sha256", digest)?;
            pbkdf2("sha256", rounds, salt.as_bytes(), &decoded(hash)?)
        }
        "pbkdf2_sha1" => {
            let (rounds, salt, hash) = pbkdf2_parts("pbkdf2_sha1", digest)?;
            pbkdf2("sha1", rounds, salt.as_bytes(), &hex(hash)?)
        }
        "pbkdf2_sha512" => {
            let (rounds, salt, hash) = pbkdf2_parts("pbkdf2_sha512", digest)?;
            pbkdf2("sha512", rounds, salt.as_bytes(), &hex(hash)?)
        }
        "scrypt_werkzeug" => scrypt_werkzeug(digest),
        _ => None,
    }
}

/// `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`, the PHC form, which Kratos takes as it is. It reads no other version.
fn argon2(hasher: &str, digest: &str) -> Option<String> {
    let parts: Vec<&str> = digest.split('$').collect();
    let ["", name, "v=19", parameters, salt, hash] = parts[..] else { return None };
    let names = ["m=", "t=", "p="];
    let mut given = parameters.split(',').zip(names);
    let is_whole = parameters.split(',').count() == names.len()
        && given.all(|(text, name)| text.strip_prefix(name).is_some_and(|number| number.parse::<u32>().is_ok()));
    let is_base64 = |text: &str| STANDARD_NO_PAD.decode(text).is_ok_and(|bytes| !bytes.is_empty());
    (name == hasher && is_whole && is_base64(salt) && is_base64(hash)).then(|| digest.to_owned())
}

/// `{SSHA}` and base64 of a SHA-1 and the salt behind it.
fn ssha(digest: &str) -> Option<String> {
    let bytes = decoded(digest.strip_prefix("{SSHA}")?)?;
    (bytes.len() > 20).then(|| digest.to_owned())
}

/// `hash$salt`, the hash of the salt and the password behind it.
fn salted(kind: &str, digest: &str, length: usize) -> Option<String> {
    let (hash, salt) = digest.split_once('$')?;
    let (form, hash) = (STANDARD.encode("{SALT}{PASSWORD}"), STANDARD.encode(hex_of(hash, length)?));
    Some(format!("${kind}$pf={form}${}${hash}", STANDARD.encode(salt)))
}

/// The rounds, the salt and the hash of `NAME$rounds$salt$hash`.
fn pbkdf2_parts<'d>(name: &str, digest: &'d str) -> Option<(u32, &'d str, &'d str)> {
    let mut parts = digest.strip_prefix(name)?.strip_prefix('$')?.split('$');
    let parts = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?, parts.next());
    let (rounds, salt, hash, None) = parts else { return None };
    (rounds > 0 && !salt.is_empty()).then_some((rounds, salt, hash))
}

fn pbkdf2(kind: &str, rounds: u32, salt: &[u8], hash: &[u8]) -> Option<String> {
    let (length, salt) = (hash.len(), STANDARD_NO_PAD.encode(salt));
    (length > 0).then(|| format!("$pbkdf2-{kind}$i={rounds},l={length}${salt}${}", STANDARD_NO_PAD.encode(hash)))
}

/// `scrypt:N:r:p$salt$hash`, the hash in hexadecimal, as Werkzeug writes it. What Kratos calls `ln` is N itself.
fn scrypt_werkzeug(digest: &str) -> Option<String> {
    let parts: Vec<&str> = digest.split('$').collect();
    let [parameters, salt, hash] = parts[..] else { return None };
    let numbers = parameters.strip_prefix("scrypt:")?.split(':').map(|number| number.parse::<u32>().ok());
    let [n, r, p] = numbers.collect::<Option<Vec<u32>>>()?[..] else { return None };
    let (salt, hash) = (STANDARD.encode(salt), STANDARD.encode(hex(hash)?));
    (n.is_power_of_two() && n > 1 && r > 0 && p > 0).then(|| format!("$scrypt$ln={n},r={r},p={p}${salt}${hash}"))
}

/// Base64, padded or not.
fn decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// This many bytes in hexadecimal.
fn hex_of(text: &str, bytes: usize) -> Option<Vec<u8>> {
    hex(text).filter(|decoded| decoded.len() == bytes)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2).map(|pair| {
        let [high, low] = pair else { return None };
        let value = |digit: u8| char::from(digit).to_digit(16);
        u8::try_from(value(*high)? * 16 + value(*low)?).ok()
    });
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(assumed: &[&str]) -> PasswordRules {
        PasswordRules { as_kratos: true, assumed: assumed.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn what_is_not_in_its_form_or_not_known_does_not_move() {
        let none = rules(&[]);
        for (hasher, digest, why) in [
            ("phpass", "$P$B", Notice::PasswordNotPortable),
            ("bcrypt_peppered", "$2a$10$", Notice::PasswordNotPortable),
            ("sha256_salted", "00$salt", Notice::PasswordNotPortable),
            ("md5", "5f4dcc3b5aa765d61d8327deb882cf", Notice::PasswordMalformed),
            ("md5", "zf4dcc3b5aa765d61d8327deb882cf99", Notice::PasswordMalformed),
            ("argon2id", "$argon2i$v=19$m=1,t=1,p=1$YWJj$YWJj", Notice::PasswordMalformed),
            ("argon2id", "$argon2id$v=16$m=1,t=1,p=1$YWJj$YWJj", Notice::PasswordMalformed),
            ("argon2id", "$argon2id$v=19$m=1,t=1$YWJj$YWJj", Notice::PasswordMalformed),
            ("pbkdf2_sha256", "pbkdf2_sha256$0$YWJj$YWJj", Notice::PasswordMalformed),
            ("pbkdf2_sha1", "pbkdf2_sha1$1$salt$YWJj", Notice::PasswordMalformed),
            ("scrypt_werkzeug", "scrypt:3:8:1$salt$00", Notice::PasswordMalformed),
            ("ldap_ssha", "{SSHA}YWJj", Notice::PasswordMalformed),
        ] {
            assert_eq!(portable(hasher, digest, &none), Err(why), "{hasher} {digest}");
        }
        let md5 = "5f4dcc3b5aa765d61d8327deb882cf99";
        assert_eq!(portable("md5", md5, &PasswordRules::default()), Err(Notice::PasswordNotPortable));
        assert_eq!(portable("md5", md5, &none).as_deref(), Ok("$md5$X03MO1qnZdYdgyfeuILPmQ=="));
        assert!(portable("md5_salted", &format!("{md5}$salt"), &rules(&["md5_salted"])).is_ok());
    }
}
