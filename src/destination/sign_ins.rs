//! Whether people can sign in at a destination.

use std::fmt;

use futures::future::BoxFuture;
use secrecy::SecretString;

use super::TargetError;

/// What became of one try to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInAnswer {
    /// The password is right.
    SignedIn,
    /// The address or the password is wrong.
    WrongCredentials,
    /// The account is disabled or locked.
    Disabled,
    /// Refused for another reason.
    Refused,
    /// No answer that says what became of it. It is not tried again: it may have counted as a wrong password.
    Unanswered,
}

/// How people sign in at a destination.
pub trait SignIns: fmt::Debug + Send + Sync {
    /// Tries to sign in, once. It is an error if the destination refuses us, and not the person.
    fn sign_in<'a>(
        &'a self,
        address: &'a str,
        password: &'a SecretString,
    ) -> BoxFuture<'a, Result<SignInAnswer, TargetError>>;
}
