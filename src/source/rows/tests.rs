use super::*;

fn framer(header: &str) -> RowFramer {
    let (header, _) = Header::read(header.as_bytes(), true).expect("a header");
    RowFramer::new(Arc::new(header), Place { line: 1, offset: 0 }, 1 << 20)
}

/// Frames a text that arrives in pieces. Returns the rows with their lines, the skipped rows, and how the text ended.
fn frames(header: &str, text: &str, piece: usize) -> (Vec<(u64, String)>, SkippedRows, AtEnd) {
    let mut framer = framer(header);
    let (mut seen, mut available) = (Vec::new(), 0);
    loop {
        match framer.step(&text.as_bytes()[..available], 0) {
            FrameStep::Record(bounds) => seen.push((bounds.line, bounds.of(text).to_owned())),
            FrameStep::More if available < text.len() => available = (available + piece).min(text.len()),
            FrameStep::More if framer.may_find_more_at_end() => {}
            _ => return (seen, framer.skipped(), framer.finish()),
        }
    }
}

const HEADER: &str = "id,password_digest";

/// Frames the text in pieces of every size.
#[track_caller]
fn assert_frames(text: &str, rows: &[(u64, &str)], skipped: (u64, u64)) {
    let rows: Vec<(u64, String)> = rows.iter().map(|(line, row)| (*line, (*row).to_owned())).collect();
    for piece in 1..=text.len() {
        let (empty, headers) = skipped;
        let expected = (rows.clone(), SkippedRows { empty, headers }, AtEnd::Complete);
        assert_eq!(frames(HEADER, text, piece), expected, "pieces of {piece}");
    }
}

#[test]
fn rows_are_found_with_any_size_of_buffers() {
    let text = "a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n\n1,2,3\n\u{feff}marked,row\nlast,";
    let rows = [(1, "a,b"), (3, "\"x\r\ny\",\"say \"\"hi\"\"\""), (6, "1,2,3"), (7, "marked,row"), (8, "last,")];
    assert_frames(text, &rows, (0, 0));
}

#[test]
fn rows_without_a_user_are_skipped_and_counted() {
    let text = ",\n1,2\n \"\" , \n\u{feff}id,password_digest\r\n\"id\", password_digest,\n3,4\n, ,\n";
    assert_frames(text, &[(2, "1,2"), (6, "3,4")], (3, 2));
}

#[test]
fn a_quote_that_is_never_closed_ends_with_its_row() {
    let text = "user_1,\"a\r\n\r\nuser_2,b\nuser_3,\"c\nc\"\nuser_4,\"d\n\u{feff}user_5,e\"\nuser_6,\"f\n";
    let rows = [
        (1, "user_1,\"a\r\n"),
        (3, "user_2,b"),
        (4, "user_3,\"c\nc\""),
        (6, "user_4,\"d"),
        (7, "user_5,e\""),
        (8, "user_6,\"f"),
    ];
    assert_frames(text, &rows, (0, 0));
}

#[test]
fn a_row_that_is_cut_off_does_not_count_as_whole() {
    for (text, why) in
        [("1,2\n\"a,b\n1,2", "quote"), ("1,2\n3", "line break"), ("1,2\n3,4", "line break"), ("1,2\n\"3", "quote")]
    {
        let (seen, _, end) = frames(HEADER, text, 1);
        assert_eq!(seen, [(1, "1,2".to_owned())], "{text}");
        let AtEnd::Truncated { whole: None, inside, .. } = end else { panic!("{text}: {end:?}") };
        assert!(inside.starts_with("inside record 2 (starts at line 2, byte offset 4), "), "{inside}");
        assert!(inside.contains(why), "{inside}");
    }
}
