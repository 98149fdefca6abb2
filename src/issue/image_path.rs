//! The ways in which people and programs write the path of a picture, and the file that is meant.
//!
//! An editor inserts `my%20photo.png`, a Mac keeps the letters of a name in parts where the text has
//! them whole, a word processor puts curly quotes around. Must never list a folder outside of the
//! publication: whoever may write an article would learn what is there.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use icu_normalizer::ComposingNormalizerBorrowed;
use percent_encoding::percent_decode_str;

use crate::diagnostic::nearest;

/// Files of a folder that are looked at, and of all folders of one search.
const MOST: usize = 5_000;
const MOST_IN_ALL: usize = 10_000;
/// Folders below the article's own in which a file of the same name is looked for.
const FOLDERS: usize = 100;

/// What `reference`, which names no file as it stands, may mean, the likeliest first.
pub(super) fn spellings(root: &Path, folder: &Path, reference: &str) -> Vec<String> {
    let bare =
        reference.trim().trim_matches(['"', '\'', '“', '”', '‘', '’', '„', '«', '»', '<', '>']);
    let slashed = bare.replace('\\', "/");
    let mut found = Vec::new();
    for text in [bare, &slashed] {
        let decoded = percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
        found.extend(decoded.ok().into_iter().chain([text.to_owned()]));
    }
    let on_disk: Vec<String> =
        found.iter().filter_map(|text| as_on_disk(root, folder, text)).collect();
    found.extend(on_disk);
    found.retain(|text| text != reference);
    found.dedup();
    found
}

fn composed(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfc().normalize(name).into_owned()
}

/// The names in a folder of the publication.
fn names(root: &Path, folder: &Path) -> Vec<String> {
    let inside = folder.canonicalize().is_ok_and(|real| real.starts_with(root));
    let Some(entries) = inside.then(|| std::fs::read_dir(folder).ok()).flatten() else {
        return Vec::new();
    };
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names.take(MOST).collect();
    names.sort();
    names
}

/// The path with each name as the disk has it, where letters are put together in another way.
fn as_on_disk(root: &Path, folder: &Path, reference: &str) -> Option<String> {
    if reference.is_ascii() {
        return None;
    }
    let mut here = folder.to_owned();
    let mut found = Vec::new();
    for part in reference.split('/') {
        let same = |name: &String| composed(name) == composed(part);
        let is_there = part.is_ascii() || here.join(part).exists();
        let name =
            if is_there { part.to_owned() } else { names(root, &here).into_iter().find(same)? };
        here.push(&name);
        found.push(name);
    }
    Some(found.join("/"))
}

/// The path of the picture that may be meant by one that is not there.
pub(super) fn meant(root: &Path, folder: &Path, reference: &str) -> Option<String> {
    let clean = spellings(root, folder, reference).into_iter().next();
    let clean = clean.unwrap_or_else(|| reference.to_owned()).replace('\\', "/");
    let relative = clean.trim_start_matches('/');
    let (within, name) = relative.rsplit_once('/').unwrap_or(("", relative));
    let listed = names(root, &folder.join(within));
    if let Some(found) = similar(name, &listed) {
        return Some(joined(within, found));
    }
    // The file may lie in another folder of the issue, or of the whole publication.
    let same = |(at, names): (PathBuf, Vec<String>)| {
        let found = similar(name, &names)?;
        let at = at.strip_prefix(folder).ok()?.to_string_lossy().into_owned();
        Some(joined(&at, found))
    };
    let below = folders_below(root, folder).into_iter().find_map(same);
    below.or_else(|| {
        let at = root.join(within);
        let found = similar(name, &names(root, &at))?;
        let up = folder.strip_prefix(root).ok()?.components().count();
        Some(format!("{}{}", "../".repeat(up), joined(within, found)))
    })
}

fn joined(folder: &str, name: String) -> String {
    if folder.is_empty() { name } else { format!("{folder}/{name}") }
}

/// The folder itself, and those below, with the names in each.
fn folders_below(root: &Path, folder: &Path) -> Vec<(PathBuf, Vec<String>)> {
    let (mut waiting, mut found) = (VecDeque::from([folder.to_owned()]), Vec::new());
    let mut left = MOST_IN_ALL;
    while let Some(here) = waiting.pop_front() {
        let mut names = names(root, &here);
        names.truncate(left);
        left -= names.len();
        for path in names.iter().map(|name| here.join(name)) {
            // A link may lead back up, and round and round.
            if found.len() + waiting.len() < FOLDERS && path.is_dir() && !path.is_symlink() {
                waiting.push_back(path);
            }
        }
        found.push((here, names));
    }
    found
}

/// A name of a picture like `name`: with other capitals, another ending, or a slip in it.
fn similar(name: &str, listed: &[String]) -> Option<String> {
    let is_picture = |name: &&String| {
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        ["png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "bmp", "tif", "tiff", "heic"]
            .contains(&ending.as_str())
    };
    let stem = |name: &str| {
        let name = composed(name).to_lowercase();
        name.rsplit_once('.').map_or(name.clone(), |(stem, _)| stem.to_owned())
    };
    let pictures: Vec<&String> = listed.iter().filter(is_picture).collect();
    let same = |other: &&&String| composed(other).to_lowercase() == composed(name).to_lowercase();
    let like = |other: &&&String| stem(other) == stem(name);
    let found = pictures.iter().find(same).or_else(|| pictures.iter().find(like));
    let found = found.map(|found| found.as_str());
    found.or_else(|| nearest(name, pictures.iter().map(|name| name.as_str()))).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_path_is_found_however_it_is_spelt() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let folder = root.join("issues/1");
        fs::create_dir_all(folder.join("images")).unwrap();
        let apart = "images/\u{1107}\u{116e}\u{1109}\u{1161}\u{11ab}.png";
        for name in ["images/my photo.png", "images/a%20b.png", apart] {
            fs::write(folder.join(name), "").unwrap();
        }
        let found = |reference: &str| {
            let all = spellings(&root, &folder, reference);
            all.into_iter().find(|path| folder.join(path).is_file())
        };
        for (reference, file) in [
            ("images/my%20photo.png", Some("images/my photo.png")),
            ("“images/my photo.png”", Some("images/my photo.png")),
            ("\"images/my%20photo.png\"", Some("images/my photo.png")),
            ("images\\my photo.png", Some("images/my photo.png")),
            ("images/부산.png", Some(apart)),
            ("images/%EB%B6%80%EC%82%B0.png", Some(apart)),
            ("images/other.png", None),
        ] {
            assert_eq!(found(reference).as_deref(), file, "{reference}");
        }
    }

    #[test]
    fn a_file_that_may_be_meant_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let folder = root.join("issues/1");
        fs::create_dir_all(folder.join("images/deep")).unwrap();
        fs::create_dir_all(root.join("theme")).unwrap();
        for name in ["images/Quay.JPG", "images/deep/boat.png", "images/notes.txt"] {
            fs::write(folder.join(name), "").unwrap();
        }
        fs::write(root.join("theme/logo.svg"), "").unwrap();
        fs::write(dir.path().join("theme/x.png"), "").unwrap();
        for (reference, expected) in [
            ("images/quay.jpg", Some("images/Quay.JPG")),
            ("images/qauy.jpg", Some("images/Quay.JPG")),
            ("images/quay.png", Some("images/Quay.JPG")),
            ("quay.jpg", Some("images/Quay.JPG")),
            ("/images/Quay.JPG", Some("images/Quay.JPG")),
            ("images/boat.png", Some("images/deep/boat.png")),
            ("/theme/logo.svg", Some("../../theme/logo.svg")),
            ("images/notes.txt", None),
            ("images/zebra.png", None),
        ] {
            assert_eq!(meant(&root, &folder, reference).as_deref(), expected, "{reference}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_folder_outside_is_listed() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("publication");
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(dir.path().join("secrets")).unwrap();
        fs::write(dir.path().join("secrets/plan.png"), "").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secrets"), root.join("out")).unwrap();
        for reference in ["out/plam.png", "../secrets/plam.png", "plan.png"] {
            assert_eq!(meant(&root, &root, reference), None, "{reference}");
        }
    }
}
