//! Why a delivery is not valid.

/// Why a delivery is not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureFault {
    /// A line is no header.
    #[error("a line of the headers is none: each is `name: value`")]
    NoHeader,
    /// A header of the signature is there twice.
    #[error("the header {0} is there twice")]
    Twice(String),
    /// No scheme is known by its headers.
    #[error(
        "no header of a signature is there: Clerk sends svix-id, svix-timestamp and svix-signature, Avnology ID \
         X-Avnology-Timestamp and X-Avnology-Signature"
    )]
    NoSignature,
    /// A header is missing.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// The time is none.
    #[error("{0} is no time: it has to be the seconds since 1970, as in 1760000000")]
    NoTime(&'static str),
    /// The time is in milliseconds.
    #[error("{0} is in milliseconds; it has to be in seconds")]
    Milliseconds(&'static str),
    /// The secret is of another kind.
    #[error("the secret is none of Clerk's: behind `whsec_` has to be base64")]
    NotOfClerk,
    /// Signatures of other versions only.
    #[error("svix-signature has no signature of version 1 (`v1,…`)")]
    NoVersion,
    /// The signature has another form.
    #[error("X-Avnology-Signature has another form: it has to be 64 hexadecimal digits")]
    NoHexadecimal,
    /// The signature fits a body that is a little different.
    #[error("the body was changed on the way: {0}, the signature fits; sign and check the bytes as they came")]
    Changed(&'static str),
    /// The signature does not fit.
    #[error("the signature does not fit: the secret is another one, or the body or the time was changed")]
    Other,
    /// The time is too far back.
    #[error("the signature fits, and the delivery is too old: {seconds} s, and at most {tolerance} s are allowed")]
    TooOld {
        /// How old it is.
        seconds: u64,
        /// How old it may be.
        tolerance: u64,
    },
    /// The time is ahead.
    #[error(
        "the signature fits, and its time is {seconds} s ahead, at most {tolerance} s are allowed: is a clock wrong?"
    )]
    Ahead {
        /// How far.
        seconds: u64,
        /// How far it may be.
        tolerance: u64,
    },
}
