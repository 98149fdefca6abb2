//! SVG -> pixels. Shapes only: text would need a face that other machines lack, and a picture
//! within a drawing would need a file. Both are refused rather than left out.

use image::RgbaImage;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{ImageHrefResolver, Options, Tree, roxmltree};

use super::PictureError;

/// Whether a file looks like a drawing.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    text.starts_with(b"<") && memchr::memmem::find(text, b"<svg").is_some()
}

/// The size that a drawing says it has, in whole CSS pixels.
///
/// # Errors
/// It is none, or has what is not drawn.
pub(super) fn size(bytes: &[u8]) -> Result<(usize, usize), PictureError> {
    let size = read(bytes)?.size();
    Ok((size.width().round().max(1.0) as usize, size.height().round().max(1.0) as usize))
}

/// Draws it `width` pixels wide.
///
/// # Errors
/// It is none, or has what is not drawn.
pub(super) fn draw(bytes: &[u8], width: usize, height: usize) -> Result<RgbaImage, PictureError> {
    let tree = read(bytes)?;
    let (wide, high) = (width as u32, height as u32);
    let mut pixels = Pixmap::new(wide, high).ok_or(PictureError::Damaged)?;
    let size = tree.size();
    let scale = Transform::from_scale(wide as f32 / size.width(), high as f32 / size.height());
    resvg::render(&tree, scale, &mut pixels.as_mut());
    let bytes = pixels.pixels().iter().flat_map(|pixel| {
        let pixel = pixel.demultiply();
        [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()]
    });
    RgbaImage::from_raw(wide, high, bytes.collect()).ok_or(PictureError::Damaged)
}

fn read(bytes: &[u8]) -> Result<Tree, PictureError> {
    let text = std::str::from_utf8(bytes).map_err(|_| PictureError::Damaged)?;
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        nodes_limit: 200_000,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(text, options)
        .map_err(|_| PictureError::Damaged)?;
    for node in document.descendants() {
        match node.tag_name().name() {
            "text" => return Err(PictureError::Drawing("text")),
            "image" | "feImage" | "foreignObject" => {
                return Err(PictureError::Drawing("another picture or page inside it"));
            }
            _ => {}
        }
    }
    // Nothing is fetched and no file is opened, whatever the drawing refers to.
    let nothing = ImageHrefResolver {
        resolve_data: Box::new(|_, _, _| None),
        resolve_string: Box::new(|_, _| None),
    };
    let options = Options { image_href_resolver: nothing, ..Options::default() };
    Tree::from_xmltree(&document, &options).map_err(|_| PictureError::Damaged)
}
