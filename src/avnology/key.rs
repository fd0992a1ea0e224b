//! The admin key, which may be replaced by a new one while a run of many hours is under way.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::TargetError;

/// Whoever replaces a key may do so at the target first, and here a moment later.
const SECOND_LOOK: Duration = Duration::from_secs(5);

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
                let text = std::fs::read_to_string(path)?;
                Ok(Some(text.trim()).filter(|key| !key.is_empty()).map(SecretString::from))
            }
            Self::Read(read) => Ok(read()),
        }
    }
}

/// The key in use.
#[derive(Debug)]
pub(super) struct Key {
    header: RwLock<HeaderValue>,
    source: KeySource,
    /// How often it was replaced.
    generation: AtomicU64,
    /// Whether the target ever took it. One that is wrong from the beginning is not waited for.
    was_good: AtomicBool,
    renewing: tokio::sync::Mutex<()>,
}

impl Key {
    pub(super) fn new(key: &SecretString, source: KeySource) -> Result<Self, TargetError> {
        Ok(Self {
            header: RwLock::new(authorization(key)?),
            source,
            generation: AtomicU64::new(0),
            was_good: AtomicBool::new(false),
            renewing: tokio::sync::Mutex::default(),
        })
    }

    /// The `Authorization` header, and which generation it is.
    pub(super) fn current(&self) -> (HeaderValue, u64) {
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
        let Ok(Some(Ok(new))) = self.source.read().map(|key| key.map(|key| authorization(&key))) else { return false };
        let mut header = self.header.write().unwrap_or_else(PoisonError::into_inner);
        if *header == new {
            return false;
        }
        *header = new;
        self.generation.fetch_add(1, Ordering::AcqRel);
        // Until the target takes it, too, a refusal is final.
        self.was_good.store(false, Ordering::Relaxed);
        tracing::info!("going on with a new key");
        true
    }
}

fn authorization(key: &SecretString) -> Result<HeaderValue, TargetError> {
    let mut header =
        HeaderValue::try_from(format!("Bearer {}", key.expose_secret().trim())).map_err(|_| TargetError::Key)?;
    header.set_sensitive(true);
    Ok(header)
}
