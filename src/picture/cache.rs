//! What has been prepared, kept in a folder, so that it is prepared once.
//!
//! A file's name is the hash of the original, the width and the version of the settings. Its first
//! line holds a code over the name and the rest, made with the publication's secret. So a file that
//! is damaged, or that came with a pull request, is never taken for a picture. Without a secret,
//! nothing is found and nothing is kept. The folder can be deleted at any time, and may be one that
//! cannot be written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PictureFormat, Prepared, Wish};
use crate::crypto::{self, Key};
use crate::files;

/// Part of each name: another number wherever the same original becomes other bytes.
const SETTINGS: u32 = 2;
/// No prepared picture is larger: an original may have 32 MB.
const MAX_BYTES: u64 = 33 * 1024 * 1024;

/// A folder of prepared pictures.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    folder: PathBuf,
    key: Option<Key>,
}

impl Cache {
    /// The cache of the publication at `root`, for who knows its secret.
    pub fn of(root: &Path, secret: Option<&[u8]>) -> Cache {
        let folder = root.join(".digest").join("pictures");
        let key = secret.map(|secret| Key::derive(secret, "prepared pictures"));
        Cache { root: root.to_owned(), folder, key }
    }

    /// What was kept under `name`, if it is whole.
    pub(super) fn find(&self, name: &str) -> Option<Prepared> {
        let key = self.key.as_ref()?;
        let file = files::read_inside(&self.root, &self.folder.join(name), MAX_BYTES).ok()?;
        let end = memchr::memchr(b'\n', &file)?;
        let line = std::str::from_utf8(&file[..end]).ok()?;
        let words: Vec<&str> = line.split(' ').collect();
        let [code, kind, width, height, as_it_is] = words[..] else { return None };
        let rest = &file[end + 1..];
        if !crypto::equal(code.as_bytes(), authentic(key, name, &words[1..], rest).as_bytes()) {
            return None;
        }
        let formats = [PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Gif];
        Some(Prepared {
            format: formats.into_iter().find(|format| format.extension() == kind)?,
            width: width.parse().ok()?,
            height: height.parse().ok()?,
            bytes: (as_it_is == "made").then(|| Arc::from(rest)),
        })
    }

    /// Keeps a picture. A cache that cannot be written costs time and nothing else, so nobody is
    /// told.
    pub(super) fn keep(&self, name: &str, prepared: &Prepared) {
        if let Some(key) = &self.key {
            let _ = self.try_keep(key, name, prepared);
        }
    }

    fn try_keep(&self, key: &Key, name: &str, prepared: &Prepared) -> std::io::Result<()> {
        let above = self.folder.parent().unwrap_or(Path::new("."));
        if [above, &self.folder].iter().any(|folder| folder.is_symlink()) {
            return Err(std::io::Error::other("a link may lead anywhere"));
        }
        make_folder(&self.folder)?;
        // Git leaves out the whole folder, whatever the publication's own list says.
        let ignored = above.join(".gitignore");
        if ignored.symlink_metadata().is_err() {
            create(&ignored)?.write_all(b"*\n")?;
        }
        let rest = prepared.bytes.as_deref().unwrap_or_default();
        let (width, height) = (prepared.width.to_string(), prepared.height.to_string());
        let what = if prepared.bytes.is_some() { "made" } else { "as-it-is" };
        let words = [prepared.format.extension(), &width, &height, what];
        let line = format!("{} {}\n", authentic(key, name, &words, rest), words.join(" "));
        let draft = self.folder.join(format!("{name}.{}.draft", std::process::id()));
        let _ = fs::remove_file(&draft);
        let written = create(&draft).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.write_all(rest)?;
            fs::rename(&draft, self.folder.join(name))
        });
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

/// Everybody may read prepared pictures, as they may see the issue; only the owner writes them.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.recursive(true).create(folder)
}

fn create(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.write(true).create_new(true).open(path)
}

/// The name under which the answer to `wish` is kept.
pub(super) fn name(wish: &Wish<'_>) -> String {
    let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([wish.bytes])[..20]);
    format!("{hash}-{}-{SETTINGS}", wish.width)
}

fn authentic(key: &Key, name: &str, words: &[&str], rest: &[u8]) -> String {
    let words = words.join(" ");
    let code = key.authenticate(&[name.as_bytes(), words.as_bytes(), rest]);
    data_encoding::HEXLOWER.encode(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_until_a_byte_of_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::of(dir.path(), Some(b"a secret"));
        let bytes: Arc<[u8]> = Arc::from(b"line\nline \xff".as_slice());
        let made = Prepared { format: PictureFormat::Png, width: 3, height: 2, bytes: Some(bytes) };
        let as_it_is = Prepared { format: PictureFormat::Gif, width: 3, height: 2, bytes: None };
        assert_eq!(cache.find("a"), None);
        cache.keep("a", &made);
        cache.keep("b", &as_it_is);
        assert_eq!(cache.find("a"), Some(made));
        assert_eq!(cache.find("b"), Some(as_it_is));
        // Another picture's place, another secret, none at all.
        fs::copy(dir.path().join(".digest/pictures/a"), dir.path().join(".digest/pictures/c"))
            .unwrap();
        assert_eq!(cache.find("c"), None);
        assert_eq!(Cache::of(dir.path(), Some(b"another")).find("a"), None);
        assert_eq!(Cache::of(dir.path(), None).find("a"), None);

        let path = dir.path().join(".digest/pictures/a");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.find("a"), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.find("a"), None, "cut at {at}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_link_in_the_cache_is_followed() {
        use std::os::unix::fs::symlink;
        let picture = Prepared { format: PictureFormat::Gif, width: 3, height: 2, bytes: None };
        for link in [".digest", ".digest/pictures", ".digest/.gitignore"] {
            let dir = tempfile::tempdir().unwrap();
            let (root, other) = (dir.path().join("root"), dir.path().join("other"));
            fs::create_dir_all(root.join(link).parent().unwrap()).unwrap();
            if !link.ends_with("ignore") {
                fs::create_dir(&other).unwrap();
            }
            symlink(&other, root.join(link)).unwrap();
            Cache::of(&root, Some(b"a secret")).keep("a", &picture);
            let made = fs::read_dir(&other).map_or(0, Iterator::count);
            assert!(made == 0 && !other.is_file(), "{link}");
        }
    }
}
