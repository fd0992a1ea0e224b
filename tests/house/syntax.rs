//! The part of Rust's syntax that imports need.

/// A word or a sign of a source file, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// A path, and its line.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) names: Vec<String>,
    pub(crate) line: usize,
    /// The name that a `use` declaration gives it.
    pub(crate) alias: Option<String>,
    /// Whether it is re-exported.
    pub(crate) is_public: bool,
}

/// The words and signs of a source, without comments and texts.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => end_of_text(rest, 1),
            'b' if rest.starts_with("b\"") => end_of_text(rest, 2),
            'r' | 'b' if raw_text(rest).is_some() => raw_text(rest).unwrap_or(1),
            '\'' => end_of_character(rest),
            _ if first.is_alphanumeric() || first == '_' => {
                rest.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(rest.len())
            }
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        let is_kept =
            first.is_alphanumeric() || first == '_' || (first.is_ascii_punctuation() && !"\"'".contains(first));
        let is_text = text.ends_with('"') || text.ends_with("\"#") || text.starts_with("//") || text.starts_with("/*");
        if is_kept && !is_text {
            tokens.push(Token { text: text.to_owned(), line });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

fn end_of_text(text: &str, from: usize) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(from) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a raw text, if one begins here.
fn raw_text(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    inner[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - inner.len() + hashes + 1;
    text[start..].find(&end).map(|length| start + length + end.len())
}

/// The length of a character, or of the tick of a lifetime.
fn end_of_character(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((index, escaped))) => {
            let start = index + escaped.len_utf8();
            text[start..].find('\'').map_or(text.len(), |end| start + end + 1)
        }
        (_, Some((index, '\''))) => index + 1,
        _ => 1,
    }
}

/// Removes the items that only tests have, and names the modules among them that are in files of their own.
pub(crate) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    let (mut kept, mut modules, mut index) = (Vec::new(), Vec::new(), 0);
    while index < tokens.len() {
        if !is(&tokens[index..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            kept.push(tokens[index].clone());
            index += 1;
            continue;
        }
        index += 7;
        while is(&tokens[index..], &["#", "["]) {
            index += end_of_group(&tokens[index + 1..]) + 1;
        }
        let end = tokens[index..].iter().position(|token| token.text == "{" || token.text == ";");
        let end = index + end.unwrap_or(tokens.len() - index - 1);
        if is(&tokens[index..], &["mod"]) && tokens[end].text == ";" {
            modules.push(tokens[end - 1].text.clone());
        }
        index = if tokens[end].text == "{" { end + end_of_group(&tokens[end..]) } else { end + 1 };
    }
    (kept, modules)
}

fn is(tokens: &[Token], texts: &[&str]) -> bool {
    tokens.len() >= texts.len() && tokens.iter().zip(texts).all(|(token, text)| token.text == *text)
}

/// The number of tokens of the group in brackets that begins here.
fn end_of_group(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// All paths: those of `use` declarations, and others with more than one name.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Path> {
    let (mut paths, mut index) = (Vec::new(), 0);
    while index < tokens.len() {
        let before = index.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
        if tokens[index].text == "use" && !is(&tokens[index + 1..], &["<"]) {
            index += 1;
            let start = paths.len();
            index += tree(&tokens[index..], &[], &mut paths);
            let is_public = before == "pub" || before == ")";
            paths[start..].iter_mut().for_each(|path| path.is_public = is_public);
        } else if before != "::" && is(&tokens[index + 1..], &["::"]) {
            let line = tokens[index].line;
            let mut names = vec![tokens[index].text.clone()];
            while is(&tokens[index + 1..], &["::"]) && tokens.get(index + 2).is_some_and(|next| is_name(&next.text)) {
                index += 2;
                names.push(tokens[index].text.clone());
            }
            paths.push(Path { names, line, alias: None, is_public: false });
        }
        index += 1;
    }
    paths
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The paths of one branch of a `use` declaration, and the number of its tokens.
fn tree(tokens: &[Token], prefix: &[String], paths: &mut Vec<Path>) -> usize {
    let (mut names, mut alias, mut index) = (prefix.to_vec(), None, 0);
    let mut line = tokens[0].line;
    while let Some(token) = tokens.get(index) {
        match token.text.as_str() {
            "," | ";" | "}" => break,
            "{" => {
                index += 1;
                while tokens[index].text != "}" {
                    index += tree(&tokens[index..], &names, paths);
                    index += usize::from(tokens[index].text == ",");
                }
                return index + 1;
            }
            "as" => {
                alias = Some(tokens[index + 1].text.clone());
                index += 1;
            }
            "::" => {}
            "self" if !names.is_empty() => alias = names.last().cloned(),
            name => {
                line = token.line;
                alias = Some(name.to_owned());
                names.push(name.to_owned());
            }
        }
        index += 1;
    }
    paths.push(Path { names, line, alias, is_public: false });
    index
}
