//! One Markdown text -> an Issue that has nothing else: what is written to a single reader about their
//! subscription.

use std::path::PathBuf;
use std::sync::Arc;

use super::{
    Contents, FoundImages, Issue, IssueReading, Layout, Length, Loaded, Pictures, Section,
};
use crate::diagnostic::Source;
use crate::issue::block::level_headings;
use crate::issue::slot::Slots;
use crate::issue::{Article, Publication, front_matter};
use crate::manifest::Located;

/// A text, and what is not in it.
#[derive(Clone, Debug)]
pub struct LetterText {
    /// The text with its front matter: a subject, perhaps a preheader, a title and a language.
    pub source: Arc<Source>,
    /// The folder from which its pictures are named.
    pub folder: PathBuf,
    /// Its language, where it does not say (BCP 47).
    pub language: String,
    /// The day on which it is written.
    pub date: jiff::civil::Date,
    /// Slots that are whole addresses, which a link may begin with.
    pub urls: &'static [&'static str],
    /// Whether it asks somebody to confirm who is on no list.
    pub asks_to_confirm: bool,
}

/// Reads a letter. Its pictures travel in the message: nobody has to publish them.
pub fn letter(publication: &Publication, text: &LetterText) -> Loaded {
    let mut reading = IssueReading {
        publication,
        folder: text.folder.clone(),
        slots: Slots::with_urls(text.urls),
        images: FoundImages::default(),
        problems: Vec::new(),
        bytes: 0,
        length: Length::Full,
        is_smart: publication.smart,
        language: text.language.clone(),
        article_language: None,
    };
    let source = &text.source;
    let (mut table, start) = front_matter::split(source, &mut reading.problems);
    let subject = table.required_text(
        "subject",
        "add subject: …, the text that an inbox shows, between --- lines",
    );
    let title = table.text("title");
    let preheader = table.text("preheader");
    reading.language = table.language("language").unwrap_or(reading.language);
    table.finish(&mut reading.problems);

    let subject = subject.map(|text| reading.template(text, source));
    let preheader = preheader.map(|text| reading.template(text, source));
    let title = title.map_or_else(|| publication.name.clone(), |one| reading.words(&one, source));
    let (mut body, footnotes) = reading.body(source, start);
    level_headings(&mut body);
    let article = article(source, title, (body, footnotes));
    let mut sections = vec![Section {
        heading: None,
        topic: None,
        layout: Layout::Stack,
        articles: vec![article],
    }];
    reading.arrange(&mut Vec::new(), &mut sections, source);
    let issue = subject.map(|subject| (subject, preheader, sections));
    finished(reading, text, issue)
}

fn article(
    source: &Arc<Source>,
    title: String,
    (body, footnotes): (Vec<super::Block>, Vec<Vec<super::Block>>),
) -> Article {
    Article {
        slug: "letter".to_owned(),
        source: Arc::clone(source),
        title,
        author: None,
        affiliation: None,
        date: None,
        summary: None,
        url: None,
        lead: None,
        tags: Vec::new(),
        note: None,
        length: Length::Full,
        is_lead: None,
        language: None,
        body,
        footnotes,
    }
}

type LetterParts = (Located<String>, Option<Located<String>>, Vec<Section>);

fn finished(
    mut reading: IssueReading<'_>,
    text: &LetterText,
    parts: Option<LetterParts>,
) -> Loaded {
    let publication = reading.publication;
    let logo = reading.publication_image(&publication.logo.clone());
    let logo_dark = reading.publication_image(&publication.logo_dark.clone());
    let style = reading.style();
    let IssueReading { slots, images, problems, language, .. } = reading;
    let source = &text.source;
    let issue = parts.map(|(subject, preheader, sections)| Issue {
        name: source.path().display().to_string(),
        manifest: Arc::clone(source),
        number: None,
        title: sections
            .iter()
            .flat_map(|section| &section.articles)
            .map(|article| article.title.clone())
            .next()
            .unwrap_or_default(),
        subject,
        preheader,
        date: text.date,
        language,
        intro: Vec::new(),
        contents: Contents::Off,
        sign_off: None,
        archive: false,
        corrects: None,
        sections,
        pictures: Pictures::Embedded,
        advertising: false,
        allow: Vec::new(),
        images: images.images,
        logo,
        logo_dark,
        style,
        slots,
        asks_to_confirm: text.asks_to_confirm,
    });
    Loaded { issue, problems }
}
