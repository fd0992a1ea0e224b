//! From a text to its facts.

use std::collections::HashSet;

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    Argument, CallExpression, Expression, ImportDeclaration, ImportDeclarationSpecifier, ImportSpecifier,
    ObjectPropertyKind, Program,
};
use oxc_parser::Parser;
use oxc_semantic::{NodeId, SemanticBuilder};

use super::ancestors::{Tree, declared, joined, module_named, plain_text, range, range_of};
use super::facts::{Binding, Comment, Facts, Import, ImportedName, ModuleForm, ModuleUse, ReExport};
use super::language::Language;
use super::range::Range;

/// Global interfaces that applications add to.
const AUGMENTED: [&str; 8] = [
    "CustomJwtSessionClaims",
    "UserPublicMetadata",
    "UserPrivateMetadata",
    "UserUnsafeMetadata",
    "OrganizationPublicMetadata",
    "OrganizationPrivateMetadata",
    "OrganizationInvitationPublicMetadata",
    "ClerkAuthorization",
];

/// Whether a text parses without an error.
pub fn parses(text: &str, language: Language) -> bool {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, language.source_type()).parse();
    !parsed.panicked && !parsed.diagnostics.has_errors()
}

/// The facts of a text; nothing if it does not parse.
pub fn read_facts(text: &str, language: Language) -> Option<Facts> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, language.source_type()).parse();
    if parsed.panicked || parsed.diagnostics.has_errors() || parsed.is_flow_language {
        return None;
    }
    // A name that is declared twice, for example, means nothing with certainty.
    let built = SemanticBuilder::new().with_build_nodes(true).with_check_syntax_error(true).build(&parsed.program);
    if built.diagnostics.has_errors() {
        return None;
    }
    let semantic = built.semantic;
    let tree = Tree { text, semantic: &semantic };
    let mut facts = Facts { comments: comments(&parsed.program), names: tree.names(), ..Facts::default() };
    let mut covered = HashSet::new();
    for node in semantic.nodes().iter() {
        tree.note(node.id(), &mut facts, &mut covered);
    }
    for node in semantic.nodes().iter() {
        facts.environment.extend(tree.variable(node.id()));
        tree.note_webhook(node.id(), &mut facts.webhook);
        let named = match node.kind() {
            AstKind::TemplateLiteral(template) => joined(template).map(|text| (text, template.span)),
            kind => plain_text(kind).map(|(text, span)| (text.to_owned(), span)),
        };
        if let Some((module, span)) = named
            && module.starts_with("@clerk/")
            && !covered.contains(&span.start)
        {
            let place = range(span).start;
            facts.modules.push(ModuleUse { place, module, form: ModuleForm::Named });
        }
    }
    Some(facts)
}

fn comments(program: &Program<'_>) -> Vec<Comment> {
    let comment = |comment: &oxc_ast::Comment| Comment { range: range(comment.span), is_line: comment.is_line() };
    program.comments.iter().map(comment).collect()
}

impl<'a> Tree<'_, 'a> {
    fn names(&self) -> HashSet<String> {
        let scoping = self.semantic.scoping();
        let declared = scoping.symbol_names().map(str::to_owned);
        declared.chain(scoping.root_unresolved_references().keys().map(ToString::to_string)).collect()
    }

    fn note(&self, node: NodeId, facts: &mut Facts, covered: &mut HashSet<u32>) {
        match self.kind(node) {
            AstKind::ImportDeclaration(import) => {
                covered.insert(import.source.span.start);
                let is_nested = !matches!(self.kind(self.above(node)), AstKind::Program(_));
                let import = self.import(import, is_nested, facts);
                facts.imports.push(import);
            }
            AstKind::ExportFromDeclaration(export) => {
                let source = &export.source;
                covered.insert(source.span.start);
                let name = |specifier: &oxc_ast::ast::ExportSpecifier<'a>| {
                    (specifier.local.name().to_string(), specifier.exported.name().to_string())
                };
                let is_type =
                    export.export_kind.is_type() || export.specifiers.iter().any(|one| one.export_kind.is_type());
                facts.re_exports.push(ReExport {
                    range: range(export.span),
                    source: range(source.span),
                    module: source.value.to_string(),
                    names: export.specifiers.iter().map(name).collect(),
                    is_type,
                    is_all: false,
                    has_attributes: export.with_clause.is_some(),
                });
            }
            AstKind::ExportAllDeclaration(export) => {
                covered.insert(export.source.span.start);
                facts.re_exports.push(ReExport {
                    range: range(export.span),
                    source: range(export.source.span),
                    module: export.source.value.to_string(),
                    names: Vec::new(),
                    is_type: export.export_kind.is_type(),
                    is_all: true,
                    has_attributes: export.with_clause.is_some(),
                });
            }
            AstKind::ImportExpression(import) => {
                note_module_named(&import.source, ModuleForm::Taken, facts, covered);
            }
            AstKind::TSImportType(import) => note_module(&import.source, ModuleForm::Taken, facts, covered),
            AstKind::TSExternalModuleReference(reference) => {
                note_module(&reference.expression, ModuleForm::Taken, facts, covered);
            }
            AstKind::CallExpression(call) => note_call(call, facts, covered),
            AstKind::TSExternalModuleDeclaration(declaration) => {
                note_module(&declaration.id, ModuleForm::Augmented, facts, covered);
            }
            AstKind::TSInterfaceDeclaration(interface) if AUGMENTED.contains(&interface.id.name.as_str()) => {
                facts.augmentations.push((interface.id.name.to_string(), range(interface.id.span).start));
            }
            _ => {}
        }
    }

    fn import(&self, import: &ImportDeclaration<'a>, is_nested: bool, facts: &mut Facts) -> Import {
        let mut whole = Vec::new();
        let mut names = Vec::new();
        for specifier in import.specifiers.iter().flatten() {
            let binding = |imported: &'static str, local: &oxc_ast::ast::BindingIdentifier<'a>| Binding {
                imported,
                range: range(local.span),
                uses: declared(local).map(|symbol| self.uses(symbol)).unwrap_or_default(),
            };
            match specifier {
                ImportDeclarationSpecifier::ImportDefaultSpecifier(one) => whole.push(binding("default", &one.local)),
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(one) => whole.push(binding("*", &one.local)),
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    names.push(self.imported_name(one, import.source.value.as_str(), facts));
                }
            }
        }
        let range = range(import.span);
        Import {
            range,
            source: super::ancestors::range(import.source.span),
            module: import.source.value.to_string(),
            is_type: import.import_kind.is_type(),
            whole,
            braces: self.braces(import, &names, &facts.comments),
            names,
            has_attributes: import.with_clause.is_some(),
            is_nested,
        }
    }

    fn imported_name(&self, one: &ImportSpecifier<'a>, module: &str, facts: &mut Facts) -> ImportedName {
        let imported = one.imported.name().to_string();
        let symbol = declared(&one.local);
        let makes_middleware = matches!(module, "@clerk/nextjs" | "@clerk/nextjs/server")
            && matches!(imported.as_str(), "clerkMiddleware" | "authMiddleware");
        if let Some(symbol) = symbol.filter(|_| makes_middleware) {
            for reference in self.semantic.scoping().get_resolved_references(symbol) {
                let call = self.middleware(reference.node_id(), &imported, &facts.comments);
                facts.middleware.extend(call);
            }
        }
        ImportedName {
            range: range(one.span),
            imported,
            imported_range: range_of(&one.imported),
            local: one.local.name.to_string(),
            is_type: one.import_kind.is_type(),
            uses: symbol.map(|symbol| self.uses(symbol)).unwrap_or_default(),
        }
    }

    /// Between the braces; comments may hold braces of their own.
    fn braces(&self, import: &ImportDeclaration<'a>, names: &[ImportedName], comments: &[Comment]) -> Option<Range> {
        let (first, last) = (names.first()?, names.last()?);
        let is_comment = |at: &usize| comments.iter().any(|one| one.range.start <= *at && *at < one.range.end);
        let begin = range(import.span).start;
        let open = self.text[begin..first.range.start]
            .match_indices('{')
            .map(|(at, _)| begin + at)
            .rfind(|at| !is_comment(at))?;
        let from = last.range.end;
        let source = range(import.source.span).start;
        let close = self.text[from..source].match_indices('}').map(|(at, _)| from + at).find(|at| !is_comment(at))?;
        Some(Range { start: open + 1, end: close })
    }
}

fn note_module_named(expression: &Expression<'_>, form: ModuleForm, facts: &mut Facts, covered: &mut HashSet<u32>) {
    if let Some((module, span)) = module_named(expression).filter(|(module, _)| module.starts_with("@clerk/")) {
        covered.insert(span.start);
        facts.modules.push(ModuleUse { place: range(span).start, module, form });
    }
}

fn note_module(
    text: &oxc_ast::ast::StringLiteral<'_>,
    form: ModuleForm,
    facts: &mut Facts,
    covered: &mut HashSet<u32>,
) {
    if text.value.starts_with("@clerk/") {
        covered.insert(text.span.start);
        facts.modules.push(ModuleUse { place: range(text.span).start, module: text.value.to_string(), form });
    }
}

fn note_call(call: &CallExpression<'_>, facts: &mut Facts, covered: &mut HashSet<u32>) {
    let callee = match &call.callee {
        Expression::Identifier(name) => ("", name.name.as_str()),
        Expression::StaticMemberExpression(member) => match &member.object {
            Expression::Identifier(object) => (object.name.as_str(), member.property.name.as_str()),
            _ => ("?", member.property.name.as_str()),
        },
        _ => return,
    };
    match (callee, call.arguments.first()) {
        (("", "require"), Some(argument)) => {
            if let Some(module) = argument.as_expression() {
                note_module_named(module, ModuleForm::Taken, facts, covered);
            }
        }
        (("vi" | "jest", "mock" | "doMock" | "unmock" | "importActual" | "requireActual"), Some(argument)) => {
            if let Some(module) = argument.as_expression() {
                note_module_named(module, ModuleForm::Mocked, facts, covered);
            }
        }
        ((_, "getToken"), Some(Argument::ObjectExpression(options))) => {
            let is_template = |property: &ObjectPropertyKind<'_>| match property {
                ObjectPropertyKind::ObjectProperty(property) => {
                    property.key.static_name().is_some_and(|name| name == "template")
                }
                ObjectPropertyKind::SpreadProperty(_) => false,
            };
            if options.properties.iter().any(is_template) {
                facts.token_templates.push(range_of(call).start);
            }
        }
        _ => {}
    }
}
