//! The letter: head, preheader, then a table row for each part, and the footer.
//!
//! Comments of the form `[if mso]` are for Word, which lays out Outlook's mail on Windows: it knows
//! no `max-width`, so the letter and its columns get a table of fixed width there.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::blocks::Page;
use super::language;
use super::masthead;
use super::phrases::phrases;
use super::rows::LetterRows;
use super::style::{LETTER_WIDTH, TEXT_WIDTH};
use super::theme::Theme;
use super::theme::presets::Preset;
use super::topics;
use super::word;
use crate::issue::{Issue, Publication};

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

/// What stands between things in one line. Where the line is broken the dot ends it: at the head of
/// the next one it would look like a list's.
pub(super) const DOT: &str = "\u{a0}· ";

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
                    (PreEscaped(word::head(self.theme, issue)))
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
        let masthead = self.masthead();
        let mut rows = LetterRows::default();
        rows.push(self.head(), 0);
        for (at, section) in self.issue.sections.iter().enumerate() {
            if !section.articles.is_empty() {
                rows.only_for(topics::of_section(self.issue, section));
            }
            self.section(at, section, &mut rows);
        }
        rows.only_for(None);
        rows.push(self.end(), 0);
        html! {
            (word(&format!(
                "<table role=\"presentation\" align=\"center\" width=\"{LETTER_WIDTH}\" \
                 cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td>"
            )))
            table.letter.s role="presentation" align="center" width="100%" cellpadding="0"
                cellspacing="0" border="0" {
                tr { td class=(masthead.class) { (masthead.content) } }
                @for row in rows.finish() {
                    (topics::within(row.only.as_deref(), html! { tr { td.p { (row.content) } } }))
                }
                tr { td.f { (self.footer()) } }
            }
            (word("</td></tr></table>"))
        }
    }

    pub(super) fn page<'p>(self, anchor: &'p str, level: u8, width: usize) -> Page<'p>
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
            in_link: false,
            of_links: false,
            deep: false,
        }
    }

    /// What stands above the first section: the title, the editor's words, and what is inside.
    fn head(self) -> Markup {
        let page = self.page("", 1, TEXT_WIDTH);
        html! {
            @if let Some(article) = self.issue.only_article() {
                (self.only_head(article))
            } @else {
                h1 { (page.text(&self.issue.title)) }
                (page.blocks(&self.issue.intro))
                (self.contents())
            }
        }
    }

    /// The mark that the letter is over, and the last words.
    fn end(self) -> Markup {
        let Letter { publication, issue, theme, .. } = self;
        let own = (publication.language != issue.language).then_some(&publication.language);
        html! {
            p.e aria-hidden="true" {
                @match theme.preset {
                    Preset::Celadon => (masthead::stamp(&publication.name)),
                    Preset::Gazette => "◆",
                    Preset::Studio => "●",
                    Preset::Ink => "■",
                }
            }
            @if let Some(words) = &issue.sign_off {
                @let own = own.filter(|_| publication.sign_off.as_ref() == Some(words));
                p lang=[own] dir=[own.and_then(|tag| language::turned(tag, &issue.language))] {
                    @for (at, line) in words.lines().enumerate() {
                        @if at > 0 { br; }
                        (Page { language: own.unwrap_or(&issue.language), ..self.page("", 1, TEXT_WIDTH) }
                            .text(line.trim()))
                    }
                }
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
        let page = Page { language, ..self.page("", 1, TEXT_WIDTH) };
        html! {
            @if let Some(why) = &theme.footer { p lang=[own] dir=[turned] { (page.text(why)) } }
            p lang=[own] dir=[turned] {
                @if let Some(organization) = &publication.organization { (page.text(organization)) }
                @if let Some(address) = &publication.postal_address {
                    @if publication.organization.is_some() { br; }
                    (page.text(address))
                }
            }
            @if !self.issue.asks_to_confirm {
                p.y lang=[phrases.language] {
                    @if let Some(page) = publication.page_of(&self.issue.name) {
                        a href=(page) { (phrases.in_a_browser) } (DOT)
                    }
                    @if let Some(url) = &publication.preferences_url {
                        a href=(url) { (phrases.preferences) } (DOT)
                    }
                    a href=(unsubscribe) {
                        (phrases.unsubscribe.0)
                        (self.page("", 1, TEXT_WIDTH).text(&publication.name))
                        (phrases.unsubscribe.1)
                    }
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
pub(super) fn word(markup: &str) -> PreEscaped<String> {
    PreEscaped(format!("<!--[if mso]>{markup}<![endif]-->"))
}
