//! Files of builds and deployments: renamed only if that was asked for, and whole words only.

use crate::edit::Edit;
use crate::environment::{new_name, variables};
use crate::lines::ending;

/// Whether a path is that of a file that hands variables to builds or to running code.
pub fn is_deployment_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let folder = |folder: &str| path.starts_with(folder) || path.contains(&format!("/{folder}"));
    let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| name.starts_with(beginning));
    folder(".github/")
        || folder(".circleci/")
        || folder(".buildkite/")
        || begins(&[
            "Dockerfile",
            "Containerfile",
            "docker-compose",
            "compose.y",
            "Jenkinsfile",
            "Makefile",
            "justfile",
        ])
        || matches!(name, "turbo.json" | "vercel.json" | "nx.json" | "netlify.toml" | "fly.toml" | "wrangler.toml")
        || matches!(ending(name), "yml" | "yaml" | "dockerfile" | "sh" | "tf" | "tfvars" | "tpl")
}

/// Renames the documented variables that no code of Clerk's still reads.
pub fn rename_variables(text: &str, is_kept: impl Fn(&str) -> bool) -> Vec<Edit> {
    let renamed = variables(text).into_iter().filter(|(_, name)| !is_kept(name));
    renamed.filter_map(|(at, name)| Some(Edit::replace(at, at + name.len(), new_name(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::apply;

    #[test]
    fn whole_words_only() {
        let text =
            "CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY }}\nOLD_CLERK_SECRET_KEY: 1\nCLERK_SECRET_KEY_FILE: 2\n";
        let new = apply(text, &rename_variables(text, |_| false)).expect("edits");
        assert_eq!(
            new,
            "AVNOLOGY_SECRET_KEY: ${{ secrets.AVNOLOGY_SECRET_KEY }}\nOLD_CLERK_SECRET_KEY: 1\nCLERK_SECRET_KEY_FILE: 2\n"
        );
        assert!(rename_variables(text, |_| true).is_empty());
    }

    #[test]
    fn files_are_known_by_their_names() {
        for path in
            [".github/workflows/ci.yml", "apps/web/Dockerfile", "turbo.json", "deploy/values.yaml", "a/compose.yml"]
        {
            assert!(is_deployment_file(path), "{path}");
        }
        for path in ["src/app.ts", "package.json", "README.md", "tsconfig.json"] {
            assert!(!is_deployment_file(path), "{path}");
        }
    }
}
