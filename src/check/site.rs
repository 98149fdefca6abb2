//! Whose site a host name belongs to, as far as its name says: `blog.quay.example` is of
//! `quay.example`, but everybody may have a `name.github.io`.
//!
//! The lists are short. A name that is not in them is taken for the end of what one owner has, so
//! that a doubt is told rather than passed over.

/// Labels below a country under which others register their names.
const SECOND: [&str; 27] = [
    "ac", "ad", "co", "com", "ed", "edu", "gen", "go", "gob", "gouv", "gov", "gr", "hs", "id",
    "lg", "ltd", "me", "mil", "mod", "ne", "net", "nhs", "or", "org", "pe", "plc", "re",
];
/// The same of Korea, where provinces have one as well.
const KOREA: [&str; 20] = [
    "kg",
    "ms",
    "es",
    "sc",
    "seoul",
    "busan",
    "daegu",
    "incheon",
    "gwangju",
    "daejeon",
    "ulsan",
    "gyeonggi",
    "gangwon",
    "chungbuk",
    "chungnam",
    "jeonbuk",
    "jeonnam",
    "gyeongbuk",
    "gyeongnam",
    "jeju",
];

/// Sites that give everybody a name below their own.
const SHARED: [&str; 42] = [
    "amazonaws.com",
    "appspot.com",
    "azurewebsites.net",
    "beehiiv.com",
    "blogspot.com",
    "carrd.co",
    "cloudfront.net",
    "codeberg.page",
    "deno.dev",
    "duckdns.org",
    "firebaseapp.com",
    "fly.dev",
    "ghost.io",
    "github.io",
    "gitlab.io",
    "glitch.me",
    "herokuapp.com",
    "hatenablog.com",
    "medium.com",
    "neocities.org",
    "netlify.app",
    "notion.site",
    "ngrok.io",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "readthedocs.io",
    "sourceforge.io",
    "sourceforge.net",
    "substack.com",
    "surge.sh",
    "tistory.com",
    "tumblr.com",
    "vercel.app",
    "web.app",
    "webflow.io",
    "weebly.com",
    "wixsite.com",
    "wordpress.com",
    "workers.dev",
    "azureedge.net",
    "windows.net",
];

/// Services where people have accounts of their own.
const SERVICES: [&str; 24] = [
    "bitbucket.org",
    "bsky.app",
    "codeberg.org",
    "facebook.com",
    "fosstodon.org",
    "github.com",
    "gitlab.com",
    "hachyderm.io",
    "instagram.com",
    "ko-fi.com",
    "linkedin.com",
    "mastodon.social",
    "medium.com",
    "mstdn.social",
    "patreon.com",
    "pinterest.com",
    "reddit.com",
    "t.me",
    "threads.net",
    "tiktok.com",
    "twitch.tv",
    "twitter.com",
    "x.com",
    "youtube.com",
];

/// Whether a host is one of the services where people have accounts.
pub(super) fn is_service(host: &str) -> bool {
    let host = host.strip_prefix("www.").unwrap_or(host);
    SERVICES.contains(&host) || host.contains("mastodon") || host.ends_with(".social")
}

/// The part of a host that one owner has registered; nothing for what many owners share.
fn registered(host: &str) -> Option<&str> {
    let from_end = |count: usize| {
        let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
        match dots.nth(count - 1) {
            Some(at) => Some(&host[at + 1..]),
            // As many labels, or fewer.
            None => (host.matches('.').count() + 1 == count).then_some(host),
        }
    };
    let two = from_end(2)?;
    let (second, top) = two.split_once('.')?;
    let is_country = top.len() == 2 && SECOND.contains(&second);
    let is_shared = SHARED.contains(&two) || top == "kr" && KOREA.contains(&second);
    if is_country || is_shared { from_end(3) } else { Some(two) }
}

/// Whether two hosts, in lower case, are of one owner.
pub(super) fn is_one_site(one: &str, other: &str) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let (one, other) = (bare(one), bare(other));
    one == other || registered(&one).is_some_and(|own| registered(&other) == Some(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subdomain_is_of_its_domain_and_a_shared_name_is_not() {
        for (one, other) in [
            ("plover.com", "blog.plover.com"),
            ("blog.plover.com", "plover.com"),
            ("a.quay.co.uk", "b.c.quay.co.uk"),
            ("quay.or.kr", "www.quay.or.kr"),
            ("quay.seoul.kr", "m.quay.seoul.kr"),
            ("gull.github.io", "www.gull.github.io"),
            ("www.quay.example", "quay.example"),
            ("localhost", "localhost"),
        ] {
            assert!(is_one_site(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("paypal.com", "paypal.com.evil.example"),
            ("paypal.com", "evilpaypal.com"),
            ("gull.github.io", "tern.github.io"),
            ("github.io", "tern.github.io"),
            ("wordpress.com", "tern.wordpress.com"),
            ("co.uk", "quay.co.uk"),
            ("gull.co.kr", "tern.co.kr"),
            ("gull.go.jp", "tern.go.jp"),
            ("quay.com", "quay.org"),
            ("a.seoul.kr", "b.seoul.kr"),
            ("com", "quay.com"),
            ("", "quay.com"),
        ] {
            assert!(!is_one_site(one, other), "{one} {other}");
        }
    }

    #[test]
    fn services_are_known_by_their_names() {
        assert!(is_service("www.github.com") && is_service("mastodon.green"));
        assert!(!is_service("quay.example"));
    }
}
