//! The variables that the program reads and that are no option, and the list of all variables in the help.

use super::options::OPTIONS;

/// The variable with the admin key. A key is never an option: other users of the machine can see options.
pub const SECRET_KEY: &str = "AVNOLOGY_SECRET_KEY";
/// The variable that names a file with the admin key.
pub const SECRET_KEY_FILE: &str = "AVNOLOGY_SECRET_KEY_FILE";
/// The variable that says how many shards there are, where the engine does not.
pub const SHARDS: &str = "AVNOLOGY_SHARDS";

/// The variable with the token of a gateway before Kratos, which has no authentication of its own.
pub const KRATOS_TOKEN: &str = "AVNOLOGY_KRATOS_TOKEN";
/// The variable that names a file with that token.
pub const KRATOS_TOKEN_FILE: &str = "AVNOLOGY_KRATOS_TOKEN_FILE";

/// The variable with the token of a gateway before Hydra, which has no authentication of its own.
pub const HYDRA_TOKEN: &str = "AVNOLOGY_HYDRA_TOKEN";
/// The variable that names a file with that token.
pub const HYDRA_TOKEN_FILE: &str = "AVNOLOGY_HYDRA_TOKEN_FILE";

/// The variable with the key of Clerk's API, under the name that Clerk's own programs use.
pub const CLERK_SECRET_KEY: &str = "CLERK_SECRET_KEY";
/// The variable that names a file with the key of Clerk's API.
pub const CLERK_SECRET_KEY_FILE: &str = "CLERK_SECRET_KEY_FILE";

/// Variables that are no option, and what each one is.
const OTHER_VARIABLES: &[(&str, &str)] = &[
    (
        SECRET_KEY,
        "the admin key; it needs the scopes admin:users:read and admin:users:write; for organizations admin:orgs:read and \
         admin:orgs:write, for roles admin:permissions:read and admin:permissions:write, for webhooks admin:webhooks:write, too",
    ),
    (SECRET_KEY_FILE, "a file with the key; read again when the target refuses the key"),
    (SHARDS, "how many shards there are, for --shard auto"),
    (KRATOS_TOKEN, "the token of the gateway before Kratos, if it wants one"),
    (KRATOS_TOKEN_FILE, "a file with that token"),
    (HYDRA_TOKEN, "the token of the gateway before Hydra, if it wants one"),
    (HYDRA_TOKEN_FILE, "a file with that token"),
    (CLERK_SECRET_KEY, "the key of Clerk's API, for `export`"),
    (CLERK_SECRET_KEY_FILE, "a file with that key"),
    ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "the proxy to the target"),
    ("NO_COLOR", "no colours"),
];

/// The list of all variables, as `--help` shows it.
pub(super) fn variables() -> String {
    let line = |(name, about): (&str, &str)| format!("\n  {name:<20}  {about}");
    let of_options = OPTIONS.iter().filter_map(|option| Some((option.variable?, format!("like --{}", option.name))));
    let of_options = of_options.map(|(name, about)| line((name, &about)));
    std::iter::once("Environment (options win over it; it wins over a .env file of the working directory):".to_owned())
        .chain(of_options)
        .chain(OTHER_VARIABLES.iter().copied().map(line))
        .collect()
}
