//! The text part: the same letter for people and programs that read plain text, written from the
//! blocks and not from the HTML. Lines of at most 72 columns, wide characters counted as two; links
//! numbered and listed after each article, a link alone on its line so that it can be pressed.

mod table;
mod wrap;

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr as _;

use super::phrases::{Phrases, phrases};
use super::slots;
use crate::issue::block::{Block, BlockKind, Figure, Inline, Link, ListItem, plain};
use crate::issue::{Article, Issue, Length, Publication};
use wrap::{Margin, apart, display_width, wrap};

/// Columns of a line (RFC 5322 2.1.1 asks for at most 78; replies add `> `).
const WIDTH: usize = 72;

/// What the letter says in plain text, slots marked. `footer` is why the reader gets it and
/// `unsubscribe` the mark of the unsubscribe link.
pub(super) fn letter(
    publication: &Publication,
    issue: &Issue,
    footer: Option<&str>,
    unsubscribe: &str,
) -> String {
    let mut text = TextWriter {
        out: String::new(),
        links: Vec::new(),
        numbers: HashMap::new(),
        phrases: phrases(&issue.language),
    };
    let phrases = phrases(&issue.language);
    let date = issue.date.strftime(phrases.date).to_string();
    let (before, behind) = phrases.number;
    let number =
        issue.number.map_or(String::new(), |number| format!("{before}{number}{behind} · "));
    text.wrapped(&format!("{}\n{number}{date}", publication.name), Margin::none());
    text.underlined(&issue.title, '=');
    text.blocks(&issue.intro, Margin::none());
    text.links();
    let articles: Vec<&Article> =
        issue.sections.iter().flat_map(|section| &section.articles).collect();
    if articles.len() > 2 {
        text.underlined(phrases.in_this_issue, '-');
        let items = articles.iter().map(|article| vec![Inline::Text(article.title.clone())]);
        for item in items {
            text.list_line(&item);
        }
        text.gap();
    }
    for section in &issue.sections {
        if let Some(heading) = section.shown_heading() {
            text.ruled(heading);
        }
        for article in &section.articles {
            text.article(article);
        }
    }
    text.footer(publication, &issue.name, footer, unsubscribe);
    text.finish()
}

/// A text being written.
struct TextWriter {
    /// What the letter says itself.
    phrases: Phrases,
    out: String,
    /// Links of the article so far, in the order of their numbers.
    links: Vec<String>,
    /// The place of each in that order.
    numbers: HashMap<String, usize>,
}

impl TextWriter {
    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// An empty line, unless there is one already.
    fn gap(&mut self) {
        // The mark that ends a passage for some readers stands on no line.
        let written = self.out.trim_end_matches(slots::end_when_mark());
        if !written.is_empty() && !written.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn finish(self) -> String {
        format!("{}\n", self.out.trim_end())
    }

    fn wrapped(&mut self, text: &str, margin: Margin<'_>) {
        for line in wrap(text, WIDTH, margin) {
            self.line(&line);
        }
        self.gap();
    }

    fn underlined(&mut self, title: &str, rule: char) {
        self.gap();
        let lines = wrap(title, WIDTH, Margin::none());
        let width = lines.iter().map(|line| display_width(line)).max().unwrap_or(0);
        for line in lines {
            self.line(&line);
        }
        let rule: String = std::iter::repeat_n(rule, width.clamp(1, WIDTH)).collect();
        self.line(&rule);
        self.gap();
    }

    fn ruled(&mut self, heading: &str) {
        self.gap();
        self.line(&"=".repeat(WIDTH));
        // Hangul has no capitals; what has them, shouts a little.
        self.wrapped(&heading.to_uppercase(), Margin::none());
    }

    fn article(&mut self, article: &Article) {
        self.underlined(&article.title, '-');
        let format = self.phrases.date;
        let date = article.date.map(|date| date.strftime(format).to_string());
        let words = [&article.author, &article.affiliation, &date];
        let byline: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
        if !byline.is_empty() {
            self.wrapped(&byline.join(" · "), Margin::none());
        }
        if let Some(lead) = &article.lead {
            self.figure(lead, Margin::none());
        }
        match article.length {
            Length::Full | Length::Auto => self.blocks(&article.body, Margin::none()),
            Length::Excerpt => self.excerpt(article),
        }
        if let Some(note) = &article.note {
            let note = self.inlines(note);
            self.wrapped(&note, Margin::none());
        }
        if article.length != Length::Excerpt {
            for (at, blocks) in article.footnotes.iter().enumerate() {
                let label = format!("({}) ", at + 1);
                let indent = " ".repeat(label.len());
                self.blocks(blocks, Margin { first: &label, rest: &indent });
            }
        }
        self.links();
    }

    fn excerpt(&mut self, article: &Article) {
        let is_paragraph = |block: &&Block| matches!(block.kind, BlockKind::Paragraph(_));
        match (&article.summary, article.body.iter().find(is_paragraph)) {
            (Some(summary), _) => self.wrapped(&apart(summary), Margin::none()),
            (None, Some(block)) => self.blocks(std::slice::from_ref(block), Margin::none()),
            (None, None) => {}
        }
        if let Some(url) = &article.url {
            let (before, behind) = self.phrases.read_in_full;
            let link = format!("{before}{}{behind}:\n{url}", article.title);
            self.wrapped(&link, Margin::none());
        }
    }

    /// The links that the text has numbered so far.
    fn links(&mut self) {
        let links = std::mem::take(&mut self.links);
        self.numbers.clear();
        for (at, link) in links.iter().enumerate() {
            self.line(&format!("[{}] {link}", at + 1));
        }
        if !links.is_empty() {
            self.gap();
        }
    }

    fn footer(
        &mut self,
        publication: &Publication,
        issue: &str,
        footer: Option<&str>,
        unsubscribe: &str,
    ) {
        self.gap();
        // "-- " and nothing else on a line is where mail programs see a signature begin; a rule
        // says "footer" without being cut from replies.
        self.line(&"-".repeat(WIDTH));
        if let Some(footer) = footer {
            self.wrapped(&apart(footer), Margin::none());
        }
        for line in [&publication.organization, &publication.postal_address].into_iter().flatten() {
            for line in wrap(line, WIDTH, Margin::none()) {
                self.line(&line);
            }
        }
        self.gap();
        let page = publication.page_of(issue).map(|page| (self.phrases.in_a_browser, page));
        let preferences = publication.preferences_url.clone();
        let preferences = preferences.map(|url| (self.phrases.preferences, url));
        for (label, address) in page.into_iter().chain(preferences) {
            self.line(&format!("{label}:"));
            self.line(&address);
        }
        let (before, behind) = self.phrases.unsubscribe;
        self.line(&format!("{before}{}{behind}:", publication.name));
        self.line(unsubscribe);
    }

    fn blocks(&mut self, blocks: &[Block], margin: Margin<'_>) {
        let mut margin = margin;
        for block in blocks {
            self.block(block, margin);
            // A list's mark or a footnote's number stands before the first block only.
            margin.first = margin.rest;
        }
    }

    fn block(&mut self, block: &Block, margin: Margin<'_>) {
        match &block.kind {
            BlockKind::Heading(_, inlines) => {
                self.gap();
                let title = self.inlines(inlines);
                let width = display_width(&title).min(WIDTH);
                self.lines(&title, margin);
                self.line(&format!("{}{}", margin.rest, "~".repeat(width)));
                self.separate(margin);
            }
            BlockKind::Paragraph(inlines) => {
                let text = self.inlines(inlines);
                // An anchor or a picture without words leaves no line, but a list's mark stands.
                if !text.trim().is_empty() || margin.first != margin.rest {
                    self.lines(&text, margin);
                    self.separate(margin);
                }
            }
            BlockKind::List { start, tight, items } => self.list(*start, *tight, items, margin),
            BlockKind::Quote(blocks, who) => self.quote(blocks, who.as_deref(), margin),
            BlockKind::Figure(figure) => self.figure(figure, margin),
            BlockKind::Button(Link { href, text }) => {
                let text = self.inlines(text);
                self.lines(&format!("{text}:\n{href}"), margin);
                self.separate(margin);
            }
            BlockKind::Table(data) => {
                let head: Vec<String> = data.head.iter().map(|cell| self.inlines(cell)).collect();
                let rows: Vec<Vec<String>> = data
                    .rows
                    .iter()
                    .map(|row| row.iter().map(|cell| self.inlines(cell)).collect())
                    .collect();
                let room = WIDTH.saturating_sub(display_width(margin.rest));
                for line in table::lay_out(&head, &rows, &data.alignments, room) {
                    self.line(&format!("{}{line}", margin.rest));
                }
                self.separate(margin);
            }
            BlockKind::Code(_, code) => {
                for line in code.trim_end().lines() {
                    self.line(&format!("{}    {line}", margin.rest));
                }
                self.separate(margin);
            }
            BlockKind::Rule => {
                self.line(&format!("{}* * *", margin.rest));
                self.separate(margin);
            }
            BlockKind::Callout(blocks) => {
                let rest = format!("{}| ", margin.rest);
                self.blocks(blocks, Margin { first: &rest, rest: &rest });
                self.leave(&rest, margin);
            }
            BlockKind::Only(tag, blocks) => {
                self.out.push_str(&slots::when_mark(tag));
                self.blocks(blocks, margin);
                self.out.push(slots::end_when_mark());
            }
            BlockKind::Language(_, blocks) => self.blocks(blocks, margin),
            BlockKind::Html(_, text) if text.is_empty() => {}
            BlockKind::Html(_, text) => {
                self.lines(text, margin);
                self.separate(margin);
            }
        }
    }

    fn lines(&mut self, text: &str, margin: Margin<'_>) {
        for line in wrap(text, WIDTH, margin) {
            self.line(&line);
        }
    }

    /// The space after a block: an empty line, with the bar of the quote or box around it.
    fn separate(&mut self, margin: Margin<'_>) {
        let bar = margin.rest.trim_end();
        if bar.is_empty() {
            self.gap();
        } else if !self.out.ends_with(&format!("\n{bar}\n")) {
            self.line(bar);
        }
    }

    /// Ends a quote or box: its last bar is taken back, and the space outside follows.
    fn leave(&mut self, inner: &str, outer: Margin<'_>) {
        self.take_back(inner.trim_end());
        self.separate(outer);
    }

    /// Takes the space after a block back: an empty line, or one with nothing but `bar`.
    fn take_back(&mut self, bar: &str) {
        if self.out.ends_with(&format!("\n{bar}\n")) {
            self.out.truncate(self.out.len() - bar.len() - 1);
        }
    }

    fn quote(&mut self, blocks: &[Block], who: Option<&[Inline]>, margin: Margin<'_>) {
        let rest = format!("{}> ", margin.rest);
        let quoted = Margin { first: &rest, rest: &rest };
        self.blocks(blocks, quoted);
        if let Some(who) = who {
            let who = format!("— {}", self.inlines(who));
            self.lines(&who, quoted);
            self.separate(quoted);
        }
        self.leave(&rest, margin);
    }

    fn list(&mut self, start: Option<usize>, tight: bool, items: &[ListItem], margin: Margin<'_>) {
        for (at, item) in items.iter().enumerate() {
            let mut mark = match start {
                Some(first) => format!("{}. ", first + at),
                None => "* ".to_owned(),
            };
            match item.task {
                Some(true) => mark.push_str("[x] "),
                Some(false) => mark.push_str("[ ] "),
                None => {}
            }
            let first = format!("{}{mark}", if at == 0 { margin.first } else { margin.rest });
            let rest = format!("{}{}", margin.rest, " ".repeat(mark.width()));
            self.blocks(&item.blocks, Margin { first: &first, rest: &rest });
            if tight {
                self.take_back(margin.rest.trim_end());
            }
        }
        self.separate(margin);
    }

    fn list_line(&mut self, inlines: &[Inline]) {
        let text = self.inlines(inlines);
        self.lines(&text, Margin { first: "* ", rest: "  " });
    }

    /// A picture's words: its caption and credit; what it shows is for who sees it, unless it is
    /// a link, which has no other words.
    fn figure(&mut self, figure: &Figure, margin: Margin<'_>) {
        let mut words = figure.caption.as_ref().map_or(String::new(), |text| self.inlines(text));
        if let Some(credit) = &figure.credit {
            words.push_str(figure.before_credit());
            words.push_str(credit);
        }
        let caption = (!words.is_empty()).then(|| format!("[{words}]"));
        let text = match (caption, &figure.href) {
            (Some(caption), Some(href)) => format!("{caption}\n{href}"),
            (None, Some(href)) => format!("{}:\n{href}", figure.alt),
            (Some(caption), None) => caption,
            (None, None) => return,
        };
        self.lines(&text, margin);
        self.separate(margin);
    }

    fn inlines(&mut self, inlines: &[Inline]) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Text(text) | Inline::Code(text) => out.push_str(text),
                Inline::Strong(inner) => self.between('*', inner, &mut out),
                Inline::Emphasis(inner) => self.between('_', inner, &mut out),
                Inline::Strike(inner) => self.between('~', inner, &mut out),
                Inline::Link(link) => self.link(link, inlines.len() == 1, &mut out),
                Inline::Image(_) => {}
                Inline::SoftBreak => out.push(' '),
                Inline::LineBreak => out.push('\n'),
                Inline::Footnote(number, _) => out.push_str(&format!(" ({number})")),
                Inline::Html(open, _, inner) => {
                    match &inner[..] {
                        [Inline::Link(link)] => self.link(link, false, &mut out),
                        inner => out.push_str(&self.inlines(inner)),
                    }
                    if let Some(href) = href_of(open) {
                        self.number(&href, &mut out);
                    }
                }
            }
        }
        out
    }

    /// Marked words. A link's brackets stand for itself there as well, as the mark is no space.
    fn between(&mut self, mark: char, inner: &[Inline], out: &mut String) {
        out.push(mark);
        match inner {
            [Inline::Link(link)] => self.link(link, false, out),
            inner => out.push_str(&self.inlines(inner)),
        }
        out.push(mark);
    }

    /// A link that shows its own address stands between angle brackets (RFC 3986, appendix C),
    /// unless it is `alone`: programs take a mark that touches it for a part of it.
    fn link(&mut self, link: &Link, alone: bool, out: &mut String) {
        let shown = plain(&link.text);
        let address = link.href.trim_start_matches("mailto:").trim_start_matches("tel:");
        if shown == link.href && !alone && shown.contains("://") {
            out.push_str(&format!("<{shown}>"));
            return;
        }
        let before = out.len();
        out.push_str(&self.inlines(&link.text));
        // A picture has no words here but those for who cannot see it.
        if let ([Inline::Image(figure)], true) = (&link.text[..], out.len() == before) {
            out.push_str(&figure.alt);
        }
        let says_itself = shown == link.href || shown == address;
        if !says_itself && !link.href.starts_with('#') {
            self.number(&link.href, out);
        }
    }

    fn number(&mut self, href: &str, out: &mut String) {
        let at = self.numbers.get(href).copied().unwrap_or_else(|| {
            self.links.push(href.to_owned());
            self.numbers.insert(href.to_owned(), self.links.len() - 1);
            self.links.len() - 1
        });
        out.push_str(&format!(" [{}]", at + 1));
    }
}

/// The target in a sanitised opening tag.
fn href_of(open: &str) -> Option<String> {
    let value = open.split("href=\"").nth(1)?;
    value.split('"').next().map(|href| href.replace("&amp;", "&"))
}
