//! Which files in the directory of a run, or of the account of several, hold personal data.

use std::io;
use std::path::{Path, PathBuf};

/// What the names of files with personal data have in them: those of the program's own files, and so those of the copies of them
/// that `sed -i.bak`, editors and people leave (`rejects.ndjson.bak`, `.rejects.ndjson.swp`, `Copy of rejects.ndjson`).
const IN_NAMES: [&str; 7] = ["journal", "rejects", "in-doubt", "missing", "disabled", "removed", "named-people"];

/// The page for people. It is made anew without names; a copy of it may have them.
const PAGE: &str = "report.html";

/// How the names of files begin that a process had not finished when it was killed.
const UNFINISHED: &str = ".tmp";

/// The files in a directory that hold personal data, or may.
pub(super) fn personal_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file() && may_name_people(&name) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn may_name_people(name: &str) -> bool {
    let is_copy_of_page = name.contains(PAGE) && name != PAGE;
    is_copy_of_page || name.starts_with(UNFINISHED) || IN_NAMES.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RunDirectory;

    #[test]
    fn every_file_that_holds_personal_data_is_known_with_its_copies() {
        let directory = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(directory.path(), None).unwrap();
        let own = [
            run.journal(),
            run.rejects(),
            run.in_doubt(),
            run.missing(),
            run.disabled(),
            run.missing_memberships(),
            run.removed(),
            run.named_people(),
        ];
        for path in own {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            for name in [&name, &format!("{name}.bak"), &format!("{name}~"), &format!(".{name}.swp")] {
                assert!(may_name_people(name), "{name}");
            }
        }
        assert!(may_name_people("report.html.bak") && may_name_people("rejects-2.ndjson") && may_name_people(".tmpX1"));
    }

    #[test]
    fn no_other_file_of_a_run_is_taken_for_one() {
        let directory = tempfile::tempdir().unwrap();
        let run = RunDirectory::create(directory.path(), None).unwrap();
        let others = [
            run.path().join("run.json"),
            run.path().join("merged.json"),
            run.path().join("pruned.json"),
            run.mapping(),
            run.traits_schema(),
            run.first_pass(),
            run.block_hashes(),
            run.duplicates(),
            run.block_starts(),
            run.selection(),
            run.selection_totals(),
            run.passwords(),
            run.memberships(),
            run.report(),
            run.report_page(),
            run.lock(),
            run.path().join("undone.json"),
        ];
        for path in others {
            assert!(!may_name_people(path.file_name().unwrap().to_str().unwrap()), "{}", path.display());
        }
    }
}
