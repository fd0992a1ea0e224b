//! Why there is no answer, found out from the errors of the layers below: by their types, or where those are not given away
//! by their words.

use std::error::Error;

use rustls::CertificateError;

use super::{ProxyFault, TlsFault, Transport};

/// What an error of a request means.
pub(super) fn transport(error: &reqwest::Error) -> Transport {
    match (error.is_connect(), error.is_timeout()) {
        (true, true) => Transport::Connect,
        (true, false) => connection_fault(error),
        (false, true) => Transport::Timeout,
        (false, false) => Transport::Interrupted,
    }
}

/// Why no connection could be made.
fn connection_fault(error: &(dyn Error + 'static)) -> Transport {
    let mut through_proxy = false;
    let mut cause = Some(error);
    while let Some(error) = cause {
        cause = error.source();
        let words = error.to_string();
        let tls = tls_fault(error);
        match words.strip_prefix("tunnel error: ") {
            Some("failed to create underlying connection") => through_proxy = true,
            Some("proxy authorization required") => return Transport::Proxy(ProxyFault::Answered { status: 407 }),
            Some(_) => return Transport::Proxy(ProxyFault::Broken),
            None if through_proxy && tls.is_some() => return Transport::Proxy(ProxyFault::Tls),
            None if through_proxy && words.starts_with("dns error") => return Transport::Proxy(ProxyFault::NoAddress),
            None if words.starts_with("dns error") => return Transport::Dns,
            None => {
                if let Some(fault) = tls {
                    return Transport::Tls(fault);
                }
            }
        }
    }
    if through_proxy { Transport::Proxy(ProxyFault::NoConnection) } else { Transport::Connect }
}

/// What is wrong with TLS, if that is what an error is about. What an error of I/O wraps is not its source, and it may wrap
/// another one.
fn tls_fault(error: &(dyn Error + 'static)) -> Option<TlsFault> {
    if let Some(wrapped) = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        return tls_fault(wrapped);
    }
    Some(match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(fault) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::OtherName,
            CertificateError::UnknownIssuer => TlsFault::UnknownAuthority,
            _ => TlsFault::OtherCertificate,
        },
        _ => TlsFault::NoTls,
    })
}

/// The cause at the bottom of the chain. The layers above it repeat the URL, which may hold an `external_id`.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
