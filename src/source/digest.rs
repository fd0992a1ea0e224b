//! The digest of an input: it shows whether an input is the same as before.

use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// How many bytes are read at once.
const BUFFER: usize = 64 * 1024;

/// The digest of the bytes of an input. For a compressed input these are the compressed bytes.
///
/// Runs of earlier versions know their inputs by another sum, so two digests are not simply equal or not: see [`Self::is_same`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InputDigest {
    /// What the bytes come to.
    #[serde(flatten)]
    pub sum: InputSum,
    /// How many bytes there were.
    pub bytes: u64,
}

/// What the bytes of an input come to, in hexadecimal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputSum {
    /// By BLAKE3, as `b3sum` prints it.
    Blake3(String),
    /// By SHA-256, as `sha256sum` prints it.
    Sha256(String),
}

/// By what inputs are known. One kind is as good as the other: nobody can make other bytes that come to the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SumKind {
    /// BLAKE3, which takes a quarter of the time of the other, and less where the processor has no instructions for that.
    #[default]
    Blake3,
    /// SHA-256, in runs that version 0.1.0 began.
    Sha256,
}

impl InputSum {
    /// Which kind it is.
    pub fn kind(&self) -> SumKind {
        match self {
            Self::Blake3(_) => SumKind::Blake3,
            Self::Sha256(_) => SumKind::Sha256,
        }
    }

    /// Its name and its digits, for people.
    pub fn shown(&self) -> (&'static str, &str) {
        match self {
            Self::Blake3(digits) => ("BLAKE3", digits),
            Self::Sha256(digits) => ("SHA-256", digits),
        }
    }
}

impl InputDigest {
    /// Whether the other one is of the same bytes; `None` if they are of different kinds, so that only the bytes can tell.
    pub fn is_same(&self, other: &Self) -> Option<bool> {
        if self.bytes != other.bytes {
            return Some(false);
        }
        match (&self.sum, &other.sum) {
            (InputSum::Blake3(one), InputSum::Blake3(other)) | (InputSum::Sha256(one), InputSum::Sha256(other)) => {
                Some(one == other)
            }
            (InputSum::Blake3(_), InputSum::Sha256(_)) | (InputSum::Sha256(_), InputSum::Blake3(_)) => None,
        }
    }
}

/// Computes a digest of bytes as they arrive.
pub(super) struct Digester {
    hash: Hash,
    bytes: u64,
}

enum Hash {
    Blake3(Box<blake3::Hasher>),
    Sha256(Sha256),
}

impl Digester {
    pub(super) fn new(kind: SumKind) -> Self {
        let hash = match kind {
            SumKind::Blake3 => Hash::Blake3(Box::default()),
            SumKind::Sha256 => Hash::Sha256(Sha256::new()),
        };
        Self { hash, bytes: 0 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match &mut self.hash {
            Hash::Blake3(hash) => drop(hash.update(bytes)),
            Hash::Sha256(hash) => hash.update(bytes),
        }
        self.bytes += bytes.len() as u64;
    }

    /// What all bytes came to until now.
    pub(super) fn digest(&self) -> InputDigest {
        let sum = match &self.hash {
            Hash::Blake3(hash) => InputSum::Blake3(hexadecimal(hash.finalize().as_bytes())),
            Hash::Sha256(hash) => InputSum::Sha256(hexadecimal(&hash.clone().finalize())),
        };
        InputDigest { sum, bytes: self.bytes }
    }
}

/// Reads everything and returns its digest; `None` if `stop` said so before the end.
pub(super) fn digest_of(reader: impl Read, kind: SumKind, stop: impl Fn() -> bool) -> io::Result<Option<InputDigest>> {
    let mut digester = Digester::new(kind);
    let is_whole = read_to_end(reader, stop, |bytes| digester.update(bytes))?;
    Ok(is_whole.then(|| digester.digest()))
}

/// Passes everything to `sink`, and returns whether it came to the end; otherwise `stop` said so.
pub(super) fn read_to_end(
    mut reader: impl Read,
    stop: impl Fn() -> bool,
    mut sink: impl FnMut(&[u8]),
) -> io::Result<bool> {
    let mut buffer = vec![0; BUFFER];
    while !stop() {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(count) => sink(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::{InputDigest, SumKind, digest_of};

    /// The first bytes of the published vectors: 0, 1, … 250, 0, 1, …
    fn vector(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }

    fn digest(bytes: &[u8], kind: SumKind) -> InputDigest {
        digest_of(bytes, kind, || false).expect("memory can be read").expect("nobody stops it")
    }

    #[test]
    fn both_kinds_are_as_published() {
        // `test_vectors.json` of BLAKE3; FIPS 180-2, appendix B.1.
        for (length, expected) in [
            (0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
            (1_025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"),
            (102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"),
        ] {
            assert_eq!(digest(&vector(length), SumKind::Blake3).sum.shown(), ("BLAKE3", expected));
        }
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest(b"abc", SumKind::Sha256).sum.shown(), ("SHA-256", expected));
    }

    #[test]
    fn digests_of_two_kinds_are_neither_the_same_nor_different() {
        let [one, same, other, shorter] = [b"abc", b"abc", b"abd", &b"ab"[..]]
            .map(|bytes| [SumKind::Blake3, SumKind::Sha256].map(|kind| digest(bytes, kind)));
        for kind in 0..2 {
            assert_eq!(one[kind].is_same(&same[kind]), Some(true));
            assert_eq!(one[kind].is_same(&other[kind]), Some(false));
            assert_eq!((one[kind].is_same(&same[1 - kind]), one[kind].is_same(&other[1 - kind])), (None, None));
            // Of so much they are sure.
            assert_eq!(one[kind].is_same(&shorter[1 - kind]), Some(false));
        }
    }

    #[test]
    fn each_kind_is_kept_under_its_name() {
        for (kind, name) in [(SumKind::Blake3, "blake3"), (SumKind::Sha256, "sha256")] {
            let kept = serde_json::to_value(digest(b"abc", kind)).expect("JSON");
            assert_eq!((kept[name].as_str().map(str::len), &kept["bytes"]), (Some(64), &3.into()), "{kept}");
            let read: InputDigest = serde_json::from_value(kept).expect("a digest");
            assert_eq!(read.is_same(&digest(b"abc", kind)), Some(true));
        }
    }
}
