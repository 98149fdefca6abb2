//! Pixels -> JPEG or PNG, as small as they get without being seen.

use std::collections::HashMap;

use image::{DynamicImage, Rgb, RgbImage, RgbaImage};
use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};
use png::{BitDepth, ColorType as PngColor, Compression};

use super::PictureError;

/// Where a photograph's losses begin to show at twice the pixels.
const QUALITY: u8 = 80;

/// A photograph. Colour at half the resolution, which no eye sees. One scan with the tables of
/// ITU T.81 K.3: this encoder's progressive scans are larger.
pub(super) fn jpeg(pixels: &RgbImage) -> Result<Vec<u8>, PictureError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    let size = |pixels: u32| u16::try_from(pixels).map_err(|_| PictureError::Damaged);
    let (width, height) = (size(pixels.width())?, size(pixels.height())?);
    let grey = pixels.pixels().all(|Rgb([red, green, blue])| red == green && green == blue);
    let written = if grey {
        let luma: Vec<u8> = pixels.pixels().map(|pixel| pixel.0[0]).collect();
        encoder.encode(&luma, width, height, ColorType::Luma)
    } else {
        encoder.encode(pixels.as_raw(), width, height, ColorType::Rgb)
    };
    written.map_err(|_| PictureError::Damaged)?;
    Ok(out)
}

/// A drawing, or whatever one can see through.
pub(super) fn png(image: &DynamicImage) -> Result<Vec<u8>, PictureError> {
    let (width, height) = (image.width(), image.height());
    match image {
        DynamicImage::ImageRgba8(pixels) => match few_colors(pixels) {
            Some((palette, indices)) => {
                let colors: Vec<u8> =
                    palette.iter().flat_map(|color| color[..3].to_vec()).collect();
                let clear: Vec<u8> = palette.iter().map(|color| color[3]).collect();
                let palette = (colors, clear);
                write_png(width, height, PngColor::Indexed, Some(palette), &indices)
            }
            None => write_png(width, height, PngColor::Rgba, None, pixels.as_raw()),
        },
        other => {
            let pixels = other.to_rgb8();
            match few_colors(&other.to_rgba8()) {
                Some((palette, indices)) => {
                    let colors = palette.iter().flat_map(|color| color[..3].to_vec()).collect();
                    let palette = (colors, Vec::new());
                    write_png(width, height, PngColor::Indexed, Some(palette), &indices)
                }
                None => write_png(width, height, PngColor::Rgb, None, pixels.as_raw()),
            }
        }
    }
}

/// A picture of a few flat colours and the steps between them, made fast.
#[cfg(feature = "cards")]
pub(super) fn flat_png(pixels: &RgbImage) -> Result<Vec<u8>, PictureError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, pixels.width(), pixels.height());
    encoder.set_color(PngColor::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    encoder.set_filter(png::Filter::NoFilter);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(pixels.as_raw())?;
        writer.finish()
    });
    written.map_err(|_| PictureError::Damaged)?;
    Ok(out)
}

type IndexedColors = (Vec<u8>, Vec<u8>);

fn write_png(
    width: u32,
    height: u32,
    color: PngColor,
    palette: Option<IndexedColors>,
    data: &[u8],
) -> Result<Vec<u8>, PictureError> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    if let Some((colors, clear)) = palette {
        // Neighbouring numbers of a palette have nothing to do with each other.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_palette(colors);
        if !clear.is_empty() {
            encoder.set_trns(clear);
        }
    }
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(data)?;
        writer.finish()
    });
    written.map_err(|_| PictureError::Damaged)?;
    Ok(out)
}

/// The colours in order, and each pixel's number among them, where 256 are enough.
fn few_colors(pixels: &RgbaImage) -> Option<(Vec<[u8; 4]>, Vec<u8>)> {
    let mut numbers: HashMap<[u8; 4], u8> = HashMap::new();
    let mut palette = Vec::new();
    let mut indices = Vec::with_capacity(pixels.len() / 4);
    let mut last = None;
    for pixel in pixels.pixels() {
        // Runs of one colour are what a drawing is made of.
        let number = match last {
            Some((color, number)) if color == pixel.0 => number,
            _ => match numbers.get(&pixel.0) {
                Some(number) => *number,
                None => {
                    let number = u8::try_from(palette.len()).ok()?;
                    palette.push(pixel.0);
                    numbers.insert(pixel.0, number);
                    number
                }
            },
        };
        last = Some((pixel.0, number));
        indices.push(number);
    }
    Some((palette, indices))
}
