//! Files as cameras and drawing programs make them, from numbers alone.

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

/// A scene with soft light and grain, as a lens gives it.
pub(crate) fn scene(width: u32, height: u32) -> RgbImage {
    let mut grain: u32 = 7;
    RgbImage::from_fn(width, height, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (x, y) = (x as f32 / width as f32, y as f32 / height as f32);
        let light = 120.0 + 70.0 * (6.0 * x).sin() * (4.0 * y).cos() + (grain >> 28) as f32;
        Rgb([light as u8, (light * 0.8 + 40.0 * y) as u8, (200.0 * (1.0 - y) * x) as u8])
    })
}

/// A chart: bars on paper.
pub(crate) fn chart(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let bar = x * 12 / width;
        let is_bar = bar % 2 == 1 && y > height / (bar + 1);
        if is_bar { Rgb([0x1f, 0x6b, 0x5c]) } else { Rgb([0xff, 0xfd, 0xf8]) }
    })
}

/// A white disc in nothing, which is stored as black.
pub(crate) fn disc(size: u32) -> RgbaImage {
    RgbaImage::from_fn(size, size, |x, y| {
        let from = |at: u32| f64::from(at) - f64::from(size) / 2.0;
        let inside = from(x).hypot(from(y)) < f64::from(size) * 0.4;
        if inside { Rgba([255; 4]) } else { Rgba([0; 4]) }
    })
}

pub(crate) fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut out, format).expect("written");
    out.into_inner()
}

pub(crate) fn jpeg(image: &RgbImage, quality: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality);
    image.write_with_encoder(encoder).expect("written");
    out
}

/// What a telephone adds: which way up it was held (EXIF 2.3, 4.6.4 A) and where it was.
pub(crate) fn with_notes(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    tiff.extend(b"GPS 38.8977,-77.0365");
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend((tiff.len() as u16 + 2).to_be_bytes());
    out.extend(tiff);
    out.extend(&jpeg[2..]);
    out
}

/// Two pictures in turn.
pub(crate) fn moving(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = GifEncoder::new(&mut out);
    for shade in [0, 255] {
        let frame = RgbaImage::from_pixel(width, height, Rgba([shade, shade, shade, 255]));
        encoder.encode_frame(Frame::new(frame)).expect("written");
    }
    drop(encoder);
    out
}
