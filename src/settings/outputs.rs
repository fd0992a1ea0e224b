//! Files that a command writes where the user said. None of them may be one that it reads, that another option names, or
//! that belongs to a run; and that it can be written is known before anything is sent.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Destination, ImportSettings, OutputError};
use crate::files::directory_of;
use crate::id_map::ID_MAP_PREFIX;
use crate::journal::CONFIRMED_USERS_PREFIX;
use crate::report::GivenPath;
use crate::source::Input;

/// A file and which option names it.
type NamedFile = (&'static str, PathBuf);

impl ImportSettings {
    /// Looks at all files that are to be written. `configuration` is what was read to get here: the config file, `.env`.
    pub fn check_outputs(&self, configuration: &[PathBuf]) -> Result<(), OutputError> {
        let read = self.files_read(configuration);
        let mut others: Vec<NamedFile> = Vec::new();
        for (option, path) in self.files_written() {
            let overwrites = |what: String| OutputError::Overwrites { option, path: path.clone(), what };
            if let Some((of, _)) = read.iter().find(|(_, read)| is_same_file(&path, read)) {
                return Err(overwrites(format!("the file of {of}")));
            }
            if let Some((of, _)) = others.iter().find(|(_, other)| is_same_file(&path, other)) {
                return Err(overwrites(format!("that of {of}, too")));
            }
            if self.belongs_to_a_run(&path) {
                return Err(overwrites("in the directory of a run".to_owned()));
            }
            others.push((option, path));
        }
        if let Some(path) = &self.report {
            let unwritable = |source| OutputError::Unwritable { option: "--report", path: path.clone(), source };
            GivenPath::writable(path).map_err(unwritable)?;
        }
        Ok(())
    }

    fn files_written(&self) -> Vec<NamedFile> {
        let mut written: Vec<NamedFile> = Vec::new();
        if let Destination::Sandbox(database) = &self.destination {
            written.push(("--sandbox-db", database.clone()));
            // SQLite's own, beside it.
            for suffix in ["-wal", "-shm"] {
                let mut name = database.clone().into_os_string();
                name.push(OsString::from(suffix));
                written.push(("--sandbox-db", name.into()));
            }
        }
        written.extend(self.metrics.as_ref().map(|metrics| ("--metrics-file", metrics.path().to_path_buf())));
        written.extend(self.report.clone().map(|report| ("--report", report)));
        written
    }

    fn files_read(&self, configuration: &[PathBuf]) -> Vec<NamedFile> {
        let path_of = |input: &Input| match input {
            Input::File(path) => Some(path.clone()),
            // Where it is redirected from a file, that is behind this name.
            Input::Stdin => Some(PathBuf::from("/dev/stdin")),
            Input::Object(_) => None,
        };
        let mut read: Vec<NamedFile> = Vec::new();
        read.extend(self.intake.inputs.iter().filter_map(path_of).map(|path| ("--import", path)));
        read.extend(self.passwords.iter().filter_map(path_of).map(|path| ("--passwords", path)));
        read.extend(self.certificates.iter().map(|path| ("--cacert", path.clone())));
        let (mapping, traits_schema) = self.rule_files.records();
        read.extend(mapping.map(|file| ("--mapping", file.path.into())));
        read.extend(traits_schema.map(|file| ("--traits-schema", file.path.into())));
        read.extend(configuration.iter().map(|path| ("this command's configuration", path.clone())));
        read
    }

    /// Whether a file lies where a run keeps its own.
    fn belongs_to_a_run(&self, path: &Path) -> bool {
        let (Ok(directory), Ok(runs)) = (directory_of(path).canonicalize(), self.runs_directory.canonicalize()) else {
            return false;
        };
        let within = directory.strip_prefix(&runs).ok().and_then(|within| within.components().next());
        within.is_some_and(|first| {
            let name = first.as_os_str();
            let is_memory = |prefix| name.to_string_lossy().starts_with(prefix);
            runs.join(name).join("run.json").exists()
                || [CONFIRMED_USERS_PREFIX, ID_MAP_PREFIX].into_iter().any(is_memory)
        })
    }
}

/// Whether two paths name one file, even by different names. A terminal, a pipe or a device is written to without harm.
fn is_same_file(one: &Path, other: &Path) -> bool {
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(found), Ok(also)) => found.is_file() && also.is_file() && is_same(&found, &also, (one, other)),
        (Err(_), Err(_)) => place(one).is_some_and(|place_of_one| Some(place_of_one) == place(other)),
        _ => false,
    }
}

#[cfg(unix)]
fn is_same(one: &std::fs::Metadata, other: &std::fs::Metadata, _: (&Path, &Path)) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &std::fs::Metadata, _: &std::fs::Metadata, (one, other): (&Path, &Path)) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Where a file would be that is not there yet.
fn place(path: &Path) -> Option<PathBuf> {
    Some(directory_of(path).canonicalize().ok()?.join(path.file_name()?))
}
