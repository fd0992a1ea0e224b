//! The parsed file with its scopes, and small steps up and across the tree.

use oxc_ast::AstKind;
use oxc_ast::ast::{BindingIdentifier, Expression, IdentifierReference, TemplateLiteral};
use oxc_semantic::{NodeId, Semantic, SymbolId};
use oxc_span::{GetSpan, Span};

use super::facts::UNKNOWN_PART;
use super::range::Range;

/// A parsed file.
pub(super) struct Tree<'t, 'a> {
    pub(super) text: &'a str,
    pub(super) semantic: &'t Semantic<'a>,
}

impl<'a> Tree<'_, 'a> {
    /// What a node is.
    pub(super) fn kind(&self, node: NodeId) -> AstKind<'a> {
        self.semantic.nodes().kind(node)
    }

    /// The node above.
    pub(super) fn above(&self, node: NodeId) -> NodeId {
        self.semantic.nodes().parent_id(node)
    }

    /// The node above that is more than brackets or a type beside a value; and whether there was `await` on the way.
    pub(super) fn above_wrappers(&self, node: NodeId) -> (NodeId, bool) {
        let mut awaited = false;
        let mut node = self.above(node);
        loop {
            match self.kind(node) {
                AstKind::ParenthesizedExpression(_)
                | AstKind::TSNonNullExpression(_)
                | AstKind::TSAsExpression(_)
                | AstKind::TSSatisfiesExpression(_)
                | AstKind::ChainExpression(_) => {}
                AstKind::AwaitExpression(_) => awaited = true,
                _ => return (node, awaited),
            }
            node = self.above(node);
        }
    }

    /// What a name means.
    pub(super) fn symbol(&self, name: &IdentifierReference<'a>) -> Option<SymbolId> {
        let reference = name.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    /// The module and the name that a name in the code was imported as.
    pub(super) fn imported(&self, name: &IdentifierReference<'a>) -> Option<(String, String)> {
        let symbol = self.symbol(name)?;
        let declaration = self.semantic.scoping().symbol_declaration(symbol);
        let AstKind::ImportSpecifier(specifier) = self.kind(declaration) else { return None };
        let import = self.semantic.nodes().ancestor_kinds(declaration).find_map(|kind| match kind {
            AstKind::ImportDeclaration(import) => Some(import),
            _ => None,
        })?;
        Some((import.source.value.to_string(), specifier.imported.name().to_string()))
    }
}

/// What a declared name means.
pub(super) fn declared(name: &BindingIdentifier<'_>) -> Option<SymbolId> {
    name.symbol_id.get()
}

/// A text that is always the same: in quotes, or a template without anything in it.
pub(super) fn plain_text(kind: AstKind<'_>) -> Option<(&str, Span)> {
    match kind {
        AstKind::StringLiteral(text) => Some((text.value.as_str(), text.span)),
        AstKind::TemplateLiteral(template) if template.expressions.is_empty() => {
            Some((template.quasis.first()?.value.cooked.as_ref()?.as_str(), template.span))
        }
        _ => None,
    }
}

/// The module that an expression names, and where: a text, or a template, in which [`UNKNOWN_PART`] stands for each expression.
pub(super) fn module_named(expression: &Expression<'_>) -> Option<(String, Span)> {
    match expression {
        Expression::StringLiteral(text) => Some((text.value.to_string(), text.span)),
        Expression::TemplateLiteral(template) => Some((joined(template)?, template.span)),
        _ => None,
    }
}

/// The text of a template with [`UNKNOWN_PART`] for each of its expressions.
pub(super) fn joined(template: &TemplateLiteral<'_>) -> Option<String> {
    let parts = template.quasis.iter().map(|quasi| quasi.value.cooked.as_ref().map(|text| text.as_str()));
    Some(parts.collect::<Option<Vec<_>>>()?.join(UNKNOWN_PART))
}

/// An expression without its brackets.
pub(super) fn bare<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    match expression {
        Expression::ParenthesizedExpression(inner) => bare(&inner.expression),
        other => other,
    }
}

/// An expression without its brackets and without `await`.
pub(super) fn bare_awaited<'e, 'a>(expression: &'e Expression<'a>) -> &'e Expression<'a> {
    match bare(expression) {
        Expression::AwaitExpression(inner) => bare_awaited(&inner.argument),
        other => other,
    }
}

/// The parser's ranges are ours, in another width.
pub(super) fn range(span: Span) -> Range {
    Range { start: span.start as usize, end: span.end as usize }
}

/// The range of anything in the tree.
pub(super) fn range_of(node: &impl GetSpan) -> Range {
    range(node.span())
}
