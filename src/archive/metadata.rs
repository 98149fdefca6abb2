//! What a page says of itself to search engines and to programs that show links.

use jiff::civil::Date;
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::card::{PagePicture, ShownPicture};
use super::document;
use super::{ArchiveSite, PublishedIssue};
use crate::archive::edition::{WebArticle, WebEdition};

/// What stands in a page's head.
#[derive(Debug, Default)]
pub(super) struct PageMetadata {
    title: String,
    description: Option<String>,
    canonical: String,
    kind: &'static str,
    author: Option<String>,
    published: Option<Date>,
    modified: Option<Date>,
    picture: Option<ShownPicture>,
    site: String,
    data: Option<Value>,
}

impl PageMetadata {
    /// Of a page that is neither an issue nor an article.
    pub(super) fn plain(site: &ArchiveSite, title: &str, path: &str) -> PageMetadata {
        PageMetadata {
            title: title.to_owned(),
            canonical: site.absolute(path),
            kind: "website",
            site: site.name.clone(),
            ..PageMetadata::default()
        }
    }

    pub(super) fn issue(
        site: &ArchiveSite,
        issue: &PublishedIssue,
        edition: &WebEdition,
        picture: &PagePicture,
    ) -> PageMetadata {
        let canonical = site.absolute(&issue.path());
        let picture = picture.shown.clone();
        let modified = issue.corrections.iter().map(|one| one.day).max();
        let data = json!({
            "@context": "https://schema.org",
            "@type": "PublicationIssue",
            "name": edition.title,
            "url": canonical,
            "datePublished": edition.date.to_string(),
            "dateModified": modified.map(|day| day.to_string()),
            "inLanguage": edition.language,
            "issueNumber": edition.number,
            "image": picture.as_ref().map(|picture| &picture.address),
            "isPartOf": {"@type": "Periodical", "name": site.name, "url": site.absolute("")},
        });
        PageMetadata {
            description: edition.summary.clone(),
            kind: "article",
            published: Some(edition.date),
            modified,
            picture,
            data: Some(without_nothing(data)),
            canonical,
            ..PageMetadata::plain(site, &edition.title, "")
        }
    }

    pub(super) fn article(
        site: &ArchiveSite,
        issue: &PublishedIssue,
        edition: &WebEdition,
        (article, picture): (&WebArticle, &PagePicture),
    ) -> PageMetadata {
        // The whole of an excerpt is the page to find.
        let own = site.absolute(&issue.article_path(article));
        let canonical = article.url.clone().filter(|_| article.excerpt).unwrap_or(own.clone());
        let date = article.date.unwrap_or(edition.date);
        let picture = picture.shown.clone();
        let author = article.author.as_ref().map(|name| {
            let works = article.affiliation.as_ref();
            let works = works.map(|name| json!({"@type": "Organization", "name": name}));
            without_nothing(json!({"@type": "Person", "name": name, "affiliation": works}))
        });
        let description = Some(&article.description).filter(|text| !text.is_empty()).cloned();
        let modified = issue.corrections_of(&article.slug).map(|one| one.day).max();
        let data = json!({
            "@context": "https://schema.org",
            "@type": "Article",
            "headline": article.title,
            "description": description,
            "url": own,
            "datePublished": date.to_string(),
            "dateModified": modified.map(|day| day.to_string()),
            "inLanguage": article.language,
            "author": author,
            "image": picture.as_ref().map(|picture| &picture.address),
            "keywords": Some(article.tags.join(", ")).filter(|tags| !tags.is_empty()),
            "publisher": {"@type": "Organization", "name": site.organization.as_ref().unwrap_or(&site.name)},
            "isPartOf": {"@type": "PublicationIssue", "name": edition.title, "url": site.absolute(&issue.path())},
        });
        PageMetadata {
            description,
            kind: "article",
            author: article.author.clone(),
            published: Some(date),
            modified,
            picture,
            data: Some(without_nothing(data)),
            canonical,
            ..PageMetadata::plain(site, &article.title, "")
        }
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            link rel="canonical" href=(self.canonical);
            @if let Some(text) = &self.description { meta name="description" content=(text); }
            @if let Some(author) = &self.author { meta name="author" content=(author); }
            meta property="og:title" content=(self.title);
            meta property="og:type" content=(self.kind);
            meta property="og:url" content=(self.canonical);
            meta property="og:site_name" content=(self.site);
            @if let Some(text) = &self.description {
                meta property="og:description" content=(text);
            }
            @if let Some(date) = self.published {
                meta property="article:published_time" content=(date);
            }
            @if let Some(date) = self.modified {
                meta property="article:modified_time" content=(date);
            }
            @if let Some(picture) = &self.picture {
                meta property="og:image" content=(picture.address);
                meta property="og:image:width" content=(picture.width);
                meta property="og:image:height" content=(picture.height);
                @if let Some(alt) = &picture.alt { meta property="og:image:alt" content=(alt); }
                meta name="twitter:card" content="summary_large_image";
            }
            @if let Some(data) = &self.data { (document::data(data)) }
        }
    }
}

/// The same without what is not known.
fn without_nothing(value: Value) -> Value {
    let Value::Object(entries) = value else { return value };
    let known: Map<String, Value> =
        entries.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Value::Object(known)
}
