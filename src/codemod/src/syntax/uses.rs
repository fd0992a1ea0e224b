//! Where an imported name is used, and in which form.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, Expression, IdentifierReference, JSXAttributeItem, JSXAttributeName, JSXAttributeValue,
    JSXExpression, JSXOpeningElement, ObjectPattern,
};
use oxc_semantic::{NodeId, SymbolId};
use oxc_span::GetSpan;

use super::ancestors::{Tree, declared, range, range_of};
use super::facts::{Attribute, Call, Range, Use, UseForm};
use crate::environment::DOMAIN;

impl<'a> Tree<'_, 'a> {
    /// All uses of a name.
    pub(super) fn uses(&self, symbol: SymbolId) -> Vec<Use> {
        let mut uses: Vec<Use> = self
            .semantic
            .scoping()
            .get_resolved_references(symbol)
            .map(|reference| {
                let node = reference.node_id();
                Use { range: range(self.kind(node).span()), form: self.form(node) }
            })
            .collect();
        uses.sort_by_key(|usage| usage.range);
        uses
    }

    fn form(&self, node: NodeId) -> UseForm {
        let span = self.kind(node).span();
        match self.kind(self.above(node)) {
            AstKind::JSXOpeningElement(element) => self.element(element),
            AstKind::JSXClosingElement(_) => UseForm::Closing,
            AstKind::JSXMemberExpression(part) => {
                let name = part.property.name.to_string();
                let mut ancestors = self.semantic.nodes().ancestor_kinds(node);
                let is_opening = ancestors.find_map(|kind| match kind {
                    AstKind::JSXOpeningElement(_) => Some(true),
                    AstKind::JSXClosingElement(_) => Some(false),
                    _ => None,
                });
                UseForm::Part { name, is_opening: is_opening.unwrap_or(true) }
            }
            AstKind::ObjectProperty(property) if property.shorthand => UseForm::Shorthand,
            AstKind::ExportSpecifier(specifier) if specifier.local.span() == specifier.exported.span() => {
                UseForm::Exported
            }
            AstKind::CallExpression(call) if call.callee.span() == span => UseForm::Call(self.call(self.above(node))),
            AstKind::StaticMemberExpression(member) => UseForm::Member(member.property.name.to_string()),
            AstKind::TSTypeQuery(_) => UseForm::TypeOf,
            AstKind::TSTypeReference(_) | AstKind::TSQualifiedName(_) => UseForm::Type,
            _ => UseForm::Value,
        }
    }

    fn element(&self, element: &JSXOpeningElement<'a>) -> UseForm {
        let types = element.type_arguments.as_ref().map(|types| range(types.span));
        let behind = types.unwrap_or_else(|| range_of(&element.name)).end;
        let attribute = |item: &JSXAttributeItem<'_>| {
            let whole = range(item.span());
            let (name, name_range, value) = match item {
                JSXAttributeItem::SpreadAttribute(_) => (None, whole, None),
                JSXAttributeItem::Attribute(attribute) => {
                    let name = match &attribute.name {
                        JSXAttributeName::Identifier(name) => name.name.to_string(),
                        JSXAttributeName::NamespacedName(name) => format!("{}:{}", name.namespace.name, name.name.name),
                    };
                    (Some(name), range_of(&attribute.name), attribute.value.as_ref())
                }
            };
            let is_new_domain = value.is_some_and(is_domain);
            Attribute { name, name_range, range: whole, removal: self.removal(whole), is_new_domain }
        };
        UseForm::Element(behind, element.attributes.iter().map(attribute).collect())
    }

    /// A prop with the blanks before it: all of them where it stands alone on its line, and one where what is behind it does
    /// not need one.
    fn removal(&self, prop: Range) -> Range {
        let (before, behind) = (&self.text[..prop.start], &self.text[prop.end..]);
        let ends_line = behind.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']);
        let line = before.trim_end_matches([' ', '\t']);
        if ends_line && line.ends_with('\n') {
            let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            let start = line.len() - if line.ends_with("\r\n") { 2 } else { 1 };
            return Range { start, end: prop.end + blanks };
        }
        let start = if before.ends_with([' ', '\t']) && behind.starts_with([' ', '\t', '\n', '\r', '/', '>']) {
            prop.start - 1
        } else {
            prop.start
        };
        Range { start, ..prop }
    }

    /// What becomes of the result of a call.
    fn call(&self, call: NodeId) -> Call {
        let (above, is_awaited) = self.above_wrappers(call);
        let members = match self.kind(above) {
            AstKind::VariableDeclarator(declarator) => self.members_of(&declarator.id),
            kind => member_read(kind).into_iter().collect(),
        };
        Call { is_awaited, members }
    }

    fn members_of(&self, pattern: &BindingPattern<'a>) -> Vec<(String, usize)> {
        match pattern {
            BindingPattern::ObjectPattern(object) => keys(object),
            BindingPattern::BindingIdentifier(name) => {
                let Some(symbol) = declared(name) else { return Vec::new() };
                let references = self.semantic.scoping().get_resolved_references(symbol);
                let members =
                    references.flat_map(|reference| match self.kind(self.above_wrappers(reference.node_id()).0) {
                        AstKind::VariableDeclarator(declarator) => match &declarator.id {
                            BindingPattern::ObjectPattern(object) => keys(object),
                            _ => Vec::new(),
                        },
                        kind => member_read(kind).into_iter().collect(),
                    });
                members.collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a name in the code stands for something of Clerk's, or for what took its place: the props of a provider that
    /// moved are as they were.
    pub(super) fn is_clerks(&self, name: &IdentifierReference<'a>) -> bool {
        self.imported(name).is_some_and(|(module, _)| module.starts_with("@clerk/") || module.starts_with("@avnology/"))
    }
}

/// `….name` or `…["name"]`.
fn member_read(kind: AstKind<'_>) -> Option<(String, usize)> {
    match kind {
        AstKind::StaticMemberExpression(member) => {
            Some((member.property.name.to_string(), range_of(&member.property).start))
        }
        AstKind::ComputedMemberExpression(member) => match &member.expression {
            Expression::StringLiteral(name) => Some((name.value.to_string(), range(name.span).start)),
            _ => None,
        },
        _ => None,
    }
}

fn keys(object: &ObjectPattern<'_>) -> Vec<(String, usize)> {
    let named = object.properties.iter().filter_map(|property| {
        let name = property.key.static_name()?;
        Some((name.to_string(), range_of(&property.key).start))
    });
    let rest = object.rest.iter().map(|rest| ("...".to_owned(), range(rest.span).start));
    named.chain(rest).collect()
}

fn is_domain(value: &JSXAttributeValue<'_>) -> bool {
    let JSXAttributeValue::ExpressionContainer(container) = value else { return false };
    let member = match &container.expression {
        JSXExpression::TSNonNullExpression(inner) => match &inner.expression {
            Expression::StaticMemberExpression(member) => member,
            _ => return false,
        },
        JSXExpression::StaticMemberExpression(member) => member,
        _ => return false,
    };
    member.property.name == DOMAIN
}
