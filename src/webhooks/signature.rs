//! Whether a delivery was signed with a secret, and if not, why not.

use std::borrow::Cow;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::headers::{OF_AVNOLOGY, OF_CLERK};
use super::{Headers, Scheme, SignatureFault, SigningSecret};

/// Times beyond this are no seconds but milliseconds: it is in the year 5138.
const MOST_SECONDS: i64 = 100_000_000_000;

/// How a signature fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The scheme.
    pub scheme: Scheme,
    /// The key is what stands behind `whsec_`, decoded; else it is the text of the secret itself.
    pub is_decoded: bool,
}

/// What is signed, and the signatures that it came with.
struct Signed<'a> {
    scheme: Scheme,
    id: &'a str,
    timestamp: &'a str,
    signatures: Vec<Cow<'a, str>>,
}

/// Whether a delivery was signed with this secret not too long ago. `now` is in seconds since 1970, `tolerance` in seconds.
pub fn check_signature(
    headers: &Headers,
    body: &[u8],
    secret: &SigningSecret,
    now: i64,
    tolerance: u64,
) -> Result<Fit, SignatureFault> {
    let (signed, time) = signed(headers)?;
    let decoded = secret.decoded_key();
    let keys: Vec<(bool, &[u8])> = match (signed.scheme, &decoded) {
        (Scheme::Clerk, None) => return Err(SignatureFault::NotOfClerk),
        (Scheme::Clerk, Some(key)) => vec![(true, key)],
        // No page says which of the two it is.
        (Scheme::Avnology, key) => {
            std::iter::once((false, secret.text_key())).chain(key.iter().map(|key| (true, key.as_slice()))).collect()
        }
    };
    let fitting = |body: &[u8]| keys.iter().find(|(_, key)| signed.fits(key, body)).map(|(is_decoded, _)| *is_decoded);
    let Some(is_decoded) = fitting(body) else {
        let changed = variants(body).into_iter().find(|(_, variant)| fitting(variant).is_some());
        return Err(changed.map_or(SignatureFault::Other, |(how, _)| SignatureFault::Changed(how)));
    };
    let seconds = now.abs_diff(time);
    if seconds <= tolerance {
        Ok(Fit { scheme: signed.scheme, is_decoded })
    } else if now > time {
        Err(SignatureFault::TooOld { seconds, tolerance })
    } else {
        Err(SignatureFault::Ahead { seconds, tolerance })
    }
}

/// What the headers say, and the time in them.
fn signed(headers: &Headers) -> Result<(Signed<'_>, i64), SignatureFault> {
    if headers.has_any(&OF_AVNOLOGY) {
        let [time, signature] = OF_AVNOLOGY;
        let timestamp = headers.need(time)?;
        let signature = headers.need(signature)?;
        if signature.len() != 64 || !signature.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SignatureFault::NoHexadecimal);
        }
        let signatures = vec![Cow::Owned(signature.to_ascii_lowercase())];
        return Ok((Signed { scheme: Scheme::Avnology, id: "", timestamp, signatures }, seconds(time, timestamp)?));
    }
    let Some([id, time, signature]) = OF_CLERK.into_iter().find(|names| headers.has_any(names)) else {
        return Err(SignatureFault::NoSignature);
    };
    let (id, timestamp) = (headers.need(id)?, headers.need(time)?);
    let signatures = headers.need(signature)?.split(' ').filter_map(|one| one.strip_prefix("v1,"));
    let signatures: Vec<_> = signatures.map(Cow::Borrowed).collect();
    if signatures.is_empty() {
        return Err(SignatureFault::NoVersion);
    }
    Ok((Signed { scheme: Scheme::Clerk, id, timestamp, signatures }, seconds(time, timestamp)?))
}

fn seconds(name: &'static str, text: &str) -> Result<i64, SignatureFault> {
    match text.parse::<i64>() {
        Ok(time) if time > MOST_SECONDS => Err(SignatureFault::Milliseconds(name)),
        Ok(time) if time >= 0 => Ok(time),
        _ => Err(SignatureFault::NoTime(name)),
    }
}

impl Signed<'_> {
    /// Whether one of the signatures is of this body. How long that takes says nothing about the right one.
    fn fits(&self, key: &[u8], body: &[u8]) -> bool {
        let expected = self.scheme.signature(key, self.id, self.timestamp, body);
        let is_it = |given: &Cow<'_, str>| verify_slices_are_equal(expected.as_bytes(), given.as_bytes()).is_ok();
        self.signatures.iter().any(is_it)
    }
}

/// What programs on the way make of a body, and what undoes it.
fn variants(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut variants = Vec::new();
    if let Some(shorter) = body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")) {
        variants.push(("without the line end at its end", shorter.to_vec()));
    }
    variants.push(("with a line end at its end", [body, b"\n"].concat()));
    if let Ok(text) = std::str::from_utf8(body)
        && text.contains("\r\n")
    {
        variants.push(("with \\n in place of \\r\\n", text.replace("\r\n", "\n").into_bytes()));
    }
    if let Some(rest) = body.strip_prefix(b"\xef\xbb\xbf") {
        variants.push(("without the byte order mark at its beginning", rest.to_vec()));
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_760_000_000;
    const BODY: &[u8] = br#"{"event_type":"user.created"}"#;

    fn secret() -> SigningSecret {
        SigningSecret::in_file("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None).unwrap()
    }

    fn lines(scheme: Scheme, key: &[u8], time: i64) -> Vec<String> {
        let signed = scheme.sign(key, "msg_1", time, BODY);
        signed.into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    fn check(lines: &[String], body: &[u8]) -> Result<Fit, SignatureFault> {
        let headers = Headers::parse(lines.iter().map(String::as_str))?;
        check_signature(&headers, body, &secret(), NOW, 300)
    }

    #[test]
    fn what_was_signed_is_valid_and_nothing_else() {
        let (secret, decoded) = (secret(), secret().decoded_key().unwrap());
        for (scheme, key, is_decoded) in [
            (Scheme::Clerk, decoded.as_slice(), true),
            (Scheme::Avnology, secret.text_key(), false),
            (Scheme::Avnology, decoded.as_slice(), true),
        ] {
            let good = lines(scheme, key, NOW - 300);
            assert_eq!(check(&good, BODY), Ok(Fit { scheme, is_decoded }));
            assert_eq!(check(&lines(scheme, key, NOW + 300), BODY), Ok(Fit { scheme, is_decoded }));
            let (seconds, tolerance) = (301, 300);
            assert_eq!(check(&lines(scheme, key, NOW - 301), BODY), Err(SignatureFault::TooOld { seconds, tolerance }));
            assert_eq!(check(&lines(scheme, key, NOW + 301), BODY), Err(SignatureFault::Ahead { seconds, tolerance }));
            assert_eq!(check(&lines(scheme, b"another", NOW), BODY), Err(SignatureFault::Other));
            // Each byte of the body counts.
            for at in 0..BODY.len() {
                let mut body = BODY.to_vec();
                body[at] ^= 1;
                assert_eq!(check(&good, &body), Err(SignatureFault::Other), "byte {at}");
            }
            assert_eq!(
                check(&good, &[BODY, b"\n"].concat()),
                Err(SignatureFault::Changed("without the line end at its end"))
            );
            // Each header counts, and so does each character of the signature.
            for left_out in 0..good.len() {
                let mut fewer = good.clone();
                fewer.remove(left_out);
                assert!(matches!(check(&fewer, BODY), Err(SignatureFault::Missing(_))), "{fewer:?}");
            }
            let shifted: Vec<String> =
                good.iter().map(|line| line.replace(&(NOW - 300).to_string(), &NOW.to_string())).collect();
            assert_eq!(check(&shifted, BODY), Err(SignatureFault::Other), "the time is signed, too");
        }
    }

    #[test]
    fn several_signatures_other_names_and_what_is_malformed() {
        let decoded = secret().decoded_key().unwrap();
        let good = lines(Scheme::Clerk, &decoded, NOW);
        let standard: Vec<String> = good.iter().map(|line| line.replace("svix-", "Webhook-")).collect();
        assert!(check(&standard, BODY).is_ok());
        let rotated: Vec<String> = good.iter().map(|line| line.replace("v1,", "v1a,x v1,AAAA v1,")).collect();
        assert!(check(&rotated, BODY).is_ok(), "one of several fits");
        let of = |time: &str, signature: &str| {
            check(&[format!("X-Avnology-Timestamp: {time}"), format!("x-avnology-signature: {signature}")], BODY)
        };
        let hexadecimal = "0".repeat(64);
        assert_eq!(of("soon", &hexadecimal), Err(SignatureFault::NoTime("x-avnology-timestamp")));
        assert_eq!(of("1760000000000", &hexadecimal), Err(SignatureFault::Milliseconds("x-avnology-timestamp")));
        assert_eq!(of("1760000000", "abc"), Err(SignatureFault::NoHexadecimal));
        assert_eq!(of("1760000000", &hexadecimal), Err(SignatureFault::Other));
        assert_eq!(
            check(&["POST /in HTTP/1.1".to_owned(), "Host: a".to_owned()], BODY),
            Err(SignatureFault::NoSignature)
        );
        assert_eq!(check(&["nonsense".to_owned()], BODY), Err(SignatureFault::NoHeader));
        let twice = [good.clone(), good.clone()].concat();
        assert_eq!(check(&twice, BODY), Err(SignatureFault::Twice("svix-id".to_owned())));
        let unversioned: Vec<String> = good.iter().map(|line| line.replace("v1,", "v2,")).collect();
        assert_eq!(check(&unversioned, BODY), Err(SignatureFault::NoVersion));
        let plain = SigningSecret::in_file("whsec_!", None).unwrap();
        let headers = Headers::parse(good.iter().map(String::as_str)).unwrap();
        assert_eq!(check_signature(&headers, BODY, &plain, NOW, 300), Err(SignatureFault::NotOfClerk));
    }
}
