//! The text part: the same letter for people and programs that read plain text, written from the
//! blocks and not from the HTML. Lines of at most 72 columns, wide characters counted as two; links
//! numbered and listed after each article, a link alone on its line so that it can be pressed.

mod table;
mod wrap;

use std::collections::HashMap;

use unicode_width::UnicodeWidthStr as _;

use super::phrases::{Phrases, phrases};
use super::{article, contents, slots, topics};
use crate::issue::block::{Block, BlockKind, Figure, Inline, Link, ListItem, RawLine, plain};
use crate::issue::{Article, Contents, Issue, Layout, Length, Publication, raised, slot};
use wrap::{GLUE, Margin, apart, display_width, wrap};

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
        passages: Vec::new(),
        numbers: HashMap::new(),
        phrases: phrases(&issue.language),
    };
    let phrases = phrases(&issue.language);
    let date = issue.date.strftime(phrases.date).to_string();
    let (before, behind) = phrases.number;
    let number =
        issue.number.map_or(String::new(), |number| format!("{before}{number}{behind} · "));
    text.wrapped(&format!("{}\n{number}{date}", publication.name), Margin::none());
    if let Some(article) = issue.only_article() {
        text.only(issue, article);
    } else {
        text.underlined(&issue.title, '=');
        text.blocks(&issue.intro, Margin::none());
        text.links();
        text.contents(publication, issue);
        for section in &issue.sections {
            let only = topics::of_section(issue, section).filter(|_| !section.articles.is_empty());
            text.open(only.as_deref());
            if let Some(heading) = section.shown_heading() {
                text.ruled(heading);
            }
            for article in &section.articles {
                match section.layout {
                    Layout::Stack | Layout::Columns => text.article(issue, article),
                    Layout::Brief => text.brief(issue, article),
                    Layout::Links if article.url.is_some() => text.linked(article),
                    Layout::Links => text.article(issue, article),
                }
            }
            text.close(only.as_deref());
        }
    }
    if let Some(words) = &issue.sign_off {
        text.wrapped(&apart(words), Margin::none());
    }
    let unsubscribe = Some(unsubscribe).filter(|_| !issue.asks_to_confirm);
    text.footer(publication, &issue.name, footer, unsubscribe);
    text.finish()
}

/// A text being written.
struct TextWriter {
    /// What the letter says itself.
    phrases: Phrases,
    out: String,
    /// Links of the article so far, in the order of their numbers, and the passages for some readers
    /// that each stands in: the others do not get its address.
    links: Vec<(String, Vec<String>)>,
    /// The place of each in that order.
    numbers: HashMap<(String, Vec<String>), usize>,
    /// For whom the passages around are, from the outside.
    passages: Vec<String>,
}

impl TextWriter {
    fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    /// An empty line, unless there is one already.
    fn gap(&mut self) {
        if !self.out.is_empty() && !slots::ends_with_gap(&self.out) {
            self.out.push('\n');
        }
    }

    /// Begins what is for some readers, behind an empty line.
    fn open(&mut self, only: Option<&str>) {
        if let Some(only) = only {
            self.gap();
            self.out.push_str(&slots::when_mark(only));
        }
    }

    /// Ends it.
    fn close(&mut self, only: Option<&str>) {
        if only.is_some() {
            self.out.push(slots::end_when_mark());
        }
    }

    fn finish(self) -> String {
        format!("{}\n", self.out.trim_end()).replace(GLUE, " ")
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

    /// What is inside. A list has the titles, a paragraph of the HTML becomes a line for each section.
    fn contents(&mut self, publication: &Publication, issue: &Issue) {
        let manner = contents::manner(issue);
        let lines: Vec<String> = match manner {
            Contents::Auto | Contents::Off => return,
            Contents::Web => Vec::new(),
            Contents::Text if contents::named(issue).next().is_some() => contents::named(issue)
                .map(|(at, section, heading)| {
                    if contents::is_spelled_out(issue, at) {
                        let titles = section.articles.iter().map(|article| article.title.as_str());
                        format!("{heading}: {}", titles.collect::<Vec<_>>().join(", "))
                    } else {
                        format!("{heading} ({})", section.articles.len())
                    }
                })
                .collect(),
            Contents::Text | Contents::Links => {
                issue.articles().map(|article| article.title.clone()).collect()
            }
        };
        let entries = topics::of_contents(issue, manner);
        let only = topics::contents_for(issue, &entries).filter(|_| !lines.is_empty());
        self.open(only.as_deref());
        if !lines.is_empty() {
            self.underlined(self.phrases.in_this_issue, '-');
        }
        for (line, only) in lines.iter().zip(&entries) {
            self.out.extend(only.as_deref().map(slots::when_mark));
            self.lines(line, Margin { first: "* ", rest: "  " });
            self.close(only.as_deref());
        }
        self.gap();
        if let Some(page) = publication.page_of(&issue.name) {
            self.line(&format!("{}:", self.phrases.on_the_web));
            self.line(&page);
            self.gap();
        }
        self.close(only.as_deref());
    }

    /// The letter's one article, whose title is the letter's.
    fn only(&mut self, issue: &Issue, article: &Article) {
        let above = article::words_above(issue, article);
        if !above.is_empty() {
            self.wrapped(&above.join(" · "), Margin::none());
        }
        self.underlined(&article.title, '=');
        self.byline(issue, article, Some(issue.date));
        self.blocks(&issue.intro, Margin::none());
        self.body(article);
    }

    fn article(&mut self, issue: &Issue, article: &Article) {
        self.underlined(&article.title, '-');
        self.byline(issue, article, None);
        self.body(article);
    }

    /// Who wrote it and when, and where it can be read.
    fn byline(&mut self, issue: &Issue, article: &Article, masthead: Option<jiff::civil::Date>) {
        let language = article.language.as_deref().unwrap_or(&issue.language);
        let words = article::byline_words(article, language, masthead);
        if !words.is_empty() {
            self.wrapped(&words.join(" · "), Margin::none());
        }
        // An excerpt ends with this address.
        if let Some(url) = article.url.as_ref().filter(|_| article.length != Length::Excerpt) {
            self.line(url);
            self.gap();
        }
    }

    fn body(&mut self, article: &Article) {
        if let Some(lead) = &article.lead {
            self.figure(lead, Margin::none());
        }
        match article.length {
            Length::Full | Length::Auto => self.blocks(&article.body, Margin::none()),
            Length::Excerpt => self.excerpt(article),
        }
        self.below(article);
    }

    /// What stands below an article's text.
    fn below(&mut self, article: &Article) {
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

    /// A short note: its title runs in at the start of the text.
    fn brief(&mut self, issue: &Issue, article: &Article) {
        let language = article.language.as_deref().unwrap_or(&issue.language);
        if let Some(lead) = &article.lead {
            self.figure(lead, Margin::none());
        }
        let mut first =
            format!("*{}{}*", article.title, article::full_stop(&article.title, language));
        let shown = article::shown(article);
        let rest = match (&article.summary, shown) {
            (Some(summary), _) if article.length == Length::Excerpt => {
                first.push_str(&format!(" {}", apart(summary)));
                &[][..]
            }
            (_, [Block { kind: BlockKind::Paragraph(inlines), .. }, rest @ ..]) => {
                first.push_str(&format!(" {}", self.inlines(inlines)));
                rest
            }
            (_, blocks) => blocks,
        };
        let words = article::byline_words(article, language, None);
        if !words.is_empty() {
            first.push_str(&format!(" {}", words.join(" · ")));
        }
        self.wrapped(&first, Margin::none());
        if let Some(url) = &article.url {
            self.line(url);
            self.gap();
        }
        self.blocks(rest, Margin::none());
        self.below(article);
    }

    /// A link of a digest: its title, where it leads to, the address, and what is said of it.
    fn linked(&mut self, article: &Article) {
        let source =
            article::source(article).map_or(String::new(), |source| format!(" ({source})"));
        self.lines(&format!("{}{source}", article.title), Margin { first: "* ", rest: "  " });
        if let Some(url) = &article.url {
            self.line(&format!("  {url}"));
        }
        self.gap();
        if let Some(lead) = &article.lead {
            self.figure(lead, Margin { first: "  ", rest: "  " });
        }
        match &article.summary {
            Some(summary) if article.length == Length::Excerpt => {
                self.wrapped(&apart(summary), Margin { first: "  ", rest: "  " });
            }
            _ => self.blocks(article::shown(article), Margin { first: "  ", rest: "  " }),
        }
        self.gap();
        self.below(article);
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
        for (at, (link, passages)) in links.iter().enumerate() {
            passages.iter().for_each(|whom| self.out.push_str(&slots::when_mark(whom)));
            self.line(&format!("[{}] {link}", at + 1));
            passages.iter().for_each(|_| self.out.push(slots::end_when_mark()));
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
        unsubscribe: Option<&str>,
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
        let Some(unsubscribe) = unsubscribe else { return };
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
            BlockKind::Heading(level, inlines) => self.heading(*level, inlines, margin),
            BlockKind::Paragraph(inlines) => {
                let text = self.paragraph(inlines);
                // An anchor or a picture without words leaves no line, but a list's mark stands.
                if !text.trim().is_empty() || margin.first != margin.rest {
                    self.lines(&text, margin);
                    self.separate(margin);
                }
            }
            BlockKind::List { start, tight, items } => self.list(*start, *tight, items, margin),
            BlockKind::Quote(blocks, who) => self.quote(blocks, who.as_deref(), margin),
            BlockKind::Figure(figure) => self.figure(figure, margin),
            BlockKind::Row(figures) => figures.iter().for_each(|one| self.figure(one, margin)),
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
                self.passages.push(tag.clone());
                self.blocks(blocks, margin);
                self.passages.pop();
                self.out.push(slots::end_when_mark());
            }
            BlockKind::Language(_, blocks) => self.blocks(blocks, margin),
            BlockKind::Html(_, lines) if lines.is_empty() => {}
            BlockKind::Html(_, lines) => self.raw(lines, margin),
        }
    }

    /// The lines of raw HTML.
    fn raw(&mut self, lines: &[RawLine], margin: Margin<'_>) {
        for (at, line) in lines.iter().enumerate() {
            let before = if at == 0 { margin.first } else { margin.rest };
            let (first, rest) =
                (format!("{before}{}", line.first), format!("{}{}", margin.rest, line.rest));
            if line.verbatim {
                self.line(&format!("{first}    {}", line.text));
            } else {
                self.lines(&line.text, Margin { first: &first, rest: &rest });
            }
        }
        self.separate(margin);
    }

    /// The first levels are underlined, each with a mark of its own; deeper ones stand between two.
    fn heading(&mut self, level: u8, inlines: &[Inline], margin: Margin<'_>) {
        let title = self.inlines(inlines);
        if title.trim().is_empty() {
            // Nothing is there to underline, but a list's mark stands.
            if margin.first != margin.rest {
                self.lines("", margin);
                self.separate(margin);
            }
            return;
        }
        self.gap();
        let width = display_width(&title).min(WIDTH.saturating_sub(display_width(margin.rest)));
        match level {
            1 | 2 => {
                self.lines(&title, margin);
                let mark = if level == 1 { "~" } else { "." };
                self.line(&format!("{}{}", margin.rest, mark.repeat(width)));
            }
            _ => self.lines(&format!("~ {title} ~"), margin),
        }
        self.separate(margin);
    }

    /// Running text. Where it is only a link, the address stands below it, so that it can be pressed
    /// there.
    fn paragraph(&mut self, inlines: &[Inline]) -> String {
        let [Inline::Link(link)] = inlines else { return self.inlines(inlines) };
        let mut words = self.inlines(&link.text);
        if let ([Inline::Image(figure)], true) = (&link.text[..], words.is_empty()) {
            words.push_str(&figure.alt);
        }
        let is_web = link.href.contains("://") || slot::has_slot(&link.href);
        if !is_web || words.trim().is_empty() || plain(&link.text) == link.href {
            return self.inlines(inlines);
        }
        format!("{words}\n{}", link.href)
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

    /// A picture's words: what it shows, between brackets, then its caption and credit, and where
    /// a press on it leads.
    fn figure(&mut self, figure: &Figure, margin: Margin<'_>) {
        let mut words = figure.caption.as_ref().map_or(String::new(), |text| self.inlines(text));
        if let Some(credit) = &figure.credit {
            words.push_str(figure.before_credit());
            words.push_str(credit);
        }
        let alt = figure.alt.trim();
        let repeats = words.trim().trim_end_matches('.') == alt.trim_end_matches('.');
        let alt = Some(alt).filter(|alt| !alt.is_empty() && !repeats);
        let shown = match (alt, words.is_empty()) {
            (Some(alt), true) if figure.href.is_some() => format!("{alt}:"),
            (Some(alt), true) => format!("[{alt}]"),
            (Some(alt), false) => format!("[{alt}]\n{words}"),
            (None, false) => format!("[{words}]"),
            (None, true) => String::new(),
        };
        let href = figure.href.as_deref();
        let lines = [Some(shown.as_str()).filter(|shown| !shown.is_empty()), href];
        let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
        if !text.is_empty() {
            self.lines(&text, margin);
            self.separate(margin);
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) -> String {
        let mut out = String::new();
        for inline in inlines {
            match inline {
                Inline::Text(text) => out.push_str(text),
                Inline::Code(code) => self.code(code, &mut out),
                Inline::Strong(inner) => self.between('*', inner, &mut out),
                Inline::Emphasis(inner) => self.between('_', inner, &mut out),
                Inline::Strike(inner) => self.between('~', inner, &mut out),
                Inline::Link(link) => self.link(link, inlines.len() == 1, &mut out),
                // Alone, as in a cell of a table, its words need no mark.
                Inline::Image(figure) if inlines.len() == 1 => out.push_str(&figure.alt),
                Inline::Image(figure) if figure.alt.is_empty() => {}
                Inline::Image(figure) => out.push_str(&format!("[{}]", figure.alt)),
                Inline::SoftBreak => out.push(' '),
                Inline::LineBreak => out.push('\n'),
                Inline::Footnote(number, _) => out.push_str(&format!(" ({number})")),
                Inline::Anchor(_) => {}
                Inline::Html(open, name, inner) => {
                    match &inner[..] {
                        [Inline::Link(link)] => self.link(link, false, &mut out),
                        inner if name == "sup" => {
                            let words = raised::above(&out, &self.inlines(inner));
                            out.push_str(&words);
                        }
                        inner if name == "sub" => {
                            let words = raised::below(&out, &self.inlines(inner));
                            out.push_str(&words);
                        }
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

    /// Code between backquotes, as Markdown has it: more of them than stand within.
    fn code(&self, code: &str, out: &mut String) {
        let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest + 1);
        let space = if code.starts_with('`') || code.ends_with('`') { " " } else { "" };
        out.push_str(&format!("{fence}{space}{code}{space}{fence}"));
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
        out.push_str(&self.inlines(&link.text));
        let says_itself = shown == link.href || shown == address;
        if !says_itself && !link.href.starts_with('#') {
            self.number(&link.href, out);
        }
    }

    fn number(&mut self, href: &str, out: &mut String) {
        // Whoever reads a passage also has the links of the text around it.
        let known = (0..=self.passages.len()).find_map(|depth| {
            self.numbers.get(&(href.to_owned(), self.passages[..depth].to_vec()))
        });
        let at = known.copied().unwrap_or_else(|| {
            let link = (href.to_owned(), self.passages.clone());
            self.links.push(link.clone());
            self.numbers.insert(link, self.links.len() - 1);
            self.links.len() - 1
        });
        // A number that begins a line looks like one of the list below.
        out.push_str(&format!("{GLUE}[{}]", at + 1));
    }
}

/// The target in a sanitised opening tag.
fn href_of(open: &str) -> Option<String> {
    let value = open.split("href=\"").nth(1)?;
    value.split('"').next().map(|href| href.replace("&amp;", "&"))
}
