//! The letter: head, preheader, masthead, contents, sections, footer.
//!
//! Comments of the form `[if mso]` are for Word, which lays out Outlook's mail on Windows: it knows
//! no `max-width`, so the letter and its columns get a table of fixed width there.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::blocks::Page;
use super::language;
use super::phrases::phrases;
use super::pictures::logo_size;
use super::style::{COLUMN_WIDTH, LETTER_WIDTH, TEXT_WIDTH};
use super::theme::Theme;
use crate::issue::block::BlockKind;
use crate::issue::{Article, Issue, Layout, Length, Publication, Section};

/// What a letter is written from.
#[derive(Clone, Copy)]
pub(super) struct Letter<'a> {
    pub(super) publication: &'a Publication,
    pub(super) issue: &'a Issue,
    pub(super) theme: &'a Theme,
    /// The addresses of the issue's pictures.
    pub(super) sources: &'a [String],
    /// The mark that becomes the recipient's unsubscribe link.
    pub(super) unsubscribe: &'a str,
}

/// Stands where the invisible filler behind the preheader goes; see `inline`.
pub(super) const FILLER: &str = "\u{E010}";

const WORD_HEAD: &str = "<!--[if mso]><noscript><xml>\
    <o:OfficeDocumentSettings xmlns:o=\"urn:schemas-microsoft-com:office:office\">\
    <o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>\
    <style>td,th,p,li,a,h1,h2,h3,h4{font-family:Arial,'Malgun Gothic',sans-serif !important}\
    </style><![endif]-->";

impl<'a> Letter<'a> {
    /// The whole document around its body, its styles still in a sheet.
    pub(super) fn document(self, kept_styles: &[String], body: &Markup) -> Markup {
        let Letter { issue, .. } = self;
        html! {
            (DOCTYPE)
            html lang=(issue.language) dir=(language::direction(&issue.language)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="supported-color-schemes" content="light dark";
                    meta name="format-detection"
                        content="telephone=no,date=no,address=no,email=no,url=no";
                    meta name="x-apple-disable-message-reformatting" content="";
                    title { (issue.title) }
                    (PreEscaped(WORD_HEAD))
                    @for style in kept_styles.iter().filter(|style| !style.is_empty()) {
                        style { (PreEscaped(style)) }
                    }
                }
                body { (body) }
            }
        }
    }

    /// What the reader sees, and the preheader before it.
    pub(super) fn body(self) -> Markup {
        let Letter { issue, .. } = self;
        let direction = language::direction(&issue.language);
        let breaks = language::line_breaks(&issue.language);
        let style = breaks.map_or(TEXT_SIZE.into(), |breaks| format!("{TEXT_SIZE};{breaks}"));
        html! {
            @if let Some(preheader) = &issue.preheader {
                div lang=(issue.language) dir=(direction) style=(HIDDEN) {
                    (preheader.value) (FILLER)
                }
            }
            div.b role="article" aria-roledescription="email" aria-label=(issue.title)
                lang=(issue.language) dir=(direction) style=(style) {
                (self.letter())
            }
        }
    }

    fn letter(self) -> Markup {
        html! {
            (word(&format!(
                "<table role=\"presentation\" align=\"center\" width=\"{LETTER_WIDTH}\" \
                 cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>"
            )))
            table.letter role="presentation" align="center" width="100%" cellpadding="0"
                cellspacing="0" border="0" {
                tr { td.s {
                    (self.masthead())
                    (self.page("", 1, TEXT_WIDTH).blocks(&self.issue.intro))
                    (self.contents())
                    @for section in &self.issue.sections { (self.section(section)) }
                } }
                tr { td.f { (self.footer()) } }
            }
            (word("</td></tr></table>"))
        }
    }

    fn page<'p>(self, anchor: &'p str, level: u8, width: usize) -> Page<'p>
    where
        'a: 'p,
    {
        Page {
            images: &self.issue.images,
            sources: self.sources,
            language: &self.issue.language,
            level,
            width,
            anchor,
        }
    }

    fn masthead(self) -> Markup {
        let Letter { publication, issue, theme, .. } = self;
        let alt = if theme.logo_alt.is_empty() { &publication.name } else { &theme.logo_alt };
        let phrases = phrases(&issue.language);
        let date = issue.date.strftime(phrases.date).to_string();
        html! {
            @match (issue.logo, issue.logo_dark) {
                (None, _) => p.hd style="margin:0" { strong { (publication.name) } },
                (Some(light), None) => (self.logo(light, alt, "hd")),
                (Some(light), Some(dark)) => {
                    (self.logo(light, alt, "hd lo"))
                    (PreEscaped("<!--[if !mso]><!-->"))
                    div.do style="display:none;max-height:0;overflow:hidden;mso-hide:all" {
                        (self.logo(dark, alt, "hd"))
                    }
                    (PreEscaped("<!--<![endif]-->"))
                }
            }
            p.m.hd style="margin:8px 0 0" {
                @if let Some(number) = issue.number {
                    (phrases.number.0) (number) (phrases.number.1) " · "
                }
                (date)
            }
            h1 { (self.page("", 1, TEXT_WIDTH).text(&issue.title)) }
        }
    }

    fn logo(self, image: usize, alt: &str, class: &str) -> Markup {
        let Some((image, source)) = self.issue.images.get(image).zip(self.sources.get(image))
        else {
            return html! {};
        };
        let (width, height) = logo_size(image);
        html! {
            img class=(class) src=(source) alt=(alt) width=(width) height=(height)
                style=(format!("max-width:{width}px"));
        }
    }

    /// What is inside, where there is enough to choose from.
    fn contents(self) -> Markup {
        let phrases = phrases(&self.issue.language);
        let articles: Vec<&Article> = self.articles().collect();
        let page = self.page("", 1, TEXT_WIDTH);
        html! {
            @if articles.len() > 2 {
                h2.h lang=[phrases.language] { (phrases.in_this_issue) }
                ul style="margin:0 0 32px" {
                    @for article in articles {
                        (entry(page, article))
                    }
                }
            }
        }
    }

    fn articles(self) -> impl Iterator<Item = &'a Article> {
        self.issue.sections.iter().flat_map(|section| &section.articles)
    }

    fn section(self, section: &Section) -> Markup {
        let level = if section.heading.is_some() { 3 } else { 2 };
        html! {
            @if let Some(heading) = section.shown_heading() {
                h2.h { (self.page("", 1, TEXT_WIDTH).text(heading)) }
            }
            @match section.layout {
                Layout::Stack => {
                    @for article in &section.articles { (self.article(article, level, TEXT_WIDTH, "art")) }
                }
                Layout::Columns => {
                    @for pair in section.articles.chunks(2) { (self.columns(pair, level)) }
                }
            }
        }
    }

    /// Two articles side by side; one below the other where they do not fit, without any help of a
    /// media query.
    fn columns(self, pair: &[Article], level: u8) -> Markup {
        let [left, right] = pair else {
            return html! { @for only in pair { (self.article(only, level, TEXT_WIDTH, "art")) } };
        };
        let cell = |width: usize| format!("<td width=\"{width}\" valign=\"top\">");
        let (first, second) = (COLUMN_WIDTH + 16, COLUMN_WIDTH);
        html! {
            (word(&format!(
                "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
                 border=\"0\"><tr>{}",
                cell(first)
            )))
            div.c style=(format!("max-width:{first}px")) {
                (self.article(left, level, COLUMN_WIDTH, "g"))
            }
            (word(&format!("</td>{}", cell(second))))
            div.c style=(format!("max-width:{second}px")) {
                (self.article(right, level, COLUMN_WIDTH, "art"))
            }
            (word("</td></tr></table>"))
        }
    }

    fn article(self, article: &Article, level: u8, width: usize, class: &str) -> Markup {
        let anchor = anchor(article);
        let page = self.page(&anchor, level, width);
        let page = Page { language: article.language.as_deref().unwrap_or(page.language), ..page };
        let language = article.language.as_deref();
        let direction = language.and_then(|tag| language::turned(tag, &self.issue.language));
        let byline = byline(page, article);
        // The text stands further from a title than a byline does.
        let title = if byline.0.is_empty() { "t n" } else { "t" };
        html! {
            div class=(class) id=(anchor) lang=[language] dir=[direction] {
                @match level {
                    2 => h2 class=(title) { (page.text(&article.title)) },
                    _ => h3 class=(title) { (page.text(&article.title)) },
                }
                (byline)
                @if let Some(lead) = &article.lead { (page.figure(lead)) }
                @match article.length {
                    Length::Full | Length::Auto => (page.blocks(&article.body)),
                    Length::Excerpt => (excerpt(page, article)),
                }
                @if let Some(note) = &article.note { p.m { (page.inlines(note)) } }
                @if article.length != Length::Excerpt { (page.footnotes(&article.footnotes)) }
            }
        }
    }

    fn footer(self) -> Markup {
        let phrases = phrases(&self.issue.language);
        let Letter { publication, theme, unsubscribe, .. } = self;
        // These words are the publication's, and the issue may speak another language.
        let (language, around) = (&publication.language, &self.issue.language);
        let own = (language != around).then_some(language);
        let turned = own.and_then(|language| language::turned(language, around));
        html! {
            @if let Some(why) = &theme.footer { p lang=[own] dir=[turned] { (why) } }
            p lang=[own] dir=[turned] {
                @if let Some(organization) = &publication.organization { (organization) }
                @if let Some(address) = &publication.postal_address {
                    @if publication.organization.is_some() { br; }
                    (address)
                }
            }
            p lang=[phrases.language] {
                @if let Some(page) = publication.page_of(&self.issue.name) {
                    a href=(page) { (phrases.in_a_browser) } br;
                }
                @if let Some(url) = &publication.preferences_url {
                    a href=(url) { (phrases.preferences) } br;
                }
                a href=(unsubscribe) {
                    (phrases.unsubscribe.0) (publication.name) (phrases.unsubscribe.1)
                }
            }
        }
    }
}

/// The reader's own text size where it is known, never below 16 pixels; two declarations, because
/// a program that does not know `max()` keeps the first.
const TEXT_SIZE: &str = "font-size:medium;font-size:max(16px,1rem)";

const HIDDEN: &str = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;\
    line-height:1px;mso-hide:all";

/// Markup that only Word sees.
fn word(markup: &str) -> PreEscaped<String> {
    PreEscaped(format!("<!--[if mso]>{markup}<![endif]-->"))
}

/// What links within the letter call an article: its file name, in which HTML allows no space.
pub(super) fn anchor(article: &Article) -> String {
    article.slug.split_whitespace().collect::<Vec<_>>().join("-")
}

/// A line of the contents, in the article's own language.
fn entry(page: Page<'_>, article: &Article) -> Markup {
    let language = article.language.as_deref();
    let page = Page { language: language.unwrap_or(page.language), ..page };
    html! {
        li { a href=(format!("#{}", anchor(article))) lang=[language] { (page.text(&article.title)) } }
    }
}

fn byline(page: Page<'_>, article: &Article) -> Markup {
    let format = phrases(page.language).date;
    let date = article.date.map(|date| date.strftime(format).to_string());
    let words = [&article.author, &article.affiliation, &date];
    let words: Vec<&String> = words.into_iter().flatten().collect();
    html! {
        @if !words.is_empty() {
            p.m {
                @for (at, word) in words.into_iter().enumerate() {
                    @if at > 0 { " · " }
                    (page.text(word))
                }
            }
        }
    }
}

/// The summary, or else the first paragraph, and a link whose text says where it leads.
fn excerpt(page: Page<'_>, article: &Article) -> Markup {
    let phrases = phrases(page.language);
    let first = article.body.iter().find(|block| matches!(block.kind, BlockKind::Paragraph(_)));
    html! {
        @match (&article.summary, first) {
            (Some(summary), _) => p { (page.text(summary)) },
            (None, Some(block)) => (page.blocks(std::slice::from_ref(block))),
            (None, None) => {}
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
