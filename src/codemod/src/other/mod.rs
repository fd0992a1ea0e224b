//! Files that are not code: environment files, package.json, files of deployments, and what is found by its text.

mod deployment;
mod environment_file;
mod package_json;
mod secret_key;
mod text;

pub use deployment::{is_deployment_file, rename_variables};
pub use environment_file::{EnvironmentFile, may_show, swap_real, swap_template, values};
pub use package_json::{Dependencies, PackageEdit, edit_package};
pub use secret_key::hide_keys;
pub use text::{find_by_text, is_document, is_program, read_variables};
