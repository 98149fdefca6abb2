//! Parameters that say where a reader came from by their value: the same names mean something else
//! on other sites, as `ref` does where programs are kept.

/// Values of `ref`, `source`, `src` and the like that name a newsletter or a network.
const FROM: [&str; 23] = [
    "newsletter",
    "news-letter",
    "email",
    "e-mail",
    "mail",
    "mailing",
    "mailinglist",
    "digest",
    "twitter",
    "facebook",
    "linkedin",
    "instagram",
    "mastodon",
    "bluesky",
    "reddit",
    "hackernews",
    "hn",
    "producthunt",
    "ph",
    "rss",
    "feed",
    "substack",
    "social",
];
/// Names that have such a value.
const NAMES: [&str; 6] = ["ref", "referrer", "referer", "source", "src", "via"];
/// Names that have no other use, with the start of a value where only such have none.
const ALWAYS: [(&str, &str); 8] = [
    ("ref_src", ""),
    ("ref_url", ""),
    ("refsrc", ""),
    ("feature", "youtu.be"),
    ("feature", "emb_"),
    ("feature", "share"),
    ("share_source", ""),
    ("rss_source", ""),
];

/// Whether a part of a query, `name=value`, says where a reader came from.
pub(super) fn says_from_where(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let (name, value) = (name.to_ascii_lowercase(), value.to_ascii_lowercase());
    let is_always = |(known, start): &(&str, &str)| name == *known && value.starts_with(start);
    // Ghost writes the site of the newsletter: `ref=quay.example`.
    let is_site = name == "ref" && {
        let end = value.rsplit_once('.').map_or("", |(_, end)| end);
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
        end.len() > 1
            && end.bytes().all(|byte| byte.is_ascii_alphabetic())
            && value.chars().all(is_host)
    };
    let is_from = NAMES.contains(&name.as_str())
        && FROM.iter().any(|from| {
            value
                .strip_prefix(from)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_', '+', '%', '.']))
        });
    ALWAYS.iter().any(is_always) || is_site || is_from
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_by_its_value() {
        for pair in [
            "ref_src=twsrc%5Etfw",
            "ref=newsletter",
            "ref=newsletter-12",
            "REF=Newsletter",
            "ref=quay.example",
            "source=email",
            "src=rss",
            "via=twitter",
            "feature=youtu.be",
            "feature=emb_logo",
        ] {
            assert!(says_from_where(pair), "{pair}");
        }
        for pair in [
            "ref=main",
            "ref=v1.2.3",
            "ref=release-1.x",
            "ref=heads/news.txt",
            "ref=",
            "source=code",
            "src=a.png",
            "from=2025-11-05",
            "feature=42",
            "refsrc2=a",
            "q=newsletter",
            "via",
        ] {
            assert!(!says_from_where(pair), "{pair}");
        }
    }
}
