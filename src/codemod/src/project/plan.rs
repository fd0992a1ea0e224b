//! What depends on other files, and with that the whole: every edit and every entry.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis::{Analysis, Content};
use super::file_plan::FilePlan;
use super::folders::Folders;
use super::given::Given;
use super::package_status::{PackageStatus, packages};
use super::planner::Planner;

/// Everything.
#[derive(Debug)]
pub struct Plan {
    /// By path.
    pub files: Vec<FilePlan>,
    /// By folder.
    pub packages: Vec<PackageStatus>,
}

/// The packages that pass a whole module of Clerk's on, by the file that does.
pub fn barrel_packages(analyses: &[Analysis], folders: &Folders) -> BTreeMap<String, String> {
    let is_barrel = |analysis: &&Analysis| matches!(&analysis.content, Content::Code { swapped, .. } if !swapped.barrels.is_empty());
    let named =
        |analysis: &Analysis| Some((analysis.path.clone(), folders.name(folders.of(&analysis.path))?.to_owned()));
    analyses.iter().filter(is_barrel).filter_map(named).collect()
}

/// Decides about everything.
pub fn plan(analyses: &[Analysis], given: Given<'_>) -> Plan {
    let folders = given.folders;
    let planner = Planner::new(analyses, given);
    let mut files: Vec<FilePlan> = analyses.iter().map(|analysis| planner.file(analysis)).collect();
    files.retain(|file| !file.edits.is_empty() || !file.findings.is_empty() || !file.names.is_empty());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let packages = packages(&files, folders);
    Plan { files, packages }
}

impl Plan {
    /// Keeps the files that were asked for.
    pub fn select(&mut self, folders: &Folders, is_selected: impl Fn(&str) -> bool) {
        self.files.retain(|file| is_selected(&file.path));
        let of_all = std::mem::replace(&mut self.packages, packages(&self.files, folders));
        // What was not asked for is left, too.
        for package in &mut self.packages {
            package.complete &= of_all.iter().all(|whole| whole.folder != package.folder || whole.complete);
        }
    }

    /// The folders in which something would be left.
    pub fn incomplete(&self) -> BTreeSet<String> {
        let open = self.packages.iter().filter(|package| !package.complete);
        open.map(|package| if package.folder == "." { String::new() } else { package.folder.clone() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;
    use crate::project::{Asked, analyse};
    use crate::rules::Rules;
    use crate::swap::Context;

    const PACKAGE: &str = "{ \"dependencies\": { \"@clerk/nextjs\": \"6\" } }";
    const CODE: &str =
        "import { auth } from \"@clerk/nextjs/server\";\nexport const a = [auth, process.env.CLERK_SECRET_KEY];\n";

    /// What package.json and code come out as beside another file.
    fn beside(other: impl Fn(&Context<'_>) -> Option<Analysis>) -> [String; 2] {
        let rules = Rules::new(None).expect("rules");
        let context = Context { rules: &rules, public_paths: &[], sign_in: None, sign_up: None };
        let files = [("a.ts", CODE), ("package.json", PACKAGE)];
        let mut analyses: Vec<Analysis> =
            files.iter().filter_map(|(path, text)| analyse(path, text.as_bytes(), &context)).collect();
        analyses.extend(other(&context));
        let folders = Folders::new([], &BTreeSet::new());
        let asked = Asked { package_version: Some("1".to_owned()), ..Asked::default() };
        let (importers, stays) = Default::default();
        let given = Given { folders: &folders, rules: &rules, asked: &asked, importers: &importers, stays: &stays };
        let plan = plan(&analyses, given);
        ["package.json", "a.ts"].map(|path| {
            let file = plan.files.iter().find(|file| file.path == path).expect("a file");
            apply(&file.text, &file.edits).expect("edits that do not meet")
        })
    }

    #[test]
    fn a_package_and_a_variable_go_only_if_it_is_known_that_nothing_uses_them() {
        let [package, code] = beside(|_| None);
        assert!(!package.contains("@clerk/nextjs") && !code.contains("CLERK_SECRET_KEY"), "{package}{code}");
        let text = "import { useUser } from \"@clerk/nextjs\"; const a = process.env.CLERK_SECRET_KEY;";
        let minified = text.repeat(500);
        let too_large = text.repeat(50_000);
        let too_deep = format!("{text}{}", "(\n".repeat(2000));
        let latin = [text.as_bytes(), b"\xe9"].concat();
        for (name, bytes) in [
            ("minified", minified.as_bytes()),
            ("too large", too_large.as_bytes()),
            ("too deep", too_deep.as_bytes()),
            ("not UTF-8", &latin),
        ] {
            let [package, code] = beside(|context| analyse("b.js", bytes, context));
            assert!(package.contains("@clerk/nextjs") && code.contains("CLERK_SECRET_KEY"), "{name}: {package}{code}");
        }
        for unknown in [Analysis::unreadable, Analysis::failed] {
            let [package, code] = beside(|_| Some(unknown("b.js")));
            assert!(package.contains("@clerk/nextjs") && code.contains("CLERK_SECRET_KEY"), "{package}{code}");
        }
    }
}
