//! The report for programs.

use super::account::Account;

/// One JSON document, with a newline at its end.
///
/// # Errors
/// Never in practice: the account holds nothing that JSON cannot.
pub fn json(account: &Account) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(account).map(|text| text + "\n")
}
