//! SVG -> pixels. Shapes only: text would need a face that other machines lack, and a picture
//! within a drawing would need a file. Both are refused rather than left out.
//!
//! A drawing is a program: a few bytes can ask for any amount of work. So nothing is drawn whose
//! work was not counted before: `tags` looks at the text before it is parsed, `content` at its
//! elements before they are taken together, `cost` at the shapes before they are painted.

mod content;
mod cost;
mod sheet;
mod tags;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use image::RgbaImage;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, roxmltree};

use super::PictureError;

/// More than any drawing of shapes for a mail has.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// What a drawing may become: 1104 pixels wide and thirteen times as high.
const MAX_DRAWN: usize = 16_000_000;
/// For functions that call themselves for each level of a drawing.
const STACK: usize = 64 * 1024 * 1024;
/// What was counted takes a second at most. This is for what was counted wrongly, and for slow
/// machines.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something that is not drawn, and the byte where it stands.
#[derive(Debug)]
struct NotDrawn {
    at: usize,
    what: Unwanted,
}

#[derive(Debug)]
enum Unwanted {
    Text,
    Named(String),
}

impl NotDrawn {
    fn named(at: usize, what: impl Into<String>) -> NotDrawn {
        NotDrawn { at, what: Unwanted::Named(what.into()) }
    }

    /// With line and column instead of the byte.
    fn placed(self, text: &str) -> PictureError {
        let before = text.get(..self.at).unwrap_or_default();
        let line_at = before.rfind('\n').map_or(0, |end| end + 1);
        let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        let line = number(memchr::memchr_iter(b'\n', before.as_bytes()).count());
        let column = number(before[line_at..].chars().count());
        match self.what {
            Unwanted::Text => PictureError::Text(line, column),
            Unwanted::Named(what) => PictureError::Drawing(what, line, column),
        }
    }
}

/// Whether a file looks like a drawing.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    text.starts_with(b"<") && memchr::memmem::find(text, b"<svg").is_some()
}

/// The size that a drawing says it has, in whole CSS pixels.
///
/// # Errors
/// It is none, has what is not drawn, or would take too long.
pub(super) fn size(bytes: &[u8]) -> Result<(usize, usize), PictureError> {
    let text = text(bytes)?;
    let size = in_time(cost::MEMORY, move || Ok(read(&text)?.size()))?;
    Ok((size.width().round().max(1.0) as usize, size.height().round().max(1.0) as usize))
}

/// Draws it `width` pixels wide.
///
/// # Errors
/// It is none, has what is not drawn, or would take too long.
pub(super) fn draw(bytes: &[u8], width: usize, height: usize) -> Result<RgbaImage, PictureError> {
    if width.saturating_mul(height) > MAX_DRAWN {
        return Err(PictureError::Elaborate("a shape that is too high for its width"));
    }
    let text = text(bytes)?;
    in_time(cost::MEMORY, move || drawn(&text, width as u32, height as u32))
}

fn drawn(text: &str, wide: u32, high: u32) -> Result<RgbaImage, PictureError> {
    let tree = read(text)?;
    let size = tree.size();
    let scale = Transform::from_scale(wide as f32 / size.width(), high as f32 / size.height());
    cost::count(&tree, scale, wide, high)?;
    let mut pixels = Pixmap::new(wide, high).ok_or(PictureError::Damaged)?;
    resvg::render(&tree, scale, &mut pixels.as_mut());
    let bytes = pixels.pixels().iter().flat_map(|pixel| {
        let pixel = pixel.demultiply();
        [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
    });
    RgbaImage::from_raw(wide, high, bytes.collect()).ok_or(PictureError::Damaged)
}

fn text(bytes: &[u8]) -> Result<String, PictureError> {
    if bytes.len() > MAX_BYTES {
        return Err(PictureError::Elaborate("more than 2 MB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PictureError::Damaged)?;
    Ok(text.to_owned())
}

/// Does the work on a thread with room for deep drawings, and gives it up after a while. The thread
/// then ends with the process.
pub(super) fn in_time<T: Send + 'static>(
    memory: u64,
    work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
) -> Result<T, PictureError> {
    let slow = PictureError::Elaborate("too much in it");
    let share = super::memory::share(memory);
    let (done, result) = mpsc::channel();
    let thread = thread::Builder::new().stack_size(STACK).spawn(move || {
        let _share = share;
        let _ = done.send(work());
    });
    if thread.is_err() {
        return Err(slow);
    }
    match result.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(slow),
        // It met what its author did not think of.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(PictureError::Damaged),
    }
}

fn read(text: &str) -> Result<Tree, PictureError> {
    tags::look(text).map_err(|fault| fault.placed(text))?;
    let dashes = {
        let document = parsed(text)?;
        content::look(&document)?
    };
    if let Some(dashes) = dashes {
        // The lines are measured before they are cut into dashes.
        let whole = text.replace("stroke-dasharray", "stroke-dash-array");
        let document = parsed(&whole)?;
        if content::look(&document)?.is_some() {
            return Err(PictureError::Elaborate("dashes under a name with an entity in it"));
        }
        cost::dashes(&tree(&document)?, dashes)?;
    }
    tree(&parsed(text)?)
}

fn parsed(text: &str) -> Result<roxmltree::Document<'_>, PictureError> {
    // A document type without entities does nothing; `tags` has refused the others.
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        nodes_limit: 200_000,
        ..roxmltree::ParsingOptions::default()
    };
    roxmltree::Document::parse_with_options(text, options).map_err(|_| PictureError::Damaged)
}

fn tree(document: &roxmltree::Document<'_>) -> Result<Tree, PictureError> {
    // Nothing is fetched and no file is opened, whatever the drawing refers to.
    let nothing = ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    };
    let options = Options { image_href_resolver: nothing, ..Options::default() };
    Tree::from_xmltree(document, &options).map_err(|_| PictureError::Damaged)
}
