//! The pictures of published issues: kept where mail's hosted pictures are published from, so that
//! they are as they were sent whatever becomes of the author's files.

use std::path::{Path, PathBuf};

use super::folder::is_inside;
use crate::crypto;
use crate::files;

/// The folder beside `digest.toml` that has them, each by its path under `base_url`.
pub const PUBLISHED: &str = "published";

/// As large as a picture of an issue may be.
const MOST: u64 = crate::issue::image::MAX_BYTES;

/// The place of a picture that is kept.
pub fn place(root: &Path, path: &str) -> PathBuf {
    root.join(PUBLISHED).join(path)
}

/// The bytes of a picture that is kept: mail may fetch it before its issue is shown.
pub fn published(root: &Path, path: &str) -> Option<Vec<u8>> {
    let kept = root.join(PUBLISHED);
    let place = place(root, path);
    if is_inside(path) { files::read_inside(&kept, &place, MOST).ok() } else { None }
}

/// The media type of a picture with such a name: none of any other file.
pub fn media_type(path: &str) -> Option<&'static str> {
    let (_, end) = path.rsplit_once('.')?;
    match &*end.to_ascii_lowercase() {
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        _ => None,
    }
}

/// The bytes of the picture with this path and SHA-256: as it is kept, or the author's file where that
/// is still the same.
pub fn find(root: &Path, path: &str, hash: &str) -> Option<Vec<u8>> {
    if !is_inside(path) {
        return None;
    }
    let places = [place(root, path), root.join(path)];
    places.iter().find_map(|place| {
        let bytes = files::read_inside(root, place, MOST).ok()?;
        let found = data_encoding::HEXLOWER.encode(&crypto::sha256([&bytes[..]]));
        (found == hash).then_some(bytes)
    })
}
