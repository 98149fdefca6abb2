//! The picture that programs show for a link to a page: the page's card, or the picture of its article.
//!
//! Must never depend on the day or the machine: a card is what its words, colours and faces make of it.

use std::path::Path;

use super::edition::{WebArticle, WebEdition};
use super::{ArchiveSite, PublishedIssue, neutral, pictures};
use crate::compose::language;
use crate::compose::phrases::phrases;
use crate::crypto;
use crate::diagnostic::counted;
use crate::issue::percent;
use crate::picture::card::{Card, CardColors, CardWords, HEIGHT, WIDTH};

/// Pixels of an article's own picture that is shown instead of a card.
const WIDE: usize = 600;

/// Changes whenever the same words become another picture.
const MANNER: &str = "1";

/// A card that can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCard {
    card: Card,
    /// The path of the logo under `base_url`, and its SHA-256.
    logo: Option<(String, String)>,
    /// The same key, the same picture.
    pub key: String,
}

/// A card without its title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntitledCard {
    /// The path of the page.
    pub page: String,
    /// A sign of the title that no face has.
    pub lacks: char,
}

/// A picture as programs show it.
#[derive(Clone, Debug)]
pub(super) struct ShownPicture {
    pub(super) address: String,
    pub(super) width: usize,
    pub(super) height: usize,
    /// In words, where they are known.
    pub(super) alt: Option<String>,
}

/// The picture of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct PagePicture {
    pub(super) shown: Option<ShownPicture>,
    /// What it is drawn of, if it is a card.
    pub(super) card: Option<ArchiveCard>,
    /// See [`UntitledCard::lacks`].
    pub(super) lacks: Option<char>,
}

impl PagePicture {
    pub(super) fn address(self) -> Option<String> {
        self.shown.map(|shown| shown.address)
    }
}

impl ArchiveCard {
    /// The picture, as PNG; none where the logo is not there any more. `root` is the publication's folder.
    pub fn png(&self, site: &ArchiveSite, root: &Path) -> Option<Vec<u8>> {
        let logo = match &self.logo {
            Some((path, hash)) => Some(pictures::find(root, path, hash)?),
            None => None,
        };
        self.card.png(site.faces.as_ref()?, logo.as_deref()).ok()
    }
}

/// The path of a page's card.
pub(super) fn path(page: &str) -> String {
    format!("{page}card.png")
}

pub(super) fn of_issue(
    site: &ArchiveSite,
    issue: &PublishedIssue,
    edition: &WebEdition,
) -> PagePicture {
    let mut authors: Vec<&str> = Vec::new();
    for author in edition.articles().filter_map(|article| article.author.as_deref()) {
        if !authors.contains(&author) {
            authors.push(author);
        }
    }
    let said = PageSaid { title: &edition.title, language: &edition.language, authors: &authors };
    drawn(site, (issue, edition), &issue.path(), &said)
}

/// A picture that is large enough says more of an article than its title does.
pub(super) fn of_article(
    site: &ArchiveSite,
    issue: &PublishedIssue,
    edition: &WebEdition,
    article: &WebArticle,
) -> PagePicture {
    if let Some(own) = article.picture.as_ref().filter(|own| own.width >= WIDE) {
        let address = site.placed_address(&own.address);
        let (width, height) = (own.width, own.height);
        let shown = ShownPicture { address, width, height, alt: None };
        return PagePicture { shown: Some(shown), ..PagePicture::default() };
    }
    let authors = [&article.author, &article.affiliation];
    let authors: Vec<&str> = authors.into_iter().filter_map(|name| name.as_deref()).collect();
    let said = PageSaid { title: &article.title, language: &article.language, authors: &authors };
    drawn(site, (issue, edition), &issue.article_path(article), &said)
}

/// What a page says that its card says as well.
struct PageSaid<'a> {
    title: &'a str,
    language: &'a str,
    authors: &'a [&'a str],
}

fn drawn(
    site: &ArchiveSite,
    (issue, edition): (&PublishedIssue, &WebEdition),
    page: &str,
    said: &PageSaid<'_>,
) -> PagePicture {
    let Some(faces) = &site.faces else { return PagePicture::default() };
    let PageSaid { title, language, authors } = *said;
    let is_rtl = language::direction(language) == "rtl";
    let light = &site.theme.light;
    let colors = CardColors {
        ground: light.surface.channels(),
        text: light.text.channels(),
        muted: light.muted.channels(),
        accent: light.accent.channels(),
    };
    let notes = notes(issue, language);
    let words = CardWords { title, name: &site.name, authors, notes: &notes };
    let (card, lacks) = Card::of(words, (is_rtl, colors), faces);
    let Some(card) = card else { return PagePicture { lacks, ..PagePicture::default() } };
    let logo = edition.logos.first().and_then(|logo| {
        let is_it = |path: &str| logo.address == format!("{}{}", neutral::OWN, percent::path(path));
        let found = edition.pictures.iter().find(|(path, _)| is_it(path));
        found.map(|(path, hash)| (path.clone(), hash.clone()))
    });
    let text = format!("{MANNER} {card:?} {logo:?} {faces:?}");
    let key = data_encoding::HEXLOWER.encode(&crypto::sha256([text.as_bytes()])[..12]);
    let shown = ShownPicture {
        // Programs keep a picture for long: another one has another address.
        address: format!("{}?{}", site.absolute(&path(page)), &key[..10]),
        width: WIDTH as usize,
        height: HEIGHT as usize,
        alt: Some(format!("{title} · {}", site.name)),
    };
    PagePicture { shown: Some(shown), card: Some(ArchiveCard { card, logo, key }), lacks }
}

/// Number and day in the page's language, and in digits for who has no letters of it.
fn notes(issue: &PublishedIssue, language: &str) -> Vec<String> {
    let phrases = phrases(language);
    let date = issue.date();
    let day = date.strftime(phrases.date).to_string();
    let with = |number: Option<String>, day: String| match number {
        Some(number) => format!("{number} · {day}"),
        None => day,
    };
    let number = issue.number();
    let worded = number.map(|number| format!("{}{number}{}", phrases.number.0, phrases.number.1));
    vec![with(worded, day), with(number.map(|number| number.to_string()), date.to_string())]
}

/// What to tell of cards whose title cannot be drawn.
pub fn told(untitled: &[UntitledCard]) -> Option<String> {
    let first = untitled.first()?;
    let count = counted(untitled.len() as u64, "page");
    Some(format!(
        "the social cards of {count} have no title, as no font has {:?} ({}): name a font that has it with \
         card_fonts below [theme] in digest.toml",
        first.lacks, first.page
    ))
}
