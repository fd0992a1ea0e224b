//! One trait of a mapping file: where it comes from.

use toml::Spanned;
use toml::de::DeValue;

use crate::mapping::field::ClerkField;
use crate::mapping::template::{Template, TemplateFault};
use crate::mapping::{Constant, TraitRule, TraitSource};
use crate::toml_document::{Document, Section, suggestion};

const FORMS: &str = "a trait is the name of a field in quotes, false, or one of { from = \"…\" }, { template = \"…\" } and \
                     { constant = … }";

/// A trait's rule; none for one that is left out, or where something is wrong.
pub(super) fn trait_rule<'t>(
    document: &mut Document<'t>,
    name: &str,
    value: &Spanned<DeValue<'t>>,
) -> Option<TraitRule> {
    match value.get_ref() {
        DeValue::Boolean(false) => None,
        DeValue::String(text) => field(document, text, value).map(TraitRule::of),
        DeValue::Table(table) => {
            let section = Section { name: "traits", table };
            detailed(document, name, &section, value)
        }
        _ => {
            document.fault(value.span(), FORMS);
            None
        }
    }
}

fn detailed<'t>(
    document: &mut Document<'t>,
    name: &str,
    section: &Section<'t, '_>,
    value: &Spanned<DeValue<'t>>,
) -> Option<TraitRule> {
    document.only(section, &["from", "template", "constant", "default"]);
    let from = document.text(section, "from").and_then(|(text, _)| {
        let value = section.get("from")?;
        field(document, text, value).map(TraitSource::Field)
    });
    let template = document.text(section, "template").and_then(|(text, span)| match Template::parse(text) {
        Ok(template) => Some(TraitSource::Template(template)),
        Err(fault) => {
            document.fault(span, template_fault(fault));
            None
        }
    });
    let constant = section.get("constant").and_then(|value| constant(document, value)).map(TraitSource::Constant);
    let default = section.get("default").and_then(|value| self::constant(document, value));
    let given = ["from", "template", "constant"].iter().filter(|key| section.get(key).is_some()).count();
    if given != 1 {
        document.fault(value.span(), format!("`{name}` needs exactly one of `from`, `template` and `constant`"));
        return None;
    }
    if let (Some(_), Some(default)) = (&constant, section.get("default")) {
        document.fault(default.span(), "a constant is never absent: it needs no default");
    }
    Some(TraitRule { origin: from.or(template).or(constant)?, default })
}

fn field(document: &mut Document<'_>, text: &str, value: &Spanned<DeValue<'_>>) -> Option<ClerkField> {
    match ClerkField::parse(text) {
        Ok(field) => Some(field),
        Err(why) => {
            document.fault(value.span(), field_fault(text, why));
            None
        }
    }
}

/// What is wrong with the name of a field, and which one may have been meant.
fn field_fault(name: &str, why: &str) -> String {
    let first = name.split('.').next().unwrap_or(name);
    let is_bag = ClerkField::parse(&format!("{first}.x")).is_ok();
    let hint = suggestion(first, ClerkField::names().filter(|_| !is_bag));
    format!("{why}{}", hint.unwrap_or_default())
}

fn template_fault(fault: TemplateFault) -> String {
    match fault {
        TemplateFault::Brace => "a brace of this template has no partner; `{{` and `}}` stand for braces".to_owned(),
        TemplateFault::NoField => {
            "there is no field in this template; what is the same for everybody is { constant = \"…\" }".to_owned()
        }
        TemplateFault::List => "a list cannot be part of a template".to_owned(),
        TemplateFault::Field(name, why) => format!("in this template: {}", field_fault(&name, why)),
    }
}

/// Text, a number, or a flag.
fn constant(document: &mut Document<'_>, value: &Spanned<DeValue<'_>>) -> Option<Constant> {
    let constant = match value.get_ref() {
        DeValue::String(text) => Some(Constant::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Constant::Flag(*flag)),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Constant::Integer),
        DeValue::Float(float) => {
            float.as_str().parse().ok().filter(|float: &f64| float.is_finite()).map(Constant::Number)
        }
        _ => None,
    };
    if constant.is_none() {
        document.fault(value.span(), "a constant or default is text in quotes, a number of 64 bits, true or false");
    }
    constant
}
