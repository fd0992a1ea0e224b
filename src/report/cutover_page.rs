//! How a switch stands, as a page to sign: HTML, or Markdown with the same facts.

use minijinja::{AutoEscape, value::Serde};
use serde_json::Value;

use super::PageError;
use super::page_shell::{environment, page_with};
use crate::markdown;

/// What is on the page.
const PAGE: &str = include_str!("cutover_page.html");

/// The page as Markdown.
const MARKDOWN: &str = include_str!("cutover_page.md");

/// The page of an account of a switch, which is given as JSON.
///
/// # Errors
/// If it is no such account.
pub fn cutover_page(account: &Value) -> Result<String, PageError> {
    let environment = environment();
    let body = environment.render_str(PAGE, Serde(account))?;
    Ok(page_with(&environment, "Cutover", &body)?)
}

/// The page as Markdown.
///
/// # Errors
/// If it is no such account.
pub fn cutover_markdown(account: &Value) -> Result<String, PageError> {
    let mut environment = environment();
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("text", |text: &str| markdown::text(text));
    environment.add_filter("code", |text: &str| markdown::code(text));
    Ok(environment.render_str(MARKDOWN, Serde(account))?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What a person writes is shown, and nothing of it becomes markup.
    #[test]
    fn notes_are_shown_as_they_are() {
        let note = "<script>alert(1)</script> | **b** [x](javascript:y)\n# z";
        let point = json!({
            "name": "go", "kind": "fact", "title": "go", "standing": "ok", "needed": true, "by": note, "note": note,
            "at": "2026-11-26T03:00:00Z", "evidence": { "path": "a`<b>|c", "sha256": "00", "bytes": 1 },
        });
        let step = json!({ "step": "swap", "title": "Swap", "of_guide": 3, "standing": "open", "points": [point] });
        let file = json!({ "points": ["go"], "path": "a`<b>|c", "sha256": "00", "bytes": 1 });
        let account = json!({
            "format": 1, "tool": "t", "version": "0", "at": "2026-11-26T03:00:00.884828582Z", "status": "open", "target": note,
            "steps": [step], "inputs": [file],
        });
        let page = cutover_page(&account).expect("a page");
        for text in [&page, &cutover_markdown(&account).expect("Markdown")] {
            assert!(text.matches("2026-11-26 03:00:00 UTC").count() >= 2 && !text.contains("884828582"), "{text}");
        }
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"), "{page}");
        let markdown = cutover_markdown(&account).expect("Markdown");
        assert!(
            markdown.contains(r"\<script\>alert(1)\</script\> \| \*\*b\*\* \[x\](javascript:y) \# z"),
            "{markdown}"
        );
        let row = markdown.lines().find(|line| line.contains("`go`")).expect("a row");
        assert_eq!(row.replace(r"\|", "").matches('|').count(), 5, "four columns: {row}");
    }
}
