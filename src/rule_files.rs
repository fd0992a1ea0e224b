//! The files that decide how every user is mapped: the mapping file and the JSON Schema of the traits.
//!
//! They belong to the run. A run keeps copies, for the owner only, and a resumed run uses the copies, even if the files have
//! changed. A hash in `run.json` shows that a copy is intact.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::files::put_private;
use crate::journal::{FileRecord, RunDirectory, RunRecord};
use crate::mapping::{MAPPING_FILE_BYTES, MissingEmail, Rules, TraitsSchema, TraitsSchemaError, parse_mapping};
use crate::toml_document::{TextFault, list_faults};

/// The largest JSON Schema, in bytes. This is a limit of the program.
const SCHEMA_BYTES: usize = 1024 * 1024;

/// Why one of the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RuleFileError {
    /// The file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The path.
        path: PathBuf,
        /// The operating system's reason, or that the file is too large or not text.
        source: io::Error,
    },
    /// The mapping file has faults.
    #[error("the mapping file has faults:{}", list_faults(path, faults))]
    Mapping {
        /// The path.
        path: PathBuf,
        /// All its faults.
        faults: Vec<TextFault>,
    },
    /// The schema has a fault, or this build cannot check traits against a schema.
    #[error("the traits schema `{}` cannot be used: {problem}", path.display())]
    Schema {
        /// The path.
        path: PathBuf,
        /// What is wrong with the schema.
        problem: TraitsSchemaError,
    },
    /// The run's copy is not the file that the run began with.
    #[error(
        "`{path}`, the run's copy of a file that decides how users are mapped, {problem}; put the file `{original}` there, as it \
         was when the run began, or begin a new run with --new-run"
    )]
    Copy {
        /// The path of the copy.
        path: PathBuf,
        /// The path of the file that was copied.
        original: String,
        /// What is wrong with the copy.
        problem: String,
    },
}

/// The content of the files that were named.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    mapping: Option<RuleFile>,
    traits_schema: Option<RuleFile>,
}

#[derive(Clone, Debug)]
struct RuleFile {
    path: PathBuf,
    content: String,
}

impl RuleFile {
    fn read(path: &Path, most: usize) -> Result<Self, RuleFileError> {
        let read = || {
            let mut bytes = Vec::new();
            std::fs::File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
            if bytes.len() > most {
                return Err(io::Error::other(format!("it has more than {most} bytes")));
            }
            String::from_utf8(bytes).map_err(|_| io::Error::other("it is not UTF-8"))
        };
        match read() {
            Ok(content) => Ok(Self { path: path.to_owned(), content }),
            Err(source) => Err(RuleFileError::Read { path: path.to_owned(), source }),
        }
    }

    fn record(&self) -> FileRecord {
        FileRecord::of(&self.path, &self.content)
    }

    /// The run's copy of a file. Messages name the file that was copied, not the copy.
    fn copy(path: &Path, record: Option<&FileRecord>, most: usize) -> Result<Option<Self>, RuleFileError> {
        let Some(record) = record else { return Ok(None) };
        let wrong =
            |problem: String| RuleFileError::Copy { path: path.to_owned(), original: record.path.clone(), problem };
        let read = Self::read(path, most).map_err(|error| match error {
            RuleFileError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                wrong("is missing".to_owned())
            }
            RuleFileError::Read { .. } if path.is_dir() => wrong("is a directory".to_owned()),
            RuleFileError::Read { source, .. } => wrong(format!("cannot be read ({source})")),
            error => error,
        })?;
        let file = Self { path: PathBuf::from(&record.path), ..read };
        if file.record().sha256 != record.sha256 {
            return Err(wrong("is not the file that the run began with".to_owned()));
        }
        Ok(Some(file))
    }
}

impl RuleFiles {
    /// Reads the files that the user named.
    pub fn read(mapping: Option<&Path>, traits_schema: Option<&Path>) -> Result<Self, RuleFileError> {
        let read = |path: Option<&Path>, most| path.map(|path| RuleFile::read(path, most)).transpose();
        Ok(Self { mapping: read(mapping, MAPPING_FILE_BYTES)?, traits_schema: read(traits_schema, SCHEMA_BYTES)? })
    }

    /// Reads the copies of a run.
    pub fn of_run(directory: &RunDirectory, record: &RunRecord) -> Result<Self, RuleFileError> {
        Ok(Self {
            mapping: RuleFile::copy(&directory.mapping(), record.mapping.as_ref(), MAPPING_FILE_BYTES)?,
            traits_schema: RuleFile::copy(&directory.traits_schema(), record.traits_schema.as_ref(), SCHEMA_BYTES)?,
        })
    }

    /// What `run.json` says about them: the mapping file, and the schema.
    pub fn records(&self) -> (Option<FileRecord>, Option<FileRecord>) {
        (self.mapping.as_ref().map(RuleFile::record), self.traits_schema.as_ref().map(RuleFile::record))
    }

    /// Writes copies to a run's directory, for the owner only.
    pub fn keep(&self, directory: &RunDirectory) -> io::Result<()> {
        for (file, path) in [(&self.mapping, directory.mapping()), (&self.traits_schema, directory.traits_schema())] {
            if let Some(file) = file {
                put_private(&path, |mut copy| copy.write_all(file.content.as_bytes()))?;
            }
        }
        Ok(())
    }

    /// Compiles the files to rules. `--missing-email`, if it was given, wins over the mapping file.
    pub fn rules(&self, missing_email: Option<MissingEmail>) -> Result<Rules, RuleFileError> {
        let mut rules = match &self.mapping {
            None => Rules::default(),
            Some(RuleFile { path, content }) => {
                parse_mapping(content).map_err(|faults| RuleFileError::Mapping { path: path.clone(), faults })?
            }
        };
        if let Some(RuleFile { path, content }) = &self.traits_schema {
            let schema = TraitsSchema::parse(content);
            let schema = schema.map_err(|problem| RuleFileError::Schema { path: path.clone(), problem })?;
            rules.traits_schema = Some(schema);
        }
        if let Some(missing_email) = missing_email {
            rules.missing_email = missing_email;
        }
        Ok(rules)
    }
}
