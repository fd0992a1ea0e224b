//! Services for which a template is often made: what has to be set on their side.

/// What has to be set at the service that a template is named after, if it is a known one.
pub(super) fn settings_of(template: &str) -> Option<&'static str> {
    Some(match template.to_ascii_lowercase().as_str() {
        "convex" => {
            "Convex has to trust the target: in `auth.config.ts`, `domain` is its issuer, and `applicationID` the audience of \
             the token."
        }
        "supabase" => {
            "Supabase has to trust the target's key set and issuer, not a shared secret; policies that compare `sub` meet \
             another id."
        }
        "hasura" => {
            "Hasura has to trust the target: `jwk_url`, `issuer` and `audience` in its JWT secret. A claim resolver has to give \
             `https://hasura.io/jwt/claims`."
        }
        "firebase" => {
            "Firebase takes tokens that one of its own service accounts has signed: your back end has to make them after a \
             sign-in at the target."
        }
        "grafbase" => "Grafbase has to trust the target: set issuer, audience and key set of its JWT provider.",
        "fauna" => "Fauna has to trust the target: set `issuer` and `jwks_uri` of its access provider.",
        "nhost" => {
            "Nhost has to trust the target: set the JWT secret of its Hasura to the target's key set, issuer and audience."
        }
        _ => return None,
    })
}
