//! What has been prepared, kept in a folder, so that it is prepared once.
//!
//! A file's name is the hash of the original, the width and the version of the settings; its first
//! line holds the hash of the rest, so that a damaged file is noticed and made again. The folder can
//! be deleted at any time, and may be one that cannot be written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{PictureFormat, Prepared, Wish};
use crate::crypto;
use crate::files;

/// Part of each name: another number wherever the same original becomes other bytes.
const SETTINGS: u32 = 1;
/// No prepared picture is larger: an original may have 32 MB.
const MAX_BYTES: u64 = 33 * 1024 * 1024;

/// A folder of prepared pictures.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
    folder: PathBuf,
}

impl Cache {
    /// The cache of the publication at `root`.
    pub fn of(root: &Path) -> Cache {
        Cache { root: root.to_owned(), folder: root.join(".digest").join("pictures") }
    }

    /// What was kept under `key`, if it is whole.
    pub(super) fn find(&self, key: &str) -> Option<Prepared> {
        let file = files::read_inside(&self.root, &self.folder.join(key), MAX_BYTES).ok()?;
        let end = memchr::memchr(b'\n', &file)?;
        let line = std::str::from_utf8(&file[..end]).ok()?;
        let words: Vec<&str> = line.split(' ').collect();
        let [hash, kind, width, height, as_it_is] = words[..] else { return None };
        let rest = &file[end + 1..];
        if hash != checksum(&words[1..], rest) {
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
    pub(super) fn keep(&self, key: &str, prepared: &Prepared) {
        let _ = self.try_keep(key, prepared);
    }

    fn try_keep(&self, key: &str, prepared: &Prepared) -> std::io::Result<()> {
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
        let line = format!("{} {}\n", checksum(&words, rest), words.join(" "));
        let draft = self.folder.join(format!("{key}.{}.draft", std::process::id()));
        let _ = fs::remove_file(&draft);
        let written = create(&draft).and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.write_all(rest)?;
            fs::rename(&draft, self.folder.join(key))
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
pub(super) fn key(wish: &Wish<'_>) -> String {
    let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([wish.bytes])[..20]);
    format!("{hash}-{}-{SETTINGS}", wish.width)
}

fn checksum(words: &[&str], rest: &[u8]) -> String {
    let words = words.join(" ");
    data_encoding::HEXLOWER.encode(&crypto::sha256([words.as_bytes(), b"\n", rest]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_until_a_byte_of_it_changes() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::of(dir.path());
        let bytes: Arc<[u8]> = Arc::from(b"line\nline \xff".as_slice());
        let made = Prepared { format: PictureFormat::Png, width: 3, height: 2, bytes: Some(bytes) };
        let as_it_is = Prepared { format: PictureFormat::Gif, width: 3, height: 2, bytes: None };
        assert_eq!(cache.find("a"), None);
        cache.keep("a", &made);
        cache.keep("b", &as_it_is);
        assert_eq!(cache.find("a"), Some(made));
        assert_eq!(cache.find("b"), Some(as_it_is));

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
}
