//! Code moves from Clerk's packages to Avnology's: what the guide documents, to the byte, in files that git tracks; everything
//! else is in the report, and no key is anywhere.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Run, Scratch};

/// A small application, in a repository of its own.
struct Application {
    scratch: Scratch,
}

impl Application {
    fn new(files: &[(&str, &str)]) -> Self {
        let application = Self { scratch: Scratch::new() };
        for (path, text) in files {
            let path = application.scratch.path(&format!("app/{path}"));
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        application.git(&["init", "-q"]);
        application.commit();
        application
    }

    fn commit(&self) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "state"]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.autocrlf=false"]);
        command.args(arguments).current_dir(self.scratch.path("app"));
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = command.stdin(Stdio::null()).output().expect("git");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let arguments = [&["migrate", "clerk", "codemod"][..], arguments].concat();
        let mut command = self.scratch.avnology(&arguments);
        command.current_dir(self.scratch.path("app"));
        Run::of(command.output().expect("the binary runs"))
    }

    fn read(&self, path: &str) -> String {
        self.scratch.read(&format!("app/{path}"))
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.scratch.path("app").join(path), text).expect("a file");
    }

    /// What differs from the last commit.
    fn changes(&self) -> String {
        self.git(&["status", "--porcelain"])
    }
}

const LAYOUT: &str =
    "import { ClerkProvider } from \"@clerk/nextjs\";\n\nexport default () => <ClerkProvider>x</ClerkProvider>;\n";
const PAGE: &str =
    "import { auth } from \"@clerk/nextjs/server\";\n\nexport default async () => (await auth()).userId;\n";
const HOOK: &str =
    "import { useUser, UserButton } from \"@clerk/nextjs\";\n\nexport const A = () => [useUser(), <UserButton />];\n";
const TEMPLATE: &str = "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=\nCLERK_SECRET_KEY=\n";

#[test]
fn what_is_documented_moves_and_the_rest_is_in_the_report() {
    let application =
        Application::new(&[("app/layout.tsx", LAYOUT), ("app/user.tsx", HOOK), (".env.example", TEMPLATE)]);
    let run = application.run(&["--report", "../report.json", "--report", "../report.md"]).expect_code(3);
    assert!(run.stderr.contains("3 names imported from Clerk: 2 moved, 0 gone, 1 left"), "{}", run.stderr);
    assert!(run.stderr.contains("provider_moved_client_left"), "{}", run.stderr);
    assert!(
        application
            .read("app/layout.tsx")
            .contains("<AvnologyProvider domain={process.env.NEXT_PUBLIC_AVNOLOGY_DOMAIN!}>")
    );
    assert!(application.read(".env.example").starts_with("NEXT_PUBLIC_AVNOLOGY_DOMAIN=\n"));
    let report: Value = serde_json::from_str(&application.scratch.read("report.json")).expect("JSON");
    let totals = &report["totals"];
    let sum = ["moved", "gone", "left"].iter().map(|name| totals[name].as_u64().expect("a number")).sum::<u64>();
    assert_eq!(Some(sum), totals["imported"].as_u64());
    assert_eq!(report["entries"][0]["code"], "provider_moved_client_left", "what blocks most comes first");
    let page = application.scratch.read("report.md");
    assert!(page.contains("`app/user.tsx:1:10`") && page.contains("`useUser` has no documented equivalent."), "{page}");

    application.commit();
    application.run(&["--check"]).expect_code(3);
    let again = application.run(&[]).expect_code(3);
    assert!(again.stderr.contains("0 changed"), "{}", again.stderr);
    assert_eq!(application.changes(), "", "a second run changes nothing");
}

#[test]
fn exit_code_0_says_that_nothing_is_left() {
    let application = Application::new(&[("page.ts", PAGE)]);
    let run = application.run(&["--check"]).expect_code(3);
    assert!(run.stderr.contains("files that would change: 1;"), "{}", run.stderr);
    assert_eq!(application.changes(), "", "--check changes nothing");
    application.run(&[]).expect_code(0);
    application.commit();
    application.run(&["--check"]).expect_code(0);
}

#[test]
fn the_diff_of_a_dry_run_is_the_run() {
    let crlf = HOOK.replace('\n', "\r\n");
    let no_newline = LAYOUT.trim_end();
    let application = Application::new(&[
        ("app/layout.tsx", LAYOUT),
        ("app/a b/crlf.tsx", &crlf),
        ("app/ö\"x.tsx", no_newline),
        (
            "middleware.ts",
            "import { clerkMiddleware } from \"@clerk/nextjs/server\";\nexport default clerkMiddleware();\n",
        ),
        (".env.example", TEMPLATE),
        ("carriage.ts", &PAGE.replacen('\n', "\r", 1)),
        ("only.ts", &PAGE.replace('\n', "\r")),
        ("package.json", "{\n  \"dependencies\": {\n    \"@clerk/nextjs\": \"6\"\n  }\n}"),
    ]);
    let run = application.run(&["--dry-run", "--package-version", "1.1.0"]).expect_code(3);
    assert_eq!(application.changes(), "", "a dry run changes nothing");
    application.write("../dry.diff", &run.stdout);
    application.git(&["apply", "../dry.diff"]);
    let applied = application.git(&["diff"]);
    assert!(!applied.is_empty());
    application.git(&["checkout", "-q", "."]);
    application.run(&["--package-version", "1.1.0"]).expect_code(3);
    assert_eq!(application.git(&["diff"]), applied);
}

#[test]
fn a_work_tree_with_changes_and_a_folder_without_git_are_refused() {
    let application = Application::new(&[("page.ts", PAGE)]);
    application.write("page.ts", &format!("{PAGE}\n// more\n"));
    let run = application.run(&[]).expect_code(2);
    assert!(run.stderr.contains("not committed") && run.stderr.contains("--force"), "{}", run.stderr);
    assert!(application.read("page.ts").contains("@clerk"), "nothing was changed");
    application.run(&["--force"]).expect_code(0);
    assert!(application.read("page.ts").contains("@avnology/nextjs"));

    let scratch = Scratch::new();
    scratch.write("page.ts", PAGE);
    let run = scratch.run(&["migrate", "clerk", "codemod"]).expect_code(2);
    assert!(run.stderr.contains("not in a git repository"), "{}", run.stderr);
    scratch.run(&["migrate", "clerk", "codemod", "--force"]).expect_code(0);
    assert!(scratch.read("page.ts").contains("@avnology/nextjs"));
}

#[test]
fn only_files_that_git_tracks_change_and_no_lock_file() {
    let application = Application::new(&[
        (".gitignore", "ignored/\n.env\n"),
        ("page.ts", PAGE),
        ("node_modules/x/index.ts", PAGE),
        ("pnpm-lock.yaml", "'@clerk/nextjs': 6\n"),
    ]);
    std::fs::create_dir_all(application.scratch.path("app/ignored")).expect("a folder");
    for path in ["ignored/page.ts", "untracked.ts", ".env"] {
        application.write(path, if path == ".env" { "CLERK_SECRET_KEY=sk_live_1\n" } else { PAGE });
    }
    #[cfg(unix)]
    {
        std::fs::write(application.scratch.path("outside.ts"), PAGE).expect("a file");
        std::os::unix::fs::symlink("../outside.ts", application.scratch.path("app/link.ts")).expect("a link");
        application.git(&["add", "link.ts"]);
        application.git(&["commit", "-q", "-m", "link"]);
    }
    application.run(&["--env", "--ci"]).expect_code(3);
    assert_eq!(application.changes(), " M page.ts\n?? untracked.ts\n");
    for path in ["ignored/page.ts", "untracked.ts", "node_modules/x/index.ts"] {
        assert_eq!(application.read(path), PAGE, "{path}");
    }
    #[cfg(unix)]
    assert_eq!(application.scratch.read("outside.ts"), PAGE);
}

#[cfg(unix)]
#[test]
fn nothing_outside_of_the_work_tree_changes_and_what_is_not_there_is_counted() {
    use std::os::unix::ffi::OsStrExt as _;
    let application = Application::new(&[("page.ts", PAGE), ("file.ts", PAGE), ("src/a.ts", PAGE), ("gone.ts", PAGE)]);
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"app/odd\xff.ts"));
    // Not every file system has such names.
    let has_odd = std::fs::write(application.scratch.path("").join(odd), PAGE).is_ok();
    application.commit();
    let outside = application.scratch.path("outside");
    std::fs::create_dir(&outside).expect("a folder");
    let folder = application.scratch.path("app/src");
    std::fs::rename(folder.join("a.ts"), outside.join("a.ts")).expect("moved");
    std::fs::remove_dir(&folder).expect("removed");
    std::os::unix::fs::symlink("../outside", &folder).expect("a link");
    std::fs::remove_file(application.scratch.path("app/file.ts")).expect("removed");
    std::os::unix::fs::symlink("../outside/a.ts", application.scratch.path("app/file.ts")).expect("a link");
    std::fs::remove_file(application.scratch.path("app/gone.ts")).expect("removed");

    let run = application.run(&["--force"]).expect_code(0);
    assert!(application.read("page.ts").contains("@avnology/nextjs"));
    assert_eq!(application.scratch.read("outside/a.ts"), PAGE);
    assert!(application.scratch.path("app/file.ts").symlink_metadata().expect("a link").is_symlink());
    for line in ["2 files a link, behind a link, or a submodule", "1 file tracked and not in the work tree"] {
        assert!(run.stderr.contains(line), "{}", run.stderr);
    }
    assert_eq!(run.stderr.contains("1 file with a name that is not UTF-8"), has_odd, "{}", run.stderr);
}

#[test]
fn a_report_that_could_not_be_written_stops_the_run_before_it_changes_anything() {
    let application = Application::new(&[("page.ts", PAGE)]);
    let mut paths = vec!["no-folder/report.md", "folder.md"];
    if cfg!(target_os = "linux") {
        // A folder that can be listed, and in which nobody can make a file.
        paths.push("/proc/report.md");
    }
    for path in paths {
        std::fs::create_dir_all(application.scratch.path("app/folder.md")).expect("a folder");
        let run = application.run(&["--report", path]).expect_code(2);
        assert!(run.stderr.contains("cannot be written"), "{}", run.stderr);
    }
    assert_eq!(application.changes(), "");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_in_the_end_takes_nothing_from_what_is_said() {
    let application = Application::new(&[("page.ts", PAGE)]);
    std::os::unix::fs::symlink("/dev/full", application.scratch.path("full.md")).expect("a link");
    let run = application.run(&["--report", "../full.md", "--report", "../report.md"]).expect_code(2);
    assert!(run.stderr.contains("1 name imported from Clerk: 1 moved"), "{}", run.stderr);
    assert!(run.stderr.contains("the report ../full.md cannot be written"), "{}", run.stderr);
    assert!(application.scratch.read("report.md").contains("page.ts"), "the other report is written");
}

#[test]
fn no_key_is_in_anything_that_is_printed_or_written() {
    const CANARY: &str = "c4n4ry7hatNobodyMaySee";
    let key = format!("NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=pk_live_{CANARY}\nDATABASE_URL=postgres://u:{CANARY}@h/d\n");
    let keys = format!("{key}CLERK_SECRET_KEY=\"sk_live_{CANARY}\"\nCLERK_WEBHOOK_SECRET=whsec_{CANARY}\n");
    let only_ours =
        format!("# Before: CLERK_SECRET_KEY=sk_live_{CANARY}\nCLERK_SECRET_KEY=\nKEY=\"-----BEGIN\n{CANARY}==\n\"\n");
    let code = format!("{PAGE}export const key = \"sk_test_{CANARY}\";\n");
    let files = [
        ("page.ts", PAGE),
        ("key.ts", &*code),
        (".env", &*keys),
        (".env.production", &*keys),
        (".env.example", &*only_ours),
        ("x/.env.test", &*keys),
    ];
    for arguments in [&["--dry-run"][..], &["--dry-run", "--env", "--ci"], &["--check"], &[], &["--env", "--ci"]] {
        let application = Application::new(&files);
        let reports = ["--report", "../report.json", "--report", "../report.md"];
        let run = application.run(&[arguments, &reports[..]].concat()).expect_code(3);
        for text in
            [&run.stdout, &run.stderr, &application.scratch.read("report.json"), &application.scratch.read("report.md")]
        {
            assert!(!text.contains(CANARY), "{arguments:?}: {text}");
        }
        let is_dry = !arguments.is_empty() && arguments[0] != "--env";
        assert_eq!(application.read("x/.env.test").contains("\nCLERK_SECRET_KEY"), is_dry, "{arguments:?}");
        assert!(application.read(".env").starts_with(&keys), "{arguments:?}: no line goes");
        for line in application.git(&["diff", "-U0"]).lines().filter(|line| line.starts_with('+')) {
            assert!(!line.contains(CANARY), "{arguments:?}: {line}");
        }
    }
}

#[test]
fn an_application_of_another_sdk_keeps_every_byte() {
    let application = Application::new(&[
        ("package.json", "{ \"dependencies\": { \"@clerk/express\": \"1\", \"@clerk/clerk-react\": \"5\" } }\n"),
        (
            "server.ts",
            "import { clerkMiddleware, requireAuth, getAuth } from \"@clerk/express\";\napp.use(clerkMiddleware(), requireAuth(), getAuth);\n",
        ),
        (
            "main.tsx",
            "import { ClerkProvider, SignIn, useUser } from \"@clerk/clerk-react\";\nexport const a = <ClerkProvider><SignIn />{useUser()}</ClerkProvider>;\n",
        ),
        (".env.example", "CLERK_SECRET_KEY=\nVITE_CLERK_PUBLISHABLE_KEY=\n"),
        (".github/workflows/ci.yml", "env: { CLERK_SECRET_KEY: x }\n"),
    ]);
    let run = application.run(&["--env", "--ci", "--report", "../report.json"]).expect_code(3);
    assert_eq!(application.changes(), "", "{}", run.stderr);
    let report: Value = serde_json::from_str(&application.scratch.read("report.json")).expect("JSON");
    let subjects: Vec<&str> =
        report["entries"].as_array().expect("entries").iter().filter_map(|one| one["subject"].as_str()).collect();
    for name in ["clerkMiddleware", "requireAuth", "getAuth", "ClerkProvider", "SignIn", "useUser", "CLERK_SECRET_KEY"]
    {
        assert!(subjects.contains(&name), "{name} of {subjects:?}");
    }
}

#[test]
fn paths_and_patterns_choose_what_changes() {
    let files = [("apps/a/src/page.ts", PAGE), ("apps/b/src/page.ts", PAGE), ("apps/b/test/page.ts", PAGE)];
    let application = Application::new(&files);
    application.run(&["apps/a"]).expect_code(0);
    assert_eq!(application.changes(), " M apps/a/src/page.ts\n");
    application.commit();
    application.run(&["apps/*/src/*.ts"]).expect_code(0);
    assert_eq!(application.changes(), " M apps/b/src/page.ts\n");
    let run = application.run(&["apps/c"]).expect_code(2);
    assert!(run.stderr.contains("no file or folder `apps/c`"), "{}", run.stderr);
    let run = application.run(&["--dry-run", "apps/b/test"]).expect_code(0);
    assert!(run.stdout.contains("a/apps/b/test/page.ts"), "{}", run.stdout);
    application.run(&[".."]).expect_code(2);
    application.write("empty", "");
    std::fs::create_dir_all(application.scratch.path("app/nothing")).expect("a folder");
    application.run(&["--force", "nothing"]).expect_code(5);
}

#[test]
fn what_is_outside_of_a_path_keeps_what_it_shares_with_what_is_inside() {
    let page = "import { auth } from \"@clerk/nextjs/server\";\nimport { env } from \"env\";\n\
                export default async () => [await auth(), env.CLERK_SECRET_KEY];\n";
    let shared = "export const env = { CLERK_SECRET_KEY: process.env.CLERK_SECRET_KEY };\n";
    let files = [
        ("package.json", "{ \"workspaces\": [\"apps/*\", \"packages/*\"] }\n"),
        ("apps/web/package.json", "{ \"name\": \"web\" }\n"),
        ("apps/web/page.ts", page),
        ("packages/env/package.json", "{ \"name\": \"env\" }\n"),
        ("packages/env/index.ts", shared),
    ];
    let moved = page.replace("@clerk/nextjs/server", "@avnology/nextjs");
    let application = Application::new(&files);
    let run = application.run(&["apps/web"]).expect_code(3);
    assert!(run.stderr.contains("apps/web/page.ts:3 environment_kept"), "{}", run.stderr);
    assert_eq!(application.read("apps/web/page.ts"), moved);

    // Without git, too, what stands beside the path decides.
    let scratch = Scratch::new();
    for (path, text) in files {
        let path = scratch.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    scratch
        .run(&["migrate", "clerk", "codemod", "--force", "apps/web/page.ts", "apps/web/package.json"])
        .expect_code(3);
    assert_eq!(scratch.read("apps/web/page.ts"), moved);
}

#[test]
fn without_git_nothing_outside_of_the_project_of_a_path_is_looked_at() {
    let scratch = Scratch::new();
    let page = "import { auth } from \"@clerk/nextjs/server\";\nexport const a = async () => [await auth(), process.env.CLERK_SECRET_KEY];\n";
    let stranger = "export const key = process.env.CLERK_SECRET_KEY;\n";
    for (path, text) in [
        ("web/package.json", "{ \"name\": \"web\" }\n"),
        ("web/app/page.ts", page),
        ("web/.git.ts", stranger),
        ("web/app/.git/hook.ts", stranger),
        ("other/index.ts", stranger),
    ] {
        let path = scratch.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let run = scratch.run(&["migrate", "clerk", "codemod", "--force", "--dry-run", "web/app"]);
    assert!(run.stdout.contains("AVNOLOGY_SECRET_KEY") || run.stderr.contains("environment_kept"), "{}", run.stderr);
    for foreign in ["hook.ts", "other"] {
        assert!(!run.stdout.contains(foreign) && !run.stderr.contains(foreign), "{foreign}: {}", run.stderr);
    }
}

#[test]
fn codes_and_rules_explain_themselves() {
    let application = Application::new(&[("page.ts", PAGE)]);
    let run = application.run(&["--explain", "auth_not_awaited"]).expect_code(0);
    assert!(run.stdout.contains("Write `await auth()`"), "{}", run.stdout);
    let run = application.run(&["--explain", "nothing"]).expect_code(2);
    assert!(run.stderr.contains("auth_not_awaited"), "{}", run.stderr);
    let printed = application.run(&["--rules-print-default"]).expect_code(0).stdout;
    application.write("../rules.toml", &printed);
    application.run(&["--dry-run", "--rules", "../rules.toml"]).expect_code(0);
    application.write("../rules.toml", "[[equivalent]]\nform = 1\n");
    let run = application.run(&["--rules", "../rules.toml"]).expect_code(2);
    assert!(run.stderr.contains("rules.toml") && run.stderr.contains("form"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_stops_the_run_and_names_what_was_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let application = Application::new(&[("a.ts", PAGE), ("b.ts", PAGE)]);
    let path = application.scratch.path("app/b.ts");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("set");
    let run = application.run(&[]).expect_code(2);
    assert!(run.stderr.contains("b.ts could not be written") && run.stderr.contains("before: a.ts"), "{}", run.stderr);
    assert!(run.stderr.contains("git restore"), "{}", run.stderr);
    // Another change is the person's own: git would take that back, too.
    application.git(&["checkout", "-q", "a.ts"]);
    application.write("own.ts", "// own\n");
    application.git(&["add", "own.ts"]);
    let run = application.run(&["--force"]).expect_code(2);
    assert!(run.stderr.contains("before: a.ts") && !run.stderr.contains("git restore"), "{}", run.stderr);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    application.run(&["--force"]).expect_code(0);
    let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o755, "the mode stays");
}

/// The folder with the sample application of the manual.
fn sample() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clerk_application");
    let mut files = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(&root).expect("below").to_string_lossy().into_owned();
                files.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    files
}

#[test]
fn the_sample_application_comes_out_as_the_manual_says() {
    let files = sample();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let application = Application::new(&files);
    let run = application.run(&["--report", "../report.md"]).expect_code(3);
    let manual = include_str!("../../src/manual/codemod.md");
    let shown =
        manual.split("```console\n$ avnology migrate clerk codemod --report clerk.md\n").nth(1).expect("the run");
    let shown = shown.split("```").next().expect("its end");
    assert_eq!(run.stderr, shown, "the manual shows what is printed");
    let changed = application.git(&["diff", "--name-only"]);
    assert_eq!(changed, ".env.example\napp/layout.tsx\napp/page.tsx\nmiddleware.ts\n");
    assert!(application.read("middleware.ts").contains("publicPaths: ["));
}
