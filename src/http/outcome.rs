//! How a request ended, and whether the same request may have better luck.

use std::borrow::Cow;

use super::ProxyFault;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOutcome {
    /// A status came back.
    Answered {
        /// The HTTP status.
        status: u16,
    },
    /// A status of success with a body that is not what was asked for.
    Unreadable,
    /// A status of success with a body that is longer than anything that is kept: it has to be asked for in parts.
    TooLarge,
    /// No answer.
    Failed(Transport),
}

impl ReplyOutcome {
    /// Whether the status is one of success.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Answered { status: 200..=299 })
    }

    /// Whether the request came too fast.
    pub const fn is_throttled(self) -> bool {
        matches!(self, Self::Answered { status: 429 })
    }

    /// Whether the other side has no such method.
    pub const fn is_no_method(self) -> bool {
        matches!(self, Self::Answered { status: 404 | 405 | 501 })
    }

    /// Whether what was sent may be the reason: not if the other side did not look at it, or is not there.
    pub const fn may_come_from_content(self) -> bool {
        match self {
            Self::Answered { status } => matches!(status, 408 | 500 | 502..=599),
            Self::Unreadable | Self::Failed(Transport::Timeout | Transport::Interrupted) => true,
            Self::TooLarge | Self::Failed(_) => false,
        }
    }

    /// Whether the request may have been carried out: not if it was refused, or never arrived.
    pub const fn may_have_been_applied(self) -> bool {
        match self {
            Self::Answered { status } => !matches!(status, 400..=499 | 503) || status == 408,
            Self::Unreadable | Self::TooLarge | Self::Failed(Transport::Timeout | Transport::Interrupted) => true,
            Self::Failed(_) => false,
        }
    }
}

/// Which outcomes a vendor's client takes for transient: the same request may be answered otherwise later.
pub type TransientRule = fn(ReplyOutcome) -> bool;

/// The usual [`TransientRule`].
pub const fn is_transient(outcome: ReplyOutcome) -> bool {
    match outcome {
        ReplyOutcome::Failed(Transport::Proxy(fault)) => !fault.is_final(),
        ReplyOutcome::Failed(_) | ReplyOutcome::Unreadable => true,
        // The same request would be answered the same way.
        ReplyOutcome::TooLarge => false,
        // 501 says that the method does not exist, which waiting does not change.
        ReplyOutcome::Answered { status } => matches!(status, 408 | 425 | 429 | 500 | 502..=599),
    }
}

/// The [`TransientRule`] of a request that must not reach the other side twice: transient, and never arrived.
pub const fn was_not_tried(outcome: ReplyOutcome) -> bool {
    is_transient(outcome) && !outcome.may_have_been_applied()
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The host's name has no address. Nothing was sent.
    Dns,
    /// No connection: refused, or no way there. Nothing was sent.
    Connect,
    /// The other side is not, or cannot show that it is, who it should be. Nothing was sent.
    Tls(TlsFault),
    /// The proxy on the way does not let us through. Nothing was sent.
    Proxy(ProxyFault),
    /// No answer in time. The request may have been carried out.
    Timeout,
    /// The connection broke. The request may have been carried out.
    Interrupted,
}

/// Why the other side cannot be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// Its certificate was valid until some day that is past.
    Expired,
    /// Its certificate will be valid.
    NotYetValid,
    /// Its certificate is another host's.
    OtherName,
    /// Nobody here knows who signed its certificate.
    UnknownAuthority,
    /// Something else is wrong with its certificate.
    OtherCertificate,
    /// It does not speak TLS, or none that we do.
    NoTls,
}

impl TlsFault {
    /// For messages; `address_option` is the option that holds the address.
    fn describe(self, address_option: &str) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Expired => {
                "its certificate has expired; who runs the target has to renew it (or is the clock here wrong?)"
            }
            Self::NotYetValid => "its certificate is not valid yet (is the clock here wrong?)",
            Self::OtherName => {
                return Cow::Owned(format!(
                    "its certificate is for another name than the one in {address_option}; is that the right one?"
                ));
            }
            Self::UnknownAuthority => {
                "its certificate is signed by an authority that is not known here (--cacert adds your own authority)"
            }
            Self::OtherCertificate => {
                "no trusted connection could be made: its certificate is not one to trust (--cacert adds your own authority)"
            }
            Self::NoTls => "no trusted connection could be made: it does not speak TLS, or another version of it",
        })
    }
}

impl Transport {
    /// For messages; `proxy` is what the proxy on the way is called, if there is one, and `address_option` the option that
    /// holds the other side's address.
    pub fn describe(self, proxy: Option<&str>, address_option: &str) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Dns => return Cow::Owned(format!("its name has no address (is {address_option} right?)")),
            Self::Connect => "no connection could be made",
            Self::Tls(fault) => return fault.describe(address_option),
            Self::Proxy(fault) => {
                return Cow::Owned(format!("{} {}", proxy.unwrap_or("the proxy"), fault.describe()));
            }
            Self::Timeout => "no answer came in time",
            Self::Interrupted => "the connection broke before the answer was complete",
        })
    }
}
