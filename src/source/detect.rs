//! Finds the shape of an input from its first bytes.

use std::sync::Arc;

use super::byte_order_mark::byte_order_mark;
use super::foreign::foreign;
use super::json_shape::{array, is_value_before_lines, object};
use super::notation::{in_brackets, in_place_of_json};
use super::shape::Shape;
use super::{Format, Header, Place, SourceError};

/// Finds the shape from the first bytes of an input, which begin at `at`. `whole` says that there are no more bytes.
pub(super) fn detect(prefix: &[u8], whole: bool, at: Place, input: &Arc<str>) -> Result<Shape, SourceError> {
    if let Some((found, advice)) = foreign(prefix) {
        return Err(SourceError::NotJson { input: Arc::clone(input), found, advice: advice.to_owned() });
    }
    let text = &prefix[byte_order_mark(prefix)..];
    let Some(first) = text.iter().position(|byte| !byte.is_ascii_whitespace()) else {
        return Err(SourceError::Empty { input: Arc::clone(input) });
    };
    let start = Place { offset: at.offset + byte_order_mark(prefix) as u64, ..at };
    let wrong_shape = |problem| {
        let line = start.line + memchr::memchr_iter(b'\n', &text[..first]).count() as u64;
        let place = Place { line, offset: start.offset + first as u64 };
        SourceError::WrongShape { input: Arc::clone(input), place, problem, records: 0 }
    };
    let json = |format| Shape { format, header: None, start };
    let no_json = |found, advice| SourceError::NotJson { input: Arc::clone(input), found, advice };
    if let Some((found, advice)) = in_brackets(&text[first..]) {
        return Err(no_json(found, advice.to_owned()));
    }
    match text[first] {
        b'[' => Ok(json(array(text))),
        b'{' => object(text).map(json).map_err(wrong_shape),
        b'<' => Err(no_json(
            "an HTML or XML page",
            "probably an error page saved under this name; download the export again".to_owned(),
        )),
        _ if is_value_before_lines(text) => Ok(json(Format::Lines)),
        _ => match Header::read(text, whole) {
            Ok((header, behind)) => {
                let start = Place { line: start.line + behind.line - 1, offset: start.offset + behind.offset };
                Ok(Shape { format: Format::Rows, header: Some(Arc::new(header)), start })
            }
            Err(problem) => Err(match in_place_of_json(text) {
                Some((found, advice)) => no_json(found, advice),
                None => wrong_shape(problem),
            }),
        },
    }
}

/// Whether there is only white space, perhaps behind a byte order mark.
pub(super) fn is_blank(prefix: &[u8]) -> bool {
    prefix[byte_order_mark(prefix)..].iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &[u8]) -> Result<Format, String> {
        let shape = detect(text, true, Place { line: 1, offset: 0 }, &Arc::from("users.json"));
        shape.map(|shape| shape.format).map_err(|error| error.to_string())
    }

    #[test]
    fn a_word_in_a_table_makes_no_archive_of_it() {
        let mut table = b"id,first_name,primary_email_address\n".to_vec();
        table.resize(256, b'x');
        table.extend(b"mustard,mustard@example.com\n");
        assert_eq!(shape(&table), Ok(Format::Rows));
        table.splice(257..265, *b"ustar  \0");
        assert!(shape(&table).is_err());
    }

    #[test]
    fn tables_of_all_kinds_are_known_by_their_headers() {
        for header in
            ["id,name,slug\n", "id;organization_id;user_id;role\n", "id,organization_id,email_address,role,status\n"]
        {
            assert_eq!(shape(format!("{header}a,b,c,d\n").as_bytes()), Ok(Format::Rows), "{header}");
        }
        let nearly = shape(b"id,organization_id,user_id\n").expect_err("no role");
        assert!(nearly.contains("`organization_id` and `role`"), "{nearly}");
        assert!(shape(b"id,name\n").is_err());
    }

    #[test]
    fn shapes_are_recognised_by_content() {
        assert_eq!(shape(br#"{"data":[]}"#), Ok(Format::Envelope));
        assert_eq!(shape(b"\xef\xbb\xbf { \"object\": \"list\", \"data\": ["), Ok(Format::Envelope));
        assert_eq!(shape(b"\n[{"), Ok(Format::Array));
        assert_eq!(shape(b"{\"id\":\"user_1\"}\n{\"id\":\"user_2\"}\n"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"id\":\"user_1\"}"), Ok(Format::Lines));
        assert_eq!(shape(b"{bad}\n{\"id\":\"user_2\"}\n"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"code\":\"no_email\",\"original\":{\"id\":1}}"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"code\":\"invalid_row\",\"original_base64\":\"\"}"), Ok(Format::Lines));
        assert_eq!(shape(b"{\"total\": 1, bad"), Ok(Format::Envelope), "the walk of the envelope says where it is bad");
        assert_eq!(shape(br#"[[{"id":1}],[]]"#), Ok(Format::Arrays));
        assert_eq!(shape(b"[[],[{"), Ok(Format::Arrays));
        assert_eq!(shape(br#"[{"total_count":1,"data":[{"id":1}"#), Ok(Format::Envelopes));
        assert_eq!(shape(br#"[[],{"id":1}]"#), Ok(Format::Array), "one odd element among users");
        assert_eq!(shape(br#"[{"data":[{"x":1}],"id":1}]"#), Ok(Format::Array), "a user with `data`");
        assert_eq!(shape(b"{\"id\":\"user_1\"},\n\xef\xbb\xbf{\"id\":\"user_2\"},\n"), Ok(Format::Lines));
        assert_eq!(shape(b"id,primary_email_address"), Ok(Format::Rows));
        assert_eq!(shape(b"id;primary_email_address\nuser_1;a@example.com"), Ok(Format::Rows));
        assert_eq!(shape(b"\xef\xbb\xbfsep=\t\r\nid\tprimary_email_address\r\n"), Ok(Format::Rows));
        assert_eq!(shape(b"\xef\xbb\xbf\r\n\"first_name\",\"id\",\"password_digest\"\r\nAda"), Ok(Format::Rows));
    }

    #[test]
    fn a_text_that_is_not_an_export_gets_a_clear_error() {
        let cases: &[&[u8]] = &[
            b"",
            b" \n",
            b"<!DOCTYPE html>",
            b"\xff\xfe{\0",
            b"{\0\"\0",
            b"\x1f\x8b\x08",
            b"PK\x03\x04",
            b"PK\x03\x04\x14\0\x06\0..............................[Content_Types].xml",
            b"PK\x03\x04....mimetypeapplication/vnd.oasis.opendocument.spreadsheetPK",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"id,first_name",
            b"email,password_digest\nx,y\n",
            b"e\0m\0a\0i\0l\0",
            b"\0i\0d\0,",
            b"email;first_name;last_name\n",
            b"sep=|\nid|primary_email_address\n",
            b"id,\"primary_email_address\nuser_1,\"A\"\n",
            b"id,id,primary_email_address\n",
            b"null",
            b"42",
            b"\"x\"",
            br#"{"errors":[{"code":"x"}]}"#,
            br#"{"data":{"id":1}}"#,
            br#"{"data":null}"#,
            b"{}",
            b"{\n  \"id\": \"user_1\"\n}",
            b"{\n  \"id\": \"user_1\"\n},\n{\n  \"id\": \"user_2\"\n}",
        ];
        let messages: Vec<String> = cases.iter().map(|case| shape(case).expect_err("an error")).collect();
        insta::assert_snapshot!(messages.join("\n"));
    }
}
