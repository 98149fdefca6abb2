//! Pictures: found inside the publication, opened safely, measured without being decoded.

use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A file larger than this is not read at all.
pub const MAX_BYTES: u64 = 10 * 1024 * 1024;
/// Pixels that a mail program would have to hold in memory; a camera makes 50 million.
pub const MAX_PIXELS: usize = 64_000_000;

/// A picture of the issue.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// From the publication's root, with `/`: also its path under `base_url`.
    pub path: String,
    /// `image/png`, `image/jpeg` or `image/gif`.
    pub media_type: &'static str,
    /// Natural size in pixels.
    pub width: usize,
    /// Natural size in pixels.
    pub height: usize,
    /// The file.
    pub bytes: Arc<[u8]>,
}

/// Why a picture cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ImageError {
    /// No such file.
    #[error("there is no picture {0}")]
    Missing(String),
    /// Absolute, above the publication, or a link that leads out of it.
    #[error("{0} is outside the publication")]
    Outside(String),
    /// A folder, a pipe, a device.
    #[error("{0} is not a file")]
    NotAFile(String),
    /// The system's words.
    #[error("{0} cannot be read: {1}")]
    Unreadable(String, String),
    /// Over [`MAX_BYTES`].
    #[error("{0} is {1:.1} MB large; 10 MB is the most")]
    Heavy(String, f64),
    /// Over [`MAX_PIXELS`].
    #[error("{0} is {1} x {2} pixels large; 64 megapixels is the most")]
    Large(String, usize, usize),
    /// Not PNG, JPEG or GIF.
    #[error("{0} is {1}, which many mail programs cannot show")]
    Format(String, &'static str),
    /// It ends early or is something else.
    #[error("{0} is not a picture, or is damaged")]
    Damaged(String),
}

impl ImageError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            ImageError::Missing(_) => {
                "paths start at the article's folder, and capitals count; is the file committed?"
            }
            ImageError::Outside(_) => "copy the picture into the issue's folder",
            ImageError::NotAFile(_) => "name a PNG, JPEG or GIF file",
            ImageError::Unreadable(..) => "look at the file's permissions",
            ImageError::Heavy(..) | ImageError::Large(..) => {
                "scale it down: an email shows pictures at 552 pixels, so 1104 are plenty"
            }
            ImageError::Format(..) | ImageError::Damaged(_) => "save it as PNG, JPEG or GIF",
        }
    }
}

/// Reads the picture that `reference`, as written in a file of `folder`, names.
///
/// # Errors
/// An [`ImageError`]; nothing outside `root` is opened, and nothing but a regular file is read.
pub fn open(root: &Path, folder: &Path, reference: &str) -> Result<Image, ImageError> {
    let named = || reference.to_owned();
    let relative = Path::new(reference);
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ImageError::Missing(named()),
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
    let path = folder.join(relative).canonicalize().map_err(unreadable)?;
    let Ok(inside) = path.strip_prefix(&root) else {
        return Err(ImageError::Outside(named()));
    };
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ImageError::NotAFile(named()));
    }
    if metadata.len() > MAX_BYTES {
        return Err(ImageError::Heavy(named(), metadata.len() as f64 / 1024.0 / 1024.0));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    // The file may grow between the look and the read; the cap holds all the same.
    let file = fs::File::open(&path).map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let path = inside.components().map(|part| part.as_os_str().to_string_lossy());
    measure(named(), path.collect::<Vec<_>>().join("/"), bytes)
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

/// A path as an address holds it (RFC 3986 3.3): what is not `pchar` or `/`, as UTF-8 bytes in
/// hexadecimal.
pub fn percent_encode_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn measure(named: String, path: String, bytes: Vec<u8>) -> Result<Image, ImageError> {
    use imagesize::ImageType;
    let kind = imagesize::image_type(&bytes);
    let looks_like_svg = bytes.starts_with(b"<") && memchr::memmem::find(&bytes, b"<svg").is_some();
    let media_type = match kind {
        Ok(ImageType::Png) => "image/png",
        Ok(ImageType::Jpeg) => "image/jpeg",
        Ok(ImageType::Gif) => "image/gif",
        Ok(ImageType::Webp) => return Err(ImageError::Format(named, "a WebP picture")),
        Ok(ImageType::Heif(_)) => return Err(ImageError::Format(named, "an AVIF or HEIC picture")),
        Ok(ImageType::Tiff) => return Err(ImageError::Format(named, "a TIFF picture")),
        Ok(ImageType::Bmp) => return Err(ImageError::Format(named, "a BMP picture")),
        _ if looks_like_svg => return Err(ImageError::Format(named, "an SVG drawing")),
        _ => return Err(ImageError::Damaged(named)),
    };
    let Ok(size) = imagesize::blob_size(&bytes) else {
        return Err(ImageError::Damaged(named));
    };
    if size.width == 0 || size.height == 0 {
        return Err(ImageError::Damaged(named));
    }
    if size.width.saturating_mul(size.height) > MAX_PIXELS {
        return Err(ImageError::Large(named, size.width, size.height));
    }
    let (width, height) = (size.width, size.height);
    Ok(Image { path, media_type, width, height, bytes: bytes.into() })
}

#[cfg(test)]
mod tests {
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
        let open = |path: &str| open(&root, &issue, path);

        let image = open("../../shared.png").unwrap();
        assert_eq!((image.path.as_str(), image.width, image.height), ("shared.png", 4, 2));
        assert!(matches!(open("../../../secret.png"), Err(ImageError::Outside(_))));
        assert!(matches!(open("../../../no-such.png"), Err(ImageError::Outside(_))));
        assert!(matches!(open("/etc/passwd"), Err(ImageError::Outside(_))));
        assert!(matches!(open("gone.png"), Err(ImageError::Missing(_))));
        assert!(matches!(open("../1"), Err(ImageError::NotAFile(_))));
        assert!(matches!(open("huge.png"), Err(ImageError::Large(_, 20_000, 20_000))));
        assert!(matches!(open("note.png"), Err(ImageError::Damaged(_))));
        assert!(matches!(open("x.svg"), Err(ImageError::Format(_, "an SVG drawing"))));
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
        assert!(matches!(open(&root, &root, "link.png"), Err(ImageError::Outside(_))));
        assert!(matches!(open(&root, &root, "loop.png"), Err(ImageError::Unreadable(..))));
    }
}
