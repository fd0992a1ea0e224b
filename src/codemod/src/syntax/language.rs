//! Which language a file is in, by its name.

use oxc_span::SourceType;

/// A language that is read as code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JavaScript. It may contain JSX elements under any file name.
    JavaScript,
    /// TypeScript.
    TypeScript,
    /// TypeScript with elements.
    TypeScriptElements,
    /// Declarations only.
    Declarations,
}

impl Language {
    /// By the end of a path.
    pub fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ending = name.rsplit_once('.')?.1;
        Some(match ending {
            "js" | "jsx" | "mjs" | "cjs" => Self::JavaScript,
            "ts" | "mts" | "cts" if name.contains(".d.") => Self::Declarations,
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::TypeScriptElements,
            _ => return None,
        })
    }

    /// Whether types can stand in it.
    pub const fn is_typescript(self) -> bool {
        !matches!(self, Self::JavaScript)
    }

    pub(super) fn source_type(self) -> SourceType {
        match self {
            Self::JavaScript => SourceType::unambiguous().with_jsx(true),
            Self::TypeScript => SourceType::ts(),
            Self::TypeScriptElements => SourceType::tsx(),
            Self::Declarations => SourceType::d_ts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_the_language() {
        assert_eq!(Language::of("a/b.mjs"), Some(Language::JavaScript));
        assert_eq!(Language::of("a/b.test.ts"), Some(Language::TypeScript));
        assert_eq!(Language::of("a/b.d.mts"), Some(Language::Declarations));
        assert_eq!(Language::of("a.b/tsx"), None);
        assert_eq!(Language::of("a.vue"), None);
    }
}
