//! What is known of a file of code: plain facts with their places, and nothing of the parser.

use std::collections::HashSet;

use super::middleware_facts::MiddlewareCall;
use super::range::Range;

/// All that is known of a file.
#[derive(Debug, Default)]
pub struct Facts {
    /// Its import statements, in order.
    pub imports: Vec<Import>,
    /// `export … from`.
    pub re_exports: Vec<ReExport>,
    /// Modules of Clerk's that are taken as a whole, or named.
    pub modules: Vec<ModuleUse>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
    /// Every name that means something in the file.
    pub names: HashSet<String>,
    /// Names of environment variables of Clerk's.
    pub environment: Vec<EnvironmentUse>,
    /// The calls that make a middleware.
    pub middleware: Vec<MiddlewareCall>,
    /// Global interfaces of Clerk's that the file adds to.
    pub augmentations: Vec<(String, usize)>,
    /// `getToken({ template })`.
    pub token_templates: Vec<usize>,
    /// What a handler of webhooks would read.
    pub webhook: WebhookFacts,
}

/// A comment.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// With its marks.
    pub range: Range,
    /// Whether it ends with its line.
    pub is_line: bool,
}

/// An import statement.
#[derive(Debug)]
pub struct Import {
    /// The whole, with its semicolon if it has one.
    pub range: Range,
    /// The module's name with its quotes.
    pub source: Range,
    /// The module.
    pub module: String,
    /// `import type`.
    pub is_type: bool,
    /// A default import or `import * as`.
    pub whole: Vec<Binding>,
    /// Between the braces.
    pub braces: Option<Range>,
    /// The names in the braces.
    pub names: Vec<ImportedName>,
    /// `with { … }` behind it.
    pub has_attributes: bool,
    /// Whether it stands in a `declare module` block, so that its names mean nothing outside.
    pub is_nested: bool,
}

/// A local name for a module as a whole.
#[derive(Debug)]
pub struct Binding {
    /// `default` or `*`.
    pub imported: &'static str,
    /// Where it is declared.
    pub range: Range,
    /// Where it is used.
    pub uses: Vec<Use>,
}

/// A name in the braces of an import.
#[derive(Debug)]
pub struct ImportedName {
    /// All of it, with `type` and `as`.
    pub range: Range,
    /// The name at the module.
    pub imported: String,
    /// Where that stands.
    pub imported_range: Range,
    /// The name in this file.
    pub local: String,
    /// `type` before it.
    pub is_type: bool,
    /// Where it is used.
    pub uses: Vec<Use>,
}

impl ImportedName {
    /// Whether it has another name here than at the module.
    pub fn has_alias(&self) -> bool {
        self.range.end > self.imported_range.end
    }
}

/// A use of an imported name.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name itself.
    pub range: Range,
    /// In which form.
    pub form: UseForm,
}

/// The form of a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseForm {
    /// `{ Name }` in an object.
    Shorthand,
    /// `export { Name }`.
    Exported,
    /// `<Name …>`, with the place behind the name and its types, and the props.
    Element(usize, Vec<Attribute>),
    /// `</Name>`.
    Closing,
    /// `<Name.Part …>`; `part` is true at the opening.
    Part {
        /// The part's name.
        name: String,
        /// Whether it is the opening tag.
        is_opening: bool,
    },
    /// `Name(…)`.
    Call(Call),
    /// `Name.member`.
    Member(String),
    /// `typeof Name` in a type.
    TypeOf,
    /// As a type.
    Type,
    /// Anything else.
    Value,
}

/// A prop of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// `None`: `{...spread}`.
    pub name: Option<String>,
    /// The name.
    pub name_range: Range,
    /// All of it.
    pub range: Range,
    /// What goes when the prop goes: also the blank before it, where that is not needed.
    pub removal: Range,
    /// Whether its value is the variable with the target's domain.
    pub is_new_domain: bool,
}

/// A call of an imported name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whether `await` stands before it.
    pub is_awaited: bool,
    /// What is read from its result, with the place.
    pub members: Vec<(String, usize)>,
}

/// `export … from`.
#[derive(Debug)]
pub struct ReExport {
    /// The whole.
    pub range: Range,
    /// The module's name with its quotes.
    pub source: Range,
    /// The module.
    pub module: String,
    /// Names at the module and names given to them; empty for `export *`.
    pub names: Vec<(String, String)>,
    /// `export type`, or a name with `type`.
    pub is_type: bool,
    /// `export *`.
    pub is_all: bool,
    /// `with { … }` behind it.
    pub has_attributes: bool,
}

/// What stands in a module's name for what is known only when the code runs: `import(`@clerk/${name}`)`.
pub const UNKNOWN_PART: &str = "${…}";

/// A module of Clerk's that is named in another way than by `import … from`.
#[derive(Debug)]
pub struct ModuleUse {
    /// Where.
    pub place: usize,
    /// The module.
    pub module: String,
    /// How.
    pub form: ModuleForm,
}

/// How a module is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleForm {
    /// `import()`, `require`, `typeof import()`, `import "…"`.
    Taken,
    /// `vi.mock` or `jest.mock`.
    Mocked,
    /// `declare module`.
    Augmented,
    /// In any other text.
    Named,
}

/// A name of an environment variable.
#[derive(Clone, Debug)]
pub struct EnvironmentUse {
    /// The name.
    pub name: String,
    /// Where it stands, without quotes.
    pub range: Range,
    /// In which form.
    pub form: EnvironmentForm,
}

/// The form of a use of an environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvironmentForm {
    /// `env.NAME`, `env["NAME"]`, or a key that is written out.
    Name,
    /// `{ NAME }`.
    Shorthand,
    /// Handed to something of Clerk's.
    ForClerk,
    /// In a form that cannot be renamed safely: a text, an import, an export.
    Fixed,
}

/// What a handler of webhooks would read.
#[derive(Debug, Default)]
pub struct WebhookFacts {
    /// Where `Webhook` of svix, or `verifyWebhook`, is used.
    pub verifications: Vec<usize>,
    /// Names of Svix's headers.
    pub headers: Vec<String>,
    /// Names of events.
    pub events: Vec<String>,
    /// What is read from `.data`.
    pub fields: Vec<String>,
}
