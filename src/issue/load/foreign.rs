//! Keys that other programs read in the front matter of the same files. They are told once for each
//! file, and not one by one: whoever keeps a site in the folder needs them.

use crate::diagnostic::Diagnostic;
use crate::manifest::{Located, Table, ValueKind};

/// Keys of Jekyll, Hugo, Ghost, Eleventy, Astro, Hexo, Docusaurus, Zola and WordPress, in small letters without
/// hyphens and underscores.
const KEYS: &[&str] = &[
    "accesscode",
    "aliases",
    "archived",
    "audio",
    "authorprofile",
    "breadcrumb",
    "breadcrumbs",
    "build",
    "canonical",
    "canonicalurl",
    "cascade",
    "categories",
    "category",
    "classes",
    "codeinjectionfoot",
    "codeinjectionhead",
    "color",
    "comments",
    "cover",
    "coverimage",
    "createdat",
    "css",
    "customexcerpt",
    "customtemplate",
    "disableshare",
    "displayedsidebar",
    "disqus",
    "editpost",
    "eleventycomputed",
    "eleventyexcludefromcollections",
    "eleventyimport",
    "eleventynavigation",
    "email",
    "emailonly",
    "excerptseparator",
    "expirydate",
    "featured",
    "featureimage",
    "featureimagealt",
    "featureimagecaption",
    "footer",
    "frontmatter",
    "haschildren",
    "header",
    "headings",
    "hero",
    "heroimage",
    "hidden",
    "hidetitle",
    "icon",
    "id",
    "images",
    "iscjklanguage",
    "issue",
    "js",
    "keywords",
    "lastmod",
    "lastmodifiedat",
    "lastupdate",
    "layout",
    "linktitle",
    "location",
    "logo",
    "markup",
    "math",
    "mathjax",
    "media",
    "menu",
    "menus",
    "mermaid",
    "metadescription",
    "metatitle",
    "mobiledocid",
    "modified",
    "navorder",
    "newsletter",
    "nocomments",
    "noindex",
    "ogdescription",
    "ogimage",
    "ogtitle",
    "outputs",
    "override",
    "pagination",
    "paginationlabel",
    "params",
    "parent",
    "permalink",
    "pin",
    "pinned",
    "publishdate",
    "publishedat",
    "readingtime",
    "readtime",
    "redirectfrom",
    "redirectto",
    "related",
    "render",
    "resources",
    "robots",
    "series",
    "share",
    "sidebar",
    "sitemap",
    "slug",
    "sticky",
    "subtitle",
    "templateengineoverride",
    "thumbnail",
    "toc",
    "type",
    "updated",
];
const MORE: &[&str] = &[
    "updatedat",
    "uuid",
    "videos",
    "visibility",
    "weight",
    "twitterdescription",
    "twitterimage",
    "twittertitle",
    "socialimage",
    "seotitle",
    "showtoc",
    "tocopen",
    "sidebarlabel",
    "sidebarposition",
    "hidetableofcontents",
    "grandparent",
    "podcast",
    "primarytag",
    "teaser",
    "abbrlink",
    "readmore",
    "top",
    "alternateurls",
    "authorlink",
    "blogger",
    "bloggerid",
    "bloggerorigurl",
    "commentstatus",
    "copyright",
    "coveralt",
    "dateupdated",
    "dsqthreadid",
    "enablecomments",
    "extra",
    "featuredimage",
    "featuredimagealt",
    "featuredmedia",
    "generatefeed",
    "generatefeeds",
    "guid",
    "heroalt",
    "heroimagealt",
    "insearchindex",
    "insertanchorlinks",
    "license",
    "licence",
    "link",
    "moddatetime",
    "origlink",
    "originallink",
    "originalurl",
    "pagetemplate",
    "paginateby",
    "path",
    "pingstatus",
    "pingbacks",
    "postformat",
    "postid",
    "poststatus",
    "posttype",
    "pubdate",
    "pubdatetime",
    "publicationdate",
    "publishdatetime",
    "publisheddate",
    "rendertoc",
    "sortby",
    "source",
    "sourceurl",
    "taxonomies",
    "template",
    "thumb",
    "transparent",
    "updateddate",
    "wordpressid",
    "wordpressurl",
    "wppostid",
    "wpid",
    "yoast",
];

fn is_foreign(key: &str) -> bool {
    let kept = key.chars().filter(|c| !matches!(c, '-' | '_'));
    let plain: String = kept.flat_map(char::to_lowercase).collect();
    KEYS.contains(&plain.as_str()) || MORE.contains(&plain.as_str())
}

/// Takes these keys out of a front matter. `ignored` are those of which nothing is to be said.
pub(super) fn take(table: &mut Table, ignored: &[String]) {
    let is_ignored = |key: &str| ignored.iter().any(|known| known == key);
    let taken = table.take_those(|key| is_ignored(key) || is_foreign(key));
    let told: Vec<&Located<String>> =
        taken.iter().map(|(key, _)| key).filter(|key| !is_ignored(&key.value)).collect();
    let Some(first) = told.first() else { return };
    let names: Vec<&str> = told.iter().map(|key| key.value.as_str()).collect();
    let (are, them) = if names.len() == 1 { ("is", "it") } else { ("are", "them") };
    let what =
        format!("{} {are} for another program; nothing comes of {them} here", names.join(", "));
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    let problem =
        Diagnostic::warning("key-foreign", what).at(table.place(&first.span)).help(format!(
            "if that is right, write in digest.toml: [articles] ignore_keys = [{}]",
            quoted.join(", ")
        ));
    table.report(problem);
}

/// `draft: true`, `published: false`, `status: draft`: another program would not show the article.
pub(super) fn draft(table: &mut Table) {
    let keys = ["draft", "published", "status"];
    let says_no = |key: &str, value: &ValueKind| match (key, value) {
        ("draft", ValueKind::Bool(is_draft)) => *is_draft,
        ("published", ValueKind::Bool(is_published)) => !is_published,
        ("draft", ValueKind::Text(text)) => matches!(text.as_str(), "yes" | "True" | "TRUE"),
        ("status", ValueKind::Text(text)) => {
            matches!(text.to_lowercase().as_str(), "draft" | "private" | "scheduled")
        }
        _ => false,
    };
    for (key, value) in table.take_those(|key| keys.contains(&key)) {
        if says_no(&key.value, &value.value) {
            let problem = Diagnostic::error("article-draft", "this article is still a draft")
                .at(table.place(&key.span))
                .help(format!("delete {}, or leave the article out of this issue", key.value));
            table.report(problem);
        }
    }
}
