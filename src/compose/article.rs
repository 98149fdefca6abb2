//! Sections and articles, each section in its own layout.

use maud::{Markup, html};

use super::blocks::Page;
use super::components::{DOT, Letter, word};
use super::contents::section_anchor;
use super::language;
use super::phrases::phrases;
use super::rows::{self, LetterRows, TALL};
use super::style::{COLUMN_WIDTH, TEXT_WIDTH};
use crate::issue::block::{Block, BlockKind, Inline};
use crate::issue::{Article, Issue, Layout, Length, Section, anchors};

/// Pixels between two columns.
const GUTTER: usize = 16;
/// About how tall a title with its byline is, in pixels.
const TITLE: usize = 90;

/// How an article is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    /// The only one of its letter: its title is the letter's and stands above.
    Only,
    /// The one that readers shall see first.
    Lead,
    Story,
    Column,
    /// Above a list of links.
    Group,
}

/// What links within the letter call an article: its file name, in which HTML allows no space.
pub(super) fn anchor(article: &Article) -> String {
    anchors::of_article(&article.slug)
}

/// The place that a link within the letter leads to. Gmail's page, Outlook and Yahoo go by names,
/// other programs by ids.
pub(super) fn target(anchor: &str) -> Markup {
    html! { a id=(anchor) name=(anchor) {} }
}

/// Whether the article is a lead story: because it says so, or, where none does, because it is the
/// first of an issue that begins with a stack.
pub(super) fn is_lead(issue: &Issue, article: &Article) -> bool {
    if issue.articles().any(|one| one.is_lead == Some(true)) {
        return article.is_lead == Some(true);
    }
    let section = issue.sections.iter().find(|section| !section.articles.is_empty());
    let first = section.filter(|section| section.layout == Layout::Stack);
    let first = first.and_then(|section| section.articles.first());
    article.is_lead.is_none() && first.is_some_and(|first| first.slug == article.slug)
}

impl<'a> Letter<'a> {
    /// The section at `at`, in as many cells as it takes.
    pub(super) fn section(self, at: usize, section: &Section, rows: &mut LetterRows) {
        if section.articles.is_empty() {
            return;
        }
        if let Some(only) = self.issue.only_article() {
            return self.article(only, 1, Setting::Only, rows);
        }
        let level = if section.heading.is_some() { 3 } else { 2 };
        if let Some(heading) = section.shown_heading() {
            rows.close();
            let target = section_anchor(self.issue, at).map(|anchor| target(&anchor));
            let heading = html! {
                h2.h { @if let Some(target) = target { (target) } (self.page("", 1, TEXT_WIDTH).text(heading)) }
            };
            rows.push(heading, TITLE);
        }
        match section.layout {
            Layout::Stack => {
                for article in &section.articles {
                    let is_lead = is_lead(self.issue, article);
                    let setting = if is_lead { Setting::Lead } else { Setting::Story };
                    self.article(article, level, setting, rows);
                }
            }
            Layout::Columns => self.side_by_side(&section.articles, level, rows),
            Layout::Brief | Layout::Links => {
                let last = section.articles.len() - 1;
                for (at, article) in section.articles.iter().enumerate() {
                    let is_last = at == last;
                    match section.layout {
                        Layout::Links => self.links(article, level, is_last, rows),
                        _ => rows.push(self.brief(article, level, is_last), TITLE),
                    }
                }
            }
        }
    }

    /// Articles two by two. A lead story, and one that has no neighbour at all, is as wide as the
    /// letter.
    fn side_by_side(self, articles: &[Article], level: u8, rows: &mut LetterRows) {
        if let [only] = articles {
            return self.article(only, level, Setting::Story, rows);
        }
        let is_lead = |article: &Article| article.is_lead == Some(true);
        for part in articles.chunk_by(|left, right| !is_lead(left) && !is_lead(right)) {
            match part {
                [lead] if is_lead(lead) => self.article(lead, level, Setting::Lead, rows),
                part => part.chunks(2).for_each(|pair| self.columns(pair, level, rows)),
            }
        }
    }

    /// Two articles side by side; one below the other where they do not fit, without any help of a
    /// media query.
    fn columns(self, pair: &[Article], level: u8, rows: &mut LetterRows) {
        let height = pair.iter().map(|article| self.height(article, COLUMN_WIDTH)).max();
        let column = |article: &Article, class: &str| {
            let mut pieces = self.pieces(article, level, Setting::Column, class);
            pieces.pop().map(|(piece, _)| piece).unwrap_or_default()
        };
        let cell = format!("<td width=\"{COLUMN_WIDTH}\" valign=\"top\">");
        let content = html! {
            (word(&format!(
                "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
                 border=\"0\"><tr>{cell}"
            )))
            @if let Some(left) = pair.first() { (column(left, "c g")) }
            @if let Some(right) = pair.get(1) {
                (word(&format!("</td><td width=\"{GUTTER}\"></td>{cell}")))
                (column(right, "c"))
                (word("</td></tr></table>"))
            } @else {
                (word(&format!("</td><td width=\"{}\"></td></tr></table>", COLUMN_WIDTH + GUTTER)))
            }
        };
        rows.push(content, height.unwrap_or_default());
    }

    fn height(self, article: &Article, width: usize) -> usize {
        let images = &self.issue.images;
        let body: usize = article.body.iter().map(|block| rows::height(block, images, width)).sum();
        let lead = article.lead.as_ref().map_or(0, |lead| rows::figure_height(lead, images, width));
        TITLE + lead + if article.length == Length::Excerpt { TITLE } else { body }
    }

    fn article(self, article: &Article, level: u8, setting: Setting, rows: &mut LetterRows) {
        for (piece, height) in self.pieces(article, level, setting, "art") {
            rows.push(piece, height);
        }
    }

    /// An article, in pieces that a cell has room for, each with about its height. Columns are one
    /// piece.
    fn pieces(
        self,
        article: &Article,
        level: u8,
        setting: Setting,
        class: &str,
    ) -> Vec<(Markup, usize)> {
        let anchor = anchor(article);
        let width = if setting == Setting::Column { COLUMN_WIDTH } else { TEXT_WIDTH };
        let page = self.page_of(article, &anchor, level, width);
        let page = Page { of_links: setting == Setting::Group, ..page };
        let images = &self.issue.images;
        let lead = article.lead.as_ref();
        let lead_height = lead.map_or(0, |lead| rows::figure_height(lead, images, width));
        let mut pieces = Vec::new();
        let (mut open, mut height) = (self.opening(article, page, setting).0, TITLE + lead_height);
        let limit = if setting == Setting::Column { usize::MAX } else { TALL };
        let excerpt = article.length == Length::Excerpt;
        let body = if excerpt { &[][..] } else { &article.body[..] };
        for block in body {
            let more = rows::height(block, images, width);
            if height + more > limit && !open.is_empty() {
                pieces.push((self.piece(article, None, std::mem::take(&mut open)), height));
                height = 0;
            }
            open.push_str(&page.blocks(std::slice::from_ref(block)).0);
            height += more;
        }
        let ending = html! {
            @if excerpt { (self.excerpt(page, article)) }
            @if let Some(note) = &article.note { p.m { (page.inlines(note)) } }
            @if !excerpt { (page.footnotes(&article.footnotes)) }
        };
        open.push_str(&ending.0);
        pieces.push((self.piece(article, Some(class), open), height));
        pieces
    }

    fn piece(self, article: &Article, class: Option<&str>, content: String) -> Markup {
        let language = article.language.as_deref();
        let direction = language.and_then(|tag| language::turned(tag, &self.issue.language));
        html! {
            div class=[class] lang=[language] dir=[direction] { (maud::PreEscaped(content)) }
        }
    }

    fn page_of<'p>(self, article: &'p Article, anchor: &'p str, level: u8, width: usize) -> Page<'p>
    where
        'a: 'p,
    {
        let page = self.page(anchor, level, width);
        Page { language: article.language.as_deref().unwrap_or(page.language), ..page }
    }

    /// Title, byline and picture. In a column the picture stands above, so that titles of a row are
    /// on one line.
    fn opening(self, article: &Article, page: Page<'_>, setting: Setting) -> Markup {
        let byline = byline(page, article, None);
        // The text stands further from a title than a byline does.
        let last = if byline.0.is_empty() { " n" } else { "" };
        let class = match setting {
            Setting::Lead => format!("t ld{last}"),
            Setting::Column | Setting::Group => format!("t ct{last}"),
            Setting::Story | Setting::Only => format!("t st{last}"),
        };
        let target = target(page.anchor);
        let picture = article.lead.as_ref();
        html! {
            @match (setting, picture) {
                (Setting::Only, _) => {
                    @if let Some(picture) = picture { (page.figure(picture)) }
                }
                (Setting::Column, Some(picture)) => {
                    (target) (page.figure(picture))
                    (heading(page.level, &class, title(page, article)))
                    (byline)
                }
                _ => {
                    (heading(page.level, &class, html! { (target) (title(page, article)) }))
                    (byline)
                    @if let Some(picture) = picture { (page.figure(picture)) }
                }
            }
        }
    }

    /// The head of a letter with one article: one title, one date. What else the issue and its
    /// section are called stands above in small type.
    pub(super) fn only_head(self, article: &Article) -> Markup {
        let Letter { issue, .. } = self;
        let anchor = anchor(article);
        let page = self.page_of(article, &anchor, 1, TEXT_WIDTH);
        let direction =
            article.language.as_deref().and_then(|tag| language::turned(tag, &issue.language));
        html! {
            @let above = words_above(issue, article);
            @if !above.is_empty() { p.m.ab { (self.page("", 1, TEXT_WIDTH).text(&above.join(DOT))) } }
            h1 lang=[article.language.as_deref()] dir=[direction] {
                (target(&anchor)) (title(page, article))
            }
            (byline(page, article, Some(issue.date)))
            (self.page("", 1, TEXT_WIDTH).blocks(&issue.intro))
        }
    }

    /// A short note: its title runs in at the start of the text. That is no heading, so those of the
    /// text take its level.
    fn brief(self, article: &Article, level: u8, is_last: bool) -> Markup {
        let anchor = anchor(article);
        let page = self.page_of(article, &anchor, level - 1, TEXT_WIDTH);
        let (first, rest) = first_words(page, article);
        let content = html! {
            @if let Some(picture) = &article.lead { (page.figure(picture)) }
            p {
                (target(&anchor))
                strong { (title(page, article)) (full_stop(&article.title, page.language)) }
                @if let Some(first) = &first { " " (first) }
                @let words = byline_words(article, page.language, None);
                @if !words.is_empty() { " " span.m { (page.text(&words.join(DOT))) } }
            }
            (page.blocks(rest))
            @if let Some(note) = &article.note { p.m { (page.inlines(note)) } }
            @if article.length != Length::Excerpt { (page.footnotes(&article.footnotes)) }
        };
        self.piece(article, Some(if is_last { "br art" } else { "br" }), content.0)
    }

    /// A link with where it leads to, and what is said of it; it is no heading. Without an address the
    /// title stands above a list of links.
    fn links(self, article: &Article, level: u8, is_last: bool, rows: &mut LetterRows) {
        let anchor = anchor(article);
        let page = self.page_of(article, &anchor, level - 1, TEXT_WIDTH);
        let page = Page { of_links: true, ..page };
        let excerpt = article.length == Length::Excerpt;
        let Some(url) = &article.url else {
            return self.article(article, level, Setting::Group, rows);
        };
        // What nothing is said of needs no weight among others like it.
        let is_bare = shown(article).is_empty();
        let content = html! {
            p {
                (target(&anchor))
                a href=(url) {
                    @if is_bare { (page.text(&article.title)) }
                    @else { strong { (page.text(&article.title)) } }
                }
                @if let Some(source) = source(article) { " " span.m { (page.text(&source)) } }
            }
            @if let Some(picture) = &article.lead { (page.figure(picture)) }
            @match (&article.summary, excerpt) {
                (Some(summary), true) => p { (page.text(summary)) },
                _ => (page.blocks(shown(article))),
            }
            @if let Some(note) = &article.note { p.m { (page.inlines(note)) } }
            @if !excerpt { (page.footnotes(&article.footnotes)) }
        };
        let class = if is_last { "ln art" } else { "ln" };
        rows.push(self.piece(article, Some(class), content.0), self.height(article, TEXT_WIDTH));
    }

    /// The summary, or else the first paragraph, and a link whose text says where it leads.
    fn excerpt(self, page: Page<'_>, article: &Article) -> Markup {
        let phrases = phrases(page.language);
        html! {
            @match &article.summary {
                Some(summary) => p { (page.text(summary)) },
                None => (page.blocks(shown(article))),
            }
            @if let Some(url) = &article.url {
                p lang=[phrases.language] {
                    a href=(url) {
                        (phrases.read_in_full.0) (page.text(&article.title)) (phrases.read_in_full.1)
                    }
                }
            }
        }
    }
}

fn heading(level: u8, class: &str, content: Markup) -> Markup {
    html! {
        @match level {
            2 => h2 class=(class) { (content) },
            _ => h3 class=(class) { (content) },
        }
    }
}

/// A title leads to where the whole of the article can be read.
fn title(page: Page<'_>, article: &Article) -> Markup {
    html! {
        @match &article.url {
            Some(url) => a.u href=(url) { (page.text(&article.title)) },
            None => (page.text(&article.title)),
        }
    }
}

/// What a letter with one article is called besides that article's title.
pub(super) fn words_above<'i>(issue: &'i Issue, article: &Article) -> Vec<&'i str> {
    let flat = |text: &str| text.trim().to_lowercase();
    let heading = issue.sections.iter().find_map(Section::shown_heading);
    let words = [Some(issue.title.as_str()), heading];
    words.into_iter().flatten().filter(|words| flat(words) != flat(&article.title)).collect()
}

/// What a brief note's text begins with, and the blocks that follow.
fn first_words<'b>(page: Page<'_>, article: &'b Article) -> (Option<Markup>, &'b [Block]) {
    let blocks = shown(article);
    match (&article.summary, blocks) {
        (Some(summary), _) if article.length == Length::Excerpt => (Some(page.text(summary)), &[]),
        (_, [Block { kind: BlockKind::Paragraph(inlines), .. }, rest @ ..]) => {
            (Some(page.inlines(inlines)), rest)
        }
        (_, blocks) => (None, blocks),
    }
}

/// The blocks that the letter has of an article: of an excerpt without a summary, the first
/// paragraph.
pub(super) fn shown(article: &Article) -> &[Block] {
    if article.length != Length::Excerpt {
        return &article.body;
    }
    let is_text = |block: &Block| matches!(block.kind, BlockKind::Paragraph(_));
    let first = article.body.iter().position(is_text);
    first.map_or(&[], |at| &article.body[at..=at])
}

/// What ends a title that runs into the text.
pub(super) fn full_stop(title: &str, language: &str) -> &'static str {
    let ended = ['.', '!', '?', '…', ':', ';', '。', '！', '？', '：', '”', '“', '»', '"'];
    match language.split('-').next().unwrap_or_default() {
        _ if title.trim_end().ends_with(ended) => "",
        "ja" | "zh" => "。",
        _ => ".",
    }
}

/// Where a link of a digest leads to: who made it, or else the host's name.
pub(super) fn source(article: &Article) -> Option<String> {
    let words = [&article.author, &article.affiliation];
    let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    if !words.is_empty() {
        return Some(words.join(" · "));
    }
    let (_, rest) = article.url.as_deref()?.split_once("://")?;
    let host = rest.split(['/', '?', '#', ':']).next()?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let is_plain = host.contains('.') && host.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| host.to_owned())
}

/// Author, affiliation and date. In a letter with one article the date stands in the masthead, and
/// not here again.
pub(super) fn byline_words(
    article: &Article,
    language: &str,
    masthead: Option<jiff::civil::Date>,
) -> Vec<String> {
    let date = article.date.filter(|_| masthead.is_none());
    let date = date.map(|date| date.strftime(phrases(language).date).to_string());
    [article.author.clone(), article.affiliation.clone(), date].into_iter().flatten().collect()
}

fn byline(page: Page<'_>, article: &Article, masthead: Option<jiff::civil::Date>) -> Markup {
    let words = byline_words(article, page.language, masthead);
    html! {
        @if !words.is_empty() {
            p.m {
                @for (at, word) in words.iter().enumerate() {
                    @if at > 0 { " · " }
                    (page.text(word))
                }
            }
        }
    }
}

/// Whether a list's item is a link with a few words behind it, and those words.
pub(super) fn link_with_source(inlines: &[Inline]) -> Option<(&Inline, &[Inline])> {
    let (first, rest) = inlines.split_first()?;
    let is_link = matches!(first, Inline::Link(_));
    let is_short = crate::issue::block::plain(rest).chars().count() <= 60;
    (is_link && !rest.is_empty() && is_short).then_some((first, rest))
}
