//! The key that signs tokens: RSA, because every client can check RS256. The database keeps it, so that tokens outlive a restart.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::sandbox::api_error::ApiError;

/// The key that signs tokens.
#[derive(Debug)]
pub(super) struct SigningKey(KeyPair);

/// The public half, as a JSON Web Key.
#[derive(Debug, Serialize)]
pub(super) struct PublicKey {
    kty: &'static str,
    r#use: &'static str,
    alg: &'static str,
    kid: String,
    n: String,
    e: String,
}

impl SigningKey {
    /// The key of this database. The first who needs it makes it.
    pub(super) fn of(transaction: &Transaction<'_>) -> Result<Self, ApiError> {
        let failed = |what: &'static str| move |_| ApiError::internal(500, what);
        let mut statement =
            transaction.prepare_cached("SELECT private FROM oauth_keys ORDER BY number DESC LIMIT 1")?;
        let stored: Option<Vec<u8>> = statement.query_row([], |row| row.get(0)).optional()?;
        if let Some(stored) = stored {
            let key = KeyPair::from_pkcs8(&stored);
            return key.map(Self).map_err(|_| ApiError::internal(500, "the signing key cannot be read"));
        }
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(failed("no signing key could be made"))?;
        let private: Pkcs8V1Der<'_> = key.as_der().map_err(failed("the signing key has no form to be kept in"))?;
        transaction.execute("INSERT INTO oauth_keys (private) VALUES (?1)", [private.as_ref()])?;
        Ok(Self(key))
    }

    /// A JSON Web Token with these claims, which are an object.
    pub(super) fn sign(&self, kind: &str, claims: &serde_json::Value) -> Result<String, ApiError> {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let head = json!({"alg": "RS256", "typ": kind, "kid": self.id()});
        let signed = format!("{}.{}", encode(head.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| ApiError::internal(500, "a token could not be signed"))?;
        Ok(format!("{signed}.{}", encode(&signature)))
    }

    /// What others need to check a signature.
    pub(super) fn public(&self) -> Result<PublicKey, ApiError> {
        let [modulus, exponent] = rsa_numbers(self.0.public_key().as_ref())
            .ok_or_else(|| ApiError::internal(500, "the key has no numbers"))?;
        let encode = |number: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(number);
        Ok(PublicKey {
            kty: "RSA",
            r#use: "sig",
            alg: "RS256",
            kid: self.id(),
            n: encode(modulus),
            e: encode(exponent),
        })
    }

    fn id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(self.0.public_key().as_ref())[..12])
    }
}

/// Modulus and exponent of a public key in the form of PKCS #1: a DER sequence of two integers.
fn rsa_numbers(der: &[u8]) -> Option<[&[u8]; 2]> {
    let (sequence, _) = der_value(der, 0x30)?;
    let (modulus, rest) = der_value(sequence, 0x02)?;
    let (exponent, _) = der_value(rest, 0x02)?;
    // A leading zero only says that the number is positive.
    Some([modulus, exponent].map(|number| number.strip_prefix(&[0]).unwrap_or(number)))
}

/// A value with this tag, and what follows it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        // This many bytes say how long it is.
        let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        (length.iter().try_fold(0_usize, |sum, byte| sum.checked_mul(256)?.checked_add(usize::from(*byte)))?, rest)
    };
    (*found == tag).then(|| rest.split_at_checked(length)).flatten()
}
