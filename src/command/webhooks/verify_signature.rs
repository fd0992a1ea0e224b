//! `avnology migrate clerk webhooks verify-signature`: whether one delivery is valid.

use std::io::Read;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::command::shared::command_error::CommandError;
use crate::command::webhooks::webhooks_command_error::WebhooksCommandError;
use crate::exit::ExitStatus;
use crate::report::{print_json, print_text};
use crate::settings::VerifySignatureSettings;
use crate::webhooks::{Fit, Headers, Scheme, SignatureFault, check_signature};

/// The largest body that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The verdict for a program.
#[derive(Serialize)]
struct Verdict {
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Says whether the delivery on standard input is valid, or why not. What is not valid is exit code 3.
pub fn verify_signature(settings: &VerifySignatureSettings) -> Result<ExitStatus, CommandError> {
    let checked = check(settings)?;
    let (said, verdict) = match &checked {
        Ok(Fit { scheme, is_decoded }) => {
            let of_key = match (scheme, is_decoded) {
                (Scheme::Clerk, _) => "",
                (Scheme::Avnology, false) => ", and the key is the text of the secret",
                (Scheme::Avnology, true) => ", and the key is what stands behind `whsec_`, decoded",
            };
            let said = format!("Valid: signed as by {}{of_key}.\n", scheme.title());
            (said, Verdict { valid: true, scheme: Some(scheme.title()), why: None })
        }
        Err(fault) => {
            (format!("Not valid: {fault}.\n"), Verdict { valid: false, scheme: None, why: Some(fault.to_string()) })
        }
    };
    match settings.format {
        OutputFormat::Json => print_json(&verdict)?,
        OutputFormat::Text => print_text(&said)?,
    }
    Ok(if checked.is_ok() { ExitStatus::Success } else { ExitStatus::Rejected })
}

fn check(settings: &VerifySignatureSettings) -> Result<Result<Fit, SignatureFault>, WebhooksCommandError> {
    let VerifySignatureSettings { secret, header, headers, tolerance, .. } = settings;
    let of_file = match headers {
        None => String::new(),
        Some(path) => {
            crate::files::read_named_text(path).map_err(|error| WebhooksCommandError::unreadable_file(path, &error))?
        }
    };
    let mut body = Vec::new();
    std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut body).map_err(WebhooksCommandError::Body)?;
    if body.len() as u64 > LARGEST {
        return Err(WebhooksCommandError::Body(std::io::Error::other(format!("it is larger than {LARGEST} bytes"))));
    }
    let lines = of_file.lines().chain(header.iter().map(String::as_str));
    let now = Timestamp::now().as_second();
    Ok(Headers::parse(lines).and_then(|headers| check_signature(&headers, &body, secret, now, *tolerance)))
}
