//! Files that a command writes where the user said. None of them may be one that it reads, that another option names, or
//! that belongs to a run or an export; and that it can be written is known before anything is sent.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::kept_users::FROM_CLERK_PREFIX;
use super::output::OutputSettings;
use super::reading::ReadingSettings;
use super::target::TargetSettings;
use super::{Environment, OutputError};
use crate::export::ExportDirectory;
use crate::files::directory_of;
use crate::id_map::ID_MAP_PREFIX;
use crate::journal::{CONFIRMED_USERS_PREFIX, RunDirectory, RunRecord};
use crate::made_once::PREFIXES;
use crate::report::GivenPath;
use crate::source::Input;

/// A file and which option names it.
type NamedFile = (&'static str, PathBuf);

/// The files that a command reads, and those that it writes.
#[derive(Default)]
pub(super) struct NamedFiles<'s> {
    read: Vec<NamedFile>,
    written: Vec<NamedFile>,
    /// Where an export goes, which has its own files there.
    exports_to: Option<&'s ExportDirectory>,
    /// Those that are written at the end, and have to be writable now.
    at_the_end: Vec<(&'static str, &'s Path)>,
}

impl<'s> NamedFiles<'s> {
    /// The files that the output goes to.
    pub(super) fn new(output: &'s OutputSettings) -> Self {
        let metrics = output.metrics.iter().map(|metrics| ("--metrics-file", metrics.path().to_path_buf()));
        let written = metrics.chain(output.report.clone().map(|report| ("--report", report))).collect();
        let at_the_end = output.report.iter().map(|report| ("--report", report.as_path())).collect();
        Self { written, at_the_end, ..Self::default() }
    }

    /// The list of what became of each record.
    pub(super) fn results(mut self, path: Option<&'s Path>) -> Self {
        self.written.extend(path.map(|path| ("--results", path.to_path_buf())));
        self.at_the_end.extend(path.map(|path| ("--results", path)));
        self
    }

    /// The export, the passwords, and the files that say how users are mapped.
    pub(super) fn reading(mut self, reading: &ReadingSettings) -> Self {
        let path_of = |input: &Input| match input {
            Input::File(path) | Input::EmptyFile(path) => Some(path.clone()),
            // Where it is redirected from a file, that is behind this name.
            Input::Stdin => Some(PathBuf::from("/dev/stdin")),
            Input::Object(_) => None,
        };
        self.read.extend(reading.inputs.iter().filter_map(path_of).map(|path| ("--import", path)));
        self.read.extend(reading.passwords.iter().filter_map(path_of).map(|path| ("--passwords", path)));
        let memberships = reading.memberships.iter().map(|(_, input)| input).filter_map(path_of);
        self.read.extend(memberships.map(|path| ("--memberships", path)));
        let list =
            reading.selection.as_ref().and_then(|selection| selection.only.as_ref()).and_then(|list| list.file());
        self.read.extend(list.map(|path| ("--only", path.to_path_buf())));
        let (mapping, traits_schema) = reading.rule_files.records();
        self.read.extend(mapping.map(|file| ("--mapping", file.path.into())));
        self.read.extend(traits_schema.map(|file| ("--traits-schema", file.path.into())));
        self
    }

    /// The files that a run was about. They are not read, and are the user's all the same.
    pub(super) fn inputs_of(mut self, record: &RunRecord) -> Self {
        let inputs = record.inputs.iter().map(|input| ("--import", &input.path));
        let passwords = record.passwords.iter().map(|input| ("--passwords", &input.path));
        let memberships = record.memberships.iter().map(|input| ("--memberships", &input.path));
        let mapping = record.mapping.iter().map(|file| ("--mapping", &file.path));
        let traits_schema = record.traits_schema.iter().map(|file| ("--traits-schema", &file.path));
        let files = inputs.chain(passwords).chain(memberships).filter(|(_, path)| *path != "-");
        self.read.extend(files.chain(mapping).chain(traits_schema).map(|(option, path)| (option, path.into())));
        self
    }

    /// The files of the embedded target.
    pub(super) fn target(mut self, target: &TargetSettings) -> Self {
        let TargetSettings::Sandbox(database) = target else { return self };
        // SQLite has two of its own beside it.
        let files = ["", "-wal", "-shm"].map(|suffix| {
            let mut name = database.clone().into_os_string();
            name.push(OsString::from(suffix));
            ("--sandbox-db", PathBuf::from(name))
        });
        self.written.splice(0..0, files);
        self
    }

    /// The file of `--findings`.
    pub(super) fn findings(mut self, path: Option<&Path>) -> Self {
        self.written.extend(path.map(|path| ("--findings", path.to_path_buf())));
        self
    }

    /// All files of an export.
    pub(super) fn export(mut self, directory: &ExportDirectory) -> Self {
        self.read.extend(directory.files().into_iter().map(|file| ("--from", file)));
        self
    }

    /// Where an export goes.
    pub(super) fn exporting_to(mut self, directory: &'s ExportDirectory) -> Self {
        self.exports_to = Some(directory);
        self
    }

    /// The test accounts.
    pub(super) fn sign_in(mut self, path: &Path) -> Self {
        self.read.extend((path != Path::new("-")).then(|| ("--sign-in", path.to_path_buf())));
        self
    }

    /// The certificates.
    pub(super) fn certificates(mut self, path: Option<&Path>) -> Self {
        self.read.extend(path.map(|path| ("--cacert", path.to_path_buf())));
        self
    }

    /// A further file that is read, which this option names.
    pub(super) fn reads(mut self, option: &'static str, path: &Path) -> Self {
        self.read.push((option, path.to_path_buf()));
        self
    }

    /// Further files that are written, which this option names.
    pub(super) fn writing(mut self, option: &'static str, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.written.extend(paths.into_iter().map(|path| (option, path)));
        self
    }

    /// Looks at all files that are to be written.
    pub(super) fn check(mut self, runs: &Path, environment: &Environment) -> Result<(), OutputError> {
        self.read.extend(environment.files().into_iter().map(|path| ("this command's configuration", path)));
        for (index, (option, path)) in self.written.iter().enumerate() {
            let overwrites = |what: String| OutputError::Overwrites { option, path: path.clone(), what };
            if let Some((of, _)) = self.read.iter().find(|(_, read)| is_same_file(path, read)) {
                return Err(overwrites(format!("the file of {of}")));
            }
            if let Some((of, _)) = self.written[..index].iter().find(|(_, other)| is_same_file(path, other)) {
                return Err(overwrites(format!("that of {of}, too")));
            }
            if belongs_to_a_run(path, runs) {
                return Err(overwrites("in the directory of a run".to_owned()));
            }
            if self.exports_to.is_some_and(|directory| directory.is_a_place_of(path)) {
                return Err(overwrites("a file of the export".to_owned()));
            }
        }
        for (option, path) in self.at_the_end {
            let unwritable = |source| OutputError::Unwritable { option, path: path.to_path_buf(), source };
            GivenPath::writable(path).map_err(unwritable)?;
        }
        Ok(())
    }
}

/// Whether a file lies where a run keeps its own. That may be a run of another directory of runs than this command's.
fn belongs_to_a_run(path: &Path, runs: &Path) -> bool {
    let Ok(directory) = directory_of(path).canonicalize() else { return false };
    if RunDirectory::open(directory.clone()).is_ok() {
        return true;
    }
    let Ok(runs) = runs.canonicalize() else { return false };
    let within = directory.strip_prefix(&runs).ok().and_then(|within| within.components().next());
    within.is_some_and(|first| {
        let name = first.as_os_str();
        let is_memory = |prefix| name.to_string_lossy().starts_with(prefix);
        runs.join(name).join("run.json").exists()
            || [CONFIRMED_USERS_PREFIX, ID_MAP_PREFIX, FROM_CLERK_PREFIX].into_iter().chain(PREFIXES).any(is_memory)
    })
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
