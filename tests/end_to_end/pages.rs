//! Pages of users that programs put together: what is beside the users, and pages that are other answers.

use crate::support;

use avnology_migrate::source::{Input, InputWatch, ReaderLimits, RecordReader, ResumePoint, SourceError};
use support::{Run, Sandbox, Scratch, lines, user};

const ERROR: &str =
    r#"{"errors":[{"message":"Too many requests","code":"too_many_requests","meta":{}}],"clerk_trace_id":"ab"}"#;

fn dry_run(text: impl AsRef<[u8]>) -> Run {
    let scratch = Scratch::new();
    let file = scratch.write("users.json", text);
    scratch.run(&["migrate", "clerk", "--import", &file, "--dry-run", "--preview", "0", "--output", "json"])
}

fn data(numbers: &[usize]) -> String {
    format!("{{\"data\":[{}]}}", array(numbers, ","))
}

fn array(numbers: &[usize], between: &str) -> String {
    numbers.iter().map(|number| user(*number)).collect::<Vec<_>>().join(between)
}

#[test]
fn users_beside_data_are_refused_before_anything_is_sent_and_both_members_are_named() {
    let [one, two] = [user(1), user(2)];
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    for (text, named) in [
        (format!("{{\"data\":[{one}],\"users\":[{two}]}}"), "`users`"),
        (format!("{{\"users\":[{two}],\"data\":[{one}]}}"), "`users`"),
        // For objects of every kind.
        (format!("{{\"data\":[{one}],\"users\":[{{\"uid\":7}}]}}"), "`users`"),
        // For every name of the member.
        (format!("{{\"data\":[{one}],\"more\":[{two}]}}"), "`more`"),
        (format!("{{\"data\":[{one}],\"more\":[null,{{\"x\":1}},{two}]}}"), "`more`"),
        (format!("{{\"data\":[{one}],\"next\":{{\"page\":[[{two}]]}}}}"), "`next`"),
        // In a page that is not the first one.
        (format!("{{\"data\":[{one}]}}\n{{\"data\":[{two}],\"deleted\":[{two}]}}"), "`deleted`"),
        (format!("[{{\"data\":[{one}]}},{{\"data\":[{two}],\"users\":[{two}]}}]"), "`users`"),
        (format!("{{\"data\":[{one}],\"data\":[{two}]}}"), "second `data`"),
    ] {
        let file = scratch.write("users.json", &text);
        for arguments in [&["--dry-run"][..], &[]] {
            let run = scratch.import(&sandbox, &file, arguments).expect_code(5);
            assert!(run.stderr.contains(named) && run.stderr.contains("`data`"), "{text}: {}", run.stderr);
            assert!(run.stderr.contains("line ") && run.stderr.contains("one array"), "{text}: {}", run.stderr);
        }
        assert_eq!(sandbox.column("email"), [""; 0], "{text}");
    }
    // A name that may be personal data is not repeated.
    let run = dry_run(format!("{{\"data\":[{one}],\"ada@example.com\":[{two}]}}")).expect_code(5);
    assert!(run.stderr.contains("another member") && !run.stderr.contains("ada@"), "{}", run.stderr);
}

#[test]
fn a_single_user_beside_data_is_refused_at_any_depth() {
    let [one, two] = [user(1), user(2)];
    let scratch = Scratch::new();
    let sandbox = Sandbox::start(&scratch, &[]);
    let beside = [
        (format!("\"user\":{two}"), "`user`"),
        (format!("\"extra\":{two}"), "`extra`"),
        (format!("\"pages\":[{{\"data\":[{two},{one}]}},{{\"data\":[{two}]}}]"), "`pages`"),
        (format!("\"more\":[{{\"user\":{two}}}]"), "`more`"),
        (format!("\"page\":{{\"x\":[7,{{\"y\":{{\"user_2\":{two}}}}}]}}"), "`page`"),
    ];
    for (member, named) in &beside {
        for text in [
            format!("{{\"data\":[{one}],{member}}}"),
            format!("{{{member},\"data\":[{one}]}}"),
            format!("{{\"data\":[],{member}}}"),
            format!("[{{\"data\":[{one}]}},{{\"data\":[{two}],{member}}}]"),
        ] {
            let file = scratch.write("users.json", &text);
            for arguments in [&["--dry-run"][..], &[]] {
                let run = scratch.import(&sandbox, &file, arguments).expect_code(5);
                let place = format!("byte offset {})", text.find(member).expect("the member"));
                for part in [named, "`data`", &place, "two places"] {
                    assert!(run.stderr.contains(part), "{part} of {text}: {}", run.stderr);
                }
            }
            assert_eq!(sandbox.column("email"), [""; 0], "{text}");
        }
    }
    // Only the names of members count; text does not.
    let reported = dry_run(format!("{{\"data\":[{one}],\"query\":{{\"order_by\":[\"username\"]}}}}")).expect_code(0);
    assert_eq!(reported.count("valid"), 1, "{}", reported.stderr);
}

#[test]
fn objects_beside_data_that_cannot_be_users_are_named_and_counted() {
    let page = |number: usize| {
        format!(
            "{{\"organizations\":[{{\"id\":\"org_1\",\"name\":\"A\"}},{{\"id\":\"org_2\"}}],\"data\":[{}],\"errors\":[{{\"code\":\"x\"}}],\
             \"names\":[\"x\"],\"empty\":[]}}",
            user(number)
        )
    };
    for text in [page(1) + &page(2), format!("[{},{}]", page(1), page(2))] {
        let scratch = Scratch::new();
        let sandbox = Sandbox::start(&scratch, &[]);
        let file = scratch.write("users.json", text);
        for arguments in [&["--dry-run"][..], &[]] {
            let run = scratch.import(&sandbox, &file, arguments).expect_code(0);
            let reported = |what: &str| run.stderr.matches(what).count();
            assert_eq!(reported("4 objects in `organizations`"), 1, "{}", run.stderr);
            assert_eq!(reported("2 objects in `errors`"), 1, "{}", run.stderr);
            assert!(!run.stderr.contains("names") && !run.stderr.contains("empty"), "{}", run.stderr);
        }
        assert_eq!(sandbox.column("email").len(), 2);
    }
}

/// Texts of three pages, of which one is an error answer of Clerk's API.
fn with_an_error_page(at: usize) -> Vec<String> {
    let mut texts = Vec::new();
    for pages in
        [[data(&[1, 2]), data(&[3])], [format!("[{}]", array(&[1, 2], ",")), format!("[{}]", array(&[3], ","))]]
    {
        let mut pages = pages.to_vec();
        pages.insert(at, ERROR.to_owned());
        texts.extend([
            pages.concat(),
            pages.join("\n"),
            pages.join("\n\u{feff}") + "\n",
            format!("[{}]", pages.join(",\n")),
        ]);
        let pretty = |page: &String| page.replace("{\"", "{\n  \"").replace("[{", "[\n{");
        texts.push(pages.iter().map(pretty).collect::<Vec<_>>().join("\n"));
        texts.push(format!("[\n{}\n]\n", pages.iter().map(pretty).collect::<Vec<_>>().join(",\n")));
    }
    texts
}

#[test]
fn an_error_answer_among_the_pages_is_one_reject_and_all_other_pages_are_read() {
    for at in 0..3 {
        for text in with_an_error_page(at) {
            let run = dry_run(&text).expect_code(3);
            assert_eq!((run.count("valid"), run.count("rejected")), (3, 1), "{text}: {}", run.stderr);
            assert!(run.stderr.contains("an error answer of Clerk's API"), "the summary says so, too: {}", run.stderr);
        }
        for text in with_an_error_page(at).into_iter().skip(at).step_by(6) {
            let scratch = Scratch::new();
            let sandbox = Sandbox::start(&scratch, &[]);
            let file = scratch.write("users.json", &text);
            let run = scratch.import(&sandbox, &file, &[]).expect_code(3);
            assert_eq!((run.count("created"), run.count("rejected")), (3, 1), "{text}");
            let report = run.report();
            let reject = lines(&scratch.path(report["rejects_file"].as_str().expect("a rejects file"))).remove(0);
            let message = reject["message"].as_str().expect("a message");
            assert!(message.contains("error answer of Clerk's API"), "{text}: {reject}");
            let (offset, length) =
                (text.find("{\"errors").or(text.find("{\n  \"errors")), reject["position"]["length"].as_u64());
            assert_eq!(reject["position"]["offset"].as_u64(), offset.map(|offset| offset as u64), "{text}: {reject}");
            assert!(length.is_some_and(|length| length >= ERROR.len() as u64), "{reject}");
            assert_eq!(reject["original"]["errors"][0]["code"], "too_many_requests", "{reject}");
        }
    }
}

#[test]
fn several_error_answers_one_after_the_other_hide_no_page() {
    for pages in [[data(&[1]), data(&[2])], [array(&[1], ","), array(&[2], ",")].map(|users| format!("[{users}]"))] {
        let [one, two] = &pages;
        let all = [ERROR, ERROR, one, ERROR, ERROR, two, ERROR];
        for text in [all.concat(), all.join("\n"), format!("[{}]", all.join(","))] {
            let run = dry_run(&text).expect_code(3);
            assert_eq!((run.count("valid"), run.count("rejected")), (2, 5), "{text}: {}", run.stderr);
        }
    }
    // If the whole input is one, or all pages are.
    let run = dry_run(ERROR).expect_code(5);
    assert!(run.stderr.contains("error answer of Clerk's API"), "{}", run.stderr);
    let run = dry_run(ERROR.replace("[{", "[\n{").replace(',', ",\n")).expect_code(5);
    assert!(run.stderr.contains("error answer of Clerk's API"), "{}", run.stderr);
    assert_eq!(dry_run(format!("[{ERROR},{ERROR}]")).expect_code(3).count("rejected"), 2);
    // Among users, as `jq -s add` and `jq '.[]'` make it.
    let run = dry_run(format!("[{ERROR},{}]", array(&[1, 2], ","))).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (2, 1), "{}", run.stderr);
    let run = dry_run(format!("{ERROR}\n{}", array(&[1, 2], "\n"))).expect_code(3);
    assert_eq!((run.count("valid"), run.count("rejected")), (2, 1), "{}", run.stderr);
    // An error answer that was cut off is a truncated file.
    let run = dry_run(format!("{}{}", data(&[1]), &ERROR[..50])).expect_code(5);
    assert!(run.stderr.contains("truncated") && run.count("valid") == 1, "{}", run.stderr);
}

#[test]
fn anything_in_place_of_a_page_is_named_with_what_to_do() {
    let users = format!("[{}]", array(&[1, 2], ","));
    let html = "<!DOCTYPE html>\n<html>502</html>";
    for (what, named) in [
        (html, "an HTML or XML page"),
        ("null", "`null`"),
        ("true", "`true`"),
        ("\"Too many requests\"", "a string"),
        ("429", "a number"),
        ("Too many requests", "text that is no JSON"),
        ("{\"total_count\":2}", "an object"),
    ] {
        for (page, between) in [(&users, "\n"), (&users, ""), (&data(&[1, 2]), "\n"), (&data(&[1, 2]), "")] {
            for behind in ["", page] {
                let text = format!("{page}{between}{what}{behind}");
                let run = dry_run(&text).expect_code(5);
                assert_eq!(run.count("valid"), 2, "{text}: {}", run.stderr);
                assert_names(&run, &text, named, page.len() + between.len());
            }
        }
        for page in [&users, &data(&[1, 2])] {
            let text = format!("[{page},{what},{page}]");
            assert_names(&dry_run(&text).expect_code(5), &text, named, page.len() + 2);
        }
    }
    let run = dry_run(format!("[{users},]")).expect_code(5);
    assert!(run.stderr.contains("no page of users stands behind the comma"), "{}", run.stderr);
    // A page of the other kind.
    for (text, named) in [(users.clone() + &data(&[3]), "an object"), (data(&[3]) + &users, "an array")] {
        let offset = if text.starts_with('[') { users.len() } else { data(&[3]).len() };
        assert_names(&dry_run(&text).expect_code(5), &text, named, offset);
    }
}

/// What is in place of a page is named, with its place and what to do about it.
fn assert_names(run: &Run, text: &str, named: &str, offset: usize) {
    for part in [named, &format!("byte offset {offset})"), "make the request for that page again", "page of users"] {
        assert!(run.stderr.contains(part), "{part} of {text}: {}", run.stderr);
    }
}

/// The number, the place and the bytes of each record after a resume point.
fn records(reader: Result<RecordReader, SourceError>) -> Vec<(ResumePoint, Vec<u8>)> {
    let mut reader = reader.expect("an input");
    let mut records = Vec::new();
    while let Some(chunk) = reader.next_chunk().expect("pages") {
        records.extend(chunk.spans.iter().map(|span| {
            let point = ResumePoint { number: span.number, line: span.line, offset: span.offset };
            (point, chunk.record(span).to_vec())
        }));
    }
    records
}

#[test]
fn reading_resumes_at_any_record_also_at_an_error_answer() {
    let scratch = Scratch::new();
    let user = user(1);
    // A comma too many, of a file and of a page: the record that is missing behind it is one, too.
    let with_commas = [
        format!("[{user},{user},{user},]"),
        format!("{{\"data\":[{user},,{user},]}}"),
        format!("[{user},][{user},{user}]"),
        format!("[,{user}][{user},]"),
    ];
    let in_place_of_user = format!("{{\"data\":[{ERROR},{user}]}}");
    for text in (0..3).flat_map(with_an_error_page).chain(with_commas).chain([in_place_of_user]) {
        let input = Input::File(scratch.path(&scratch.write("users.json", &text)));
        for chunk_bytes in [1, 300, 1 << 18] {
            let limits = ReaderLimits { chunk_bytes, ..ReaderLimits::default() };
            let all = records(RecordReader::open(&input, limits));
            assert!(all.len() == 4 || text.contains("{\"data\":[{\"errors"), "{text}");
            for (index, (point, _)) in all.iter().enumerate() {
                let rest = records(RecordReader::resume(&input, limits, *point, &InputWatch::Nothing));
                assert_eq!(rest, all[index..], "from record {} of {text}", point.number);
            }
        }
    }
}
