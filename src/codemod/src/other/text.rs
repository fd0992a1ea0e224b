//! What is found by its text, in files that are not read as code.

use crate::code::Code;
use crate::environment::variables;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::lines::ending;
use crate::texts::{addresses, styles};

/// Languages that hold code or show it, and that are not read as code.
const UNREAD: [&str; 7] = [".vue", ".svelte", ".astro", ".mdx", ".md", ".html", ".markdown"];
/// Languages of styles.
const STYLES: [&str; 5] = [".css", ".scss", ".sass", ".less", ".pcss"];

/// The entries of a file that is no code.
pub fn find_by_text(path: &str, text: &str) -> Vec<Found> {
    let ends = |ends: &[&str]| ends.iter().any(|end| path.ends_with(end));
    let places = |needle: &str| -> Vec<usize> { text.match_indices(needle).map(|(at, _)| at).collect() };
    let mut found = Vec::new();
    let mut add = |kind, code, subject: &str, places: Vec<usize>| {
        if !places.is_empty() {
            found.push(Found::new(kind, code, Action::Left, subject, places));
        }
    };
    let code = if ends(&UNREAD) { Code::UnsupportedFile } else { Code::ModuleNamed };
    add(Kind::Text, code, "@clerk/", places("@clerk/"));
    if ends(&UNREAD) && ending(path) != "md" {
        for (at, name) in variables(text) {
            add(Kind::Environment, Code::EnvironmentLeft, name, vec![at]);
        }
    }
    found.extend(addresses(text));
    found.extend(styles(text, false).filter(|_| ends(&STYLES)));
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
    }
}
