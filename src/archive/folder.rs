//! Pages in a folder, for any web server: written where they differ from what is there, and a list of
//! what was written beside them.
//!
//! Must never change or delete a file that it did not write.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use serde::{Deserialize, Serialize};

use super::card::ArchiveCard;
use super::{ArchivePages, ArchiveSite};
use crate::crypto;

/// The list of what was written, in the folder itself.
pub const LIST: &str = ".digest-archive.json";

/// What stands where a page was that the site does not have any more.
const MOVED: &str = "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>→</title>\
    <meta name=\"robots\" content=\"noindex\"><link rel=\"canonical\" href=\"../\">\
    <meta http-equiv=\"refresh\" content=\"0;url=../\"></head><body><a href=\"../\">→</a></body></html>";

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WrittenList {
    /// What the pages were made of; empty while they are being written.
    key: String,
    /// Where they belong.
    pub(super) base_url: String,
    /// The path of that.
    pub(super) path: String,
    /// Each file by its path, with its SHA-256 and its size; before the SHA-256 of a card stands what it
    /// was drawn of.
    pub(super) files: BTreeMap<String, (String, u64)>,
}

/// What has become of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuiltFolder {
    /// Pages and pictures that the site has.
    pub files: usize,
    /// Those that were new or had changed.
    pub written: usize,
    /// Those that were of no issue any more.
    pub removed: usize,
    /// Pictures that are nowhere, by their paths.
    pub missing: Vec<String>,
}

/// A site cannot be written, or looked at.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system's words.
    #[error("{0} cannot be written: {1}")]
    Unwritten(PathBuf, io::Error),
    /// The system's words.
    #[error("{0} cannot be read: {1}")]
    Unread(PathBuf, io::Error),
    /// Somebody else's file stands where a page belongs.
    #[error("{0} is there already, and `digest archive build` has not written it")]
    Foreign(PathBuf),
    /// There is no site in the folder.
    #[error("{0} was not written by `digest archive build`")]
    NoSite(PathBuf),
    /// Something leads out of the folder.
    #[error("{0} is a link, and may lead to another folder")]
    Link(PathBuf),
}

impl FolderError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            FolderError::Unwritten(..) | FolderError::Unread(..) => {
                "look at the folder's permissions and the free space"
            }
            FolderError::Foreign(_) => "name a folder that is empty or new, or move this file away",
            FolderError::NoSite(_) => "run `digest archive build -o` with this folder first",
            FolderError::Link(_) => "remove the link, or name another folder",
        }
    }
}

/// The file of a page.
fn file_of(path: &str) -> String {
    match path {
        path if path.is_empty() || path.ends_with('/') => format!("{path}index.html"),
        path => path.to_owned(),
    }
}

/// Whether a path stays in the folder.
pub(super) fn is_inside(path: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    !path.contains(['\\', '\0', ':']) && path.split('/').all(is_plain)
}

fn hash(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&crypto::sha256([bytes]))
}

/// What was written to the folder, if anything was.
pub(super) fn list(folder: &Path) -> Option<WrittenList> {
    serde_json::from_slice(&fs::read(folder.join(LIST)).ok()?).ok()
}

/// Whether the folder has all that is made of what `key` stands for. Looks at sizes, and reads no file.
pub fn is_current(folder: &Path, key: &str) -> Option<BuiltFolder> {
    let list = list(folder).filter(|list| list.key == key)?;
    let has = |(path, (_, size)): (&String, &(String, u64))| {
        fs::metadata(folder.join(path)).is_ok_and(|file| file.is_file() && file.len() == *size)
    };
    let is_whole = list.files.iter().all(has);
    is_whole.then(|| BuiltFolder { files: list.files.len(), ..BuiltFolder::default() })
}

/// Brings the folder to these pages, which are made of what `key` stands for. `picture` gives the bytes
/// of a picture by its path and hash, `card` draws one.
///
/// # Errors
/// A [`FolderError`]; then the next build goes on where this one ended.
pub fn write(
    folder: &Path,
    site: &ArchiveSite,
    key: &str,
    pages: &ArchivePages,
    picture: &dyn Fn(&str, &str) -> Option<Vec<u8>>,
    card: &(dyn Fn(&ArchiveCard) -> Option<Vec<u8>> + Sync),
) -> Result<BuiltFolder, FolderError> {
    let before = list(folder).unwrap_or_default();
    let mut writing = FolderWriting {
        folder,
        built: BuiltFolder::default(),
        files: BTreeMap::new(),
        made: BTreeSet::new(),
        before: &before,
    };
    let unwritten = |path: &Path| {
        let path = path.to_owned();
        move |error| FolderError::Unwritten(path, error)
    };
    fs::create_dir_all(folder).map_err(unwritten(folder))?;
    let all: BTreeMap<String, &[u8]> = pages
        .pages
        .iter()
        .map(|(path, page)| (file_of(path), &page.bytes[..]))
        .filter(|(path, _)| is_inside(path))
        .collect();
    writing.are_ours(&all)?;
    // Whatever happens from here on, the next build knows these files for ours.
    let mut meanwhile = before.files.clone();
    let others = pages.pictures.keys().chain(pages.cards.keys()).filter(|path| is_inside(path));
    for path in all.keys().chain(others) {
        meanwhile.entry(path.clone()).or_default();
    }
    let of_site = |key: &str, files| WrittenList {
        key: key.to_owned(),
        base_url: site.base_url.clone(),
        path: site.path.clone(),
        files,
    };
    note(folder, &of_site("", meanwhile))?;
    for (path, bytes) in &all {
        writing.file(path, bytes)?;
    }
    writing.pictures(pages, picture)?;
    writing.cards(pages, card)?;
    writing.gone(&all)?;
    let FolderWriting { built, files, .. } = writing;
    // What lacks a picture is looked at again.
    let key = if built.missing.is_empty() { key } else { "" };
    note(folder, &of_site(key, files))?;
    Ok(built)
}

fn note(folder: &Path, list: &WrittenList) -> Result<(), FolderError> {
    let path = folder.join(LIST);
    let text = serde_json::to_vec(list).unwrap_or_default();
    replace(&path, &text).map_err(|error| FolderError::Unwritten(path.clone(), error))
}

/// Writes beside its place and moves there: a visitor never gets half a page. It is not forced to the
/// disk, because the next build writes again what a crash has lost.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".draft");
    let draft = path.with_file_name(name);
    fs::write(&draft, bytes)?;
    fs::rename(&draft, path)
}

struct FolderWriting<'a> {
    folder: &'a Path,
    built: BuiltFolder,
    files: BTreeMap<String, (String, u64)>,
    /// Folders that are known to be there.
    made: BTreeSet<PathBuf>,
    before: &'a WrittenList,
}

impl FolderWriting<'_> {
    /// Nothing of somebody else's stands where a page belongs.
    fn are_ours(&self, all: &BTreeMap<String, &[u8]>) -> Result<(), FolderError> {
        for (path, bytes) in all {
            let place = self.folder.join(path);
            let is_known = self.before.files.contains_key(path);
            if !is_known && fs::read(&place).is_ok_and(|there| there != *bytes) {
                return Err(FolderError::Foreign(place));
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let own = (hash(bytes), bytes.len() as u64);
        self.built.files += 1;
        let place = self.folder.join(path);
        let size = fs::metadata(&place).ok().map(|file| file.len());
        if self.before.files.get(path) != Some(&own) || size != Some(own.1) {
            self.put(&place, bytes)?;
        }
        self.files.insert(path.to_owned(), own);
        Ok(())
    }

    fn put(&mut self, place: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let failed = |error| FolderError::Unwritten(place.to_owned(), error);
        if let Some(above) = place.parent().filter(|above| !self.made.contains(*above)) {
            let within = above.ancestors().take_while(|one| *one != self.folder);
            if let Some(link) = within.filter(|one| one.is_symlink()).last() {
                return Err(FolderError::Link(link.to_owned()));
            }
            fs::create_dir_all(above).map_err(failed)?;
            self.made.insert(above.to_owned());
        }
        replace(place, bytes).map_err(failed)?;
        self.built.written += 1;
        Ok(())
    }

    fn pictures(
        &mut self,
        pages: &ArchivePages,
        picture: &dyn Fn(&str, &str) -> Option<Vec<u8>>,
    ) -> Result<(), FolderError> {
        for (path, hash) in pages.pictures.iter().filter(|(path, _)| is_inside(path)) {
            let place = self.folder.join(path);
            let known = self.before.files.get(path).filter(|(known, _)| known == hash);
            let is_there = |size: u64| fs::metadata(&place).is_ok_and(|file| file.len() == size);
            if let Some(known) = known.filter(|(_, size)| is_there(*size)) {
                self.files.insert(path.clone(), known.clone());
                self.built.files += 1;
                continue;
            }
            match picture(path, hash) {
                Some(bytes) => self.file(path, &bytes)?,
                None => self.built.missing.push(path.clone()),
            }
        }
        Ok(())
    }

    /// Draws the cards that are not there, on as many threads as the machine has processors.
    fn cards(
        &mut self,
        pages: &ArchivePages,
        draw: &(dyn Fn(&ArchiveCard) -> Option<Vec<u8>> + Sync),
    ) -> Result<(), FolderError> {
        let mut lacking = Vec::new();
        for (path, card) in pages.cards.iter().filter(|(path, _)| is_inside(path)) {
            let place = self.folder.join(path);
            let is_there = |size: u64| fs::metadata(&place).is_ok_and(|file| file.len() == size);
            let known = self.before.files.get(path);
            let drawn_of = |known: &str| known.split_once(' ').map(|(key, _)| key.to_owned());
            let known = known.filter(|(known, _)| drawn_of(known).as_ref() == Some(&card.key));
            match known.filter(|(_, size)| is_there(*size)) {
                Some(known) => {
                    self.files.insert(path.clone(), known.clone());
                    self.built.files += 1;
                }
                None => lacking.push((path, card)),
            }
        }
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from).min(lacking.len());
        let (drawn, done) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..threads {
                let drawn = drawn.clone();
                let (next, lacking) = (&next, &lacking);
                scope.spawn(move || {
                    while let Some((path, card)) = lacking.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        // Nobody waits for it once another card could not be written.
                        if drawn.send((*path, &card.key, draw(card))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(drawn);
            // By value: whoever still draws ends when this is dropped.
            let done: mpsc::Receiver<_> = done;
            done.into_iter().try_for_each(|(path, key, bytes)| self.card(path, key, bytes))
        })
    }

    fn card(&mut self, path: &str, key: &str, bytes: Option<Vec<u8>>) -> Result<(), FolderError> {
        let Some(bytes) = bytes else {
            self.built.missing.push(path.to_owned());
            return Ok(());
        };
        let place = self.folder.join(path);
        let is_known = self.before.files.contains_key(path);
        if !is_known && fs::read(&place).is_ok_and(|there| there != bytes) {
            return Err(FolderError::Foreign(place));
        }
        self.file(path, &bytes)?;
        if let Some((hash, _)) = self.files.get_mut(path) {
            *hash = format!("{key} {hash}");
        }
        Ok(())
    }

    /// A page that is gone leads to its issue, where that is still there; other files are removed, if
    /// they are as they were written. Pictures stay: mail that was sent shows them.
    fn gone(&mut self, all: &BTreeMap<String, &[u8]>) -> Result<(), FolderError> {
        for (path, (known, size)) in &self.before.files {
            if self.files.contains_key(path) || known.is_empty() {
                continue;
            }
            let place = self.folder.join(path);
            let is_page = [".html", ".xml", ".json", ".css", ".js", ".txt"];
            let card = known.split_once(' ').map(|(_, hash)| hash);
            if card.is_none() && !is_page.iter().any(|end| path.ends_with(end)) {
                if fs::metadata(&place).is_ok_and(|file| file.len() == *size) {
                    self.files.insert(path.clone(), (known.clone(), *size));
                }
                continue;
            }
            if issue_of(path).is_some_and(|issue| all.contains_key(&issue)) {
                self.file(path, MOVED.as_bytes())?;
                continue;
            }
            let known = card.unwrap_or(known);
            if fs::read(&place).is_ok_and(|there| hash(&there) == known) {
                fs::remove_file(&place)
                    .map_err(|error| FolderError::Unwritten(place.clone(), error))?;
                self.built.removed += 1;
                let above = place.ancestors().skip(1).take_while(|one| *one != self.folder);
                // A folder that has something else in it stays.
                let _ = above.map(fs::remove_dir).take_while(Result::is_ok).count();
            }
        }
        Ok(())
    }
}

/// The page of the issue that an article's page belongs to.
fn issue_of(path: &str) -> Option<String> {
    let mut parts = path.strip_prefix("issues/")?.split('/');
    let (issue, _, file, end) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
    (file == "index.html" && end.is_none() && issue != "in")
        .then(|| format!("issues/{issue}/index.html"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{ArchivePage, PageKind};
    use crate::compose::theme::Theme;

    fn site() -> ArchiveSite {
        ArchiveSite {
            name: "Digest".to_owned(),
            language: "en".to_owned(),
            organization: None,
            contact: "digest@x.example".to_owned(),
            base_url: "https://x.example".to_owned(),
            path: String::new(),
            has_form: false,
            theme: Theme::default(),
            faces: None,
        }
    }

    fn pages(these: &[(&str, &str)]) -> ArchivePages {
        let page = |text: &str| ArchivePage { kind: PageKind::Html, bytes: text.into() };
        ArchivePages {
            pages: these.iter().map(|(path, text)| ((*path).to_owned(), page(text))).collect(),
            ..ArchivePages::default()
        }
    }

    fn built(folder: &Path, key: &str, these: &[(&str, &str)]) -> Result<BuiltFolder, FolderError> {
        write(folder, &site(), key, &pages(these), &|_, _| None, &|_| None)
    }

    #[test]
    fn only_what_has_changed_is_written_and_what_is_gone_goes() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("site");
        let first =
            [("", "home"), ("issues/1/", "one"), ("issues/1/a/", "a"), ("issues/2/", "two")];
        assert_eq!(built(&folder, "k", &first).unwrap().written, 4);
        assert!(is_current(&folder, "k").is_some() && is_current(&folder, "l").is_none());
        assert_eq!(built(&folder, "k", &first).unwrap().written, 0);
        fs::write(folder.join("mine.html"), "mine").unwrap();
        let now = built(&folder, "l", &[("", "home"), ("issues/1/", "uno")]).unwrap();
        assert_eq!((now.files, now.written, now.removed), (3, 2, 1));
        assert!(!folder.join("issues/2").exists() && folder.join("mine.html").exists());
        let moved = fs::read_to_string(folder.join("issues/1/a/index.html")).unwrap();
        assert!(moved.contains("url=../"), "{moved}");
        // It stays so, and costs nothing.
        assert_eq!(built(&folder, "l", &[("", "home"), ("issues/1/", "uno")]).unwrap().written, 0);
        fs::remove_file(folder.join("index.html")).unwrap();
        assert!(is_current(&folder, "l").is_none());
    }

    #[test]
    fn a_build_that_was_cut_off_is_gone_on_with() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("site");
        fs::create_dir_all(folder.join("issues/2/index.html")).unwrap();
        let first = [("", "home"), ("issues/1/", "one"), ("issues/2/", "two")];
        assert!(built(&folder, "k", &first).is_err());
        assert_eq!(fs::read_to_string(folder.join("index.html")).unwrap(), "home");
        assert!(is_current(&folder, "k").is_none());
        fs::remove_dir(folder.join("issues/2/index.html")).unwrap();
        let later = [("", "other"), ("issues/1/", "one"), ("issues/2/", "two")];
        assert_eq!(built(&folder, "l", &later).unwrap().files, 3);
        assert_eq!(fs::read_to_string(folder.join("index.html")).unwrap(), "other");
    }

    #[test]
    fn what_somebody_else_wrote_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("index.html"), "mine").unwrap();
        let error = built(dir.path(), "k", &[("", "home")]).unwrap_err();
        assert!(matches!(error, FolderError::Foreign(_)), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join("index.html")).unwrap(), "mine");
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("site");
        built(&folder, "k", &[("issues/1/../../../x/", "out"), ("/etc/x", "out")]).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "the list alone");
    }
}
