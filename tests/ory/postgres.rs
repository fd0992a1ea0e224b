//! Kratos on PostgreSQL, which keeps other texts than SQLite: a server of its own for the test, by Debian's programs, where they are
//! installed, or a database that `AVNOLOGY__POSTGRES` names, as in `postgres://postgres@127.0.0.1:5432/kratos?sslmode=disable`.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::kratos::{Kratos, is_here, say};
use crate::support::free_port::free_port;
use crate::support::{Scratch, export, until, user};

/// A PostgreSQL in a directory of its own. Dropping it ends it, by its id.
struct Postgres {
    process: Option<Child>,
    dsn: String,
    _directory: tempfile::TempDir,
}

/// Where Debian puts the programs of the newest version.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut programs: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    programs.retain(|path| path.join("initdb").exists());
    programs.sort();
    programs.pop()
}

/// The server refuses to run as root.
fn command(program: PathBuf) -> Command {
    let mut command = Command::new(program);
    #[cfg(unix)]
    if is_root() {
        use std::os::unix::process::CommandExt;
        command.uid(NOBODY).gid(NOBODY);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[cfg(unix)]
const NOBODY: u32 = 65534;

#[cfg(unix)]
fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|of_us| std::os::unix::fs::MetadataExt::uid(&of_us) == 0)
}

impl Postgres {
    fn start() -> Option<Self> {
        let directory = tempfile::tempdir().expect("a directory");
        if let Ok(dsn) = std::env::var("AVNOLOGY__POSTGRES") {
            return Some(Self { process: None, dsn, _directory: directory });
        }
        let programs = programs()?;
        #[cfg(unix)]
        if is_root() {
            std::os::unix::fs::chown(directory.path(), Some(NOBODY), Some(NOBODY)).expect("given away");
        }
        let data = directory.path().join("data");
        let made = command(programs.join("initdb"))
            .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .status()
            .expect("initdb runs");
        assert!(made.success(), "initdb");
        let port = free_port().to_string();
        let mut server = command(programs.join("postgres"));
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &port, "-k"]);
        let process = server.arg(directory.path()).arg("-D").arg(&data).spawn().expect("PostgreSQL starts");
        let postgres = Self {
            process: Some(process),
            dsn: format!("postgres://postgres@127.0.0.1:{port}/postgres?sslmode=disable"),
            _directory: directory,
        };
        until("PostgreSQL is ready", || {
            let ready = Command::new(programs.join("pg_isready"))
                .args(["-h", "127.0.0.1", "-p", &port, "-q"])
                .status()
                .expect("pg_isready runs");
            ready.success()
        });
        Some(postgres)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill().expect("PostgreSQL can be ended");
            process.wait().expect("PostgreSQL ends");
        }
    }
}

#[test]
fn on_postgresql_a_bad_text_is_one_reject_and_all_others_move_agree_and_go_again() {
    if !is_here() {
        return;
    }
    let Some(postgres) = Postgres::start() else {
        say("SKIPPED: no PostgreSQL. `apt-get install postgresql`, or name a database with AVNOLOGY__POSTGRES.");
        return;
    };
    let scratch = Scratch::new();
    let kratos = Kratos::start_at(&scratch, &postgres.dsn);
    let hostile = |number: usize| match number {
        4 => user(4).replace(r#""number":4"#, r#""number":"a\u0000b""#),
        6 => user(6).replace(r#""number":6"#, r#""number":"\\u0000""#),
        8 => user(8)
            .replace(r#""number":8"#, r#""z":1,"a":[1e300,123456789012345678901234567890,1.0],"z2":{"y":1,"b":2}"#),
        9 => user(9).replace("user9@", "Üser9@"),
        number => user(number),
    };
    let file = scratch.write("users.json", export((0..40).map(hostile)));
    let run = kratos.import(&scratch, &file, &[]).expect_code(3);
    let keys = kratos.identities().len() as u64;
    assert_eq!((run.count("created") + run.count("rejected"), run.count("created")), (40, keys), "{}", run.stdout);
    assert_eq!(keys, 39, "the text with a NUL is refused, and no other one with it");
    kratos.verify(&scratch, &file, &[]).expect_code(0);
    let again = kratos.import(&scratch, &file, &["--new-run", "--recheck", "--on-existing", "update"]).expect_code(3);
    assert_eq!((again.count("created"), again.count("updated"), again.count("unchanged")), (0, 0, keys));
    Kratos::undo(&scratch, run.report()["run"].as_str().expect("a run"), &[]).expect_code(0);
    assert!(kratos.identities().is_empty(), "also of those whose metadata PostgreSQL wrote in another form");
}
