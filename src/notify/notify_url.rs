//! The address of a service that watches jobs, in the forms of healthchecks.io.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::exit::ExitStatus;

/// The address of a check at a service that watches jobs. Its path is as good as a password: no message repeats it.
#[derive(Clone, PartialEq, Eq)]
pub struct NotifyUrl(Url);

/// Why a text is no such address. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyUrlError {
    /// No URL, or one of another kind.
    #[error("expected the URL of a check, as in https://hc-ping.com/UUID")]
    NoUrl,
}

impl NotifyUrl {
    /// Where a start is reported.
    pub fn started(&self) -> Url {
        self.with_segment("start")
    }

    /// Where an end is reported: a success at the plain address, all else at the exit code.
    pub fn ended(&self, status: ExitStatus) -> Url {
        match status {
            ExitStatus::Success => self.0.clone(),
            status => self.with_segment(&status.code().to_string()),
        }
    }

    /// The scheme, the host and the port, for messages and for the choice of a proxy.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// What stands behind a `?` stays behind it.
    fn with_segment(&self, segment: &str) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        url
    }
}

impl FromStr for NotifyUrl {
    type Err = NotifyUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text.trim()).map_err(|_| NotifyUrlError::NoUrl)?;
        let is_usable = matches!(url.scheme(), "http" | "https") && url.has_host();
        if is_usable { Ok(Self(url)) } else { Err(NotifyUrlError::NoUrl) }
    }
}

impl fmt::Debug for NotifyUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("NotifyUrl").field(&self.origin()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_start_and_of_ends() {
        let url: NotifyUrl = "https://hc.example.com/ping/uuid/".parse().unwrap();
        assert_eq!(url.started().as_str(), "https://hc.example.com/ping/uuid/start");
        assert_eq!(url.ended(ExitStatus::Success).as_str(), "https://hc.example.com/ping/uuid/");
        assert_eq!(url.ended(ExitStatus::Rejected).as_str(), "https://hc.example.com/ping/uuid/3");
        let url: NotifyUrl = "http://10.0.0.1:8000/uuid?create=1".parse().unwrap();
        assert_eq!(url.ended(ExitStatus::Terminated).as_str(), "http://10.0.0.1:8000/uuid/143?create=1");
        assert_eq!(format!("{url:?}"), "NotifyUrl(\"http://10.0.0.1:8000\")");
        for wrong in ["", "uuid", "ftp://example.com/a", "mailto:a@example.com", "hc.example.com/uuid"] {
            assert_eq!(wrong.parse::<NotifyUrl>(), Err(NotifyUrlError::NoUrl), "{wrong}");
        }
    }
}
