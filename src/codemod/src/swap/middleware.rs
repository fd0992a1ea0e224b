//! A middleware moves if its form says the same at the target; otherwise it is left as a whole.

use super::context::{Context, GUIDE_PUBLIC_PATHS};
use super::routes::{all_but, below, cover, is_documented, touch};
use crate::code::Code;
use crate::edit::Edit;
use crate::finding::{Action, Found};
use crate::kind::Kind;
use crate::lines::{newline_of, whole_lines};
use crate::syntax::{Facts, ImportedName, LegacyList, MiddlewareCall, MiddlewareForm, Range, RouteList};

/// What becomes of a middleware.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Whether it moves.
    pub moves: bool,
    /// With these edits, beside those of its import and of its name.
    pub edits: Vec<Edit>,
    /// The code that goes.
    pub removed: Vec<Range>,
    /// What there is to say.
    pub found: Vec<Found>,
}

/// Decides about an imported name that makes a middleware.
pub(super) fn decide(text: &str, facts: &Facts, name: &ImportedName, context: &Context<'_>) -> Decision {
    let is_of_name = |call: &&MiddlewareCall| name.uses.iter().any(|usage| usage.range == call.callee);
    let call = facts.middleware.iter().find(is_of_name);
    let Some(call) = call.filter(|_| name.uses.len() == 1 && facts.middleware.len() == 1) else {
        let places = name.uses.iter().map(|usage| usage.range.start).chain([name.range.start]).collect();
        return left(name, Code::MiddlewareForm, places, None);
    };
    let places = vec![call.callee.start, name.range.start];
    let writer = Writer { text, facts, call };
    let mut decision = match &call.form {
        MiddlewareForm::Bare if name.imported == "authMiddleware" => writer.legacy(None, None, context),
        MiddlewareForm::Bare => writer.bare(context),
        MiddlewareForm::Public { lists, declarations } => writer.public(lists, declarations, context),
        MiddlewareForm::Legacy { public, ignored } => writer.legacy(public.as_ref(), ignored.as_ref(), context),
        MiddlewareForm::Protected(routes) => {
            let suggestion = all_but(routes).map(|pattern| {
                format!(
                    "publicPaths: [{pattern:?}] would say the same, if the new middleware takes such patterns; try it."
                )
            });
            return left(name, Code::MiddlewareProtectedList, places, suggestion);
        }
        MiddlewareForm::Callback => return left(name, Code::MiddlewareCallback, places, None),
        MiddlewareForm::Options => return left(name, Code::MiddlewareOptions, places, None),
        MiddlewareForm::Routes => return left(name, Code::MiddlewareRoutes, places, None),
        MiddlewareForm::Elsewhere => return left(name, Code::MiddlewareForm, places, None),
    };
    if !decision.moves {
        return left(name, Code::MiddlewareRoutes, places, None);
    }
    decision.edits.extend(writer.carried_comments(&decision.removed));
    decision
}

fn left(name: &ImportedName, code: Code, places: Vec<usize>, suggestion: Option<String>) -> Decision {
    let found = Found::new(Kind::Middleware, code, Action::Left, &name.imported, places).suggesting(suggestion);
    Decision { found: vec![found], ..Decision::default() }
}

struct Writer<'a> {
    text: &'a str,
    facts: &'a Facts,
    call: &'a MiddlewareCall,
}

impl Writer<'_> {
    fn check(&self, code: Code) -> Found {
        Found::new(Kind::Middleware, code, Action::Check, "avnologyMiddleware", vec![self.call.callee.start])
    }

    fn arguments(&self, list: &str) -> Edit {
        let Range { start, end } = self.call.arguments;
        Edit::replace(start, end, format!("({{ publicPaths: [{list}] }})"))
    }

    /// The guide's own line, or the list that was given.
    fn bare(&self, context: &Context<'_>) -> Decision {
        let given = context.public_paths.iter().map(String::as_str);
        let paths: Vec<&str> =
            if context.public_paths.is_empty() { GUIDE_PUBLIC_PATHS.to_vec() } else { given.collect() };
        let list: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
        let mut found = vec![self.check(Code::MiddlewareDefaultFlips)];
        found.extend(self.checks(&paths, context));
        Decision {
            moves: true,
            edits: vec![self.arguments(&list.join(", "))],
            removed: vec![self.call.arguments],
            found,
        }
    }

    /// The lists of a callback, with their own bytes.
    fn public(&self, lists: &[RouteList], declarations: &[Range], context: &Context<'_>) -> Decision {
        let mut list = String::new();
        for (index, one) in lists.iter().enumerate() {
            let inner = one.inner.of(self.text);
            if index == 0 {
                list.push_str(inner);
            } else {
                self.append(&mut list, &lists[index - 1], inner);
            }
        }
        let together = self.together(declarations);
        let mut removed: Vec<Range> = together.into_iter().map(|range| whole_lines(self.text, range)).collect();
        let mut edits: Vec<Edit> = removed.iter().map(|range| Edit::remove(range.start, range.end)).collect();
        edits.push(self.arguments(&list));
        removed.push(self.call.arguments);
        let paths: Vec<&str> = lists.iter().flat_map(|list| &list.routes).map(|(_, route)| route.as_str()).collect();
        Decision { moves: true, edits, removed, found: self.checks(&paths, context) }
    }

    /// Declarations with nothing but blanks between them are one range.
    fn together(&self, declarations: &[Range]) -> Vec<Range> {
        let mut ordered = declarations.to_vec();
        ordered.sort_unstable();
        let mut ranges: Vec<Range> = Vec::new();
        for one in ordered {
            match ranges.last_mut() {
                Some(last) if Range { start: last.end, end: one.start }.of(self.text).trim().is_empty() => {
                    last.end = one.end;
                }
                _ => ranges.push(one),
            }
        }
        ranges
    }

    /// Adds the inner bytes of another list behind those of one.
    fn append(&self, list: &mut String, previous: &RouteList, inner: &str) {
        let kept = list.trim_end().len();
        let ends_in_line_comment = self.facts.comments.iter().any(|comment| {
            let before = previous.inner.of(self.text).trim_end();
            comment.is_line && comment.range.end == previous.inner.start + before.len()
        });
        list.truncate(kept);
        // The comma goes behind the last text, before any comment.
        if let Some((last, _)) = previous.routes.last() {
            let behind = Range { start: last.end, end: previous.inner.end };
            let is_comma =
                |at: usize| !self.facts.comments.iter().any(|one| one.range.start <= at && at < one.range.end);
            let has_comma = behind.of(self.text).match_indices(',').any(|(at, _)| is_comma(behind.start + at));
            if !has_comma {
                let from_end = behind.of(self.text).trim_end().len();
                list.insert(list.len() - from_end, ',');
            }
        }
        if ends_in_line_comment && !inner.starts_with(['\n', '\r']) {
            list.push_str(newline_of(self.text));
        } else if !inner.starts_with(char::is_whitespace) && !list.is_empty() {
            list.push(' ');
        }
        list.push_str(inner);
    }

    fn legacy(&self, public: Option<&LegacyList>, ignored: Option<&LegacyList>, context: &Context<'_>) -> Decision {
        let routes = |list: Option<&LegacyList>| -> Vec<String> {
            list.iter().flat_map(|list| &list.list.routes).map(|(_, route)| route.clone()).collect()
        };
        let (mut paths, ignored_paths) = (routes(public), routes(ignored));
        if ignored_paths.iter().any(|route| !paths.contains(route)) {
            return Decision::default();
        }
        let pages = [(context.sign_in.as_deref(), "/sign-in"), (context.sign_up.as_deref(), "/sign-up")];
        let mut added = Vec::new();
        for (page, usual) in pages {
            let page = page.filter(|page| is_documented(page)).unwrap_or(usual);
            if !cover(&paths.iter().map(String::as_str).collect::<Vec<_>>(), page) {
                added.push(below(page));
                paths.push(below(page));
            }
        }
        let mut decision = Decision { moves: true, ..Decision::default() };
        match public {
            None => {
                let list: Vec<String> = added.iter().map(|path| format!("{path:?}")).collect();
                decision.edits.push(self.arguments(&list.join(", ")));
                decision.removed.push(self.call.arguments);
            }
            Some(LegacyList { key, list, .. }) => {
                decision.edits.push(Edit::replace(key.start, key.end, "publicPaths"));
                decision.edits.extend(self.longer(list, &added));
            }
        }
        if let Some(LegacyList { property, .. }) = ignored {
            let range = whole_lines(self.text, *property);
            decision.edits.push(Edit::remove(range.start, range.end));
            decision.removed.push(range);
        }
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let notes = added.iter().map(|path| format!("added to publicPaths: {path}")).collect();
        decision.found.push(self.check(Code::MiddlewareLegacy).with(notes));
        decision.found.extend(self.checks(&paths, context));
        decision
    }

    /// More texts at the end of a list, in its own layout.
    fn longer(&self, routes: &RouteList, added: &[String]) -> Vec<Edit> {
        let Some((last, _)) = routes.routes.last() else {
            let texts: Vec<String> = added.iter().map(|path| format!("{path:?}")).collect();
            return vec![Edit::insert(routes.inner.start, texts.join(", "))];
        };
        let quote = last.of(self.text).chars().next().unwrap_or('"');
        let line = self.text[..last.start].rfind('\n').map_or(0, |at| at + 1);
        let indent = &self.text[line..last.start];
        let texts = added.iter().map(|path| format!("{quote}{path}{quote}"));
        if added.is_empty() || line < routes.inner.start || !indent.trim().is_empty() {
            let added: Vec<String> = texts.flat_map(|text| [", ".to_owned(), text]).collect();
            return vec![Edit::insert(last.end, added.concat())];
        }
        // One a line. A comment beside the last one stays there.
        let rest = Range { start: last.end, end: routes.inner.end };
        let is_comment = |at: usize| self.facts.comments.iter().any(|one| one.range.start <= at && at < one.range.end);
        let has_comma = rest.of(self.text).match_indices(',').any(|(at, _)| !is_comment(rest.start + at));
        let line_end = rest.of(self.text).find(['\n', '\r']).map_or(rest.end, |at| rest.start + at);
        let comma = if has_comma { "" } else { "," };
        let lines: Vec<String> = texts.map(|text| format!("{}{indent}{text}", newline_of(self.text))).collect();
        let lines = lines.join(",") + if has_comma { "," } else { "" };
        vec![Edit::insert(last.end, comma), Edit::insert(line_end, lines)]
    }

    fn checks(&self, paths: &[&str], context: &Context<'_>) -> Vec<Found> {
        let mut found = Vec::new();
        let unusual: Vec<String> = paths.iter().filter(|path| !is_documented(path)).map(ToString::to_string).collect();
        if !unusual.is_empty() {
            found.push(self.check(Code::MiddlewarePublicPattern).with(unusual));
        }
        let page = context.sign_in.as_deref().filter(|page| page.starts_with('/')).unwrap_or("/sign-in");
        if !touch(paths, page.trim_end_matches('/')) {
            found.push(self.check(Code::MiddlewareSignInNotPublic));
        }
        found
    }

    /// Comments of the code that goes stand above the statement, but for those that moved with the list.
    fn carried_comments(&self, removed: &[Range]) -> Option<Edit> {
        let kept: Vec<Range> = match &self.call.form {
            MiddlewareForm::Public { lists, .. } => lists.iter().map(|list| list.inner).collect(),
            _ => Vec::new(),
        };
        let goes =
            |range: Range| removed.iter().any(|gone| gone.holds(range)) && !kept.iter().any(|kept| kept.holds(range));
        let newline = newline_of(self.text);
        let carried = self.facts.comments.iter().filter(|comment| goes(comment.range));
        let lines: Vec<&str> = carried.flat_map(|comment| [comment.range.of(self.text), newline]).collect();
        (!lines.is_empty()).then(|| Edit::insert(self.call.statement.start, lines.concat()))
    }
}
