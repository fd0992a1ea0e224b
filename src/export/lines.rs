//! Records as lines.

/// Adds a record to lines of which each holds one. A record of several lines, which only an answer has that somebody made
/// readable, becomes one: in JSON a line end stands between members only, where a blank means the same.
pub(super) fn push_line(lines: &mut Vec<u8>, record: &[u8]) {
    let begin = lines.len();
    lines.extend_from_slice(record);
    for byte in &mut lines[begin..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    lines.push(b'\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_several_lines_becomes_one_that_means_the_same() {
        let mut lines = Vec::new();
        let record = "{\r\n  \"id\": \"a\\nb\"\n}";
        push_line(&mut lines, record.as_bytes());
        push_line(&mut lines, r#"{"id":"é"}"#.as_bytes());
        assert_eq!(lines, "{    \"id\": \"a\\nb\" }\n{\"id\":\"é\"}\n".as_bytes());
    }
}
