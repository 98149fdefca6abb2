//! One picture: decode, turn, scale, encode; or leave it as it is where that would gain little.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::webp::WebPDecoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::parts::Parts;
use super::{
    Measured, PictureError, PictureFormat, Prepared, Wish, drawing, encode, measure, memory, parts,
};

/// Colour profiles that are tables have up to this much.
const MAX_PROFILE: usize = 1024 * 1024;
/// A progressive JPEG has about ten scans, and each goes over the whole picture.
const MAX_SCANS: usize = 100;
/// Scans, times pixels.
const MAX_SCANNED: usize = 20 * super::MAX_PIXELS;
/// No moving picture in a mail has more.
const MAX_FRAMES: usize = 2_000;

/// Prepares one picture.
///
/// # Errors
/// Its pixels cannot be decoded, or it moves in a format that mail programs lose.
pub(super) fn prepare(wish: &Wish<'_>) -> Result<Prepared, PictureError> {
    // A decoder that meets bytes which its author did not think of must not end the program.
    let prepared = catch_unwind(AssertUnwindSafe(|| try_prepare(wish)));
    prepared.unwrap_or(Err(PictureError::Damaged))
}

fn try_prepare(wish: &Wish<'_>) -> Result<Prepared, PictureError> {
    let Wish { bytes, measured, .. } = wish;
    let fine = 2 * wish.width;
    let (mut frame, mut moves) = (0, false);
    let parts = match measured.format {
        PictureFormat::Svg => {
            let height = scaled_height(measured, fine);
            let drawn = DynamicImage::ImageRgba8(drawing::draw(bytes, fine, height)?);
            let drawn = opaque(drawn);
            return made(PictureFormat::Png, &drawn, encode::png(&drawn)?);
        }
        PictureFormat::Gif => {
            let (frames, largest) = parts::gif(bytes).ok_or(PictureError::Damaged)?;
            if frames > MAX_FRAMES {
                return Err(PictureError::Costly("over 2,000 frames"));
            }
            frame = largest;
            moves = frames > 1;
            None
        }
        PictureFormat::Png => Some(parts::png(bytes).ok_or(PictureError::Damaged)?),
        PictureFormat::Jpeg => Some(parts::jpeg(bytes).ok_or(PictureError::Damaged)?),
        PictureFormat::Webp => None,
    };
    if let Some(parts) = parts.as_ref().filter(|parts| parts.apart) {
        return if may_stay(parts) {
            Ok(Prepared {
                bytes: (parts.plain != *bytes).then(|| Arc::from(&parts.plain[..])),
                ..as_it_is(measured)
            })
        } else {
            Err(PictureError::Format("a JPEG picture with its colours in separate scans"))
        };
    }
    let scans = parts.as_ref().map_or(0, |parts| parts.scans);
    if scans > MAX_SCANS || scans.saturating_mul(measured.width * measured.height) > MAX_SCANNED {
        return Err(PictureError::Costly("too many scans"));
    }
    let progressive = parts.as_ref().is_some_and(|parts| parts.progressive);
    let need = memory::need(measured, bytes, progressive, frame);
    if need > memory::most(measured.format) {
        return Err(PictureError::Costly("too many pixels for its kind"));
    }
    let _share = memory::share(need);
    let (image, profile) = decode(measured, bytes, parts.as_ref())?;
    moves |= parts.as_ref().is_some_and(|parts| parts.moves);
    if moves || (measured.format == PictureFormat::Gif && measured.width <= fine) {
        return Ok(as_it_is(measured));
    }
    let mut image = in_srgb(opaque(image), profile.as_deref());
    image.apply_orientation(measure::orientation(measured.format, bytes));
    let drawn = measured.format != PictureFormat::Jpeg && is_drawing(&image);
    let scaled = scaled(image, measured, fine);
    let (format, encoded) = encoded(&scaled, drawn)?;
    match parts.filter(|parts| measured.width <= fine && may_stay(parts)) {
        // Bytes that are much the same save nobody anything, and lose a little once more.
        Some(parts) if encoded.len() > parts.plain.len() / 4 * 3 => Ok(Prepared {
            bytes: (parts.plain != *bytes).then(|| Arc::from(parts.plain)),
            ..as_it_is(measured)
        }),
        _ => made(format, &scaled, encoded),
    }
}

fn made(
    format: PictureFormat,
    image: &DynamicImage,
    bytes: Vec<u8>,
) -> Result<Prepared, PictureError> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    Ok(Prepared { format, width, height, bytes: Some(Arc::from(bytes)) })
}

/// A picture that travels as the file has it.
pub(super) fn as_it_is(measured: &Measured) -> Prepared {
    let Measured { format, width, height } = *measured;
    Prepared { format, width, height, bytes: None }
}

fn may_stay(parts: &Parts) -> bool {
    parts.orientation == Orientation::NoTransforms && !parts.inks
}

/// The pixels of a small picture, as those of a logo are.
///
/// # Errors
/// They cannot be decoded, or are many.
#[cfg(feature = "cards")]
pub(super) fn pixels(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    let measured = measure::measure(bytes)?;
    if measured.width.saturating_mul(measured.height) > 4_000_000 {
        return Err(PictureError::Large(measured.width, measured.height));
    }
    let parts = match measured.format {
        PictureFormat::Png => Some(parts::png(bytes).ok_or(PictureError::Damaged)?),
        PictureFormat::Jpeg => Some(parts::jpeg(bytes).ok_or(PictureError::Damaged)?),
        _ => None,
    };
    if parts.as_ref().is_some_and(|parts| parts.scans > MAX_SCANS) {
        return Err(PictureError::Costly("too many scans"));
    }
    Ok(decode(&measured, bytes, parts.as_ref())?.0)
}

/// The pixels, and the colour profile that they are meant in.
fn decode(
    measured: &Measured,
    bytes: &[u8],
    parts: Option<&Parts>,
) -> Result<(DynamicImage, Option<Vec<u8>>), PictureError> {
    let bytes = match (measured.format, parts) {
        (PictureFormat::Png, Some(parts)) => &parts.pixels,
        _ => bytes,
    };
    let bytes = Cursor::new(bytes);
    let damaged = |_| PictureError::Damaged;
    match measured.format {
        PictureFormat::Png => {
            let profile = parts.and_then(|parts| parts.profile.as_deref());
            let profile = profile.map(inflated).transpose()?;
            let decoder = PngDecoder::with_limits(bytes, limits()).map_err(damaged)?;
            Ok((read(decoder, measured)?.0, profile))
        }
        PictureFormat::Jpeg => read(JpegDecoder::new(bytes).map_err(damaged)?, measured),
        PictureFormat::Gif => read(GifDecoder::new(bytes).map_err(damaged)?, measured),
        PictureFormat::Webp => {
            let decoder = WebPDecoder::new(bytes).map_err(damaged)?;
            if decoder.has_animation() {
                return Err(PictureError::Moving);
            }
            read(decoder, measured)
        }
        PictureFormat::Svg => Err(PictureError::Damaged),
    }
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(memory::MOST);
    limits
}

fn read(
    mut decoder: impl ImageDecoder,
    measured: &Measured,
) -> Result<(DynamicImage, Option<Vec<u8>>), PictureError> {
    // The memory was counted for the size that was measured; a camera may have been turned.
    let sides = decoder.dimensions();
    let sides = [sides.0 as usize, sides.1 as usize];
    let (width, height) = (measured.width, measured.height);
    if sides != [width, height] && sides != [height, width] {
        return Err(PictureError::Damaged);
    }
    decoder.set_limits(limits()).map_err(|_| PictureError::Damaged)?;
    let profile = decoder.icc_profile().unwrap_or_default();
    if profile.as_ref().is_some_and(|profile| profile.len() > MAX_PROFILE) {
        return Err(PictureError::Costly("a colour profile of over 1 MB"));
    }
    let image = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Damaged)?;
    Ok((image, profile))
}

/// The colour profile of a PNG, from a file that has nothing else.
fn inflated(profile: &[u8]) -> Result<Vec<u8>, PictureError> {
    let most = png::Limits { bytes: 2 * MAX_PROFILE };
    let reader = png::Decoder::new_with_limits(Cursor::new(profile), most).read_info();
    let profile = reader.ok().and_then(|reader| reader.info().icc_profile.clone());
    match profile {
        Some(profile) if profile.len() <= MAX_PROFILE => Ok(profile.into_owned()),
        _ => Err(PictureError::Costly("a colour profile that is damaged or over 1 MB")),
    }
}

/// Eight bits a channel, with an alpha channel only where something shows through.
fn opaque(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.into_rgb8());
    }
    let pixels = image.into_rgba8();
    if pixels.pixels().all(|pixel| pixel.0[3] == 255) {
        DynamicImage::ImageRgb8(DynamicImage::ImageRgba8(pixels).into_rgb8())
    } else {
        DynamicImage::ImageRgba8(pixels)
    }
}

/// The colours as a mail program without colour management shows them right. A profile that says
/// nothing of RGB, or cannot be read, is passed over.
fn in_srgb(mut image: DynamicImage, profile: Option<&[u8]>) -> DynamicImage {
    let profile = profile.filter(|profile| memchr::memmem::find(profile, b"sRGB").is_none());
    let Some(profile) = profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok())
    else {
        return image;
    };
    if profile.color_space != DataColorSpace::Rgb {
        return image;
    }
    let convert = |data: &mut [u8], layout: Layout, row: usize| {
        let options = TransformOptions::default();
        let srgb = ColorProfile::new_srgb();
        let Ok(transform) = profile.create_transform_8bit(layout, &srgb, layout, options) else {
            return;
        };
        for row in data.chunks_exact_mut(row) {
            let before = row.to_vec();
            if transform.transform(&before, row).is_err() {
                row.copy_from_slice(&before);
            }
        }
    };
    let width = image.width() as usize;
    match &mut image {
        DynamicImage::ImageRgb8(pixels) => convert(pixels, Layout::Rgb, width * 3),
        DynamicImage::ImageRgba8(pixels) => convert(pixels, Layout::Rgba, width * 4),
        _ => {}
    }
    image
}

/// Whether half the pixels are like the one before: in a photograph hardly any are.
fn is_drawing(image: &DynamicImage) -> bool {
    let alike = |bytes: &[u8], size: usize| {
        let pairs = bytes.chunks_exact(size).zip(bytes.chunks_exact(size).skip(1));
        pairs.filter(|(one, next)| one == next).count() * 2 * size >= bytes.len()
    };
    match image {
        DynamicImage::ImageRgb8(pixels) => alike(pixels, 3),
        DynamicImage::ImageRgba8(pixels) => alike(pixels, 4),
        _ => false,
    }
}

fn scaled_height(measured: &Measured, width: usize) -> usize {
    (measured.height * width).div_ceil(measured.width).max(1)
}

/// At most `width` pixels wide. A polynomial filter: sines differ between machines.
fn scaled(image: DynamicImage, measured: &Measured, width: usize) -> DynamicImage {
    if measured.width <= width {
        return image;
    }
    let height = scaled_height(measured, width) as u32;
    let width = width as u32;
    let image = premultiplied(image);
    // Whole blocks are averaged first where there are many: quick, and in little memory.
    let image = match measured.width / width as usize {
        0..4 => image,
        _ => image.thumbnail_exact(width * 2, height * 2),
    };
    straight(image.resize_exact(width, height, FilterType::CatmullRom))
}

/// What nobody sees must not bleed into what shows beside it.
fn premultiplied(mut image: DynamicImage) -> DynamicImage {
    if let DynamicImage::ImageRgba8(pixels) = &mut image {
        each_color(pixels, |color, alpha| (color * alpha + 127) / 255);
    }
    image
}

fn straight(mut image: DynamicImage) -> DynamicImage {
    if let DynamicImage::ImageRgba8(pixels) = &mut image {
        each_color(pixels, |color, alpha| match alpha {
            0 => 0,
            _ => ((color * 255 + alpha / 2) / alpha).min(255),
        });
    }
    image
}

fn each_color(pixels: &mut RgbaImage, change: impl Fn(u32, u32) -> u32) {
    for pixel in pixels.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let new = |color: u8| change(u32::from(color), u32::from(alpha)) as u8;
        pixel.0 = [new(red), new(green), new(blue), alpha];
    }
}

/// PNG for what one sees through and for drawings, unless it is a drawing by its margins only;
/// JPEG for the rest.
fn encoded(image: &DynamicImage, drawn: bool) -> Result<(PictureFormat, Vec<u8>), PictureError> {
    let DynamicImage::ImageRgb8(pixels) = image else {
        return Ok((PictureFormat::Png, encode::png(image)?));
    };
    let photograph =
        |pixels: &RgbImage| encode::jpeg(pixels).map(|bytes| (PictureFormat::Jpeg, bytes));
    if !drawn {
        return photograph(pixels);
    }
    let png = encode::png(image)?;
    let jpeg = photograph(pixels)?;
    if png.len() > 4 * jpeg.1.len() { Ok(jpeg) } else { Ok((PictureFormat::Png, png)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jpeg_encoder::{ColorType, Encoder};

    fn wish<'a>(bytes: &'a [u8], width: usize) -> Wish<'a> {
        Wish { bytes, measured: measure::measure(bytes).unwrap(), width }
    }

    fn prepared(bytes: &[u8], width: usize) -> RgbImage {
        let prepared = prepare(&wish(bytes, width)).unwrap().bytes.unwrap();
        assert!(memchr::memmem::find(&prepared, b"ICC_PROFILE").is_none());
        image::load_from_memory(&prepared).unwrap().into_rgb8()
    }

    #[test]
    fn colours_of_a_telephone_are_brought_to_srgb() {
        let profile = ColorProfile::new_display_p3().encode().unwrap();
        let colored = |profile: Option<&[u8]>| {
            let mut bytes = Vec::new();
            let mut encoder = Encoder::new(&mut bytes, 95);
            profile.iter().for_each(|profile| encoder.add_icc_profile(profile).unwrap());
            let pixels = [200, 100, 80].repeat(64 * 64);
            encoder.encode(&pixels, 64, 64, ColorType::Rgb).unwrap();
            prepared(&bytes, 16).get_pixel(8, 8).0
        };
        let (plain, wide) = (colored(None), colored(Some(&profile)));
        assert!(plain[0].abs_diff(200) < 4 && plain[1].abs_diff(100) < 4, "{plain:?}");
        // sRGB (215, 92, 73) is what the wider space calls (200, 100, 80).
        assert!(wide[0].abs_diff(215) < 6 && wide[2].abs_diff(73) < 8, "{wide:?}");
        assert!(memchr::memmem::find(&profile, b"sRGB").is_none());
    }

    #[test]
    fn a_picture_for_a_press_is_coded_anew() {
        let mut bytes = Vec::new();
        // All of magenta and yellow; the encoder inverts them as Adobe does.
        let pixels = [0, 255, 255, 0].repeat(32 * 32);
        Encoder::new(&mut bytes, 90).encode(&pixels, 32, 32, ColorType::Cmyk).unwrap();
        assert!(parts::jpeg(&bytes).unwrap().inks);
        let [red, green, blue] = prepared(&bytes, 32).get_pixel(8, 8).0;
        assert!(red > 200 && green < 60 && blue < 60, "{red} {green} {blue}");
    }

    #[test]
    fn colours_in_separate_scans_are_left_as_they_are() {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, 90);
        encoder.set_optimized_huffman_tables(true);
        encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
        encoder.encode(&[200, 100, 80].repeat(64 * 64), 64, 64, ColorType::Rgb).unwrap();
        assert!(parts::jpeg(&bytes).unwrap().apart);
        assert_eq!(prepare(&wish(&bytes, 16)).unwrap().bytes, None);
    }

    #[test]
    fn grey_stays_grey() {
        let grey = image::GrayImage::from_fn(64, 32, |x, y| image::Luma([(x * 3 + y * 2) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        grey.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let made = prepare(&wish(&bytes.into_inner(), 16)).unwrap();
        assert_eq!((made.width, made.height), (32, 16));
        let made = image::load_from_memory(&made.bytes.unwrap()).unwrap();
        assert!(made.into_rgb8().pixels().all(|pixel| pixel.0[0].abs_diff(pixel.0[2]) < 2));
    }
}
