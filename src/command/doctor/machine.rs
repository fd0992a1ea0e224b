//! What is found out about this machine: directories, room on disk, locks, limits.

use std::io;
use std::path::Path;

use super::finding::DoctorFinding;
use crate::human::{bytes, count, plural};
use crate::journal::{Lock, LockDirectory, LockError, RunDirectory};

/// Less room than this is worth a word: a run over a million users needs about half of it.
const LITTLE: f64 = 1e9;

/// The directory of the runs: whether it can be written, who else can read it, how much room there is.
pub(super) fn runs_directory(directory: &Path) -> DoctorFinding {
    let about = "runs";
    let shown = format!("`{}`", directory.display());
    let there = directory.ancestors().find(|ancestor| ancestor.exists() || ancestor.as_os_str().is_empty());
    let there = there.filter(|there| !there.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = writable(there) {
        return DoctorFinding::wrong(
            about,
            format!("{shown} cannot be written: {error}; make it writable, or name another one with --runs-dir"),
        );
    }
    if directory.exists() && can_others_read(directory) {
        return DoctorFinding::wrong(
            about,
            format!("{shown} can be read by others, and runs hold personal data; `chmod 700` it"),
        );
    }
    let unfinished =
        RunDirectory::list(directory).map(|runs| runs.iter().filter(|(run, _)| !run.is_finished()).count());
    let unfinished = match unfinished {
        Ok(0) | Err(_) => String::new(),
        Ok(number) => format!("; unfinished: {} (`avnology migrate clerk runs`)", plural(number as u64, "run")),
    };
    with_room(about, there, &format!("{shown} can be written{unfinished}"))
}

/// The directory for temporary files, in which sorted keys of all users lie while a run looks for duplicates.
pub(super) fn temporary_directory() -> DoctorFinding {
    let directory = std::env::temp_dir();
    let shown = format!("`{}`", directory.display());
    match writable(&directory) {
        Ok(()) => with_room("temporary", &directory, &format!("{shown} can be written")),
        Err(error) => DoctorFinding::wrong(
            "temporary",
            format!("{shown} cannot be written: {error}; set TMPDIR to a directory that can"),
        ),
    }
}

/// Whether a run into this target could take its lock now.
pub(super) fn lock(locks: &LockDirectory, target: &str) -> DoctorFinding {
    match Lock::take_target(locks, target, "doctor") {
        Ok(_) => DoctorFinding::ok("lock", "no other run works on this target"),
        Err(LockError::Held { holder, .. }) => DoctorFinding::note(
            "lock",
            format!("another run works on this target ({holder}); an import would end with exit code 8"),
        ),
        Err(error) => DoctorFinding::wrong("lock", error.to_string()),
    }
}

/// How many files may be open at once.
#[cfg(target_os = "linux")]
pub(super) fn limits() -> DoctorFinding {
    /// A run opens its inputs, its journal, sorted files, and a connection for each request in flight.
    const ENOUGH: u64 = 256;
    let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get) as u64;
    let cores = plural(cores, "core");
    match files {
        Some(files) if files < ENOUGH => DoctorFinding::wrong(
            "limits",
            format!("{cores}; only {files} files may be open at once; `ulimit -n 1024` allows more"),
        ),
        Some(files) => DoctorFinding::ok("limits", format!("{cores}; {} files may be open at once", count(files))),
        None => DoctorFinding::ok("limits", format!("{cores}; any number of files may be open")),
    }
}

/// How many processors there are.
#[cfg(not(target_os = "linux"))]
pub(super) fn limits() -> DoctorFinding {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    DoctorFinding::ok("limits", format!("processors: {cores}"))
}

/// Whether a file can be made there. It has no name, or is gone with this.
fn writable(directory: &Path) -> io::Result<()> {
    tempfile::tempfile_in(directory).map(drop)
}

fn with_room(about: &'static str, directory: &Path, text: &str) -> DoctorFinding {
    match room(directory) {
        Some(room) if room < LITTLE => {
            let room = bytes(room);
            DoctorFinding::wrong(
                about,
                format!("{text}, but only {room} are free there; make room: a million users take about 0.5 GB"),
            )
        }
        Some(room) => DoctorFinding::ok(about, format!("{text}, {} free", bytes(room))),
        None => DoctorFinding::ok(about, text),
    }
}

/// Bytes that this user may still write there, if the system says so.
#[cfg(target_os = "linux")]
fn room(directory: &Path) -> Option<f64> {
    let system = rustix::fs::statvfs(directory).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let room = system.f_bavail.saturating_mul(system.f_frsize) as f64;
    Some(room)
}

#[cfg(not(target_os = "linux"))]
fn room(_: &Path) -> Option<f64> {
    None
}

#[cfg(unix)]
fn can_others_read(directory: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(directory).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn can_others_read(_: &Path) -> bool {
    false
}
