//! The key, which may be replaced by a new one while a run of many hours is under way.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// A key may be replaced at the other side first, and here a moment later.
const SECOND_LOOK: Duration = Duration::from_secs(5);

/// Why a text is no key. The text is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// An editor on Windows wrote it.
    #[error("it begins with a byte order mark, as editors on Windows write it; save it as UTF-8 without one")]
    ByteOrderMark,
    /// Something stands below it.
    #[error("it has more than one line; only the key may be there")]
    Lines,
    /// As in `sk_…\n`, with a backslash.
    #[error("it ends in a line end that is written out (`\\n`); take it away")]
    LineEnd,
    /// Quotes that a shell would have taken away.
    #[error("it has quotation marks around it; take them away")]
    Quoted,
    /// It is the whole header.
    #[error("it begins with `Bearer`; only the key itself may be there")]
    Bearer,
    /// It is the whole line of a `.env`.
    #[error("it begins with its name, as in NAME=…; only the key itself may be there")]
    Named,
    /// A blank or a tab.
    #[error("it has a blank in it; no key has")]
    Blank,
    /// Nothing that a header can carry.
    #[error("it has characters that no key has; copy it once more")]
    Characters,
}

impl KeyFault {
    /// What is wrong with this text, if anything.
    fn of(key: &str) -> Option<Self> {
        let key = key.trim();
        let is_quote = |character: char| "\"'`\u{2018}\u{2019}\u{201c}\u{201d}«»".contains(character);
        let begins_with = |word: &str| key.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
        Some(match key {
            _ if key.contains('\u{feff}') => Self::ByteOrderMark,
            _ if key.contains(['\n', '\r']) => Self::Lines,
            _ if key.ends_with("\\n") || key.ends_with("\\r") => Self::LineEnd,
            _ if key.starts_with(is_quote) || key.ends_with(is_quote) => Self::Quoted,
            _ if begins_with("bearer ") || begins_with("bearer\t") || begins_with("authorization:") => Self::Bearer,
            _ if begins_with("avnology_") || begins_with("clerk_") => Self::Named,
            _ if key.contains(char::is_whitespace) => Self::Blank,
            _ if !key.bytes().all(|byte| byte.is_ascii_graphic()) => Self::Characters,
            _ => return None,
        })
    }
}

/// Where the key comes from, so that it can be read again.
#[derive(Clone)]
pub enum KeySource {
    /// It was given once and for all.
    Given(Option<SecretString>),
    /// A file that holds it and nothing else, as orchestrators provide secrets.
    File(PathBuf),
    /// Somewhere else that can be read again.
    Read(Arc<dyn Fn() -> Option<SecretString> + Send + Sync>),
}

impl fmt::Debug for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Given(_) => "Given",
            Self::File(_) => "File",
            Self::Read(_) => "Read",
        })
    }
}

impl KeySource {
    /// The key that is there now.
    pub fn read(&self) -> io::Result<Option<SecretString>> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::File(path) => {
                let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8; save it as such");
                let text = String::from_utf8(std::fs::read(path)?).map_err(no_text)?;
                Ok(Some(text.trim()).filter(|key| !key.is_empty()).map(SecretString::from))
            }
            Self::Read(read) => Ok(read()),
        }
    }
}

/// The key in use.
#[derive(Debug)]
pub(super) struct SecretKey {
    /// Nothing if the other side wants no key.
    header: RwLock<Option<HeaderValue>>,
    source: KeySource,
    /// How often it was replaced.
    generation: AtomicU64,
    /// Whether the target ever took it. One that is wrong from the beginning is not waited for.
    was_good: AtomicBool,
    renewing: tokio::sync::Mutex<()>,
}

impl SecretKey {
    pub(super) fn new(key: Option<&SecretString>, source: KeySource) -> Result<Self, KeyFault> {
        Ok(Self {
            header: RwLock::new(key.map(authorization).transpose()?),
            source,
            generation: AtomicU64::new(0),
            was_good: AtomicBool::new(false),
            renewing: tokio::sync::Mutex::default(),
        })
    }

    /// The `Authorization` header, and which generation it is.
    pub(super) fn current(&self) -> (Option<HeaderValue>, u64) {
        // Both under one lock: a new key with the old number would be renewed again.
        let header = self.header.read().unwrap_or_else(PoisonError::into_inner);
        (header.clone(), self.generation.load(Ordering::Acquire))
    }

    pub(super) fn is_good(&self) {
        self.was_good.store(true, Ordering::Relaxed);
    }

    /// After the target refused a key of this generation: whether there is another one now. It is looked for at its source,
    /// and once more after a while; everybody who was refused waits here.
    pub(super) async fn renew(&self, refused: u64) -> bool {
        let _turn = self.renewing.lock().await;
        if self.generation.load(Ordering::Acquire) > refused {
            return true;
        }
        if !self.was_good.load(Ordering::Relaxed) || matches!(self.source, KeySource::Given(_)) {
            return false;
        }
        if self.reread() {
            return true;
        }
        tracing::warn!("the target does not take the key any more; looking for a new one");
        tokio::time::sleep(SECOND_LOOK).await;
        self.reread()
    }

    fn reread(&self) -> bool {
        let Ok(Some(key)) = self.source.read() else { return false };
        let new = match authorization(&key) {
            Ok(new) => new,
            Err(fault) => {
                tracing::warn!(%fault, "there is a new key, and it cannot be used");
                return false;
            }
        };
        let mut header = self.header.write().unwrap_or_else(PoisonError::into_inner);
        if header.as_ref() == Some(&new) {
            return false;
        }
        *header = Some(new);
        self.generation.fetch_add(1, Ordering::AcqRel);
        // Until the target takes it, too, a refusal is final.
        self.was_good.store(false, Ordering::Relaxed);
        tracing::info!("going on with a new key");
        true
    }
}

fn authorization(key: &SecretString) -> Result<HeaderValue, KeyFault> {
    check_key(key)?;
    let header = HeaderValue::try_from(format!("Bearer {}", key.expose_secret().trim()));
    let mut header = header.map_err(|_| KeyFault::Characters)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Fails if this cannot be a key to anything.
pub fn check_key(key: &SecretString) -> Result<(), KeyFault> {
    KeyFault::of(key.expose_secret()).map_or(Ok(()), Err)
}
