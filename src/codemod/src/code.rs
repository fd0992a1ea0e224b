//! The stable codes of what a report says, and what each of them means.

use serde::Serialize;

/// Declares the codes with their names and explanations.
macro_rules! codes {
    ($( $variant:ident $name:literal $meaning:literal )+) => {
        /// Why an entry is in the report. Scripts depend on the names: they are never changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Code {
            $( #[doc = concat!("`", $name, "`: see [`Code::meaning`].")] #[serde(rename = $name)] $variant, )+
        }

        impl Code {
            /// All of them. Within a file, a report has them in this order.
            pub const ALL: &'static [Self] = &[$( Self::$variant, )+];

            /// Its stable name.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// What it means and what to do, for `--explain`.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$variant => $meaning, )+ }
            }
        }
    };
}

codes! {
    ProviderMovedClientLeft "provider_moved_client_left"
        "The provider is Avnology's now, and hooks or components of Clerk's are left below it. They look for ClerkProvider and fail when the page renders. Replace them before you ship; --only-complete changes no package in which something would be left."
    AuthNotAwaited "auth_not_awaited"
        "auth() is called without await. With older versions of Clerk it answered at once; the one that is imported now gives a promise, whose userId is undefined. Code such as `if (userId)` then treats everybody as signed out, and `if (!userId) return` never lets anybody in. Write `await auth()`, and make the function async."
    MiddlewareDefaultFlips "middleware_default_flips"
        "clerkMiddleware() without arguments protects nothing. avnologyMiddleware({ publicPaths }) protects everything that is not in the list. Add each page that visitors see without signing in; --public-path gives the whole list."
    MiddlewareLegacy "middleware_legacy"
        "authMiddleware let the pages to sign in and to sign up through by itself, so they are in publicPaths now. It also answered calls of API routes with 401 where it redirected pages. What the new middleware does there is not documented: try one call of an API route without a session."
    MiddlewarePublicPattern "middleware_public_pattern"
        "A public path has a form that the documentation does not show (it shows \"/\" and \"/sign-in(.*)\"). It was kept as it is. Try whether the page opens without a session."
    MiddlewareSignInNotPublic "middleware_sign_in_not_public"
        "No public path covers /sign-in. If people sign in on a page of this application, add its path; otherwise nobody can sign in."
    MiddlewareProtectedList "middleware_protected_list"
        "The callback protects the pages of a list and lets all others through. Only a list of public paths is documented, so it was left. Write the list of public paths."
    MiddlewareCallback "middleware_callback"
        "The callback does more than to protect what is not public: it redirects, checks an organization, or answers by itself. No equivalent is documented. It was left with everything that it uses."
    MiddlewareOptions "middleware_options"
        "The middleware has options for which no equivalent is documented. It was left."
    MiddlewareRoutes "middleware_routes"
        "The routes are not a plain list of texts in this file (regular expressions, functions, templates, spreads, or a list from elsewhere). They cannot be moved without a guess. It was left."
    MiddlewareForm "middleware_form"
        "The middleware is not the file's one default export, or there is more than one in the file. It was left."
    AuthMember "auth_member"
        "The code reads more than userId from what auth() gives, or calls a method of it. The documentation says that the semantics are the same, and names only userId. Try it."
    MemberNotDocumented "member_not_documented"
        "The code reads a member for which the documentation does not name an equivalent. Compare it with the pages of the User type and of the component."
    PropNotDocumented "prop_not_documented"
        "The component moved. This prop was left as it was, and the documentation of the new component does not name it. Look whether it has an effect, and remove or replace it."
    ProviderNotElement "provider_not_jsx"
        "The provider is used in another way than as an element. It was renamed; nothing hands it its domain. Add `domain` where its props are made."
    ProviderDomainIsClerks "provider_domain_is_clerks"
        "The provider has a `domain` prop already: Clerk's satellite domain, which is another thing than the `domain` of AvnologyProvider. It was left. Write process.env.NEXT_PUBLIC_AVNOLOGY_DOMAIN there; satellite domains become redirect addresses of their own."
    ComponentVersion "component_version"
        "SignUp is a name that @avnology/id-elements has since its version 1.1 (an alias of RegistrationForm). Install at least that version."
    NoDocumentedEquivalent "no_documented_equivalent"
        "The documentation names no equivalent. The code still imports it from Clerk."
    WebhookHandler "webhook_handler"
        "A handler of Clerk's webhooks. It was left: signature, envelope and fields differ. The entry lists what it reads and what is known of the other side."
    TokenTemplate "token_template"
        "The code asks Clerk for a token that is made after a JWT template. At Avnology ID, OAuth scopes and claims take the place of templates; the service that reads the token has to trust the new issuer."
    ImportWholeModule "import_whole_module"
        "The code takes a module of Clerk's as a whole (import *, a default import, import(), require, a type of the module). Which names it uses is not visible with certainty. It was left."
    ReExport "re_export"
        "The file passes names of Clerk's on to other files, and not all of them have an equivalent under the same name. It was left."
    ReExportAll "re_export_all"
        "The file passes a whole module of Clerk's on. Every file that imports from it may use Clerk without naming it; the entry says how many there are."
    MockOfMovedModule "mock_of_moved_module"
        "A test mocks a module of Clerk's from which imports moved. It now mocks the wrong module. Mock the new one."
    TypeAugmentation "type_augmentation"
        "The file adds to types of Clerk's (session claims, metadata). No equivalent is documented."
    EnvironmentKept "environment_kept"
        "This variable has a documented equivalent, and it was left because code that stays with Clerk still reads it. Run again when that code is gone."
    EnvironmentLeft "environment_left"
        "A variable of Clerk's for which no equivalent is documented, or that stands in a program that was not read as code. Where an equivalent is named, rename it yourself."
    EnvironmentFile "environment_file"
        "A file of environment variables holds names of Clerk's. Values never move: fill in the new ones yourself."
    DeploymentFile "deployment_file"
        "A file of a build or a deployment names variables of Clerk's. --ci renames those that are documented."
    PackageVersion "package_version"
        "The package needs Avnology's packages now. Add them with --package-version, or with your package manager."
    PackageLeft "package_left"
        "package.json names a package of Clerk's that code still uses, or for which there is no equivalent."
    PackageCatalog "package_catalog"
        "The version of this package is in a catalog of the workspace, which is not edited. Change it there."
    LockFile "lock_file"
        "The lock file has to follow package.json. The entry has the command."
    SyntaxError "syntax_error"
        "The file cannot be read as JavaScript or TypeScript (or it is Flow). It was left as a whole."
    UnsupportedFile "unsupported_file"
        "A file that is no JavaScript or TypeScript names a package of Clerk's. The lines were found by their text."
    NotRead "not_read"
        "The file was not read: it is too large, generated, minified, not UTF-8, or not a plain file; it could not be opened, or the program failed on it. What it may use of Clerk's stays."
    ClerkHost "clerk_host"
        "An address of Clerk's: images, the hosted pages, the API. Find out what takes its place."
    Style "style"
        "A style for an element of Clerk's components (.cl-…). The new components have other names."
    ModuleNamed "module_named"
        "A setting or another text names a package of Clerk's."
}

impl Code {
    /// The code with this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_is_snake_case_and_means_one_code() {
        for code in Code::ALL {
            assert_eq!(Code::find(code.name()), Some(*code));
            assert!(code.name().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{}", code.name());
            assert!(code.meaning().ends_with('.'));
        }
        assert_eq!(Code::find("none"), None);
    }
}
