//! How deliveries are signed.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::hexadecimal::hexadecimal;

/// How far the time of a delivery may be from now, in seconds: what both sides advise.
pub const TOLERANCE: u64 = 300;

/// How deliveries are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Clerk's, which is Svix's: `svix-signature`, or `webhook-signature` (Standard Webhooks).
    Clerk,
    /// Avnology ID's: `X-Avnology-Signature`.
    Avnology,
}

impl Scheme {
    /// For messages.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Clerk => "Clerk (Svix)",
            Self::Avnology => "Avnology ID",
        }
    }

    /// The headers of a delivery: Clerk's carry the delivery's id, too.
    pub fn sign(self, key: &[u8], id: &str, timestamp: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let time = timestamp.to_string();
        let signature = self.signature(key, id, &time, body);
        match self {
            Self::Clerk => vec![
                ("svix-id", id.to_owned()),
                ("svix-timestamp", time),
                ("svix-signature", format!("v1,{signature}")),
            ],
            Self::Avnology => vec![("X-Avnology-Timestamp", time), ("X-Avnology-Signature", signature)],
        }
    }

    /// The signature of a body, as it stands in a header: in base64, or in small hexadecimal digits.
    pub(super) fn signature(self, key: &[u8], id: &str, timestamp: &str, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        let mut context = hmac::Context::with_key(&key);
        if self == Self::Clerk {
            context.update(id.as_bytes());
            context.update(b".");
        }
        context.update(timestamp.as_bytes());
        context.update(b".");
        context.update(body);
        let tag = context.sign();
        match self {
            Self::Clerk => STANDARD.encode(tag),
            Self::Avnology => hexadecimal(tag.as_ref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Standard Webhooks, whose form Clerk's signatures have.
    #[test]
    fn it_agrees_with_the_published_example() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let (id, time, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        let signed = Scheme::Clerk.sign(&key, id, time, body);
        assert_eq!(signed[2], ("svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
    }

    /// `printf '%s' '1614265330.{"test": 2432232314}' | openssl dgst -sha256 -hmac whsec_reference`
    #[test]
    fn it_agrees_with_another_program() {
        let signed = Scheme::Avnology.sign(b"whsec_reference", "", 1_614_265_330, br#"{"test": 2432232314}"#);
        let reference = "503a4343beb39c8f1be7583438ff1172797e1bb7da26e685670f88955ec40a40";
        assert_eq!(signed[1], ("X-Avnology-Signature", reference.to_owned()));
    }
}
