//! A file of code may contain anything: looking at it never fails, and what it becomes parses, stays as it is the second time, and
//! holds every name that is left.
#![no_main]

use avnology_codemod::Rules;
use avnology_codemod::edit::apply;
use avnology_codemod::project::{Analysis, Content, analyse};
use avnology_codemod::swap::{Context, Outcome, Swapped};
use avnology_codemod::syntax::{Language, parses};
use libfuzzer_sys::fuzz_target;

const PATHS: [&str; 6] = ["app/a.tsx", "middleware.ts", "a.mjs", "a.cjs", "types.d.ts", "src/a.jsx"];

fn analysed(path: &str, text: &[u8], rules: &Rules) -> Option<(Analysis, String)> {
    let context = Context { rules, public_paths: &[], sign_in: None, sign_up: Some("/join".to_owned()) };
    let analysis = analyse(path, text, &context)?;
    let Content::Code { swapped, .. } = &analysis.content else { return None };
    let after = apply(&analysis.text, &swapped.edits).expect("edits that do not meet");
    Some((analysis, after))
}

fn left(swapped: &Swapped) -> Vec<(String, String)> {
    let left = swapped.names.iter().filter(|name| name.outcome == Outcome::Left);
    let mut left: Vec<_> = left.map(|name| (name.module.clone(), name.name.clone())).collect();
    left.sort();
    left
}

fuzz_target!(|input: (u8, &[u8])| {
    let path = PATHS[usize::from(input.0) % PATHS.len()];
    let rules = Rules::new(None).expect("rules");
    let Some((analysis, after)) = analysed(path, input.1, &rules) else { return };
    let Content::Code { swapped, .. } = &analysis.content else { return };
    let language = Language::of(path).expect("a language");
    assert!(parses(&after, language), "{after}");
    if swapped.edits.is_empty() {
        return;
    }
    let Some((again, same)) = analysed(path, after.as_bytes(), &rules) else { return };
    assert_eq!(same, after, "a second time changes nothing");
    if let Content::Code { swapped: again, .. } = &again.content {
        assert_eq!(left(again), left(swapped), "the second time lists the same");
    }
});
