//! Any text in Markdown, as it is: nothing in it becomes markup.

/// Any text as it is, on one line.
pub fn text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '\\' => shown.extend(['\\', character]),
            character if character.is_control() => shown.push(' '),
            character => shown.push(character),
        }
    }
    shown
}

/// Any value as it is, as code.
pub fn code(value: &str) -> String {
    let value: String = value.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let longest = value.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if value.starts_with('`') || value.ends_with('`') || value.is_empty() { " " } else { "" };
    format!("{fence}{pad}{value}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_a_tenant_becomes_markup() {
        assert_eq!(text("a*b [x](y)\n# z"), "a\\*b \\[x\\](y) \\# z");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
    }
}
