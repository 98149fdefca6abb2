//! Pictures: words for who cannot see them, and a size that suits both screens and connections.

use super::html::Element;
use super::view::View;
use crate::diagnostic::{Diagnostic, Place, counted};
use crate::issue::Pictures;
use crate::issue::block::plain;
use crate::issue::image::Image;
use crate::issue::percent;
use crate::picture::PictureFormat;

/// Screen readers do not pause in longer ones.
const ALT_MOST: usize = 125;
/// Smaller pictures are better; larger ones keep phones waiting.
const HEAVY: usize = 200 * 1024;
/// Nobody waits for these.
const TOO_HEAVY: usize = 1024 * 1024;
/// Pixels across that a picture needs at most.
const FULL_WIDTH: usize = 1104;
/// Fine screens have two pixels where others have one; below this a picture is blurred.
const FINE: f64 = 1.5;
/// Smaller ones are icons.
const PICTURE: f64 = 100.0;
/// Less text beside pictures looks like spam to filters (SpamAssassin HTML_IMAGE_ONLY_*).
const LEAST_TEXT: usize = 400;

/// Words that are the name of a file.
pub(super) fn alt_name(view: &View<'_>) -> Vec<Diagnostic> {
    let figures = view.author.figures.iter();
    figures
        .filter_map(|(spot, figure)| {
            let image = view.input.issue.images.get(figure.image)?;
            let alt = figure.alt.trim().to_lowercase();
            let file = image.path.rsplit('/').next().unwrap_or_default().to_lowercase();
            let stem = file.rsplit_once('.').map_or(file.as_str(), |(stem, _)| stem);
            let ending = [".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".svg"];
            let camera = ["img_", "dsc_", "dscf", "screenshot_", "image0"];
            let is_name = !alt.is_empty()
                && (alt == file
                    || (alt == stem && alt.contains(|c: char| c.is_numeric() || "_-".contains(c)))
                    || (!alt.contains(' ') && ending.iter().any(|end| alt.ends_with(end)))
                    || (!alt.contains(' ') && camera.iter().any(|name| alt.starts_with(name))));
            is_name.then(|| {
                Diagnostic::warning("image-alt-name", "the alt text is the name of a file")
                    .at(spot.of(&figure.alt))
                    .help("describe what the picture shows, as you would on the telephone")
            })
        })
        .collect()
}

/// More words than a screen reader says in one breath.
pub(super) fn alt_length(view: &View<'_>) -> Vec<Diagnostic> {
    let figures = view.author.figures.iter();
    let long = figures.filter(|(_, figure)| figure.alt.chars().count() > ALT_MOST);
    long.map(|(spot, figure)| {
        let what = format!("the alt text has {} characters", figure.alt.chars().count());
        Diagnostic::warning("image-alt-length", what).at(spot.of(&figure.alt)).help(format!(
            "write at most {ALT_MOST} characters, and put the rest into the text or the caption"
        ))
    })
    .collect()
}

/// Words that the caption says again.
pub(super) fn alt_caption(view: &View<'_>) -> Vec<Diagnostic> {
    let figures = view.author.figures.iter();
    figures
        .filter(|(_, figure)| {
            let flat = |text: &str| text.trim().trim_end_matches('.').to_lowercase();
            let caption = figure.caption.as_ref().map(|caption| flat(&plain(caption)));
            !figure.alt.trim().is_empty() && caption.is_some_and(|text| text == flat(&figure.alt))
        })
        .map(|(spot, figure)| {
            Diagnostic::warning("image-alt-caption", "the caption repeats the alt text")
                .at(spot.of(&figure.alt))
                .help(
                    "write in the alt text what the picture shows, and in the caption what it \
                     means",
                )
        })
        .collect()
}

/// The place of the first figure that shows a picture.
fn shown_at(view: &View<'_>, image: usize) -> Place {
    let mut figures = view.author.figures.iter();
    let found = figures.find(|(_, figure)| figure.image == image);
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    match (found, view.input.issue.images.get(image)) {
        (Some((spot, _)), Some(image)) => spot.of(&name(&image.path)),
        _ => view.manifest(),
    }
}

/// How wide an `<img>` is shown, in CSS pixels.
fn shown_width(element: &Element) -> Option<f64> {
    element.attribute("width")?.parse().ok()
}

/// Whether an `<img>` is this picture: two of an issue may have the same alt text.
fn shows(element: &Element, image: &Image, alt: &str) -> bool {
    let source = element.attribute("src").unwrap_or_default();
    element.attribute("alt") == Some(alt)
        && (source.starts_with("cid:") || source.ends_with(&percent::path(&image.sent.path)))
}

/// A picture that has too few pixels for the place it fills.
pub(super) fn resolution(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let mut problems = Vec::new();
    for (spot, figure) in &view.author.figures {
        let Some(image) = issue.images.get(figure.image) else { continue };
        // A drawing is made into as many pixels as it is shown with.
        if image.format == PictureFormat::Svg {
            continue;
        }
        let shown = view.tree.named("img").filter(|img| shows(img, image, &figure.alt));
        let Some(width) = shown.filter_map(shown_width).reduce(f64::max) else { continue };
        let natural = image.width as f64;
        if width < PICTURE || natural / width >= FINE || figure.alt.is_empty() {
            continue;
        }
        let name = image.path.rsplit('/').next().unwrap_or_default();
        let what = format!(
            "{name} is {natural} pixels wide but shown {width} pixels wide, so it is blurred"
        );
        problems.push(Diagnostic::warning("image-resolution", what).at(spot.of(name)).help(
            format!(
                "use a file that is {} pixels wide, twice the width at which it is shown; if there \
                 is no larger one, leave it",
                width * 2.0
            ),
        ));
    }
    problems
}

/// A file that keeps readers waiting.
pub(super) fn heavy(view: &View<'_>) -> Vec<Diagnostic> {
    let images = view.input.issue.images.iter().enumerate();
    images
        .filter_map(|(at, image)| {
            let kilobytes = image.sent.bytes.len() / 1024;
            let name = image.path.rsplit('/').next().unwrap_or_default();
            let problem = match image.sent.bytes.len() {
                0..=HEAVY => return None,
                bytes if bytes <= TOO_HEAVY => Diagnostic::warning(
                    "image-heavy",
                    format!("{name} is {kilobytes} kB large; 200 kB are enough"),
                ),
                _ => Diagnostic::error(
                    "image-heavy",
                    format!(
                        "{name} is {kilobytes} kB large; more than 1 MB takes too long to load"
                    ),
                ),
            };
            Some(problem.at(shown_at(view, at)).help(lighter(image)))
        })
        .collect()
}

/// What makes a picture smaller that has been scaled and encoded already, as far as that helps.
fn lighter(image: &Image) -> String {
    let is_file = image.sent.path == image.path;
    match image.sent.format {
        PictureFormat::Gif => {
            "show fewer frames or fewer colors, or one picture that links to the \
                               film"
                .to_owned()
        }
        PictureFormat::Png if !image.sent.is_opaque() => {
            "give it a background and save it as JPEG, or cut it down to what matters: what is \
             transparent stays a PNG"
                .to_owned()
        }
        _ if is_file && image.sent.width > FULL_WIDTH => {
            format!("save it {FULL_WIDTH} pixels wide, a photograph as JPEG with quality 80")
        }
        PictureFormat::Jpeg => {
            "cut it down to what matters, or make it less wide: it is a JPEG already".to_owned()
        }
        _ => "save it as JPEG if it is a photograph, or cut it down to what matters".to_owned(),
    }
}

/// Pictures fetched over `http:`: many programs show none of them.
pub(super) fn insecure(view: &View<'_>) -> Vec<Diagnostic> {
    let issue = view.input.issue;
    let base = view.input.publication.base_url.to_ascii_lowercase();
    let hosted = issue.pictures == Pictures::Hosted && !issue.images.is_empty();
    if !hosted || !base.starts_with("http://") {
        return Vec::new();
    }
    let problem = Diagnostic::warning(
        "image-insecure",
        "the pictures are loaded over http:, without encryption",
    )
    .at(view.publication())
    .help("write https: in base_url, or set images = \"embed\"");
    vec![problem]
}

/// Pictures and hardly a word (SpamAssassin HTML_IMAGE_ONLY_*).
pub(super) fn only_pictures(view: &View<'_>) -> Vec<Diagnostic> {
    let seen = view.tree.named("img").filter_map(shown_width);
    let pictures = seen.filter(|width| *width >= 300.0).count();
    let text = view.visible().chars().count();
    if pictures == 0 || text >= LEAST_TEXT {
        return Vec::new();
    }
    let what = format!(
        "the mail has {} and only {} of text",
        counted(pictures as u64, "large picture"),
        counted(text as u64, "character")
    );
    let problem = Diagnostic::warning("image-only", what).at(view.manifest()).help(
        "write more text: many readers switch pictures off, and spam filters count this \
         (HTML_IMAGE_ONLY)",
    );
    vec![problem]
}
