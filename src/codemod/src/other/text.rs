//! What is found by its text, in files that are not read as code.

use super::deployment::is_deployment_file;
use crate::code::Code;
use crate::environment::{new_name, variables};
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::texts::{addresses, styles};

/// Languages that hold code or show it, and that are not read as code.
const UNREAD: [&str; 7] = [".vue", ".svelte", ".astro", ".mdx", ".md", ".html", ".markdown"];
/// Those that only tell people something.
const DOCUMENTS: [&str; 2] = [".md", ".markdown"];
/// Languages of other programs; scripts of shells, but for those that hand variables on; requests that are kept as files.
const PROGRAMS: [&str; 32] = [
    ".bash", ".bat", ".clj", ".cmd", ".cpp", ".cs", ".dart", ".erl", ".ex", ".exs", ".fish", ".fs", ".go", ".groovy",
    ".hs", ".http", ".ipynb", ".java", ".kt", ".kts", ".lua", ".php", ".pl", ".ps1", ".py", ".rb", ".rest", ".rs",
    ".scala", ".swift", ".vb", ".zsh",
];
/// Languages of styles.
const STYLES: [&str; 5] = [".css", ".scss", ".sass", ".less", ".pcss"];

/// Whether a file only tells people something: what it names, nothing uses.
pub fn is_document(path: &str) -> bool {
    ends(path, &DOCUMENTS)
}

/// Whether a file is a program, or a part of one, that is not read as code: it may read variables.
pub fn is_program(path: &str, text: &str) -> bool {
    (ends(path, &UNREAD) && !is_document(path))
        || ends(path, &PROGRAMS)
        || (text.starts_with("#!") && !is_deployment_file(path))
}

/// The variables of Clerk's in a program that is not read as code: they are read there, and stay.
pub fn read_variables(text: &str) -> impl Iterator<Item = Found> {
    variables(text).into_iter().map(|(at, name)| {
        let equivalent = match new_name(name) {
            Some(new) => format!("its equivalent is {new}"),
            None => "no equivalent is documented".to_owned(),
        };
        let left = Found::new(Kind::Environment, Code::EnvironmentLeft, Action::Left, name, vec![at]);
        left.saying(format!("{name} is in a file that was not read as code, and was left; {equivalent}."))
    })
}

fn ends(path: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.ends_with(ending))
}

/// The entries of a file that is no code.
pub fn find_by_text(path: &str, text: &str) -> Vec<Found> {
    let places: Vec<usize> = text.match_indices("@clerk/").map(|(at, _)| at).collect();
    let mut found = Vec::new();
    let code = if ends(path, &UNREAD) { Code::UnsupportedFile } else { Code::ModuleNamed };
    if !places.is_empty() {
        found.push(Found::new(Kind::Text, code, Action::Left, "@clerk/", places));
    }
    if is_program(path, text) {
        found.extend(read_variables(text));
    }
    found.extend(addresses(text));
    found.extend(styles(text, false).filter(|_| ends(path, &STYLES)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_says_what_it_has() {
        let codes =
            |path, text| find_by_text(path, text).into_iter().map(|found| found.finding.code).collect::<Vec<_>>();
        assert_eq!(codes("a.vue", "import '@clerk/vue'"), [Code::UnsupportedFile]);
        assert_eq!(codes("tsconfig.json", "\"@clerk/nextjs\": []"), [Code::ModuleNamed]);
        assert_eq!(codes("a.css", ".cl-card {} .cl-{}"), [Code::Style]);
        assert_eq!(codes("a.json", "\"https://img.clerk.com/x\""), [Code::ClerkHost]);
        assert_eq!(codes("a.txt", ".cl-card clerk"), []);
        assert_eq!(codes("a.py", "os.environ['CLERK_SECRET_KEY']"), [Code::EnvironmentLeft]);
        assert_eq!(codes("bin/a", "#!/usr/bin/perl\n$ENV{CLERK_SECRET_KEY}"), [Code::EnvironmentLeft]);
        assert_eq!(codes("a.md", "CLERK_SECRET_KEY"), []);
    }
}
