//! What stands in a file of the work tree.

use std::io::Read as _;
use std::path::Path;

use crate::lines::ending;
use crate::project::MAX_BYTES;
use crate::syntax::Language;

/// The text of a file; nothing if it has none.
pub(super) fn text(root: &Path, path: &str) -> Option<String> {
    String::from_utf8(read(root, path).ok()??).ok()
}

/// How much of a file shows that it is no text.
const BEGINNING: u64 = 8 * 1024;

/// The bytes of a file; of one that is too large, as many as show that it is. Nothing of pictures and the like.
pub(super) fn read(root: &Path, path: &str) -> std::io::Result<Option<Vec<u8>>> {
    let mut file = std::fs::File::open(root.join(path))?;
    let mut bytes = Vec::new();
    file.by_ref().take(BEGINNING).read_to_end(&mut bytes)?;
    let is_text = Language::of(path).is_some() || ending(path) == "lockb" || memchr::memchr(0, &bytes).is_none();
    if !is_text {
        return Ok(None);
    }
    file.take(MAX_BYTES + 1 - BEGINNING).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
