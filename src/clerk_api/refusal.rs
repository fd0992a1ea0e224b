//! An answer that says no.

use serde::Deserialize;

/// The longest code or id that is shown.
const SHOWN: usize = 64;

/// What keys have in them: none of them is ever shown, even if an answer has it.
const IN_KEYS: [&str; 2] = ["sk_live_", "sk_test_"];

/// An answer that says no, with what of it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRefusal {
    /// The HTTP status.
    pub status: u16,
    /// Clerk's code, if the answer is one of Clerk's.
    pub code: Option<String>,
    /// Clerk's name for the request, for its support.
    pub trace_id: Option<String>,
    /// Whether the answer has the form of Clerk's errors: a gateway on the way has others.
    pub is_clerks: bool,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    errors: Vec<ErrorItem>,
    #[serde(default)]
    clerk_trace_id: Option<String>,
}

#[derive(Deserialize)]
struct ErrorItem {
    #[serde(default)]
    code: Option<String>,
}

impl ApiRefusal {
    /// Reads an answer with this status.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let Ok(ErrorAnswer { errors, clerk_trace_id }) = serde_json::from_slice(body) else {
            return Self { status, code: None, trace_id: None, is_clerks: false };
        };
        let code = errors.into_iter().find_map(|error| error.code).filter(|code| is_code(code));
        let trace_id = clerk_trace_id.filter(|id| is_trace_id(id));
        Self { status, code, trace_id, is_clerks: true }
    }

    /// Whether Clerk says that the instance has no such thing: its plan does not have it, or the feature is switched off.
    pub fn is_not_offered(&self) -> bool {
        self.is_clerks && matches!(self.status, 402..=404)
    }

    /// Whether the record that a page was to begin behind may be gone. The API's document does not say which status that has.
    pub fn is_of_cursor(&self) -> bool {
        self.is_clerks && matches!(self.status, 400 | 404 | 422)
    }

    /// The status, and what Clerk calls it: `HTTP 402, unsupported_subscription_plan_features, trace 0123abcd`.
    pub fn describe(&self) -> String {
        let mut text = format!("HTTP {}", self.status);
        if let Some(code) = &self.code {
            text = text + ", " + code;
        }
        if let Some(trace_id) = &self.trace_id {
            text = text + ", trace " + trace_id;
        }
        text
    }
}

/// A code, and no text in its place that may be anything.
fn is_code(text: &str) -> bool {
    let of_codes = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= SHOWN && text.bytes().all(of_codes) && !IN_KEYS.iter().any(|part| text.contains(part))
}

fn is_trace_id(text: &str) -> bool {
    text.len() <= SHOWN && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_what_is_clerks_and_never_a_key() {
        let body = br#"{"errors":[{"message":"no","long_message":"no","code":"organization_not_enabled_in_instance"}],
            "clerk_trace_id":"3d2fa7e1"}"#;
        let refusal = ApiRefusal::read(403, body);
        assert_eq!(refusal.describe(), "HTTP 403, organization_not_enabled_in_instance, trace 3d2fa7e1");
        assert!(refusal.is_not_offered() && !refusal.is_of_cursor());
        let echo = br#"{"errors":[{"code":"sk_test_abc"}],"clerk_trace_id":"sk_test_abc"}"#;
        assert_eq!(ApiRefusal::read(404, echo).describe(), "HTTP 404");
        for gateway in [b"<html>".as_slice(), b"", br#"{"error":"no"}"#] {
            let refusal = ApiRefusal::read(404, gateway);
            assert!(!refusal.is_not_offered() && !refusal.is_of_cursor(), "a gateway knows nothing of the instance");
        }
    }
}
