//! The text of clean raw HTML, with its form: lists with their marks, quotations, rows of tables, and
//! preformatted lines as they stand.
//!
//! Reads tags only, because the sanitiser has closed and quoted all of them.

use super::block::RawLine;
use super::raised;
use super::sanitize::element_name;

/// The lines of clean HTML, with the targets of its links between angle brackets.
pub(super) fn lines(html: &str) -> Vec<RawLine> {
    let mut writer = RawTextWriter::default();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        writer.text(&rest[..open]);
        let end = rest[open..].find('>').map_or(rest.len(), |at| open + at + 1);
        let tag = &rest[open..end];
        let name = element_name(tag);
        if tag.starts_with("</") {
            writer.close(&name);
        } else {
            writer.open(&name, tag);
        }
        rest = &rest[end..];
    }
    writer.text(rest);
    writer.end_line();
    writer.lines
}

/// A list or a quotation that is open.
#[derive(Clone, Copy)]
enum RawLevel {
    Bullets,
    /// The number of the next item.
    Numbers(usize),
    Quote,
}

#[derive(Default)]
struct RawTextWriter {
    lines: Vec<RawLine>,
    line: String,
    levels: Vec<RawLevel>,
    /// The mark of an item, which stands before its first line only.
    mark: Option<String>,
    preformatted: usize,
    /// Cells of the row so far; `None` outside of a row.
    cells: Option<usize>,
    /// Where the words of a link start in the line, and its target.
    link: Option<(usize, String)>,
    /// Where what stands above or below the line starts in it.
    raised: Option<usize>,
}

/// Levels that indent; what is deeper stands as far in.
const MAX_LEVELS: usize = 8;

impl RawTextWriter {
    fn text(&mut self, text: &str) {
        let text = decoded(text);
        if self.preformatted > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.push_line(true);
                }
                self.line.push_str(line);
            }
            return;
        }
        if text.starts_with(|c: char| c.is_ascii_whitespace()) {
            self.space();
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        self.line.push_str(&words.join(" "));
        if !words.is_empty() && text.ends_with(|c: char| c.is_ascii_whitespace()) {
            self.space();
        }
    }

    fn space(&mut self) {
        if !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }

    fn open(&mut self, name: &str, tag: &str) {
        match name {
            "br" => self.push_line(false),
            "hr" => {
                self.end_line();
                self.line.push_str("* * *");
                self.end_line();
            }
            "ul" | "ol" | "blockquote" => {
                self.end_line();
                let start = attribute(tag, "start").and_then(|start| start.parse().ok());
                self.levels.push(match name {
                    "ul" => RawLevel::Bullets,
                    "ol" => RawLevel::Numbers(start.unwrap_or(1)),
                    _ => RawLevel::Quote,
                });
            }
            "li" => {
                self.end_line();
                self.mark = Some(match self.levels.last_mut() {
                    Some(RawLevel::Numbers(number)) => {
                        let mark = format!("{number}. ");
                        *number = number.saturating_add(1);
                        mark
                    }
                    _ => "* ".to_owned(),
                });
            }
            "tr" => {
                self.end_line();
                self.cells = Some(0);
            }
            "td" | "th" => {
                let line = self.line.trim_end().len();
                self.line.truncate(line);
                // Cells of a row stand apart.
                if self.cells.is_some_and(|cells| cells > 0) {
                    self.line.push_str(if self.line.is_empty() { "| " } else { " | " });
                }
                self.cells = self.cells.map(|cells| cells + 1);
            }
            "pre" => {
                self.end_line();
                self.preformatted += 1;
            }
            "a" => {
                let href = attribute(tag, "href").filter(|href| !href.starts_with('#'));
                self.link = href.map(|href| (self.line.len(), decoded(href)));
            }
            "sup" | "sub" => self.raised = Some(self.line.len()),
            _ if is_block(name) => self.block_edge(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "ul" | "ol" | "blockquote" => {
                self.end_line();
                self.levels.pop();
            }
            "li" => {
                self.end_line();
                self.mark = None;
            }
            "tr" => {
                self.end_line();
                self.cells = None;
            }
            "pre" => {
                if !self.line.is_empty() {
                    self.push_line(true);
                }
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "a" => {
                if let Some((start, href)) = self.link.take() {
                    push_target(&mut self.line, start, &href);
                }
            }
            "sup" | "sub" => self.end_raised(name),
            _ if is_block(name) => self.block_edge(),
            _ => {}
        }
    }

    fn end_raised(&mut self, name: &str) {
        let Some(start) = self.raised.take() else { return };
        let Some(inner) = self.line.get(start..).map(str::to_owned) else { return };
        self.line.truncate(start);
        let written = match name {
            "sup" => raised::above(&self.line, &inner),
            _ => raised::below(&self.line, &inner),
        };
        self.line.push_str(&written);
    }

    /// A paragraph within a cell is no line of its own: the row would fall apart.
    fn block_edge(&mut self) {
        match self.cells {
            Some(_) => self.space(),
            None => self.end_line(),
        }
    }

    fn end_line(&mut self) {
        if !self.line.trim().is_empty() {
            self.push_line(false);
        }
        self.line.clear();
    }

    fn push_line(&mut self, verbatim: bool) {
        self.raised = None;
        // Where a line ends within a link, its words begin anew.
        if let Some((start, _)) = &mut self.link {
            *start = 0;
        }
        let mut rest = String::new();
        let shown = self.levels.iter().rev().take(MAX_LEVELS).rev();
        for (at, level) in shown.enumerate() {
            match level {
                RawLevel::Quote => rest.push_str("> "),
                // The outermost list stands at the margin.
                RawLevel::Bullets | RawLevel::Numbers(_) if at > 0 => rest.push_str("  "),
                RawLevel::Bullets | RawLevel::Numbers(_) => {}
            }
        }
        let in_list = matches!(self.levels.last(), Some(RawLevel::Bullets | RawLevel::Numbers(_)));
        let first = match self.mark.take() {
            Some(mark) => format!("{rest}{mark}"),
            None if in_list => format!("{rest}  "),
            None => rest.clone(),
        };
        if in_list {
            rest.push_str("  ");
        }
        let line = std::mem::take(&mut self.line);
        let text = if verbatim { line } else { line.trim().to_owned() };
        self.lines.push(RawLine { first, rest, text, verbatim });
    }
}

fn is_block(name: &str) -> bool {
    ["p", "div", "center", "table", "caption", "dl", "dt", "dd", "h2", "h3", "h4", "h5", "h6"]
        .contains(&name)
}

/// The value of an attribute of a clean tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?;
    value.split('"').next()
}

/// Text with the characters for which usual entities stand.
pub(super) fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let plain =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{a0}"), ("&amp;", "&")];
    plain.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

/// Writes where the link leads whose words start at `start`, unless they say so.
fn push_target(out: &mut String, start: usize, href: &str) {
    let address = href.trim_start_matches("mailto:").trim_start_matches("tel:");
    match out.get(start..).unwrap_or_default().trim() {
        shown if shown == href => {
            out.truncate(start);
            out.push_str(&format!("<{href}>"));
        }
        shown if shown == address => {}
        _ => {
            let end = out.trim_end().len();
            out.truncate(end);
            out.push_str(&format!(" <{address}>"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(html: &str) -> Vec<String> {
        lines(html).into_iter().map(|line| format!("{}{}", line.first, line.text)).collect()
    }

    #[test]
    fn lists_quotes_and_tables_keep_their_form() {
        for (html, text) in [
            ("<ol><li>one</li><li>two</li></ol>", &["1. one", "2. two"][..]),
            ("<ol start=\"3\"><li>\none\n</li></ol>", &["3. one"]),
            ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", &["* a", "  * b", "* c"]),
            ("<blockquote><p>a</p><p>b</p></blockquote>c", &["> a", "> b", "c"]),
            (
                "<table>\n<tr>\n<td>\nLeft\n</td>\n<td><p>Right</p></td>\n</tr>\n</table>",
                &["Left | Right"],
            ),
            ("<table><tr><td></td><td>x</td></tr></table>", &["| x"]),
            ("<pre>a\n  b\n</pre>", &["a", "  b"]),
            ("<p>a<br>b</p><hr><h3>c</h3>", &["a", "b", "* * *", "c"]),
            ("a\n b  c", &["a b c"]),
            ("a <b>b</b>, c &amp; d", &["a b, c & d"]),
            ("<p>2<sup>176</sup> and H<sub>2</sub>O</p>", &["2^176 and H2O"]),
        ] {
            assert_eq!(written(html), text, "{html}");
        }
    }

    #[test]
    fn the_text_of_a_block_keeps_links_and_cells_apart() {
        let text = written(
            "<table><tr><th>Boat</th><th>Skipper</th></tr><tr><td>Gull</td><td>\
             <a href=\"https://a.example/x?a=1&amp;b=2\">Ann</a></td></tr></table>\
             <ul><li>one</li><li><a href=\"https://a.example/\">https://a.example/</a></li></ul>",
        );
        assert_eq!(
            text,
            [
                "Boat | Skipper",
                "Gull | Ann <https://a.example/x?a=1&b=2>",
                "* one",
                "* <https://a.example/>"
            ]
        );
    }
}
