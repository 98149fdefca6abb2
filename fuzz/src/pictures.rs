//! Pictures and drawings: measured and prepared as for a mail.

use std::path::Path;

use sejong_digest::picture::{self, Cache, MAX_PIXELS, PictureFormat, Wish};

use super::{files, signature};

/// See `Target::words`.
pub(super) const SVG_WORDS: &[&str] = &[
    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">",
    "</svg>",
    "<g>",
    "</g>",
    "<use href=\"#a\"/>",
    "<defs><g id=\"a\">",
    "<image href=\"a.png\"/>",
    "<text>a</text>",
    "<!DOCTYPE svg [<!ENTITY a \"b\">]>",
    "&a;",
    "<script>a</script>",
    "<style>*{fill:red}</style>",
    "style=\"fill:url(#a)\"",
    " transform=\"scale(1e9)\"",
    " width=\"1e30\"",
    " d=\"M0 0L9 9z\"",
    "<pattern id=\"a\" width=\"1\" height=\"1\">",
    "<filter id=\"a\"><feGaussianBlur/></filter>",
    " filter=\"url(#a)\"",
    " mask=\"url(#a)\"",
    " clip-path=\"url(#a)\"",
    " id=\"a\"",
    " stroke-dasharray=\"0.0001\"",
    " viewBox=\"0 0 1e-9 1e9\"",
    "<foreignObject>",
    "<a>",
    "NaN",
    "-1",
    "1e999",
    "0",
    "%",
    "<?xml version=\"1.0\" encoding=\"x\"?>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<linearGradient id=\"a\" href=\"#a\">",
    " stroke-width=\"1e9\"",
    "A1e9 0 0 0 1 1 1",
    "\u{0}",
];

/// See `Target::words`.
pub(super) const PNG_WORDS: &[&str] = &[
    "\0\0\0\0IEND",
    "IHDR",
    "IDAT",
    "PLTE",
    "tRNS",
    "\0\0\0\u{1}acTL",
    "iCCP",
    "eXIf",
    "fcTL",
    "fdAT",
    "gAMA",
    "sRGB",
    "\u{7f}\u{7f}",
    "\0\0",
    "\u{10}",
    "\0\0\u{1}",
    "VP8X",
    "ANIM",
    "GIF89a",
];

/// The drawings of this repository, and small ones with what drawings are made of.
pub(super) fn svg_seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["issues", "theme", "tests", "tools/screenshot", "bench/render"] {
        seeds.extend(files(&root.join(folder), &["svg"]));
    }
    let bodies = [
        "<rect width=\"9\" height=\"9\" fill=\"red\"/>",
        "<defs><g id=\"a\"><path d=\"M0 0L9 9\" stroke=\"#000\"/></g></defs><use href=\"#a\"/>",
        "<linearGradient id=\"a\"><stop offset=\"0\"/></linearGradient>\
         <circle r=\"4\" fill=\"url(#a)\" transform=\"rotate(9)\"/>",
        "<clipPath id=\"c\"><rect width=\"4\" height=\"4\"/></clipPath>\
         <g clip-path=\"url(#c)\" opacity=\".5\"><ellipse rx=\"4\" ry=\"2\"/></g>",
        "<style>.a{fill:none;stroke:#123}</style><polygon class=\"a\" points=\"0,0 9,9 0,9\"/>",
        "<pattern id=\"p\" width=\"2\" height=\"2\" patternUnits=\"userSpaceOnUse\">\
         <rect width=\"1\" height=\"1\"/></pattern><rect width=\"9\" height=\"9\" fill=\"url(#p)\"/>",
        "<mask id=\"m\"><rect width=\"4\" height=\"4\" fill=\"#fff\"/></mask>\
         <rect width=\"9\" height=\"9\" mask=\"url(#m)\"/>",
        "<filter id=\"f\"><feGaussianBlur stdDeviation=\"1\"/></filter>\
         <rect width=\"9\" height=\"9\" filter=\"url(#f)\"/>",
    ];
    seeds.extend(bodies.map(|body| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\" width=\"90\" \
             height=\"90\">{body}</svg>"
        )
        .into_bytes()
    }));
    seeds
}

/// The pictures of this repository.
pub(super) fn png_seeds(root: &Path) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["issues", "theme", "tests", "tools/screenshot", "bench/render", "fuzz/seeds"] {
        seeds.extend(files(&root.join(folder), &["png", "jpg", "gif", "webp"]));
    }
    seeds
}

/// A drawing becomes pixels, or is refused.
pub(super) fn svg(bytes: &[u8]) -> u64 {
    prepared(bytes, 60)
}

/// The same for a picture. The check sums of a PNG are mended, or hardly a change would get past
/// them.
pub(super) fn png(bytes: &[u8]) -> u64 {
    prepared(&with_check_sums(bytes), 552)
}

fn prepared(bytes: &[u8], width: usize) -> u64 {
    let measured = match picture::measure(bytes) {
        Ok(measured) => measured,
        Err(error) => return signature([words(&error)]),
    };
    assert!(measured.width > 0 && measured.height > 0, "{measured:?}");
    assert!(measured.width.saturating_mul(measured.height) <= MAX_PIXELS, "{measured:?}");
    let cache = Cache::of(Path::new("."), None);
    let wish = Wish { bytes, measured, width };
    let answers = picture::prepare(&[wish], &cache, &|_, _| {});
    assert_eq!(answers.len(), 1);
    match &answers[0] {
        Err(error) => signature([words(error)]),
        Ok(made) => {
            let shown = [PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Gif];
            assert!(
                shown.contains(&made.format),
                "{:?} is not shown by mail programs",
                made.format
            );
            let sent = made.bytes.as_deref().unwrap_or(bytes);
            let again = picture::measure(sent).expect("what was made is a picture");
            assert_eq!(again.format, made.format);
            assert_eq!((again.width, again.height), (made.width, made.height));
            if made.bytes.is_some() {
                assert!(made.width <= 2 * width, "{} pixels wide", made.width);
            }
            signature([format!("{:?} {:?} {}", measured.format, made.format, made.bytes.is_some())])
        }
    }
}

/// What an error says without its numbers, and that it says what to do.
fn words(error: &picture::PictureError) -> String {
    assert!(!error.help().is_empty());
    error.to_string().chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// `bytes` as a PNG whose chunks have the check sums that they should have (W3C PNG 5.3).
fn with_check_sums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(end) = at.checked_add(8).and_then(|start| start.checked_add(length)) else {
            break;
        };
        let Some(body) = bytes.get(at + 4..end) else { break };
        let sum = crc32(body).to_be_bytes();
        let Some(place) = bytes.get_mut(end..end + 4) else { break };
        place.copy_from_slice(&sum);
        at = end + 4;
    }
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum: u32, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
