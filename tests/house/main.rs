//! Checks the rooms: which room may import which, no circle between the files of a room, and no logic in a `mod.rs`.
//!
//! It reads the text of `src`: `use` declarations and paths that begin with `crate`, `super` or `self`. Unit tests may
//! import everything.

mod graph;
mod syntax;

use std::path::Path;

use graph::{Graph, Import};

/// Every room and the rooms that it may import, from the top of the house to the bottom: a room imports only rooms below it.
/// A new import is a decision: add it here, or move what is imported to where both can reach it.
const ROOMS: &[(&str, &[&str])] = &[
    // The edge: from the command line to an exit status.
    ("program", &["cli", "command", "exit", "ignore", "logging", "mapping", "notify", "report", "settings", "signal"]),
    (
        "command",
        &[
            "hexadecimal",
            "verify",
            "rehearsal",
            "selection",
            "missing",
            "settings",
            "cli",
            "clerk_sandbox",
            "sandbox",
            "pipeline",
            "delivery",
            "results",
            "report",
            "outcomes",
            "steps",
            "passwords",
            "memberships",
            "recognition",
            "id_map",
            "journal",
            "avnology",
            "kratos",
            "cutover",
            "hydra",
            "apps",
            "made_once",
            "keto",
            "tenant_plan",
            "webhooks",
            "export",
            "clerk_api",
            "mapping",
            "kind",
            "destination",
            "http",
            "pace",
            "fast_json",
            "source",
            "index",
            "files",
            "exit",
            "human",
            "signal",
            "manual",
            "rule_files",
            "toml_document",
            "version",
            "ignore",
        ],
    ),
    (
        "settings",
        &[
            "hexadecimal",
            "cli",
            "rule_files",
            "missing",
            "delivery",
            "results",
            "report",
            "made_once",
            "id_map",
            "journal",
            "selection",
            "avnology",
            "kratos",
            "cutover",
            "keto",
            "tenant_plan",
            "webhooks",
            "exit",
            "export",
            "clerk_api",
            "http",
            "kind",
            "mapping",
            "notify",
            "pace",
            "steps",
            "source",
            "files",
            "toml_document",
        ],
    ),
    (
        "cli",
        &[
            "sandbox",
            "missing",
            "delivery",
            "results",
            "report",
            "selection",
            "avnology",
            "kratos",
            "cutover",
            "tenant_plan",
            "webhooks",
            "export",
            "http",
            "kind",
            "mapping",
            "notify",
            "pace",
            "source",
            "exit",
            "manual",
            "version",
        ],
    ),
    ("clerk_sandbox", &["sandbox", "files"]),
    ("sandbox", &["hexadecimal", "http", "mapping", "files", "ignore"]),
    ("rule_files", &["journal", "mapping", "files", "toml_document"]),
    // The stages.
    (
        "rehearsal",
        &["verify", "pipeline", "delivery", "outcomes", "destination", "mapping", "index", "files", "signal"],
    ),
    (
        "verify",
        &[
            "files",
            "pipeline",
            "outcomes",
            "selection",
            "destination",
            "mapping",
            "kind",
            "source",
            "index",
            "exit",
            "human",
            "signal",
        ],
    ),
    (
        "pipeline",
        &[
            "delivery",
            "outcomes",
            "recognition",
            "id_map",
            "journal",
            "selection",
            "destination",
            "http",
            "kind",
            "mapping",
            "pace",
            "source",
            "index",
            "signal",
            "ignore",
        ],
    ),
    ("delivery", &["outcomes", "journal", "destination", "mapping", "kind", "pace", "source"]),
    // The vendors that they deliver to: no stage knows one.
    ("avnology", &["apps", "destination", "http", "kind", "mapping", "pace"]),
    ("hydra", &["apps", "destination", "http", "pace"]),
    ("kratos", &["keto", "destination", "http", "kind", "mapping", "pace", "ignore"]),
    ("keto", &["hexadecimal", "destination", "http", "kind", "mapping", "pace"]),
    ("apps", &["hexadecimal", "made_once", "tenant_plan", "destination", "http", "index"]),
    // The results, and views of them.
    ("logging", &["report"]),
    ("results", &["report", "missing", "id_map", "journal", "mapping", "kind", "source"]),
    (
        "report",
        &[
            "missing",
            "outcomes",
            "selection",
            "passwords",
            "memberships",
            "export",
            "clerk_api",
            "mapping",
            "pace",
            "source",
            "files",
            "exit",
            "kind",
            "human",
            "markdown",
            "ignore",
            "version",
        ],
    ),
    (
        "outcomes",
        &[
            "journal",
            "selection",
            "destination",
            "kind",
            "mapping",
            "pace",
            "source",
            "index",
            "exit",
            "human",
            "signal",
            "ignore",
        ],
    ),
    // What the stages are made of.
    ("steps", &["kind", "source"]),
    ("recognition", &["journal", "source", "index", "files"]),
    ("missing", &["journal", "mapping", "kind", "source", "index", "files"]),
    ("passwords", &["mapping", "clerk", "source", "index"]),
    ("memberships", &["mapping", "kind", "clerk", "source", "index"]),
    ("id_map", &["journal", "kind", "mapping", "index", "files"]),
    ("cutover", &["hexadecimal", "kind", "tenant_plan", "journal", "files", "human"]),
    ("made_once", &["hexadecimal", "journal", "index", "files", "ignore"]),
    (
        "journal",
        &["hexadecimal", "selection", "mapping", "kind", "clerk", "source", "index", "files", "exit", "ignore"],
    ),
    ("selection", &["hexadecimal", "mapping", "clerk", "source", "index"]),
    // A plan of webhooks gives the verdicts that the plan of a tenant gives.
    ("webhooks", &["hexadecimal", "tenant_plan", "toml_document"]),
    ("tenant_plan", &["export", "markdown", "index"]),
    ("export", &["hexadecimal", "clerk_api", "source", "index", "files"]),
    ("clerk_api", &["http", "pace"]),
    ("destination", &["http", "kind", "mapping", "pace", "index"]),
    ("notify", &["http", "exit"]),
    ("http", &["pace"]),
    ("mapping", &["hexadecimal", "kind", "clerk", "fast_json", "source", "toml_document"]),
    ("kind", &[]),
    ("pace", &["ignore"]),
    ("clerk", &[]),
    ("fast_json", &[]),
    ("source", &["hexadecimal", "index"]),
    ("index", &[]),
    ("toml_document", &[]),
    ("files", &[]),
    ("exit", &[]),
    ("signal", &[]),
    ("hexadecimal", &[]),
    ("human", &[]),
    ("markdown", &[]),
    ("ignore", &[]),
    // The pages for people.
    ("manual", &[]),
    ("version", &[]),
];

/// The files of `src`.
fn house() -> Graph {
    Graph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The files of the crate that moves code.
fn codemod() -> Graph {
    Graph::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codemod/src"))
}

/// Fails with one violation a line.
fn none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n{}", violations.join("\n"));
}

#[test]
fn rooms_import_only_the_rooms_that_they_may() {
    let house = house();
    let place = |room: &str| ROOMS.iter().position(|(name, _)| *name == room);
    let mut violations = Vec::new();
    for room in house.rooms() {
        if place(room).is_none() {
            violations.push(format!("`{room}` stands nowhere in the table of tests/house/main.rs"));
        }
    }
    for (index, (room, below)) in ROOMS.iter().enumerate() {
        for other in *below {
            if place(other).is_none_or(|place| place <= index) {
                violations.push(format!("the table lets `{room}` import `{other}`, which does not stand below it"));
            }
            if !house.imports().any(|import| import.room_of_importer() == *room && import.room_of_imported() == *other)
            {
                violations.push(format!("the table lets `{room}` import `{other}`, and no file does"));
            }
        }
    }
    for import in house.imports().filter(|import| import.room_of_importer() != import.room_of_imported()) {
        let may = ROOMS
            .iter()
            .any(|(room, below)| *room == import.room_of_importer() && below.contains(&import.room_of_imported()));
        if !may {
            violations.push(format!(
                "{import}: `{}` may not import `{}`",
                import.room_of_importer(),
                import.room_of_imported()
            ));
        }
    }
    none("imports between rooms", &violations);
}

/// The rooms of the crate that moves code, from the top to the bottom: a room imports only what stands below it. Git, the
/// work tree and threads are in the top room alone, and the parser is known to one room alone.
const CODEMOD_ROOMS: &[&str] = &[
    "rim",
    "report",
    "project",
    "swap",
    "other",
    "rules",
    "texts",
    "finding",
    "code",
    "kind",
    "lines",
    "edit",
    "syntax",
    "environment",
];

#[test]
fn rooms_of_the_codemod_import_only_what_stands_below_them() {
    let codemod = codemod();
    let place = |room: &str| CODEMOD_ROOMS.iter().position(|name| *name == room);
    let mut violations: Vec<String> = codemod
        .rooms()
        .into_iter()
        .filter(|room| place(room).is_none())
        .map(|room| format!("`{room}` is in no list"))
        .collect();
    let upwards =
        codemod.imports().filter(|import| place(import.room_of_importer()) > place(import.room_of_imported()));
    violations.extend(upwards.map(Import::to_string));
    none("imports between rooms of the codemod", &violations);
}

#[test]
fn one_room_knows_the_parser() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/codemod/src");
    let mut open = vec![src.clone()];
    let mut violations = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if !path.starts_with(src.join("syntax"))
                && std::fs::read_to_string(&path).expect("a file").contains("oxc_")
            {
                violations.push(path.display().to_string());
            }
        }
    }
    none("files that name the parser", &violations);
}

/// The rooms that may know the codes of the vendor: its client and its sandbox.
const VENDOR_ROOMS: [&str; 2] = ["avnology", "sandbox"];

#[test]
fn the_codes_of_the_vendor_are_in_its_rooms_alone() {
    let violations = house().lines_with("AVNOLOGY_AUTH", &VENDOR_ROOMS);
    none("codes of the vendor outside its room", &violations);
}

#[test]
fn no_circle_is_between_the_files_of_a_room() {
    let house = house();
    let codemod = codemod();
    let circles: Vec<String> = house.circles().chain(codemod.circles()).map(Import::to_string).collect();
    none("imports that are part of a circle", &circles);
}

/// Files of `src/command` that only say what is in the folder beside them. (There `X.rs` is beside `X/`, and mostly has the command
/// X.)
const ROOTS_OF_COMMANDS: [&str; 6] = [
    "command/cutover.rs",
    "command/runs.rs",
    "command/shared.rs",
    "command/shared/reading.rs",
    "command/shared/terminal.rs",
    "command/webhooks.rs",
];

#[test]
fn module_roots_only_explain_and_re_export() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    assert!(ROOTS_OF_COMMANDS.iter().all(|root| src.join(root).exists()), "all of them are there");
    let functions = [house().functions_in_roots(&ROOTS_OF_COMMANDS), codemod().functions_in_roots(&[])].concat();
    none("functions in a module's root", &functions);
}

/// A command that is an option of another one.
const COMMAND_BY_OPTION: &str = "dry_run";

/// The folder of what stands in for what a build leaves out with a feature.
const WITHOUT_FEATURE: &str = "without_feature";

#[test]
fn every_entry_of_the_room_of_commands_is_a_command_but_what_they_share_and_what_stands_in_for_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(src.join("command")).expect("a directory");
    let names =
        entries.map(|entry| entry.expect("an entry").path().with_extension("").file_name().map(ToOwned::to_owned));
    let others = names.flatten().filter_map(|name| name.into_string().ok()).filter(|name| {
        let is_command = src.join("cli").join(name).with_extension("rs").exists();
        !is_command && !["mod", "shared", WITHOUT_FEATURE, COMMAND_BY_OPTION].contains(&name.as_str())
    });
    none("entries of src/command that nobody can type", &others.collect::<Vec<_>>());
}

/// The file that gathers the errors that commands end with, each from its folder.
const ERRORS_OF_COMMANDS: &str = "command/shared/command_error.rs";

#[test]
fn no_command_reaches_into_the_folder_of_another_one() {
    let house = house();
    let command = |path: &str| path.split('/').nth(1).map(|entry| entry.trim_end_matches(".rs").to_owned());
    let within =
        house.imports().filter(|import| [import.room_of_importer(), import.room_of_imported()] == ["command"; 2]);
    let others = within.filter(|import| {
        let (from, to) = (command(import.importer()), command(import.imported()));
        let may = from.as_deref() == Some(WITHOUT_FEATURE) || import.importer() == ERRORS_OF_COMMANDS;
        // A path of `pub(in crate::command)` leads to `mod`.
        from != to && !matches!(to.as_deref(), Some("shared" | "mod")) && !may
    });
    none("imports from a command into another one", &others.map(Import::to_string).collect::<Vec<_>>());
}

#[test]
fn what_one_file_of_a_command_needs_lies_in_the_folder_beside_it() {
    none("files of src/command that lie too high", &house().too_high("command"));
}

/// A house with these files, by their paths below `src`.
fn planted(files: &[(&str, &str)]) -> Graph {
    let directory = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        std::fs::write(path, text).expect("written");
    }
    Graph::read(directory.path())
}

#[test]
fn an_import_is_found_in_every_form() {
    let house = planted(&[
        ("lib.rs", "pub mod a;\npub mod b;\n"),
        ("b/mod.rs", "//! See [`crate::a`].\nmod deep;\npub use deep::{Thing as Other, helper};\n"),
        ("b/deep.rs", "pub struct Thing; pub fn helper() {}\n"),
        (
            "a.rs",
            "use crate::b::{\n    Other,\n    helper,\n};\n// crate::b\nfn f() { crate::b::helper(); let _ = \"crate::b::x\"; }\n\
             fn g() -> impl Sized + use<> { ' ' }\n#[cfg(test)]\nmod tests { use crate::b::helper; }\n",
        ),
    ]);
    let imports: Vec<String> = house.imports().map(Import::to_string).collect();
    assert_eq!(
        imports,
        ["src/a.rs:2 imports b/deep.rs", "src/a.rs:3 imports b/deep.rs", "src/a.rs:6 imports b/deep.rs"],
        "each at its line, through what is re-exported; not those of comments, texts and tests"
    );
}

#[test]
fn a_circle_through_re_exports_is_found() {
    let house = planted(&[
        ("lib.rs", "pub mod room;\n"),
        ("room/mod.rs", "mod one;\nmod two;\nmod three;\npub use one::One;\npub use two::Two;\n"),
        ("room/one.rs", "use super::two;\npub struct One(two::Two);\n"),
        ("room/two.rs", "use super::three::Three;\npub struct Two(Three);\n"),
        ("room/three.rs", "pub struct Three(Option<Box<super::One>>);\n"),
    ]);
    let circle: Vec<String> = house.circles().map(Import::to_string).collect();
    assert_eq!(
        circle,
        [
            "src/room/one.rs:1 imports room/two.rs",
            "src/room/three.rs:1 imports room/one.rs",
            "src/room/two.rs:1 imports room/three.rs"
        ]
    );
}

#[test]
fn a_file_that_lies_too_high_is_found() {
    let house = planted(&[
        ("lib.rs", "pub mod room;\n"),
        ("room/mod.rs", "mod one;\n"),
        ("room/one.rs", "mod two;\nmod three;\nmod four;\nmod five;\npub use five::Five;\nuse four::four;\n"),
        ("room/one/two.rs", "mod below;\nuse super::{five, four, three::three};\nuse below::below;\n"),
        ("room/one/two/below.rs", "pub fn below() {}\n"),
        ("room/one/three.rs", "pub fn three() {}\n"),
        ("room/one/four.rs", "pub fn four() {}\n"),
        ("room/one/five.rs", "pub struct Five;\n"),
    ]);
    assert_eq!(house.too_high("room"), ["src/room/one/three.rs, which src/room/one/two.rs alone uses"]);
}

#[test]
fn a_function_in_a_module_root_is_found() {
    let house = planted(&[
        ("lib.rs", "pub mod room;\n"),
        ("room/mod.rs", "//! fn\nmod one;\npub fn logic() {}\n#[cfg(test)]\nmod tests { fn f() {} }\n"),
        ("room/one.rs", "fn f() {}\n"),
    ]);
    assert_eq!(house.functions_in_roots(&[]), ["src/room/mod.rs:3"]);
    assert_eq!(house.functions_in_roots(&["room/one.rs"]), ["src/room/mod.rs:3", "src/room/one.rs:1"]);
}
