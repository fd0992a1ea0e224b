//! What holds for every file, with any content.

use std::collections::BTreeMap;

use avnology_codemod::Rules;
use avnology_codemod::edit::apply;
use avnology_codemod::project::{Analysis, Content, analyse};
use avnology_codemod::swap::{Context, Outcome};
use avnology_codemod::syntax::{Facts, Language, parses, read_facts};
use proptest::prelude::*;

fn rules() -> Rules {
    Rules::new(None).expect("rules")
}

fn analysed(path: &str, text: &[u8], rules: &Rules) -> Option<Analysis> {
    analyse(path, text, &Context { rules, public_paths: &[], sign_in: None, sign_up: None })
}

/// The text after the changes that the file alone asks for.
fn changed(text: &str, rules: &Rules) -> String {
    match analysed("a.tsx", text.as_bytes(), rules).map(|analysis| analysis.content) {
        Some(Content::Code { swapped, .. }) => apply(text, &swapped.edits).expect("edits that do not meet"),
        _ => text.to_owned(),
    }
}

fn facts(text: &str) -> Facts {
    read_facts(text, Language::TypeScriptElements).unwrap_or_else(|| panic!("it parses:\n{text}"))
}

/// Names of `@clerk/nextjs` that move, with where they move, and some that are left.
const NAMES: [(&str, Option<(&str, &str)>); 8] = [
    ("ClerkProvider", Some(("@avnology/nextjs", "AvnologyProvider"))),
    ("auth", Some(("@avnology/nextjs", "auth"))),
    ("currentUser", Some(("@avnology/nextjs", "currentUser"))),
    ("SignIn", Some(("@avnology/id-elements", "SignIn"))),
    ("UserButton", Some(("@avnology/id-elements", "UserButton"))),
    ("useUser", None),
    ("SignedIn", None),
    ("SignOutButton", None),
];

/// Blanks and comments that can stand between any two tokens.
fn gap() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(" ".to_owned()),
        1 => Just("\n  ".to_owned()),
        1 => Just("\r\n\t".to_owned()),
        1 => (0..100_u32).prop_map(|number| format!(" /* b{number}, }} */ ")),
        1 => (0..100_u32).prop_map(|number| format!(" // l{number} , {{\n")),
    ]
}

/// An import statement in any layout, and the names in it by their local names.
fn statement() -> impl Strategy<Value = (String, Vec<(usize, Option<String>)>)> {
    let names = prop::sample::subsequence((0..NAMES.len()).collect::<Vec<_>>(), 1..NAMES.len()).prop_shuffle();
    let name = names.prop_flat_map(|names| {
        let count = names.len();
        (Just(names), prop::collection::vec((any::<bool>(), gap(), gap(), gap()), count))
    });
    (name, any::<bool>(), any::<bool>(), any::<bool>(), gap()).prop_map(
        |((names, gaps), quote, semicolon, comma, last)| {
            let mut text = "import {".to_owned();
            let mut locals = Vec::new();
            for (index, (name, (has_alias, before, between, behind))) in names.iter().zip(gaps).enumerate() {
                let alias = (has_alias && index % 3 == 0).then(|| format!("Own{name}"));
                text += &before;
                text += NAMES[*name].0;
                if let Some(alias) = &alias {
                    text.extend([&between, "as ", alias]);
                }
                text += &behind;
                if index + 1 < names.len() || comma {
                    text += ",";
                }
                locals.push((*name, alias));
            }
            let quote = if quote { "\"" } else { "'" };
            let semicolon = if semicolon { ";" } else { "" };
            text.extend([&last, "} from ", quote, "@clerk/nextjs", quote, semicolon]);
            (text, locals)
        },
    )
}

/// All comments of a text, each with its number.
fn comments(text: &str) -> BTreeMap<String, usize> {
    let mut comments = BTreeMap::new();
    for comment in facts(text).comments {
        *comments.entry(comment.range.of(text).trim().to_owned()).or_default() += 1;
    }
    comments
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_import_in_any_layout_keeps_its_comments_and_loses_no_name((statement, names) in statement()) {
        let rules = rules();
        let uses: Vec<String> = names.iter().map(|(name, alias)| alias.clone().unwrap_or_else(|| NAMES[*name].0.to_owned())).collect();
        let text = format!("// first\n{statement}\n\nexport const all = [{}]; // last\n", uses.join(", "));
        let after = changed(&text, &rules);
        prop_assert_eq!(comments(&text), comments(&after), "{}", &after);
        let imports = facts(&after).imports;
        for (name, alias) in &names {
            let (old, target) = NAMES[*name];
            let (module, new) = target.unwrap_or(("@clerk/nextjs", old));
            let local = alias.clone().unwrap_or_else(|| new.to_owned());
            let found = imports.iter().filter(|import| import.module == module).flat_map(|import| &import.names);
            let found = found.filter(|one| one.imported == new && one.local == local && one.uses.len() == 1);
            prop_assert_eq!(found.count(), 1, "{} of {}:\n{}", new, module, &after);
        }
        prop_assert_eq!(changed(&after, &rules), after.clone(), "a second time changes nothing");
        let tail = "]; // last\n";
        prop_assert!(after.starts_with("// first\n") && after.ends_with(tail));
    }

    #[test]
    fn any_bytes_as_a_file_are_no_trouble(bytes in prop::collection::vec(any::<u8>(), 0..200), begin in any::<bool>()) {
        let mut file = if begin { b"import { auth, SignIn } from '@clerk/nextjs';\n".to_vec() } else { b"'@clerk/'".to_vec() };
        file.extend(bytes);
        let rules = rules();
        let Some(analysis) = analysed("a.tsx", &file, &rules) else { return Ok(()) };
        if let Content::Code { swapped, .. } = &analysis.content {
            let after = apply(&analysis.text, &swapped.edits).expect("edits that do not meet");
            prop_assert!(parses(&after, Language::TypeScriptElements), "{after}");
        }
    }

    #[test]
    fn any_order_of_pieces_of_code_is_no_trouble(pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..14)) {
        let text = pieces.concat();
        let rules = rules();
        let Some(analysis) = analysed("a.tsx", text.as_bytes(), &rules) else { return Ok(()) };
        let Content::Code { swapped, .. } = &analysis.content else { return Ok(()) };
        let after = apply(&text, &swapped.edits).expect("edits that do not meet");
        prop_assert!(parses(&after, Language::TypeScriptElements), "{text}\n->\n{after}");
        let sum = |outcome| swapped.names.iter().filter(|name| name.outcome == outcome).count();
        prop_assert_eq!(sum(Outcome::Moved) + sum(Outcome::Gone) + sum(Outcome::Left), swapped.names.len());
        prop_assert_eq!(changed(&after, &rules), after.clone(), "a second time changes nothing:\n{}\n->\n{}", text, after);
        prop_assert_eq!(comments(&text), comments(&after), "{}\n->\n{}", &text, &after);
    }
}

const PIECES: &[&str] = &[
    "import { auth, ClerkProvider } from '@clerk/nextjs'\n",
    "import { clerkMiddleware, createRouteMatcher } from \"@clerk/nextjs/server\";\n",
    "import { authMiddleware } from \"@clerk/nextjs\";\n",
    "import { NextResponse } from 'next/server'\n",
    "import { AvnologyProvider, SignIn as S } from '@avnology/nextjs'\n",
    "import { useUser /* u */, UserButton } from '@clerk/nextjs' // hook\n",
    "import Clerk, { SignIn } from \"@clerk/nextjs\";\n",
    "const isPublic = createRouteMatcher([\"/\", \"/a(.*)\" /* a */]);\n",
    "export default clerkMiddleware((auth, req) => { /* c */ if (!isPublic(req)) auth().protect() });\n",
    "export default clerkMiddleware();\n",
    "export default authMiddleware({ publicRoutes: ['/'], /* i */ ignoredRoutes: [] })\n",
    "export const x = <ClerkProvider a={1}>{auth()}</ClerkProvider>;\n",
    "export { ClerkProvider };\n",
    "const y = { ClerkProvider, auth };\n",
    "export * from '@clerk/nextjs';\n",
    "export { SignIn as B } from '@clerk/nextjs';\n",
    "process.env.CLERK_SECRET_KEY;\n",
    "// a comment\n",
    "\"use client\";\n",
];
