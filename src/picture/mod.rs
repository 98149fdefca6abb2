//! Pictures as an email needs them: measured, turned upright, scaled to twice the width that they
//! are shown at, in a format that every mail program knows, without what a camera wrote about the
//! place and the owner.
//!
//! The same bytes and the same width give the same picture. Must never know of issues or mails,
//! never make a picture larger than it was, and never read a file but those of its own cache.

mod cache;
pub mod card;
mod drawing;
mod encode;
mod measure;
mod memory;
mod parts;
mod prepare;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use cache::Cache;
pub use measure::measure;

/// Pixels that have to be held in memory; a camera makes 50 million.
pub const MAX_PIXELS: usize = 64_000_000;

/// Pixels of all pictures of one issue, each of which has to be decoded: 25 photographs of 12
/// megapixels.
pub const MAX_PIXELS_TOGETHER: usize = 300_000_000;

/// The longest side of a picture: JPEG and GIF know no longer one.
pub const MAX_SIDE: usize = 65_535;

/// The formats that are read. Mail programs show the first three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF, still or moving.
    Gif,
    /// WebP, still.
    Webp,
    /// A drawing without text: it has no pixels of its own.
    Svg,
}

impl PictureFormat {
    /// The media type (IANA).
    pub fn media_type(self) -> &'static str {
        match self {
            PictureFormat::Png => "image/png",
            PictureFormat::Jpeg => "image/jpeg",
            PictureFormat::Gif => "image/gif",
            PictureFormat::Webp => "image/webp",
            PictureFormat::Svg => "image/svg+xml",
        }
    }

    /// How a file of it ends, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            PictureFormat::Png => "png",
            PictureFormat::Jpeg => "jpg",
            PictureFormat::Gif => "gif",
            PictureFormat::Webp => "webp",
            PictureFormat::Svg => "svg",
        }
    }
}

/// What a picture's first bytes say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its format, whatever the file is called.
    pub format: PictureFormat,
    /// Pixels, of the picture as it is looked at: a camera's note that it is turned is heeded.
    pub width: usize,
    /// Pixels.
    pub height: usize,
}

/// Why bytes are no picture for an email.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// They end early or are something else.
    #[error("is not a picture, or is damaged")]
    Damaged,
    /// Over [`MAX_PIXELS`] or [`MAX_SIDE`].
    #[error(
        "is {0} x {1} pixels large; at most 64 megapixels are allowed, and 65,535 pixels for a side"
    )]
    Large(usize, usize),
    /// With those before it, over [`MAX_PIXELS_TOGETHER`]; the megapixels of all.
    #[error(
        "is one picture too many: the pictures of this issue have {0} megapixels together, and at \
         most 300 are allowed"
    )]
    Many(usize),
    /// It would take more time or memory than pictures get.
    #[error("has {0}, and takes too long or too much memory to open")]
    Costly(&'static str),
    /// A format that is not read.
    #[error("is {0}, which many mail programs cannot show")]
    Format(&'static str),
    /// An animated WebP.
    #[error("is an animated WebP picture, which many mail programs cannot show")]
    Moving,
    /// A drawing with text, at this line and column of it.
    #[error(
        "is a drawing with text (line {0}, column {1}), which would not look the same on every \
         machine"
    )]
    Text(u32, u32),
    /// A drawing with something that is not drawn, at this line and column of it.
    #[error("is a drawing with {0} (line {1}, column {2}), which is not drawn in a mail")]
    Drawing(String, u32, u32),
    /// A drawing that would take too long to draw.
    #[error("is a drawing with {0}, and takes too long or too much memory to draw")]
    Elaborate(&'static str),
}

impl PictureError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            PictureError::Damaged => "save it as PNG, JPEG or GIF",
            PictureError::Large(..) => {
                "make it smaller: an email shows pictures 552 pixels wide, so 1104 pixels are \
                 enough"
            }
            PictureError::Many(_) => {
                "make the pictures smaller: an email shows them 552 pixels wide, so 1104 pixels \
                 are enough; or leave some out"
            }
            PictureError::Format(_) => {
                "save it as PNG, JPEG or GIF, as `magick picture.avif picture.jpg` does"
            }
            PictureError::Moving => "save it as GIF, as `magick picture.webp picture.gif` does",
            PictureError::Costly(_) => {
                "save it again as a plain JPEG or PNG, 1104 pixels wide and without a colour profile"
            }
            PictureError::Text(..) => {
                "turn the text into paths (in Inkscape: Path, Object to Path), or save it as PNG"
            }
            PictureError::Drawing(..) => {
                "take it out, or export the drawing as PNG, 1104 pixels wide"
            }
            PictureError::Elaborate(_) => {
                "simplify the drawing, or export it as PNG, 1104 pixels wide"
            }
        }
    }
}

/// A picture and the widest that it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The file.
    pub bytes: &'a [u8],
    /// What [`measure()`] says of it.
    pub measured: Measured,
    /// CSS pixels; twice as many are made of it, as fine screens have them.
    pub width: usize,
}

/// A picture that can travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// PNG, JPEG or GIF.
    pub format: PictureFormat,
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// `None` where the file can travel as it is.
    pub bytes: Option<Arc<[u8]>>,
}

/// Prepares pictures, on as many threads as the machine has processors, at most four. What the
/// cache has is not made again. `made` is told, from any thread, how many of how many that the
/// cache lacked are done.
pub fn prepare(
    wishes: &[Wish<'_>],
    cache: &Cache,
    made: &(dyn Fn(usize, usize) + Sync),
) -> Vec<Result<Prepared, PictureError>> {
    let kept: Vec<(String, Option<Prepared>)> = wishes
        .iter()
        .map(|wish| {
            let name = cache::name(wish);
            let found = cache.find(&name);
            (name, found)
        })
        .collect();
    let over = first_over(wishes);
    // None is opened where they are too many: the issue has to change before it can be sent.
    let lacking: Vec<usize> =
        (0..wishes.len()).filter(|&at| kept[at].1.is_none() && over.is_none()).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut results = Vec::new();
        while let Some(&at) = lacking.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = prepare::prepare(&wishes[at]);
            if let Ok(prepared) = &result {
                cache.keep(&kept[at].0, prepared);
            }
            results.push((at, result));
            made(done.fetch_add(1, Ordering::Relaxed) + 1, lacking.len());
        }
        results
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut fresh = Vec::with_capacity(lacking.len());
    if !lacking.is_empty() {
        made(0, lacking.len());
        std::thread::scope(|scope| {
            let others: Vec<_> =
                (1..threads.min(lacking.len())).map(|_| scope.spawn(work)).collect();
            fresh.extend(work());
            // A decoder that panics is caught in `prepare`, so that every thread comes back.
            fresh.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        });
    }
    let mut results: Vec<Result<Prepared, PictureError>> = match over {
        Some((first, megapixels)) => (0..wishes.len())
            .map(|at| match at {
                at if at == first => Err(PictureError::Many(megapixels)),
                _ => Ok(prepare::as_it_is(&wishes[at].measured)),
            })
            .collect(),
        None => kept.into_iter().map(|(_, found)| found.ok_or(PictureError::Damaged)).collect(),
    };
    for (at, result) in fresh {
        results[at] = result;
    }
    results
}

/// The first picture with which they are over [`MAX_PIXELS_TOGETHER`], and the megapixels of all. A
/// drawing has no pixels before it is drawn. What the cache has counts as well: whether an issue may
/// be sent does not depend on what was made before.
fn first_over(wishes: &[Wish<'_>]) -> Option<(usize, usize)> {
    let mut together = 0_usize;
    let mut first = None;
    for (at, wish) in wishes.iter().enumerate() {
        if wish.measured.format != PictureFormat::Svg {
            let pixels = wish.measured.width.saturating_mul(wish.measured.height);
            together = together.saturating_add(pixels);
        }
        if together > MAX_PIXELS_TOGETHER {
            first = first.or(Some(at));
        }
    }
    first.map(|first| (first, together.div_ceil(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_may_have_many_photographs_and_any_drawing() {
        let wishes = |count: usize, format: PictureFormat| {
            let measured = Measured { format, width: 4000, height: 3000 };
            vec![Wish { bytes: &[], measured, width: 552 }; count]
        };
        assert_eq!(first_over(&wishes(25, PictureFormat::Jpeg)), None);
        assert_eq!(first_over(&wishes(30, PictureFormat::Jpeg)), Some((25, 360)));
        assert_eq!(first_over(&wishes(500, PictureFormat::Svg)), None);
    }
}
