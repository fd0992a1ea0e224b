//! A claim of a token template, in the form from which a claim resolver can be built.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Verdict;
use super::claim::item_of;
use super::shortcode::{ClaimPiece, ClaimText, Operand};
use super::source::{Source, source};
use super::token_example::Example;

/// A claim of a template.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenClaim {
    /// The names on the way to it; objects are gone into.
    pub path: Vec<String>,
    /// What it is made of.
    #[serde(flatten)]
    pub form: ClaimForm,
    /// Whether a constant claim or a scope gives it, without a claim resolver.
    pub automatic: bool,
    /// What has to be done, in one sentence.
    pub why: String,
    /// What it is for one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
    /// As the template has it.
    #[serde(skip)]
    pub(super) original: Value,
}

/// What a claim is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ClaimForm {
    /// One value for everybody.
    Static {
        /// The value.
        value: Value,
    },
    /// The value of a shortcode, of any type.
    Shortcode(FormOperand),
    /// The first that is neither null nor false, else the last.
    Conditional {
        /// The operands, in their order.
        first_of: Vec<FormOperand>,
    },
    /// A text of pieces, in which a value that is missing reads `null`.
    Interpolated {
        /// The pieces, in their order.
        pieces: Vec<FormPiece>,
    },
    /// A list.
    List {
        /// What its entries are made of.
        entries: Vec<ClaimForm>,
    },
    /// An object within a list.
    Object {
        /// What its members are made of.
        members: std::collections::BTreeMap<String, ClaimForm>,
    },
}

/// What stands in a placeholder.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FormOperand {
    /// A shortcode, and where its value is at the target.
    Path {
        /// Clerk's shortcode.
        shortcode: String,
        /// The field of the identity, if there is one; `first_name last_name` is both with a blank between.
        source: Option<String>,
        /// The scope that gives it.
        scope: Option<&'static str>,
    },
    /// A value.
    Literal {
        /// It.
        value: Value,
    },
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FormPiece {
    /// Text that stays.
    Text {
        /// It.
        text: String,
    },
    /// A placeholder, as of a conditional claim.
    Placeholder {
        /// The operands, in their order.
        first_of: Vec<FormOperand>,
    },
}

/// The claims of a template, in the order of their paths.
pub(super) fn token_claims(claims: &Map<String, Value>) -> Vec<TokenClaim> {
    let mut found = Vec::new();
    collect(claims, &[], &mut found);
    found
}

fn collect(object: &Map<String, Value>, above: &[String], found: &mut Vec<TokenClaim>) {
    for (name, value) in object {
        let path = [above, std::slice::from_ref(name)].concat();
        match value {
            Value::Object(members) if !members.is_empty() => collect(members, &path, found),
            value => {
                let item = item_of("", value);
                let automatic = matches!(item.verdict, Verdict::Moved | Verdict::Check);
                let (form, original) = (ClaimForm::of(value), value.clone());
                found.push(TokenClaim { path, form, automatic, why: item.why, example: None, original });
            }
        }
    }
}

impl ClaimForm {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => match ClaimText::parse(text) {
                ClaimText::Static => Self::Static { value: value.clone() },
                ClaimText::Shortcode(Operand::Literal(value)) => Self::Static { value },
                ClaimText::Shortcode(operand) => Self::Shortcode(FormOperand::of(operand)),
                ClaimText::Conditional(operands) => Self::Conditional { first_of: all(operands) },
                ClaimText::Interpolated(pieces) => {
                    Self::Interpolated { pieces: pieces.into_iter().map(FormPiece::of).collect() }
                }
            },
            Value::Array(entries) if value.to_string().contains("{{") => {
                Self::List { entries: entries.iter().map(Self::of).collect() }
            }
            Value::Object(members) if value.to_string().contains("{{") => {
                Self::Object { members: members.iter().map(|(name, value)| (name.clone(), Self::of(value))).collect() }
            }
            _ => Self::Static { value: value.clone() },
        }
    }

    /// Its stable name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Static { .. } => "static",
            Self::Shortcode(_) => "shortcode",
            Self::Conditional { .. } => "conditional",
            Self::Interpolated { .. } => "interpolated",
            Self::List { .. } => "list",
            Self::Object { .. } => "object",
        }
    }
}

impl FormOperand {
    fn of(operand: Operand) -> Self {
        match operand {
            Operand::Literal(value) => Self::Literal { value },
            Operand::Path(shortcode) => {
                let Source { field: source, scope, .. } = source(&shortcode);
                Self::Path { shortcode, source, scope }
            }
        }
    }
}

impl FormPiece {
    fn of(piece: ClaimPiece) -> Self {
        match piece {
            ClaimPiece::Text(text) => Self::Text { text },
            ClaimPiece::Placeholder(operands) => Self::Placeholder { first_of: all(operands) },
        }
    }
}

fn all(operands: Vec<Operand>) -> Vec<FormOperand> {
    operands.into_iter().map(FormOperand::of).collect()
}
