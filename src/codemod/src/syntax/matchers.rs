//! Lists of routes: those of `createRouteMatcher`, and plain lists of texts.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrayExpression, ArrayExpressionElement, CallExpression, Expression, LogicalOperator, UnaryOperator,
};
use oxc_semantic::{NodeId, SymbolId};

use super::ancestors::{Tree, bare, range};
use super::facts::Range;
use super::middleware_facts::RouteList;

/// A matcher that a condition asks.
pub(super) struct Matcher {
    /// Its routes.
    pub(super) list: RouteList,
    /// The statement that declares it.
    pub(super) declaration: Range,
}

/// What a condition asks.
pub(super) enum Condition {
    /// Whether the request is in none of the lists, or, if not negated, in one of them.
    Matches { negated: bool, matchers: Vec<Matcher> },
    /// It asks a matcher whose routes are no plain list.
    Routes,
    /// Anything else.
    Other,
}

/// The routes of a list of plain texts.
pub(super) fn route_list(array: &ArrayExpression<'_>) -> Option<RouteList> {
    let routes = array.elements.iter().map(|element| match element {
        ArrayExpressionElement::StringLiteral(text) => Some((range(text.span), text.value.to_string())),
        _ => None,
    });
    let Range { start, end } = range(array.span);
    Some(RouteList { inner: Range { start: start + 1, end: end - 1 }, routes: routes.collect::<Option<_>>()? })
}

impl<'a> Tree<'_, 'a> {
    /// Takes a condition apart. The matchers have to be asked about the request itself.
    pub(super) fn condition(&self, test: &Expression<'a>, request: SymbolId) -> Condition {
        match bare(test) {
            Expression::UnaryExpression(not) if not.operator == UnaryOperator::LogicalNot => {
                self.any_of(&not.argument, request, true)
            }
            Expression::LogicalExpression(both) if both.operator == LogicalOperator::And => {
                let parts = (self.condition(&both.left, request), self.condition(&both.right, request));
                match parts {
                    (
                        Condition::Matches { negated: true, mut matchers },
                        Condition::Matches { negated: true, matchers: more },
                    ) => {
                        matchers.extend(more);
                        Condition::Matches { negated: true, matchers }
                    }
                    (Condition::Routes, _) | (_, Condition::Routes) => Condition::Routes,
                    _ => Condition::Other,
                }
            }
            other => self.any_of(other, request, false),
        }
    }

    fn any_of(&self, test: &Expression<'a>, request: SymbolId, negated: bool) -> Condition {
        match bare(test) {
            Expression::LogicalExpression(either) if either.operator == LogicalOperator::Or => {
                match (self.any_of(&either.left, request, negated), self.any_of(&either.right, request, negated)) {
                    (Condition::Matches { mut matchers, .. }, Condition::Matches { matchers: more, .. }) => {
                        matchers.extend(more);
                        Condition::Matches { negated, matchers }
                    }
                    (Condition::Routes, _) | (_, Condition::Routes) => Condition::Routes,
                    _ => Condition::Other,
                }
            }
            Expression::CallExpression(call) => match self.asked(call, request) {
                Some(Ok(matcher)) => Condition::Matches { negated, matchers: vec![matcher] },
                Some(Err(())) => Condition::Routes,
                None => Condition::Other,
            },
            _ => Condition::Other,
        }
    }

    /// The matcher that a call asks about the request; an error if its routes are no plain list.
    fn asked(&self, call: &CallExpression<'a>, request: SymbolId) -> Option<Result<Matcher, ()>> {
        let Expression::Identifier(callee) = bare(&call.callee) else { return None };
        let [Argument::Identifier(argument)] = call.arguments.as_slice() else { return None };
        if self.symbol(argument) != Some(request) {
            return None;
        }
        self.matcher(self.symbol(callee)?)
    }

    fn matcher(&self, symbol: SymbolId) -> Option<Result<Matcher, ()>> {
        let scoping = self.semantic.scoping();
        let declaration = scoping.symbol_declaration(symbol);
        let AstKind::VariableDeclarator(declarator) = self.kind(declaration) else { return None };
        let Some(Expression::CallExpression(made)) = &declarator.init else { return None };
        let Expression::Identifier(maker) = &made.callee else { return None };
        let (module, name) = self.imported(maker)?;
        if !matches!(module.as_str(), "@clerk/nextjs/server" | "@clerk/nextjs") || name != "createRouteMatcher" {
            return None;
        }
        let statement = self.statement_of(declaration)?;
        if scoping.get_resolved_references(symbol).count() != 1 {
            return None;
        }
        let [Argument::ArrayExpression(array)] = made.arguments.as_slice() else { return Some(Err(())) };
        Some(route_list(array).map(|list| Matcher { list, declaration: statement }).ok_or(()))
    }

    /// The statement of a declaration that has it alone, is not exported and stands at the top.
    fn statement_of(&self, declarator: NodeId) -> Option<Range> {
        let declaration = self.above(declarator);
        match (self.kind(declaration), self.kind(self.above(declaration))) {
            (AstKind::VariableDeclaration(statement), AstKind::Program(_)) if statement.declarations.len() == 1 => {
                Some(range(statement.span))
            }
            _ => None,
        }
    }
}
