//! Pictures: found inside the publication, opened safely, measured, and prepared for travelling.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::image_path;
use crate::crypto;
use crate::diagnostic::{Diagnostic, Place};
use crate::files::{self, FileError};
use crate::picture::{self, Cache, Measured, PictureError, PictureFormat, Wish};

/// A file larger than this is not read at all.
pub const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// A picture of the issue.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// From the publication's root, with `/`: also its path under `base_url`.
    pub path: String,
    /// Of the file: PNG, JPEG, GIF, WebP or SVG.
    pub format: PictureFormat,
    /// Pixels of the file, turned as the camera says.
    pub width: usize,
    /// Pixels of the file, turned as the camera says.
    pub height: usize,
    /// Pixels of the file for one of the page: 2 for `river@2x.png`, else 1.
    pub density: usize,
    /// The file.
    pub bytes: Arc<[u8]>,
    /// Where it is named first.
    pub place: Place,
    /// What travels, or is hosted; the file itself until [`prepare`] has made something better.
    pub sent: Sent,
}

/// A picture as readers get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Its path under `base_url`: the file's own, or one with part of its hash, so that what a
    /// sent mail refers to never changes.
    pub path: String,
    /// Its format; what `prepare` made is PNG, JPEG or GIF.
    pub format: PictureFormat,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// What travels.
    pub bytes: Arc<[u8]>,
}

impl Sent {
    /// Whether nothing can be seen through it: a JPEG, or a PNG that has neither an alpha channel
    /// nor a transparent colour.
    pub fn is_opaque(&self) -> bool {
        match self.format {
            PictureFormat::Jpeg => true,
            PictureFormat::Png => is_opaque_png(&self.bytes),
            _ => false,
        }
    }
}

/// See [`Sent::is_opaque`]. Chunks (PNG, 5.3) up to the first with pixels.
fn is_opaque_png(bytes: &[u8]) -> bool {
    // Behind the signature: length, IHDR, width, height, bits, kind of colour.
    let has_alpha = bytes.get(25).is_none_or(|kind| kind & 4 != 0);
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        match &head[4..] {
            b"IDAT" => return !has_alpha,
            b"tRNS" => return false,
            _ => rest = after.get(length.saturating_add(4)..).unwrap_or_default(),
        }
    }
    false
}

impl Image {
    /// How wide it is on a page with room for all of it, in CSS pixels.
    pub fn natural_width(&self) -> usize {
        (self.width / self.density).max(1)
    }

    /// Whether readers get other bytes than those of the author's file.
    pub fn is_prepared(&self) -> bool {
        self.sent.path != self.path
    }
}

/// Why a picture cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImageError {
    /// No such file, and the one that may be meant.
    #[error("there is no picture {0}")]
    Missing(String, Option<String>),
    /// Absolute, above the publication, or a link that leads out of it.
    #[error("{0} is outside the publication")]
    Outside(String),
    /// In a folder whose name begins with a dot, or such a file itself.
    #[error("{0} is hidden: {1} begins with a dot")]
    Hidden(String, String),
    /// A folder, a pipe, a device.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// The system's words.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// Over [`MAX_BYTES`].
    #[error("{0} cannot be used: {1}")]
    Heavy(String, String),
    /// What the file holds is no picture for an email.
    #[error("{0} {1}")]
    Picture(String, PictureError),
}

impl ImageError {
    /// What to do about it.
    pub fn help(&self) -> Cow<'static, str> {
        let help = match self {
            ImageError::Missing(_, Some(meant)) => {
                return format!("did you mean {meant}? Paths start at the article's folder").into();
            }
            ImageError::Missing(path, None) if is_of_this_computer(path) => {
                "copy the picture into the issue's folder, and write its path from there: \
                 images/photo.jpg"
            }
            ImageError::Missing(path, None) if path.contains('\\') => {
                return format!("write / between folders: {}", path.replace('\\', "/")).into();
            }
            ImageError::Missing(_, None) => {
                "check the path from the article's folder, the capital letters, and whether the \
                 file is in git"
            }
            ImageError::Outside(_) => "copy the picture into the issue's folder",
            ImageError::Hidden(..) => {
                "copy the picture into the issue's folder: programs keep their own files in hidden \
                 folders"
            }
            ImageError::NotAFile(_) => "name a PNG, JPEG or GIF file",
            ImageError::Unreadable(..) => "check the permissions of the file",
            ImageError::Heavy(..) => {
                "make it smaller: an email shows pictures 552 pixels wide, so 1104 pixels are \
                 enough"
            }
            ImageError::Picture(_, error) => error.help(),
        };
        help.into()
    }

    /// The problem, at the place that names the picture.
    pub fn diagnostic(&self, place: Place) -> Diagnostic {
        Diagnostic::error("image-file", self.to_string()).at(place).help(self.help())
    }
}

/// Whether a path begins with a drive, as those of Windows do.
fn is_of_this_computer(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphabetic) && bytes.get(1) == Some(&b':')
}

/// Prepares each picture for the width in CSS pixels at which it is shown, and says which cannot
/// be decoded. `made` is told how many of how many are done that the cache did not have.
pub fn prepare(
    images: &mut [Image],
    widths: &[usize],
    cache: &Cache,
    made: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Diagnostic> {
    let wishes: Vec<Wish<'_>> = images
        .iter()
        .zip(widths)
        .map(|(image, width)| Wish {
            bytes: &image.bytes,
            measured: Measured { format: image.format, width: image.width, height: image.height },
            width: *width,
        })
        .collect();
    let prepared = picture::prepare(&wishes, cache, made);
    let mut problems = Vec::new();
    for (image, prepared) in images.iter_mut().zip(prepared) {
        match prepared {
            Ok(prepared) => {
                let path = image.path.clone();
                let (path, bytes) = match prepared.bytes {
                    Some(bytes) => (prepared_path(&path, prepared.format, &bytes), bytes),
                    None => (path, Arc::clone(&image.bytes)),
                };
                let picture::Prepared { format, width, height, .. } = prepared;
                image.sent = Sent { path, format, width, height, bytes };
            }
            Err(error) => {
                let error = ImageError::Picture(image.path.clone(), error);
                problems.push(error.diagnostic(image.place.clone()));
            }
        }
    }
    problems
}

/// `images/river.webp` -> `images/river-1f0c2a9b37.jpg`.
fn prepared_path(path: &str, format: PictureFormat, bytes: &[u8]) -> String {
    let hash = data_encoding::HEXLOWER.encode(&crypto::sha256([bytes])[..5]);
    let name_at = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[name_at..].rfind('.').map_or(path.len(), |dot| name_at + dot);
    format!("{}-{hash}.{}", &path[..end], format.extension())
}

/// How many pictures of an issue are still looked for that are not where their path says. A text may
/// name thousands, and each such search lists folders.
#[derive(Debug)]
pub struct Searches {
    /// By other ways to write the path.
    spellings: usize,
    /// For one that may be meant: only the first problems of a file are told.
    meant: usize,
}

impl Default for Searches {
    fn default() -> Searches {
        Searches { spellings: 500, meant: 20 }
    }
}

/// Whether one more may be looked for.
fn is_left(searches: &mut usize) -> bool {
    let left = searches.checked_sub(1);
    *searches = left.unwrap_or(0);
    left.is_some()
}

/// Reads the picture that `reference`, as written in a file of `folder`, names: as it stands, or else
/// in the other ways in which people and programs write a path.
///
/// # Errors
/// An [`ImageError`]; nothing outside `root` is opened, and nothing but a regular file is read.
pub fn open(
    root: &Path,
    folder: &Path,
    reference: &str,
    place: Place,
    searches: &mut Searches,
) -> Result<Image, ImageError> {
    let error = match open_named(root, folder, reference, place.clone()) {
        Err(error @ (ImageError::Missing(..) | ImageError::Outside(_))) => error,
        found => return found,
    };
    if !is_left(&mut searches.spellings) {
        return Err(error);
    }
    let (Ok(root), Ok(folder)) = (root.canonicalize(), folder.canonicalize()) else {
        return Err(error);
    };
    for spelling in image_path::spellings(&root, &folder, reference) {
        match open_named(&root, &folder, &spelling, place.clone()) {
            Err(ImageError::Missing(..) | ImageError::Outside(_)) => {}
            found => return found,
        }
    }
    match error {
        error if !is_left(&mut searches.meant) => Err(error),
        ImageError::Missing(named, _) => {
            let meant = image_path::meant(&root, &folder, &named);
            Err(ImageError::Missing(named, meant))
        }
        // A path from the root of a web site.
        ImageError::Outside(named) if named.starts_with('/') => {
            match image_path::meant(&root, &folder, &named) {
                Some(meant) => Err(ImageError::Missing(named, Some(meant))),
                None => Err(ImageError::Outside(named)),
            }
        }
        error => Err(error),
    }
}

/// See [`open`]: as it stands.
fn open_named(
    root: &Path,
    folder: &Path,
    reference: &str,
    place: Place,
) -> Result<Image, ImageError> {
    let named = || reference.to_owned();
    let relative = Path::new(reference);
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ImageError::Missing(named(), None),
        _ => ImageError::Unreadable(named(), error.to_string()),
    };
    if relative.components().any(|part| matches!(part, Component::RootDir | Component::Prefix(_))) {
        return Err(ImageError::Outside(named()));
    }
    let root = root.canonicalize().map_err(unreadable)?;
    let folder = folder.canonicalize().map_err(unreadable)?;
    if !lexically_inside(&root, &folder.join(relative)) {
        return Err(ImageError::Outside(named()));
    }
    // Asked before the disk is, so that nobody learns what such a folder holds.
    if let Some(part) = hidden_part(relative) {
        return Err(ImageError::Hidden(named(), part));
    }
    let path = folder.join(relative).canonicalize().map_err(unreadable)?;
    let Ok(inside) = path.strip_prefix(&root) else {
        return Err(ImageError::Outside(named()));
    };
    // A link may lead there. The folder of the issue is named by who asks for the issue.
    if let Some(part) = hidden_part(path.strip_prefix(&folder).unwrap_or(inside)) {
        return Err(ImageError::Hidden(named(), part));
    }
    let bytes = files::read_inside(&root, &path, MAX_BYTES).map_err(|error| match error {
        FileError::System(error) => unreadable(error),
        FileError::Outside => ImageError::Outside(named()),
        FileError::Disguised => ImageError::Outside(named()),
        FileError::NotAFile(_) => ImageError::NotAFile(named()),
        error => ImageError::Heavy(named(), error.to_string()),
    })?;
    let path = inside.components().map(|part| part.as_os_str().to_string_lossy());
    let path = path.collect::<Vec<_>>().join("/");
    let Measured { format, width, height } =
        picture::measure(&bytes).map_err(|error| ImageError::Picture(named(), error))?;
    let bytes: Arc<[u8]> = bytes.into();
    let sent = Sent { path: path.clone(), format, width, height, bytes: Arc::clone(&bytes) };
    Ok(Image { density: density(&path, format), path, format, width, height, bytes, place, sent })
}

/// The number that a file's name gives before its dot, as in `river@2x.png`.
fn density(path: &str, format: PictureFormat) -> usize {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match format {
        // A drawing says its size in pixels of the page.
        PictureFormat::Svg => 1,
        _ if stem.ends_with("@2x") => 2,
        _ if stem.ends_with("@3x") => 3,
        _ => 1,
    }
}

/// The first part of a path that begins with a dot, but for `.` and `..`.
fn hidden_part(path: &Path) -> Option<String> {
    path.components().find_map(|part| match part {
        Component::Normal(name) => {
            Some(name.to_string_lossy()).filter(|name| name.starts_with('.')).map(Into::into)
        }
        _ => None,
    })
}

/// Whether `path` stays under `root` when its `..` are taken at their word: asked before the disk
/// is, so that the answer for a file outside does not depend on whether it exists.
fn lexically_inside(root: &Path, path: &Path) -> bool {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain.starts_with(root)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The first bytes of a PNG of this size: enough to measure.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    #[test]
    fn only_regular_pictures_inside_the_publication_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("publication");
        let issue = root.join("issues/1");
        fs::create_dir_all(&issue).unwrap();
        fs::write(dir.path().join("secret.png"), png(1, 1)).unwrap();
        fs::write(root.join("shared.png"), png(4, 2)).unwrap();
        fs::write(issue.join("huge.png"), png(20_000, 20_000)).unwrap();
        fs::write(issue.join("note.png"), "hello").unwrap();
        fs::write(issue.join("x.svg"), "<svg xmlns=\"\"/>").unwrap();
        let place = || Place::File("a".into());
        let open = |path: &str| open(&root, &issue, path, place(), &mut Searches::default());
        let refused = |error| ImageError::Picture(String::new(), error).help();

        let image = open("../../shared.png").unwrap();
        assert_eq!((image.path.as_str(), image.width, image.height), ("shared.png", 4, 2));
        assert!(matches!(open("../../../secret.png"), Err(ImageError::Outside(_))));
        assert!(matches!(open("../../../no-such.png"), Err(ImageError::Outside(_))));
        assert!(matches!(open("/etc/passwd"), Err(ImageError::Outside(_))));
        assert!(matches!(open("gone.png"), Err(ImageError::Missing(..))));
        assert!(matches!(open("../1"), Err(ImageError::NotAFile(_))));
        let large = PictureError::Large(20_000, 20_000);
        assert_eq!(open("huge.png").unwrap_err().help(), refused(large));
        assert_eq!(open("note.png").unwrap_err().help(), refused(PictureError::Damaged));
        assert_eq!(open("x.svg").unwrap_err().help(), refused(PictureError::Damaged));
    }

    #[cfg(unix)]
    #[test]
    fn pictures_of_hidden_folders_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(".publication");
        let issue = root.join("issues/1");
        fs::create_dir_all(&issue).unwrap();
        for folder in [".digest/pictures", ".git", "a/.b"] {
            fs::create_dir_all(root.join(folder)).unwrap();
            fs::write(root.join(folder).join("x.png"), png(4, 2)).unwrap();
        }
        fs::write(issue.join(".x.png"), png(4, 2)).unwrap();
        fs::write(issue.join("x.png"), png(4, 2)).unwrap();
        std::os::unix::fs::symlink(root.join(".git/x.png"), issue.join("link.png")).unwrap();
        let place = || Place::File("a".into());
        let open = |path: &str| open(&root, &issue, path, place(), &mut Searches::default());
        for path in [
            "../../.digest/pictures/x.png",
            "../../.git/x.png",
            "../../a/.b/x.png",
            "../../.git/no-such.png",
            "../../.git/../issues/1/x.png",
            ".x.png",
            "link.png",
        ] {
            assert!(matches!(open(path), Err(ImageError::Hidden(..))), "{path}");
        }
        assert!(open("./x.png").is_ok());
        assert!(open("../1/x.png").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("publication");
        fs::create_dir_all(&root).unwrap();
        fs::write(dir.path().join("secret.png"), png(1, 1)).unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret.png"), root.join("link.png")).unwrap();
        std::os::unix::fs::symlink("loop.png", root.join("loop.png")).unwrap();
        let place = || Place::File("a".into());
        assert!(matches!(
            open(&root, &root, "link.png", place(), &mut Searches::default()),
            Err(ImageError::Outside(_))
        ));
        assert!(matches!(
            open(&root, &root, "loop.png", place(), &mut Searches::default()),
            Err(ImageError::Unreadable(..))
        ));
    }

    #[test]
    fn a_prepared_picture_stands_beside_its_file() {
        let named = |path: &str| prepared_path(path, PictureFormat::Jpeg, b"");
        assert_eq!(named("a.b/images/river.webp"), "a.b/images/river-af5570f5a1.jpg");
        assert_eq!(named("a.b/river"), "a.b/river-af5570f5a1.jpg");
        assert_eq!(density("a@3x.b/river@2x.png", PictureFormat::Png), 2);
        assert_eq!(density("a@3x.b/river.png", PictureFormat::Png), 1);
    }
}
