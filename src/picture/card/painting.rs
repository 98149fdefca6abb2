//! A card -> pixels -> PNG.

use image::{DynamicImage, RgbImage, imageops};
use resvg::tiny_skia::{
    Color, FillRule, IntSize, Paint, PathBuilder, Pixmap, PixmapPaint, Rect, Transform,
};

use super::faces::CardFaces;
use super::lines::{self, FittedLines, LEADING};
use super::shaping::CardShapers;
use super::{Card, HEIGHT, WIDTH};
use crate::picture::{PictureError, encode, prepare};

/// What the pixels take, with those of a logo.
pub(super) const MEMORY: u64 = 40 * 1024 * 1024;

/// Pixels at each side.
const MARGIN: f32 = 84.0;
/// Above the card.
const BAR: f32 = 18.0;
/// The room for a logo.
const LOGO: (u32, u32) = (460, 92);
/// Sizes of a title, the largest first.
const SIZES: [f32; 7] = [96.0, 84.0, 74.0, 65.0, 57.0, 50.0, 44.0];
/// Sizes of what is small.
const SMALL: [f32; 2] = [32.0, 26.0];

/// The card as PNG.
pub(super) fn painted(
    card: &Card,
    faces: &CardFaces,
    logo: Option<&[u8]>,
) -> Result<Vec<u8>, PictureError> {
    let pixels = Pixmap::new(WIDTH, HEIGHT).ok_or(PictureError::Damaged)?;
    let mut painting = CardPainting { card, shapers: CardShapers::new(faces), pixels };
    painting.ground();
    let head = match (logo, &card.name, &card.title) {
        (Some(logo), ..) => painting.logo(logo)?,
        (None, Some(name), Some(_)) => painting.small(name, card.colors.text, 126.0),
        // The name stands where the title would.
        (None, ..) => BAR,
    };
    let mut foot = HEIGHT as f32 - 72.0;
    for (text, color) in [(&card.note, card.colors.muted), (&card.byline, card.colors.text)] {
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            painting.small(text, color, foot);
            foot -= 46.0;
        }
    }
    if let Some(title) = card.title.as_ref().or(card.name.as_ref()) {
        painting.title(title, head + 36.0, foot - 8.0);
    }
    let opaque = painting.pixels.pixels().iter().flat_map(|pixel| {
        let pixel = pixel.demultiply();
        [pixel.red(), pixel.green(), pixel.blue()]
    });
    let image = RgbImage::from_raw(WIDTH, HEIGHT, opaque.collect());
    encode::flat_png(&image.ok_or(PictureError::Damaged)?)
}

struct CardPainting<'a> {
    card: &'a Card,
    shapers: CardShapers<'a>,
    pixels: Pixmap,
}

fn paint([red, green, blue]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, 255);
    paint
}

impl CardPainting<'_> {
    fn ground(&mut self) {
        let [red, green, blue] = self.card.colors.ground;
        self.pixels.fill(Color::from_rgba8(red, green, blue, 255));
        if let Some(bar) = Rect::from_xywh(0.0, 0.0, WIDTH as f32, BAR) {
            let accent = paint(self.card.colors.accent);
            self.pixels.fill_rect(bar, &accent, Transform::identity(), None);
        }
    }

    /// Where something so wide begins: at the side where reading begins.
    fn start(&self, width: f32) -> f32 {
        if self.card.is_rtl { WIDTH as f32 - MARGIN - width } else { MARGIN }
    }

    /// One line, smaller where it is long, and cut where it is too long; returns its foot.
    fn small(&mut self, text: &str, color: [u8; 3], y: f32) -> f32 {
        let is_rtl = self.card.is_rtl;
        let measure = |text: &str| self.shapers.width(text, is_rtl);
        let room = (WIDTH as f32 - 2.0 * MARGIN, SMALL[0] * LEADING);
        let FittedLines { lines, size } = lines::fitted(text, room, &SMALL, &measure);
        self.line(lines.first().map_or("", String::as_str), color, size, y);
        y
    }

    /// The title in the middle between two heights.
    fn title(&mut self, text: &str, top: f32, foot: f32) {
        let is_rtl = self.card.is_rtl;
        let measure = |text: &str| self.shapers.width(text, is_rtl);
        let room = (WIDTH as f32 - 2.0 * MARGIN, foot - top - 24.0);
        let FittedLines { lines, size } = lines::fitted(text, room, &SIZES, &measure);
        let height = lines.len() as f32 * size * LEADING;
        // A line's letters stand a little above the foot of its room.
        let mut y = top + (foot - top - height) / 2.0 + size * 0.98;
        for line in &lines {
            self.line(line, self.card.colors.text, size, y);
            y += size * LEADING;
        }
    }

    fn line(&mut self, text: &str, color: [u8; 3], size: f32, y: f32) {
        let is_rtl = self.card.is_rtl;
        let x = self.start(self.shapers.width(text, is_rtl) * size);
        let mut path = PathBuilder::new();
        self.shapers.outline((text, is_rtl), (x, y), size, &mut path);
        if let Some(path) = path.finish() {
            let (color, still) = (paint(color), Transform::identity());
            self.pixels.fill_path(&path, &color, FillRule::Winding, still, None);
        }
    }

    /// The logo, never larger than it is; returns its foot.
    fn logo(&mut self, bytes: &[u8]) -> Result<f32, PictureError> {
        let image = prepare::pixels(bytes)?;
        let (width, height) = (image.width().max(1), image.height().max(1));
        let scale = (LOGO.0 as f32 / width as f32).min(LOGO.1 as f32 / height as f32).min(1.0);
        let side = |pixels: u32| ((pixels as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(width), side(height));
        let mut pixels = premultiplied(image);
        if scale < 1.0 {
            pixels = imageops::resize(&pixels, width, height, imageops::FilterType::CatmullRom);
            // The filter may leave a colour brighter than its cover.
            for pixel in pixels.pixels_mut() {
                let [colors @ .., cover] = &mut pixel.0;
                colors.iter_mut().for_each(|color| *color = (*color).min(*cover));
            }
        }
        let size = IntSize::from_wh(width, height).ok_or(PictureError::Damaged)?;
        let drawn = Pixmap::from_vec(pixels.into_raw(), size).ok_or(PictureError::Damaged)?;
        let top = 64;
        let x = self.start(width as f32).round() as i32;
        let (plain, still) = (PixmapPaint::default(), Transform::identity());
        self.pixels.draw_pixmap(x, top, drawn.as_ref(), &plain, still, None);
        Ok((top + height as i32) as f32)
    }
}

/// Colours times cover, as they are mixed.
fn premultiplied(image: DynamicImage) -> image::RgbaImage {
    let mut pixels = image.into_rgba8();
    for pixel in pixels.pixels_mut() {
        let [colors @ .., cover] = &mut pixel.0;
        let times = |color: u8| ((u16::from(color) * u16::from(*cover) + 127) / 255) as u8;
        colors.iter_mut().for_each(|color| *color = times(*color));
    }
    pixels
}
