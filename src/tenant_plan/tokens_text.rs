//! Token templates for people.

use std::fmt;

use super::token_claim::{ClaimForm, FormOperand, FormPiece, TokenClaim};
use super::token_template::TokenTemplate;

/// What holds for every token.
const OF_ALL: &str = "Clerk adds azp, exp, iat, iss, jti, nbf and sub to each of these tokens by itself. At the target `iss` and \
                      `sub` are others: `sub` is the id that the target gave.\n";

/// Templates claim by claim: what each is made of, where that is at the target, and whether a claim resolver is needed.
pub fn tokens_text(templates: &[TokenTemplate]) -> String {
    if templates.is_empty() {
        return "This instance has no token templates.\n".to_owned();
    }
    let texts = templates.iter().map(|template| Text(template).to_string());
    texts.chain([OF_ALL.to_owned()]).collect::<Vec<_>>().join("\n")
}

struct Text<'a>(&'a TokenTemplate);

impl fmt::Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TokenTemplate { template, lifetime_seconds, algorithm, warnings, claims, .. } = self.0;
        let lifetime = lifetime_seconds.map(|seconds| format!("{seconds} s"));
        let facts: Vec<&str> = lifetime.as_deref().into_iter().chain(algorithm.as_deref()).collect();
        writeln!(out, "{template} ({})", facts.join(", "))?;
        for warning in warnings {
            writeln!(out, "  ! {}", warning.sentence)?;
        }
        claims.iter().try_for_each(|claim| write_claim(out, claim))
    }
}

fn write_claim(out: &mut fmt::Formatter<'_>, claim: &TokenClaim) -> fmt::Result {
    let TokenClaim { path, form, automatic, why, example, .. } = claim;
    let from = sources(form).join(", ");
    let arrow = if from.is_empty() { "" } else { " <- " };
    let by = if *automatic { "by itself" } else { "needs work" };
    writeln!(out, "  {} ({}, {by}){arrow}{from}\n      {why}", path.join("."), form.name())?;
    match example {
        Some(example) if example.of_session => writeln!(out, "      depends on the session"),
        Some(example) => {
            let differs = if example.same { "" } else { "   (differs)" };
            writeln!(out, "      old  {}\n      new  {}{differs}", example.old, example.new)
        }
        None => Ok(()),
    }
}

/// Where the values of a claim are at the target, or the shortcodes of those that are nowhere.
fn sources(form: &ClaimForm) -> Vec<String> {
    let of_operands = |operands: &[FormOperand]| operands.iter().filter_map(source_of).collect();
    match form {
        ClaimForm::Static { .. } => Vec::new(),
        ClaimForm::Shortcode(operand) => source_of(operand).into_iter().collect(),
        ClaimForm::Conditional { first_of } => of_operands(first_of),
        ClaimForm::Interpolated { pieces } => {
            let places = pieces.iter().filter_map(|piece| match piece {
                FormPiece::Placeholder { first_of } => Some(first_of),
                FormPiece::Text { .. } => None,
            });
            places.flatten().filter_map(source_of).collect()
        }
        ClaimForm::List { entries } => entries.iter().flat_map(sources).collect(),
        ClaimForm::Object { members } => members.values().flat_map(sources).collect(),
    }
}

fn source_of(operand: &FormOperand) -> Option<String> {
    match operand {
        FormOperand::Path { shortcode, source, .. } => Some(source.clone().unwrap_or_else(|| format!("? {shortcode}"))),
        FormOperand::Literal { .. } => None,
    }
}
