//! Names of environment variables of Clerk's in code.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, JSXElementName};
use oxc_semantic::NodeId;
use oxc_span::GetSpan;

use super::ancestors::{Tree, bare, plain_text, range};
use super::facts::{EnvironmentForm, EnvironmentUse, Range};
use crate::environment::{is_clerks_variable, new_name};

impl Tree<'_, '_> {
    /// The use of a variable that a node is, if it is one.
    pub(super) fn variable(&self, node: NodeId) -> Option<EnvironmentUse> {
        let kind = self.kind(node);
        let (name, at) = match kind {
            AstKind::IdentifierName(name) => (name.name.as_str(), range(name.span)),
            AstKind::StringLiteral(_) | AstKind::TemplateLiteral(_) => {
                let (text, span) = plain_text(kind)?;
                let Range { start, end } = range(span);
                (text, Range { start: start + 1, end: end - 1 })
            }
            AstKind::BindingIdentifier(name) if new_name(&name.name).is_some() && self.is_exported(node) => {
                (name.name.as_str(), range(name.span))
            }
            AstKind::ImportSpecifier(specifier) if new_name(&specifier.imported.name()).is_some() => {
                let name = specifier.imported.name().to_string();
                return Some(EnvironmentUse { name, range: range(specifier.span), form: EnvironmentForm::Fixed });
            }
            _ => return None,
        };
        if !is_clerks_variable(name) {
            return None;
        }
        let form = if self.is_for_clerk(node) { EnvironmentForm::ForClerk } else { self.variable_form(node) };
        Some(EnvironmentUse { name: name.to_owned(), range: at, form })
    }

    fn variable_form(&self, node: NodeId) -> EnvironmentForm {
        let is_text = plain_text(self.kind(node)).is_some();
        match self.kind(self.above(node)) {
            AstKind::ObjectProperty(property) if property.shorthand => EnvironmentForm::Shorthand,
            AstKind::BindingProperty(property) if property.shorthand => EnvironmentForm::Shorthand,
            // A text is a key only where it stands for one.
            AstKind::ObjectProperty(property) if property.key.span() == self.kind(node).span() => EnvironmentForm::Name,
            AstKind::ComputedMemberExpression(member) if member.expression.span() == self.kind(node).span() => {
                EnvironmentForm::Name
            }
            AstKind::ImportSpecifier(_) | AstKind::ExportSpecifier(_) => EnvironmentForm::Fixed,
            _ if is_text || matches!(self.kind(node), AstKind::BindingIdentifier(_)) => EnvironmentForm::Fixed,
            _ => EnvironmentForm::Name,
        }
    }

    fn is_exported(&self, node: NodeId) -> bool {
        let mut above = self.semantic.nodes().ancestor_kinds(node).take(3);
        above.any(|kind| matches!(kind, AstKind::ExportDeclaration(_)))
    }

    /// Whether a value is handed to something of Clerk's.
    fn is_for_clerk(&self, node: NodeId) -> bool {
        self.semantic.nodes().ancestor_kinds(node).any(|kind| match kind {
            AstKind::CallExpression(call) => {
                matches!(bare(&call.callee), Expression::Identifier(name) if self.is_clerks(name))
            }
            AstKind::NewExpression(new) => {
                matches!(bare(&new.callee), Expression::Identifier(name) if self.is_clerks(name))
            }
            AstKind::JSXOpeningElement(element) => {
                matches!(&element.name, JSXElementName::IdentifierReference(name) if self.is_clerks(name))
            }
            _ => false,
        })
    }
}
