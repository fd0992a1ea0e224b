//! Tries each account, one after the other: its own password, then a wrong one.

use secrecy::SecretString;

use super::sign_in_account::{SignInAccount, SignInProblem};
use super::test_accounts::{TestAccount, TestAccounts};
use crate::destination::{SignInAnswer, SignIns, TargetError};
use crate::outcomes::StopReason;
use crate::signal::Signals;

/// Tries all accounts.
pub async fn try_accounts(list: &TestAccounts, target: &dyn SignIns, signals: &mut Signals) -> SignInAccount {
    let mut account = SignInAccount::new(&list.name, list.accounts.len());
    let tried = async {
        for one in &list.accounts {
            try_account(one, target, &mut account).await?;
            account.tried();
        }
        Ok::<_, TargetError>(())
    };
    let ended = signals.unless_one_comes(tried).await.map_err(StopReason::Interrupted);
    account.stopped = ended.and_then(|tried| tried.map_err(StopReason::Target)).err();
    account
}

async fn try_account(one: &TestAccount, target: &dyn SignIns, account: &mut SignInAccount) -> Result<(), TargetError> {
    let TestAccount { place, address, password, is_disabled } = one;
    // The right password comes first: if the target refuses it, that was the one wrong try that an account may have.
    let answer = target.sign_in(address, password).await?;
    match (answer, is_disabled) {
        (SignInAnswer::SignedIn, false) => account.signed_in += 1,
        (SignInAnswer::SignedIn, true) => account.problem(SignInProblem::DisabledSignedIn, *place),
        (SignInAnswer::Unanswered, _) => account.problem(SignInProblem::Unanswered, *place),
        (_, true) => account.disabled_refused += 1,
        (SignInAnswer::WrongCredentials, false) => account.problem(SignInProblem::PasswordRefused, *place),
        (SignInAnswer::Disabled, false) => account.problem(SignInProblem::IsDisabled, *place),
        (SignInAnswer::Refused, false) => account.problem(SignInProblem::RefusedOtherwise, *place),
    }
    if answer != SignInAnswer::SignedIn {
        return Ok(());
    }
    match target.sign_in(address, &wrong_password()).await? {
        SignInAnswer::SignedIn => account.problem(SignInProblem::WrongPasswordSignedIn, *place),
        SignInAnswer::Unanswered => account.problem(SignInProblem::Unanswered, *place),
        SignInAnswer::WrongCredentials | SignInAnswer::Disabled | SignInAnswer::Refused => account.wrong_refused += 1,
    }
    Ok(())
}

/// A password that is nobody's. It shares no beginning with the right one: some hashes look at the first 72 bytes alone.
fn wrong_password() -> SecretString {
    SecretString::from(format!("Wrong-{}", uuid::Uuid::new_v4()))
}
