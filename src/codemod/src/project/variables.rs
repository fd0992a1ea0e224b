//! Which variables of the environment something of Clerk's still reads.

use crate::code::Code;
use crate::environment::{PUBLISHABLE_KEY, SECRET_KEY, new_name, variables};
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::rules::package_of;
use crate::swap::{NameUse, Outcome};

/// The variable, if it has a documented equivalent.
pub(super) fn documented(name: &str) -> Option<&'static str> {
    [PUBLISHABLE_KEY, SECRET_KEY].into_iter().find(|known| *known == name)
}

/// What is read by a name of Clerk's that is left, without a word about it in the code.
pub(super) fn variables_of(name: &NameUse) -> &'static [&'static str] {
    if name.outcome != Outcome::Left || name.is_type {
        return &[];
    }
    match Kind::of_name(&name.module, &name.name, false) {
        Kind::Middleware | Kind::Server => &[PUBLISHABLE_KEY, SECRET_KEY],
        Kind::Provider => &[PUBLISHABLE_KEY],
        _ if matches!(name.name.as_str(), "*" | "default") => &[PUBLISHABLE_KEY, SECRET_KEY],
        Kind::OtherPackage if is_server_package(package_of(&name.module)) => &[SECRET_KEY],
        _ => &[],
    }
}

/// Packages of Clerk's that read the secret key by themselves.
pub(super) fn is_server_package(package: &str) -> bool {
    let client = [
        "nextjs",
        "types",
        "shared",
        "themes",
        "localizations",
        "ui",
        "elements",
        "clerk-react",
        "react",
        "clerk-js",
        "expo",
        "clerk-expo",
        "chrome-extension",
        "vue",
        "upgrade",
        "eslint-plugin",
        "dev-cli",
    ];
    package.strip_prefix("@clerk/").is_some_and(|name| !client.contains(&name))
}

/// The variables of Clerk's in a file that is not code, but for those that were renamed.
pub(super) fn left_variables(text: &str, code: Code, is_changed: impl Fn(&str) -> bool) -> Vec<Found> {
    let left = variables(text).into_iter().filter(|(_, name)| !is_changed(name));
    left.map(|(at, name)| {
        let sentence = match new_name(name) {
            Some(new) => format!("{name} stands here; its equivalent is {new}."),
            None => format!("{name} stands here; no equivalent is documented."),
        };
        Found::new(Kind::Environment, code, Action::Left, name, vec![at]).saying(sentence)
    })
    .collect()
}
