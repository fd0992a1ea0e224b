//! Whether people can sign in at the target with their old passwords: with test accounts that somebody made for it.
//!
//! Each account tries its own password, and then a wrong one, so that a target which takes anything does not pass. An account whose
//! own password is refused has had its one wrong try. Addresses and passwords are in no output: lines of the file are.

mod sign_in_account;
mod test_accounts;
mod try_accounts;

pub use sign_in_account::{SignInAccount, SignInReport};
pub use test_accounts::{TestAccount, TestAccounts, TestAccountsError};
pub use try_accounts::try_accounts;
