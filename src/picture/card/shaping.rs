//! A text -> outlines of its letters, in the order in which they are seen.

use harfrust::{Direction, FontRef, ShapeOptions, ShaperData, ShaperInstance, UnicodeBuffer};
use resvg::tiny_skia::PathBuilder;
use skrifa::charmap::Charmap;
use skrifa::instance::{Location, Size};
use skrifa::outline::{DrawSettings, OutlineGlyphCollection, OutlinePen};
use skrifa::{GlyphId, MetadataProvider as _};
use unicode_bidi::{BidiInfo, Level};

use super::faces::CardFaces;
use super::spelled;

/// How heavy letters are, of a face that can be any.
const WEIGHT: f32 = 700.0;

/// The faces, ready to be used.
pub(super) struct CardShapers<'a>(Vec<FaceShaper<'a>>);

struct FaceShaper<'a> {
    font: FontRef<'a>,
    data: ShaperData,
    instance: ShaperInstance,
    location: Location,
    letters: Charmap<'a>,
    outlines: OutlineGlyphCollection<'a>,
    /// Units of an em.
    units: f32,
}

/// A letter at its place, in ems from the beginning of the line.
struct PlacedGlyph {
    face: usize,
    id: u32,
    x: f32,
    y: f32,
}

impl<'a> FaceShaper<'a> {
    fn new(bytes: &'a [u8]) -> Option<FaceShaper<'a>> {
        // Of a collection the first.
        let font = FontRef::from_index(bytes, 0).ok()?;
        let location = font.axes().location([("wght", WEIGHT)]);
        let units = font.metrics(Size::unscaled(), &location).units_per_em;
        Some(FaceShaper {
            data: ShaperData::new(&font),
            instance: ShaperInstance::from_coords(&font, location.coords().iter().copied()),
            letters: font.charmap(),
            outlines: font.outline_glyphs(),
            units: f32::from(units.max(1)),
            location,
            font,
        })
    }
}

/// See [`super::faces::is_face`].
pub(super) fn is_face(bytes: &[u8]) -> bool {
    FaceShaper::new(bytes).is_some_and(|face| {
        let first = face.letters.mappings().next();
        first.is_some() && face.outlines.format().is_some()
    })
}

/// Which signs each face has.
pub(super) fn letters(faces: &CardFaces) -> Vec<Charmap<'_>> {
    let fonts = faces.bytes().filter_map(|bytes| FontRef::from_index(bytes, 0).ok());
    fonts.map(|font| font.charmap()).collect()
}

impl<'a> CardShapers<'a> {
    pub(super) fn new(faces: &'a CardFaces) -> CardShapers<'a> {
        CardShapers(faces.bytes().filter_map(FaceShaper::new).collect())
    }

    fn face_of(&self, c: char) -> Option<usize> {
        self.0.iter().position(|face| face.letters.map(c).is_some())
    }

    /// How wide a text is, in ems.
    pub(super) fn width(&self, text: &str, is_rtl: bool) -> f32 {
        self.placed(text, is_rtl).1
    }

    /// Adds the outlines of a text that begins at a place, on its line, with so many pixels an em.
    pub(super) fn outline(
        &self,
        (text, is_rtl): (&str, bool),
        (x, y): (f32, f32),
        size: f32,
        path: &mut PathBuilder,
    ) {
        for glyph in self.placed(text, is_rtl).0 {
            let Some(face) = self.0.get(glyph.face) else { continue };
            let Some(outline) = face.outlines.get(GlyphId::new(glyph.id)) else { continue };
            let mut pen = PathPen {
                path,
                x: x + glyph.x * size,
                y: y - glyph.y * size,
                scale: size / face.units,
            };
            let settings = DrawSettings::unhinted(Size::unscaled(), &face.location);
            // What is damaged is not there.
            let _ = outline.draw(settings, &mut pen);
        }
    }

    /// The letters from left to right, and how wide they are together.
    fn placed(&self, text: &str, is_rtl: bool) -> (Vec<PlacedGlyph>, f32) {
        let level = if is_rtl { Level::rtl() } else { Level::ltr() };
        let bidi = BidiInfo::new(text, Some(level));
        let (mut glyphs, mut at) = (Vec::new(), 0.0);
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let is_rtl = levels.get(run.start).is_some_and(Level::is_rtl);
                let mut parts = self.of_one_face(&text[run]);
                if is_rtl {
                    parts.reverse();
                }
                for (face, part) in parts {
                    at = self.shaped((face, part, is_rtl), at, &mut glyphs);
                }
            }
        }
        (glyphs, at)
    }

    /// Shapes a text of one face and direction from a place on, and returns the place behind it.
    fn shaped(
        &self,
        (at_face, text, is_rtl): (usize, &str, bool),
        mut at: f32,
        glyphs: &mut Vec<PlacedGlyph>,
    ) -> f32 {
        let Some(face) = self.0.get(at_face) else { return at };
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        let direction = if is_rtl { Direction::RightToLeft } else { Direction::LeftToRight };
        buffer.set_direction(direction);
        buffer.guess_segment_properties();
        let shaper = face.data.shaper(&face.font).instance(Some(&face.instance)).build();
        let shaped = shaper.shape(buffer, ShapeOptions::new());
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()) {
            let ems = |units: i32| units as f32 / face.units;
            glyphs.push(PlacedGlyph {
                face: at_face,
                id: info.glyph_id,
                x: at + ems(position.x_offset),
                y: ems(position.y_offset),
            });
            at += ems(position.x_advance);
        }
        at
    }

    /// Cuts a text where another face is needed: signs that both have stay with those before them.
    fn of_one_face<'t>(&self, text: &'t str) -> Vec<(usize, &'t str)> {
        let mut parts = Vec::new();
        let (mut start, mut current) = (0, None);
        for (at, c) in text.char_indices() {
            let stays = |face: usize| {
                let has = |face: &FaceShaper<'_>| face.letters.map(c).is_some();
                let is_letter = c.is_alphabetic();
                spelled::is_joining(c) || (!is_letter && self.0.get(face).is_some_and(has))
            };
            let face = current.filter(|face| stays(*face)).or_else(|| self.face_of(c));
            let face = face.or(current).unwrap_or_default();
            if let Some(known) = current.filter(|known| *known != face) {
                parts.push((known, &text[start..at]));
                start = at;
            }
            current = Some(face);
        }
        if let Some(face) = current {
            parts.push((face, &text[start..]));
        }
        parts
    }
}

/// Writes an outline, which goes upwards, into a picture, which goes downwards.
struct PathPen<'p> {
    path: &'p mut PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl PathPen<'_> {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlinePen for PathPen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let ((cx, cy), (x, y)) = (self.at(cx, cy), self.at(x, y));
        self.path.quad_to(cx, cy, x, y);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        let ((ax, ay), (bx, by), (x, y)) = (self.at(ax, ay), self.at(bx, by), self.at(x, y));
        self.path.cubic_to(ax, ay, bx, by, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
