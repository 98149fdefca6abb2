//! Whether every link and picture of a site in a folder leads to something that is in it. Addresses of
//! other sites are not asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use percent_encoding::percent_decode_str;

use super::SUBSCRIBE;
use super::folder::{self, FolderError, LIST};

/// A link that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokenLink {
    /// The file that has it.
    pub page: String,
    /// As it stands there.
    pub address: String,
    /// What is missing.
    pub lacks: LinkLacks,
}

/// See [`BrokenLink::lacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkLacks {
    /// The page or the picture.
    File,
    /// The place on the page.
    Place,
}

/// The broken links of the site in `folder`, and how many were looked at.
///
/// # Errors
/// [`FolderError::NoSite`]; a file of the site cannot be read.
pub fn check(folder: &Path) -> Result<(Vec<BrokenLink>, usize), FolderError> {
    let list = folder::list(folder).ok_or_else(|| FolderError::NoSite(folder.to_owned()))?;
    let mut pages: BTreeMap<String, (Vec<String>, BTreeSet<String>)> = BTreeMap::new();
    let mut files = BTreeSet::new();
    for path in list.files.keys() {
        let place = folder.join(path);
        if !place.is_file() {
            continue;
        }
        files.insert(path.clone());
        if path.ends_with(".html") {
            let text = std::fs::read(&place).map_err(|error| FolderError::Unread(place, error))?;
            let text = String::from_utf8_lossy(&text);
            let addresses = [" href=\"", " src=\"", " srcset=\""];
            let addresses = addresses.iter().flat_map(|name| values(&text, name));
            // Pictures that programs show for a link to the page.
            let shown = values(&text, " property=\"og:image\" content=\"");
            let addresses = addresses.chain(shown).collect();
            let names = [" id=\"", " name=\""].iter().flat_map(|name| values(&text, name));
            pages.insert(path.clone(), (addresses, names.collect()));
        }
    }
    let mut broken = BTreeSet::new();
    let mut looked_at = 0;
    for (page, (addresses, _)) in &pages {
        for address in addresses {
            let Some((file, place)) = target(page, address, &list.base_url, &list.path) else {
                continue;
            };
            looked_at += 1;
            let is_there = files.contains(&file) || folder.join(&file).is_file() && file != LIST;
            let has = |place: &String| {
                pages.get(&file).is_none_or(|(_, names)| place.is_empty() || names.contains(place))
            };
            let lacks = match &place {
                _ if !is_there => LinkLacks::File,
                Some(place) if !has(place) => LinkLacks::Place,
                _ => continue,
            };
            let (page, address) = (page.clone(), address.clone());
            broken.insert(BrokenLink { page, address, lacks });
        }
    }
    let gone = list.files.keys().filter(|path| !files.contains(*path));
    broken.extend(gone.map(|path| BrokenLink {
        page: path.clone(),
        address: String::new(),
        lacks: LinkLacks::File,
    }));
    Ok((broken.into_iter().collect(), looked_at))
}

/// What stands in an attribute, wherever it is in our own HTML: always between double quotes.
fn values(html: &str, name: &str) -> Vec<String> {
    let found = html.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    found.map(|value| value.replace("&amp;", "&")).collect()
}

/// The file that an address of `page` means, and the place in it; `None` for another site's.
fn target(
    page: &str,
    address: &str,
    base_url: &str,
    path: &str,
) -> Option<(String, Option<String>)> {
    let (address, place) = match address.split_once('#') {
        Some((address, place)) => (address, Some(decoded(place))),
        None => (address, None),
    };
    let address = address.split('?').next().unwrap_or_default();
    if address.is_empty() {
        return place.map(|place| (page.to_owned(), Some(place)));
    }
    let within = match address.strip_prefix(base_url) {
        Some(within) => within.strip_prefix('/').or(within.is_empty().then_some(within))?,
        None if address.starts_with("//") || address.contains(':') => return None,
        None => match address.strip_prefix('/') {
            Some(_) => address.strip_prefix(path)?.strip_prefix('/')?,
            None => return relative(page, address).map(|file| (file, place)),
        },
    };
    (within != SUBSCRIBE).then(|| (file(&decoded(within)), place))
}

fn relative(page: &str, address: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    let address = decoded(address);
    for part in address.split('/') {
        match part {
            ".." => {
                parts.pop()?;
            }
            "." => {}
            part => parts.push(part),
        }
    }
    Some(file(&parts.join("/")))
}

fn file(path: &str) -> String {
    match path {
        path if path.is_empty() || path.ends_with('/') => format!("{path}index.html"),
        path => path.to_owned(),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_means_a_file_of_the_site() {
        let (base, path) = ("https://x.example/news", "/news");
        let found = |address: &str| {
            let (file, place) = target("issues/1/index.html", address, base, path)?;
            Some(format!("{file}{}", place.map(|place| format!("#{place}")).unwrap_or_default()))
        };
        for (address, expected) in [
            ("/news/issues/", Some("issues/index.html")),
            ("/news/site.css?1", Some("site.css")),
            ("/other/", None),
            ("/news/subscribe", None),
            ("https://x.example/news/a%20b.png", Some("a b.png")),
            ("https://x.example/newspaper", None),
            ("https://y.example/", None),
            ("mailto:a@x.example", None),
            ("#a", Some("issues/1/index.html#a")),
            ("../", Some("issues/index.html")),
            ("a/#b", Some("issues/1/a/index.html#b")),
        ] {
            assert_eq!(found(address).as_deref(), expected, "{address}");
        }
    }
}
