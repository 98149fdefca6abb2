//! Bytes -> format and size, without decoding the pixels.

use std::io::Cursor;

use image::ImageDecoder as _;
use image::codecs::webp::WebPDecoder;
use image::metadata::Orientation;
use imagesize::ImageType;

use super::{MAX_PIXELS, MAX_SIDE, Measured, PictureError, PictureFormat, drawing, parts};

/// Looks at a file's first bytes, and at the note that says which way up a camera was held.
///
/// # Errors
/// A [`PictureError`]; a file may still turn out damaged when its pixels are decoded.
pub fn measure(bytes: &[u8]) -> Result<Measured, PictureError> {
    let format = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => PictureFormat::Png,
        Ok(ImageType::Jpeg) => PictureFormat::Jpeg,
        Ok(ImageType::Gif) => PictureFormat::Gif,
        Ok(ImageType::Webp) => PictureFormat::Webp,
        Ok(ImageType::Heif(_)) => return Err(PictureError::Format("an AVIF or HEIC picture")),
        Ok(ImageType::Tiff) => return Err(PictureError::Format("a TIFF picture")),
        Ok(ImageType::Bmp) => return Err(PictureError::Format("a BMP picture")),
        _ if bytes.starts_with(b"\x1f\x8b") => {
            return Err(PictureError::Format("a compressed file, perhaps an SVGZ drawing"));
        }
        _ if drawing::is_one(bytes) => {
            let (width, height) = drawing::size(bytes)?;
            return sized(PictureFormat::Svg, width, height);
        }
        _ => return Err(PictureError::Damaged),
    };
    let size = imagesize::blob_size(bytes).map_err(|_| PictureError::Damaged)?;
    if turned(orientation(format, bytes)) {
        sized(format, size.height, size.width)
    } else {
        sized(format, size.width, size.height)
    }
}

fn sized(format: PictureFormat, width: usize, height: usize) -> Result<Measured, PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged);
    }
    if width.max(height) > MAX_SIDE || width.saturating_mul(height) > MAX_PIXELS {
        return Err(PictureError::Large(width, height));
    }
    Ok(Measured { format, width, height })
}

/// Which way up the picture is; upright where it does not say.
pub(super) fn orientation(format: PictureFormat, bytes: &[u8]) -> Orientation {
    let parts = match format {
        PictureFormat::Png => parts::png(bytes),
        PictureFormat::Jpeg => parts::jpeg(bytes),
        PictureFormat::Webp => {
            let decoder = WebPDecoder::new(Cursor::new(bytes));
            let orientation = decoder.and_then(|mut decoder| decoder.orientation());
            return orientation.unwrap_or(Orientation::NoTransforms);
        }
        PictureFormat::Gif | PictureFormat::Svg => None,
    };
    parts.map_or(Orientation::NoTransforms, |parts| parts.orientation)
}

/// Whether width and height change places.
fn turned(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}
