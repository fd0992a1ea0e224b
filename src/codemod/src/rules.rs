//! Which name of Clerk's moves where: the documented equivalents, and the customer's own.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The documented equivalents, as a rules file.
pub const DEFAULT_RULES: &str = include_str!("default_rules.toml");

/// What is known of names of Clerk's.
#[derive(Clone, Debug)]
pub struct Rules {
    /// By module and name.
    equivalents: BTreeMap<(String, String), Equivalent>,
    /// Whether nothing moves all the same.
    is_held: bool,
}

/// Where a name moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivalent {
    /// The module that has it.
    pub module: String,
    /// Its name there.
    pub name: String,
    /// What becomes of props that are known.
    pub props: BTreeMap<String, Prop>,
    /// Whether the customer said so, and not the guide.
    pub is_own: bool,
}

/// What becomes of a prop.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Prop {
    /// `true`: it stays and is right; `false`: it goes.
    Known(bool),
    /// It has another name.
    Renamed(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    equivalent: Vec<Row>,
    #[serde(default)]
    stays: Vec<Name>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    from: String,
    name: String,
    to: String,
    #[serde(rename = "as")]
    new_name: Option<String>,
    #[serde(default)]
    props: BTreeMap<String, Prop>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Name {
    from: String,
    name: String,
}

/// What is wrong with a rules file.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It is no TOML, or has keys that no rule has.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A name that could not stand in code.
    #[error("`{0}` is not a name that code can import")]
    Name(String),
    /// A rule for a module that is not Clerk's.
    #[error("`from = \"{0}\"`: rules are for modules whose name begins with `@clerk/`")]
    Module(String),
    /// A target that is Clerk's, or no package.
    #[error(
        "`to = {0:?}` is not the name of a package to move to; a path or an alias means another file in each folder"
    )]
    Target(String),
    /// Nothing that could be taken away.
    #[error("`[[stays]]`: no rule moves `{name}` of `{from}`, so there is nothing to take away; is the name right?")]
    Stays {
        /// The module.
        from: String,
        /// The name.
        name: String,
    },
}

impl Rules {
    /// The documented equivalents, and those of a customer's file on top.
    ///
    /// # Errors
    /// If the file is not as `default_rules.toml` explains it.
    pub fn new(own: Option<&str>) -> Result<Self, RulesError> {
        let mut rules = Self { equivalents: BTreeMap::new(), is_held: false };
        rules.add(DEFAULT_RULES, false)?;
        if let Some(own) = own {
            rules.add(own, true)?;
        }
        Ok(rules)
    }

    fn add(&mut self, text: &str, is_own: bool) -> Result<(), RulesError> {
        let File { equivalent, stays } = toml::from_str(text)?;
        for Row { from, name, to, new_name, props } in equivalent {
            let new_name = new_name.unwrap_or_else(|| name.clone());
            let mut renamed = props.values().filter_map(|prop| match prop {
                Prop::Renamed(name) => Some(name),
                Prop::Known(_) => None,
            });
            let wrong_name = [&name, &new_name].into_iter().find(|name| !is_name(name));
            if let Some(wrong) = wrong_name.or_else(|| renamed.find(|name| !is_prop(name))) {
                return Err(RulesError::Name(wrong.clone()));
            }
            if !from.starts_with("@clerk/") || !is_module(&from) {
                return Err(RulesError::Module(from));
            }
            if to.starts_with("@clerk/") || !is_module(&to) {
                return Err(RulesError::Target(to));
            }
            let equivalent = Equivalent { module: to, name: new_name, props, is_own };
            self.equivalents.insert((from, name), equivalent);
        }
        for Name { from, name } in stays {
            if self.equivalents.remove(&(from.clone(), name.clone())).is_none() {
                return Err(RulesError::Stays { from, name });
            }
        }
        Ok(())
    }

    /// The same rules for a part of the code in which nothing is to move.
    #[must_use]
    pub fn held(&self) -> Self {
        Self { is_held: true, ..self.clone() }
    }

    /// Where a name moves, if anywhere.
    pub fn find(&self, module: &str, name: &str) -> Option<&Equivalent> {
        if self.is_held { None } else { self.equivalent(module, name) }
    }

    /// Whether a name has an equivalent, and was held back.
    pub fn hold(&self, module: &str, name: &str) -> bool {
        self.is_held && self.equivalent(module, name).is_some()
    }

    /// The rule whose result is this name of this module.
    pub fn by_target(&self, module: &str, name: &str) -> Option<&Equivalent> {
        let is_it = |to: &&Equivalent| to.module == module && to.name == name;
        self.equivalents.values().filter(|_| !self.is_held).find(is_it)
    }

    fn equivalent(&self, module: &str, name: &str) -> Option<&Equivalent> {
        self.equivalents.get(&(module.to_owned(), name.to_owned()))
    }

    /// Whether anything moves from this module.
    pub fn know(&self, module: &str) -> bool {
        self.equivalents.keys().any(|(from, _)| from == module)
    }

    /// The packages that something moves to, each once.
    pub fn target_packages(&self) -> Vec<&str> {
        let mut packages: Vec<&str> = self.equivalents.values().map(|to| package_of(&to.module)).collect();
        packages.sort_unstable();
        packages.dedup();
        packages
    }
}

/// The package that a module belongs to: `@clerk/nextjs` for `@clerk/nextjs/server`.
pub fn package_of(module: &str) -> &str {
    let slashes = usize::from(module.starts_with('@'));
    module.match_indices('/').nth(slashes).map_or(module, |(end, _)| &module[..end])
}

/// Whether a text is a package's name, with or without a part of it behind.
fn is_module(name: &str) -> bool {
    let is_part = |part: &str| {
        let usual = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        usual && !part.is_empty() && !part.starts_with('.')
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped.contains('/') && scoped.split('/').all(is_part),
        None => name.split('/').all(is_part),
    }
}

/// Words that cannot be a name of one's own.
const RESERVED: [&str; 47] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "yield",
];

fn is_name(name: &str) -> bool {
    is_identifier(name) && !RESERVED.contains(&name)
}

/// A prop may also have `-` in it, such as `aria-label`, and be a word such as `for`.
fn is_prop(name: &str) -> bool {
    is_identifier(&name.replace('-', "_")) && !name.starts_with('-')
}

fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_alphabetic() || first == '_' || first == '$')
        && characters.all(|other| other.is_alphanumeric() || other == '_' || other == '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_rules_add_and_take_away() {
        let own = "[[equivalent]]\nfrom = \"@clerk/nextjs\"\nname = \"useUser\"\nto = \"@avnology/nextjs\"\nas = \"useIdentity\"\n\
                   [[stays]]\nfrom = \"@clerk/nextjs\"\nname = \"Protect\"\n";
        let rules = Rules::new(Some(own)).expect("rules");
        let user = rules.find("@clerk/nextjs", "useUser").expect("a rule");
        assert_eq!((user.name.as_str(), user.is_own), ("useIdentity", true));
        assert_eq!(rules.find("@clerk/nextjs", "Protect"), None);
        assert!(!rules.find("@clerk/nextjs", "SignIn").expect("a rule").is_own);
    }

    #[test]
    fn rules_that_could_not_work_are_refused() {
        let row = |from: &str, name: &str, to: &str| {
            Rules::new(Some(&format!("[[equivalent]]\nfrom = {from:?}\nname = {name:?}\nto = {to:?}\n")))
        };
        assert!(matches!(row("react", "useUser", "x"), Err(RulesError::Module(_))));
        assert!(matches!(row("@clerk/nextjs", "use user", "x"), Err(RulesError::Name(_))));
        assert!(matches!(row("@clerk/nextjs", "default", "x"), Err(RulesError::Name(_))));
        let prop = |name: &str| {
            let rule = "[[equivalent]]\nfrom = \"@clerk/nextjs\"\nname = \"SignIn\"\nto = \"x\"\nprops = ";
            Rules::new(Some(&format!("{rule}{{ path = {name:?} }}\n")))
        };
        assert!(prop("data-path").is_ok() && matches!(prop("-a b"), Err(RulesError::Name(_))));
        assert!(matches!(row("@clerk/nextjs", "useUser", "@clerk/react"), Err(RulesError::Target(_))));
        for target in ["a\"b", "a b", "", "../x", "@/lib/auth", "~/auth", "a//b", "@scope"] {
            assert!(matches!(row("@clerk/nextjs", "useUser", target), Err(RulesError::Target(_))), "{target}");
        }
        for target in ["@avnology/nextjs/server", "lodash.merge", "a"] {
            assert!(row("@clerk/nextjs", "useUser", target).is_ok(), "{target}");
        }
        assert!(matches!(row("@clerk/", "useUser", "x"), Err(RulesError::Module(_))));
        let stays = "[[stays]]\nfrom = \"@clerk/nextjs\"\nname = \"SingIn\"\n";
        assert!(matches!(Rules::new(Some(stays)), Err(RulesError::Stays { .. })));
        assert!(matches!(Rules::new(Some("[[equivalant]]")), Err(RulesError::Toml(_))));
    }

    #[test]
    fn a_package_is_the_beginning_of_its_modules() {
        assert_eq!(package_of("@clerk/nextjs/server"), "@clerk/nextjs");
        assert_eq!(package_of("@clerk/nextjs"), "@clerk/nextjs");
        assert_eq!(package_of("svix/dist"), "svix");
    }
}
