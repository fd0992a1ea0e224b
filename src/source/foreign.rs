//! Files of other kinds, which are recognised by their first bytes.

/// What a file of another kind is, and what to do about it.
pub(super) fn foreign(prefix: &[u8]) -> Option<(&'static str, &'static str)> {
    const DECOMPRESS: &str = "decompress it first";
    const ENCODE: &str = "convert it to UTF-8 first, for example with `iconv -f UTF-16 -t UTF-8`";
    let utf16 = "text in UTF-16";
    match prefix {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            Some(("text in UTF-32", "convert it to UTF-8 first, for example with `iconv -f UTF-32 -t UTF-8`"))
        }
        // With a byte order mark, or ASCII without one.
        [0xff, 0xfe, ..]
        | [0xfe, 0xff, ..]
        | [0, b'{' | b'[', ..]
        | [b'{' | b'[', 0, ..]
        | [0, 1..=255, 0, 1..=255, ..]
        | [1..=255, 0, 1..=255, 0, ..] => Some((utf16, ENCODE)),
        [0x1f, 0x8b, ..] => Some(("compressed twice", "decompress it once, for example with `gunzip`")),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(("compressed twice", "decompress it once, for example with `unzstd`")),
        [b'B', b'Z', b'h', ..] => Some(("compressed with bzip2", DECOMPRESS)),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => Some(("compressed with xz", DECOMPRESS)),
        [b'P', b'K', 3, 4, ..] => Some(archive(prefix)),
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(("an old Excel workbook (.xls)", SAVE_AS_CSV)),
        [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => Some(("a 7z archive", UNPACK)),
        // The bytes behind the word are not text, because a user may be called Mustard.
        _ if matches!(prefix.get(257..265), Some(b"ustar\x0000" | b"ustar  \0")) => Some(("a tar archive", UNPACK)),
        _ => None,
    }
}

const UNPACK: &str = "unpack it first";
const SAVE_AS_CSV: &str = "open it there and save it as CSV in UTF-8, with commas";

/// The kind of a ZIP archive, by the names of the first files in it: spreadsheets are ZIP archives, too.
fn archive(prefix: &[u8]) -> (&'static str, &'static str) {
    let holds = |name: &[u8]| memchr::memmem::find(prefix, name).is_some();
    if holds(b"[Content_Types].xml") {
        ("an Office document, such as an Excel workbook (.xlsx)", SAVE_AS_CSV)
    } else if holds(b"opendocument.spreadsheet") {
        ("an OpenDocument spreadsheet (.ods)", SAVE_AS_CSV)
    } else if holds(b"Index/Tables/") {
        ("a Numbers spreadsheet", SAVE_AS_CSV)
    } else {
        ("a ZIP archive", UNPACK)
    }
}
