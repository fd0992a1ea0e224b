//! The calls that make a middleware, and of which form each of them is.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, ArrowFunctionBody, BindingPattern, CallExpression, Expression, FormalParameters, FunctionBody,
    ObjectExpression, ObjectPropertyKind, PropertyKey, Statement,
};
use oxc_semantic::{NodeId, SymbolId};
use oxc_span::GetSpan;

use super::ancestors::{Tree, bare, bare_awaited, declared, range, range_of};
use super::facts::{Comment, Range};
use super::matchers::{Condition, route_list};
use super::middleware_facts::{LegacyList, MiddlewareCall, MiddlewareForm};

impl<'a> Tree<'_, 'a> {
    /// The middleware that the use of a name makes, if it is called there.
    pub(super) fn middleware(&self, usage: NodeId, name: &str, comments: &[Comment]) -> Option<MiddlewareCall> {
        let node = self.above(usage);
        let AstKind::CallExpression(call) = self.kind(node) else { return None };
        if call.callee.span() != self.kind(usage).span() {
            return None;
        }
        let (statement, is_export) = self.statement(node)?;
        let form = if is_export { self.middleware_form(call, name, comments) } else { MiddlewareForm::Elsewhere };
        let whole = range(call.span);
        let from =
            call.type_arguments.as_ref().map_or_else(|| range_of(&call.callee).end, |types| range(types.span).end);
        let open = self.text[from..whole.end].find('(').map_or(from, |at| from + at);
        Some(MiddlewareCall {
            callee: range_of(&call.callee),
            arguments: Range { start: open, end: whole.end },
            statement,
            form,
        })
    }

    /// The statement at the top that a call stands in, and whether it is what the file exports.
    fn statement(&self, call: NodeId) -> Option<(Range, bool)> {
        let mut node = call;
        while !matches!(self.kind(self.above(node)), AstKind::Program(_)) {
            node = self.above(node);
            if matches!(self.kind(node), AstKind::Program(_)) {
                return None;
            }
        }
        let statement = range(self.kind(node).span());
        let above = self.above_wrappers(call).0;
        let is_export = match self.kind(above) {
            AstKind::ExportDefaultDeclaration(_) => true,
            AstKind::VariableDeclarator(declarator) => match &declarator.id {
                BindingPattern::BindingIdentifier(name) => self.is_exported_as_middleware(above, name),
                _ => false,
            },
            _ => false,
        };
        Some((statement, is_export))
    }

    fn is_exported_as_middleware(&self, declarator: NodeId, name: &oxc_ast::ast::BindingIdentifier<'a>) -> bool {
        let above = self.above(self.above(declarator));
        if matches!(self.kind(above), AstKind::ExportDeclaration(_)) {
            return matches!(name.name.as_str(), "middleware" | "proxy");
        }
        let Some(symbol) = declared(name) else { return false };
        let uses: Vec<NodeId> =
            self.semantic.scoping().get_resolved_references(symbol).map(oxc_semantic::Reference::node_id).collect();
        let is_export = |node: &NodeId| {
            matches!(self.kind(self.above(*node)), AstKind::ExportDefaultDeclaration(_) | AstKind::ExportSpecifier(_))
        };
        matches!(self.kind(above), AstKind::Program(_)) && uses.len() == 1 && uses.iter().all(is_export)
    }

    fn middleware_form(&self, call: &CallExpression<'a>, name: &str, comments: &[Comment]) -> MiddlewareForm {
        match call.arguments.as_slice() {
            [] => MiddlewareForm::Bare,
            [Argument::ObjectExpression(options)] if name == "authMiddleware" => self.legacy(options, comments),
            [Argument::ArrowFunctionExpression(arrow)] if name == "clerkMiddleware" => match &arrow.body {
                ArrowFunctionBody::FunctionBody(body) => self.callback(&arrow.params, body),
                _ => MiddlewareForm::Callback,
            },
            [Argument::FunctionExpression(function)] if name == "clerkMiddleware" && !function.generator => {
                function.body.as_ref().map_or(MiddlewareForm::Callback, |body| self.callback(&function.params, body))
            }
            [Argument::ObjectExpression(_)] | [_, _, ..] => MiddlewareForm::Options,
            [_] => MiddlewareForm::Callback,
        }
    }

    fn callback(&self, parameters: &FormalParameters<'a>, body: &FunctionBody<'a>) -> MiddlewareForm {
        let simple = |index: usize| {
            let parameter = parameters.items.get(index)?;
            match &parameter.pattern {
                BindingPattern::BindingIdentifier(name) if parameter.initializer.is_none() => declared(name),
                _ => None,
            }
        };
        let (Some(auth), Some(request)) = (simple(0), simple(1)) else { return MiddlewareForm::Callback };
        if parameters.rest.is_some() || !body.directives.is_empty() {
            return MiddlewareForm::Callback;
        }
        let mut statements = body.statements.as_slice();
        while let [rest @ .., last] = statements {
            if rest.is_empty() || !self.returns(last) {
                break;
            }
            statements = rest;
        }
        let (test, protects_where_true) = match statements {
            [Statement::IfStatement(condition)] if condition.alternate.is_none() => {
                if !self.protects_only(&condition.consequent, auth) {
                    return self.left_form(&condition.test, request);
                }
                (&condition.test, true)
            }
            [Statement::IfStatement(condition), last] if condition.alternate.is_none() => {
                if !self.returns_only(&condition.consequent) || !self.protects(last, auth) {
                    return self.left_form(&condition.test, request);
                }
                (&condition.test, false)
            }
            _ => return MiddlewareForm::Callback,
        };
        match self.condition(test, request) {
            Condition::Matches { negated, matchers } if negated == protects_where_true => {
                let (lists, declarations) = matchers.into_iter().map(|one| (one.list, one.declaration)).unzip();
                MiddlewareForm::Public { lists, declarations }
            }
            Condition::Matches { matchers, .. } => MiddlewareForm::Protected(
                matchers.into_iter().flat_map(|matcher| matcher.list.routes).map(|(_, route)| route).collect(),
            ),
            Condition::Routes => MiddlewareForm::Routes,
            Condition::Other => MiddlewareForm::Callback,
        }
    }

    /// Why a callback that does more is left.
    fn left_form(&self, test: &Expression<'a>, request: SymbolId) -> MiddlewareForm {
        match self.condition(test, request) {
            Condition::Routes => MiddlewareForm::Routes,
            _ => MiddlewareForm::Callback,
        }
    }

    /// `return`, or `return NextResponse.next()`.
    fn returns(&self, statement: &Statement<'a>) -> bool {
        let Statement::ReturnStatement(statement) = statement else { return false };
        let Some(value) = &statement.argument else { return true };
        let Expression::CallExpression(call) = bare(value) else { return false };
        let Expression::StaticMemberExpression(member) = &call.callee else { return false };
        let Expression::Identifier(object) = &member.object else { return false };
        let is_next =
            self.imported(object).is_some_and(|(module, name)| module == "next/server" && name == "NextResponse");
        is_next && member.property.name == "next" && call.arguments.is_empty()
    }

    fn returns_only(&self, statement: &Statement<'a>) -> bool {
        match statement {
            Statement::BlockStatement(block) => matches!(block.body.as_slice(), [only] if self.returns(only)),
            other => self.returns(other),
        }
    }

    fn protects_only(&self, statement: &Statement<'a>, auth: SymbolId) -> bool {
        match statement {
            Statement::BlockStatement(block) => matches!(block.body.as_slice(), [only] if self.protects(only, auth)),
            other => self.protects(other, auth),
        }
    }

    /// `auth.protect()`, `auth().protect()`, `(await auth()).protect()`, awaited or not.
    fn protects(&self, statement: &Statement<'a>, auth: SymbolId) -> bool {
        let Statement::ExpressionStatement(statement) = statement else { return false };
        let Expression::CallExpression(call) = bare_awaited(&statement.expression) else { return false };
        let Expression::StaticMemberExpression(member) = bare(&call.callee) else { return false };
        let is_auth = |expression: &Expression<'a>| matches!(expression, Expression::Identifier(name) if self.symbol(name) == Some(auth));
        let object = match bare_awaited(&member.object) {
            Expression::CallExpression(inner) if inner.arguments.is_empty() => bare(&inner.callee),
            other => other,
        };
        call.arguments.is_empty() && !member.optional && member.property.name == "protect" && is_auth(object)
    }

    fn legacy(&self, options: &ObjectExpression<'a>, comments: &[Comment]) -> MiddlewareForm {
        let (mut public, mut ignored) = (None, None);
        for (index, property) in options.properties.iter().enumerate() {
            let ObjectPropertyKind::ObjectProperty(property) = property else { return MiddlewareForm::Options };
            let key = match &property.key {
                PropertyKey::StaticIdentifier(name) if !property.computed => name,
                _ => return MiddlewareForm::Options,
            };
            let slot = match key.name.as_str() {
                "afterAuth" | "beforeAuth" => return MiddlewareForm::Callback,
                "publicRoutes" if !property.method => &mut public,
                "ignoredRoutes" if !property.method => &mut ignored,
                _ => return MiddlewareForm::Options,
            };
            let Expression::ArrayExpression(array) = &property.value else { return MiddlewareForm::Routes };
            let Some(list) = route_list(array) else { return MiddlewareForm::Routes };
            let next =
                options.properties.get(index + 1).map_or(range(options.span).end - 1, |next| range_of(next).start);
            let end = range(property.span).end;
            let is_comment = |at: usize| comments.iter().any(|one| one.range.start <= at && at < one.range.end);
            let mut commas = self.text[end..next].match_indices(',').map(|(at, _)| end + at);
            let comma = commas.find(|at| !is_comment(*at)).map_or(end, |comma| comma + 1);
            let whole = Range { start: range(property.span).start, end: comma };
            *slot = Some(LegacyList { key: range(key.span), property: whole, list });
        }
        if public.is_none() && ignored.is_none() {
            return MiddlewareForm::Bare;
        }
        match public {
            None => MiddlewareForm::Options,
            public => MiddlewareForm::Legacy { public, ignored },
        }
    }
}
