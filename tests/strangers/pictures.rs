//! Pictures that ask for more work or memory than a mail is worth, and a cache that came along.

use std::time::{Duration, Instant};

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbImage, RgbaImage};
use sejong_digest::picture::{self, Cache, Wish};

use crate::harness::{Output, Publication};

/// What the whole process may have: 1.5 GB, 20 seconds of the processor.
const LIMITED: &str = "ulimit -v 1500000; ulimit -t 20; exec digest check";

fn showing(name: &str, bytes: impl AsRef<[u8]>) -> Publication {
    let article = format!("---\ntitle: Hangul\n---\n\nText.\n\n![Letters]({name})\n");
    Publication::new()
        .write("issues/2025-11/hangul.md", article)
        .write(&format!("issues/2025-11/{name}"), bytes)
}

fn checked(name: &str, bytes: impl AsRef<[u8]>) -> Output {
    showing(name, bytes).shell(LIMITED)
}

#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, message: &str, help: &str) {
    let output = checked(name, bytes);
    assert_eq!(output.code, 3, "{message}: {output:?}");
    for text in ["issues/2025-11/hangul.md:7:1", message, help] {
        assert!(output.stdout.contains(text), "no {text:?} in {output:?}");
    }
    assert!(!output.stderr.contains("panicked"), "{output:?}");
}

fn drawing(content: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\"\n \
         width=\"400\" height=\"400\">\n{content}</svg>"
    )
}

const EXPORT: &str = "export the drawing as PNG, 1104 pixels wide";
const SIMPLIFY: &str = "simplify the drawing, or export it as PNG, 1104 pixels wide";

/// All that a drawing program writes for shapes.
const SHAPES: &str = "<title>A</title><style>.a{fill:none;stroke:#a00}/* b */.c,.d{clip-path:url(#k)}\
    </style><defs><linearGradient id=\"g\"><stop offset=\"0\" stop-color=\"red\"/><stop offset=\"1\"/>\
    </linearGradient><radialGradient id=\"h\" xlink:href=\"#g\"/><rect id=\"r\" width=\"300\" \
    height=\"300\"/><clipPath id=\"k\"><use xlink:href=\"#r\"/></clipPath><symbol id=\"s\" \
    viewBox=\"0 0 9 9\"><path d=\"M0 0L9 9H0z\"/></symbol><pattern id=\"p\" width=\"9\" \
    height=\"9\" patternUnits=\"userSpaceOnUse\"><circle r=\"3\"/></pattern></defs>\n\
    <g class=\"c\" opacity=\".5\" filter=\"none\"><circle cx=\"90\" cy=\"90\" r=\"80\" \
    fill=\"url(#g)\"/><ellipse rx=\"40\" ry=\"20\" fill=\"url(#p)\"/></g>\n\
    <path class=\"a\" d=\"M9 9C20 90 90 20 300 300\" stroke-dasharray=\"4 2\"/>\
    <use href=\"#s\" width=\"50\" height=\"50\"/><line x2=\"300\" style=\"stroke:url(#h);\
    stroke-width:3;marker:none\"/><polygon points=\"1,1 20,20 1,20\"/>\n";

#[test]
fn a_drawing_of_shapes_is_drawn() {
    let output = checked("a.svg", drawing(SHAPES));
    assert_eq!(output.code, 0, "{output:?}");
    let typed = "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \
        \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">\n";
    assert_eq!(checked("a.svg", typed.to_owned() + &drawing(SHAPES)).code, 0);
}

#[test]
fn what_is_not_drawn_is_refused_at_its_place_in_the_drawing() {
    for (content, message) in [
        ("<filter id=\"f\"><feTurbulence numOctaves=\"99999999\"/></filter>", "element <filter>"),
        ("<mask id=\"m\"/>", "the element <mask>"),
        ("<marker id=\"m\"/>", "the element <marker>"),
        ("<script>1</script>", "the element <script>"),
        ("<animate dur=\"1s\"/>", "the element <animate>"),
        ("<foreignObject/>", "another picture or page inside it"),
    ] {
        let message = format!("{message} (line 3, column 1)");
        refused("a.svg", drawing(content), &message, EXPORT);
    }
    for (content, message) in [
        ("<g filter=\"blur(9)\"/>", "the property filter (line 3, column 4)"),
        ("<g style=\"fill:red; filter:blur(9px)\"/>", "the property filter (line 3, column 4)"),
        ("<style>g{mask:url(#a)}</style>", "the property mask (line 3, column 1)"),
        ("<style>@import url(//a.example/a.css);</style>", "an @ rule in its style sheet"),
        ("<style>g + g{fill:red}</style>", "a selector of another kind"),
        ("<use href=\"https://a.example/a.svg#b\"/>", "another file (line 3, column 6)"),
        ("<g fill=\"url(a.svg#b)\"/>", "another file (line 3, column 4)"),
        ("<g id=\"a\"><use href=\"#a\"/></g>", "a <use> of an element around it"),
    ] {
        refused("a.svg", drawing(content), message, EXPORT);
    }
    let entities = "<!DOCTYPE svg [<!ENTITY a \"b\">]>".to_owned() + &drawing("");
    refused("a.svg", entities, "entities (line 1, column 1)", EXPORT);
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
    refused("a.svg", packed, "a compressed file", "save it as PNG, JPEG or GIF");
}

#[test]
fn patterns_and_clip_paths_are_not_inside_one_another() {
    let of = |element: &str, by: &str| -> String {
        let one = |at: usize| {
            let next = by.replace('N', &(at + 1).to_string());
            format!("<{element} id=\"n{at}\" width=\"1\" height=\"1\"><rect {next}/></{element}>")
        };
        (0..400).map(one).collect()
    };
    let inherited =
        "<g fill=\"url(#p)\"><pattern id=\"p\" width=\"9\" height=\"9\"><rect/></pattern></g>";
    let through_use = "<pattern id=\"p\" width=\"9\" height=\"9\"><use href=\"#r\"/></pattern>\
        <rect id=\"r\" fill=\"url(#p)\"/>";
    let by_class = "<style>.a{clip-path:url(#c)}</style><clipPath id=\"b\"><rect class=\"a\"/></clipPath>\
        <clipPath id=\"c\"><rect/></clipPath>";
    for content in [
        of("pattern", "fill=\"url(#nN)\""),
        of("clipPath", "clip-path=\"url(#nN)\""),
        of("clipPath", "style=\"clip-path:url('#nN')\""),
        inherited.to_owned(),
        through_use.to_owned(),
        by_class.to_owned(),
    ] {
        refused("a.svg", drawing(&content), "a pattern or clip path within another one", EXPORT);
    }
}

#[test]
fn drawings_that_take_too_long_are_refused_before_they_are_drawn() {
    let rows: String = (0..12)
        .map(|at| {
            let uses = format!("<use href=\"#n{at}\"/>").repeat(10);
            format!("<g id=\"n{}\">{uses}</g>", at + 1)
        })
        .collect();
    let uses = format!("<g id=\"n0\"><rect width=\"9\" height=\"9\"/></g>{rows}");
    let square = "<rect width=\"400\" height=\"400\" opacity=\".5\"/>";
    let star: String = (0..100_000).map(|at| format!("L{at} {}", at % 2 * 400)).collect();
    let stops: String = (0..5_000).map(|_| "<stop offset=\"0\"/>").collect();
    let layer = |depth: usize| {
        let start = "<g opacity=\".5\">".repeat(depth);
        let end = "</g>".repeat(depth);
        format!("{start}<rect x=\"-5000\" y=\"-5000\" width=\"90000\" height=\"90000\"/>{end}")
    };
    let pattern = |attributes: &str| {
        format!(
            "<pattern id=\"p\" patternUnits=\"userSpaceOnUse\" {attributes}><path d=\"M0 0H9V9z\"/>\
             </pattern><rect width=\"9\" height=\"9\" fill=\"url(#p)\"/>"
        )
    };
    let dashed = |dashes: &str| {
        format!("<g stroke=\"red\" {dashes}>{}</g>", "<path d=\"M0 0H9999\"/>".repeat(100))
    };
    for content in [
        uses,
        square.repeat(20_000),
        format!("<path d=\"M0 0{star}z\"/>"),
        format!("<linearGradient id=\"g\">{stops}</linearGradient>"),
        layer(60),
        pattern("width=\"100000\" height=\"100000\""),
        pattern("width=\"1\" height=\"1\" patternTransform=\"scale(100000)\""),
        dashed("stroke-dasharray=\"0.001\""),
        dashed("style=\"stroke-dasharray:1e-3,1e-3\""),
        dashed("style=\"stroke-dash&#97;rray:1e-3,1e-3\""),
        dashed("font-size=\"1e-9\" stroke-dasharray=\"1em\""),
        "<path d=\"M-1e9-1e9L1e9 1e9H1e8z\" stroke=\"red\" stroke-width=\"1e5\"/>".to_owned(),
        format!("<style>{}</style>{}", ".a{fill:red}".repeat(2_000), "<g/>".repeat(20_000)),
        format!("<desc>{}</desc>", "x".repeat(3_000_000)),
    ] {
        refused("a.svg", drawing(&content), "takes too long or too much memory to draw", SIMPLIFY);
    }
    for content in [
        "<g>".repeat(100_000) + &"</g>".repeat(100_000),
        format!("<g {}/>", (0..100_000).map(|at| format!("a{at}=''")).collect::<String>()),
        format!("<g {}/>", (0..50_000).map(|at| format!("xmlns:a{at}='b'")).collect::<String>()),
        format!("<g style=\"{}\"/>", "fill:red;".repeat(100_000)),
        format!("<g class=\"{}\"/>", "a ".repeat(100_000)),
        (0..3_000)
            .map(|at| format!("<linearGradient id=\"n{at}\" href=\"#n{}\"/>", at + 1))
            .collect(),
    ] {
        refused("a.svg", drawing(&content), "(line 3, column", EXPORT);
    }
}

/// WebP keeps a picture in one colour in a few bytes, whatever its size.
fn plain_webp(width: u32, height: u32, last: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = RgbImage::from_pixel(width, height, image::Rgb([200, 90, last]));
    let encoder = image::codecs::webp::WebPEncoder::new_lossless(&mut bytes);
    encoder.encode(&picture, width, height, image::ExtendedColorType::Rgb8).unwrap();
    bytes
}

fn with_pictures(count: u8, width: u32, height: u32) -> Publication {
    let bytes = plain_webp(width, height, 0);
    let mut here = Publication::new();
    let mut article = "---\ntitle: Hangul\n---\n\nText.\n\n".to_owned();
    for at in 0..count {
        // Another file each time: what stands behind a picture is not its own.
        let bytes = [&bytes[..], &[at]].concat();
        article += &format!("![Letters]({at}.webp)\n\n");
        here = here.write(&format!("issues/2025-11/{at}.webp"), bytes);
    }
    here.write("issues/2025-11/hangul.md", article)
}

/// Each is small enough, and none of them is opened.
#[test]
fn pictures_that_are_too_many_together_are_refused() {
    let few = "ulimit -v 400000; ulimit -t 10; exec digest check";
    let output = with_pictures(40, 5000, 5000).shell(few);
    assert_eq!(output.code, 3, "{output:?}");
    for text in [
        "issues/2025-11/hangul.md:31:1",
        "12.webp is one picture too many",
        "have 1000 megapixels together, and at most 300 are allowed",
        "make the pictures smaller",
    ] {
        assert!(output.stdout.contains(text), "no {text:?} in {output:?}");
    }
    assert_eq!(output.stdout.matches("[image-file]").count(), 1, "{output:?}");
}

#[test]
fn what_no_camera_writes_is_smaller_than_a_photograph() {
    refused(
        "a.webp",
        plain_webp(8000, 8000, 0),
        "has too many pixels for its kind, and takes too long or too much memory to open",
        "save it again as a plain JPEG or PNG, 1104 pixels wide",
    );
}

#[test]
fn numbers_without_measure_end_somewhere() {
    for content in [
        "<rect x=\"NaN\" width=\"1e308\" height=\"1e400\" transform=\"scale(1e30)\"/>",
        "<path d=\"M1e38 1e38L-1e38 1e38z\" stroke=\"red\" stroke-width=\"1e38\"/>",
        "<g transform=\"scale(1e-30)\"><circle r=\"1e30\" stroke=\"red\"/></g>",
    ] {
        let output = checked("a.svg", drawing(content));
        assert!([0, 3].contains(&output.code), "{output:?}");
    }
    let sized = |width: &str, height: &str| {
        drawing("").replacen("\"400\"", &format!("\"{width}\""), 1).replacen(
            "\"400\"",
            &format!("\"{height}\""),
            1,
        )
    };
    refused("a.svg", sized("1e9", "1e9"), "at most 64 megapixels", "1104 pixels are enough");
    refused("a.svg", sized("1", "70000"), "65,535 pixels for a side", "1104 pixels are enough");
}

/// A chunk of a PNG (W3C PNG 5.3) with its CRC.
fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
    let named = [name, data].concat();
    let crc = !named.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    [&(data.len() as u32).to_be_bytes(), &named[..], &crc.to_be_bytes()].concat()
}

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut out, ImageFormat::Png).expect("written");
    out.into_inner()
}

fn sized_png(width: u32, height: u32, depth: u8, color: u8) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&size[..], &[depth, color, 0, 0, 0]].concat());
    let pixels = chunk(b"IDAT", b"\x78\x9c\x03\0\0\0\0\x01");
    [b"\x89PNG\r\n\x1a\n".as_slice(), &header, &pixels, &chunk(b"IEND", b"")].concat()
}

/// 50 MB of zeros as zlib writes them, taken from a picture of them.
fn zeros() -> Vec<u8> {
    let whole = png(image::GrayImage::new(10_000, 5_000));
    let mut rest = &whole[8..];
    let mut data = Vec::new();
    while let Some(length) = rest.get(..4) {
        let length = u32::from_be_bytes(length.try_into().expect("four")) as usize;
        if &rest[4..8] == b"IDAT" {
            data.extend(&rest[8..8 + length]);
        }
        rest = &rest[length + 12..];
    }
    data
}

const PLAIN: &str = "save it again as a plain JPEG or PNG, 1104 pixels wide";

#[test]
fn a_png_inflates_no_more_than_its_pixels() {
    let plain = png(RgbImage::new(30, 20));
    let with = |chunks: &[u8]| [&plain[..33], chunks, &plain[33..]].concat();
    let profile = chunk(b"iCCP", &[b"x\0\0", &zeros()[..]].concat());
    refused("a.png", with(&profile), "a colour profile that is damaged or over 1 MB", PLAIN);
    let note = chunk(b"zTXt", &[b"x\0\0", &zeros()[..]].concat());
    assert_eq!(checked("a.png", with(&note.repeat(20))).code, 0);
    refused("a.png", sized_png(2, 70_000, 8, 2), "65,535 pixels for a side", "1104 pixels");
    refused("a.png", sized_png(30_000, 30_000, 1, 0), "at most 64 megapixels", "1104 pixels");
    refused("a.png", sized_png(8000, 7990, 16, 6), "too many pixels for its kind", PLAIN);
}

/// A progressive JPEG of one colour that says it has `scans` scans (ITU T.81 B.2).
fn scanned(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let mut out = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    out.extend([1; 64]);
    out.extend(b"\xff\xc2\0\x11\x08");
    out.extend([height.to_be_bytes(), width.to_be_bytes()].concat());
    out.extend(b"\x03\x01\x11\0\x02\x11\0\x03\x11\0");
    out.extend(b"\xff\xc4\0\x14\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let scan = b"\xff\xda\0\x0c\x03\x01\0\x02\0\x03\0\0\0\0\0\0\0\0\0\0\0\0";
    out.extend(scan.repeat(scans));
    out.extend(b"\xff\xd9");
    out
}

#[test]
fn a_jpeg_is_gone_over_a_few_times_only() {
    refused("a.jpg", scanned(2000, 2000, 5_000), "too many scans", PLAIN);
    refused("a.jpg", scanned(8000, 7990, 50), "too many scans", PLAIN);
    refused("a.jpg", scanned(8000, 7990, 10), "too many pixels for its kind", PLAIN);
    refused("a.jpg", scanned(65_000, 65_000, 1), "at most 64 megapixels", "1104 pixels");
    let mut profile = Vec::new();
    for part in 1..=20 {
        profile.extend(b"\xff\xe2\xff\xf0ICC_PROFILE\0");
        profile.extend([part, 20]);
        profile.extend([0; 0xFFF0 - 16]);
    }
    let mut out = std::io::Cursor::new(Vec::new());
    RgbImage::new(30, 20).write_to(&mut out, ImageFormat::Jpeg).expect("written");
    let plain = out.into_inner();
    let heavy = [&plain[..2], &profile, &plain[2..]].concat();
    refused("a.jpg", heavy, "a colour profile of over 1 MB", PLAIN);
}

#[test]
fn a_gif_is_as_large_as_it_says_and_not_larger() {
    let gif = |side: u16, frame: u16, frames: usize| {
        let mut out = b"GIF89a".to_vec();
        out.extend([side.to_le_bytes(), side.to_le_bytes()].concat());
        out.extend(b"\x80\0\0\0\0\0\xff\xff\xff");
        let sides = [frame.to_le_bytes(), frame.to_le_bytes()].concat();
        let one = [b"\x2c\0\0\0\0", &sides[..], b"\0\x02\x02\x44\x01\0"].concat();
        out.extend(one.repeat(frames));
        out.extend(b";");
        out
    };
    assert_eq!(checked("a.gif", gif(1, 1, 2)).code, 0);
    refused("a.gif", gif(1, 1, 100_000), "over 2,000 frames", PLAIN);
    refused("a.gif", gif(65_535, 1, 1), "at most 64 megapixels", "1104 pixels");
    refused("a.gif", gif(10, 65_535, 1), "too many pixels for its kind", PLAIN);
    refused("a.gif", &gif(1, 1, 2)[..35], "damaged", "save it as PNG");
}

/// A file in the cache that came with a pull request.
#[test]
fn a_committed_cache_replaces_no_picture() {
    let render = |here: &Publication| {
        let output = here.run(&["render", "2025-11", "--assets", "public"]);
        assert_eq!(output.code, 0, "{output:?}");
        output.stdout
    };
    let cached = |here: &Publication| {
        let cached = here.files().into_iter().filter(|file| file.starts_with(".digest/pictures/"));
        cached.collect::<Vec<_>>()
    };
    let ours = png(RgbImage::from_pixel(600, 300, image::Rgb([200, 0, 0])));
    let theirs = png(RgbImage::from_pixel(600, 300, image::Rgb([0, 0, 200])));

    // Without a secret nothing is kept, nothing is believed, and no secret is made.
    let here = showing("a.png", &ours);
    let right = render(&here);
    assert_eq!(cached(&here), [""; 0]);
    assert!(!here.exists(".digest-secret"));

    // What somebody else's secret made for our picture, with the bytes of theirs.
    let secret = "0123456789abcdef0123456789abcdef";
    let other = showing("a.png", &ours).env("DIGEST_SECRET", "another secret of 32 characters.");
    render(&other);
    let names = cached(&other);
    assert_eq!(names.len(), 1);
    let elsewhere =
        showing("a.png", &theirs).env("DIGEST_SECRET", "another secret of 32 characters.");
    render(&elsewhere);
    let wrong = std::fs::read(elsewhere.path(&cached(&elsewhere)[0])).expect("kept");
    let here = here.write(&names[0], &wrong);
    assert_eq!(render(&here), right);
    let here = here.env("DIGEST_SECRET", secret);
    assert_eq!(render(&here), right);

    // The publication's own file for another picture.
    let mine = showing("a.png", &theirs).env("DIGEST_SECRET", secret);
    render(&mine);
    let wrong = std::fs::read(mine.path(&cached(&mine)[0])).expect("kept");
    let here = here.write(&names[0], wrong);
    assert_eq!(render(&here), right);
}

/// Bytes changed at random, for five seconds: each is prepared or refused, and soon.
#[test]
fn changed_files_are_prepared_or_refused_in_time() {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for shade in [0, 255] {
        let frame = RgbaImage::from_pixel(30, 20, image::Rgba([shade, shade, shade, 255]));
        encoder.encode_frame(Frame::new(frame)).expect("written");
    }
    drop(encoder);
    let picture = RgbImage::from_fn(60, 40, |x, y| image::Rgb([(x * 4) as u8, (y * 6) as u8, 9]));
    let mut seeds = vec![gif, drawing(SHAPES).into_bytes(), scanned(64, 64, 3)];
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let mut out = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut out, format).expect("written");
        seeds.push(out.into_inner());
    }
    let mut state: u64 = 0x2545_F491_4F6C_DD1D;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as usize % below
    };
    let dir = tempfile::tempdir().expect("a folder");
    let cache = Cache::of(dir.path(), None);
    let started = Instant::now();
    let words: [&[u8]; 6] = [b"0", b"99999", b"1e9", b"url(#p)", b"-", b"\xff\xff"];
    let mut tried = 0;
    while started.elapsed() < Duration::from_secs(5) {
        let mut bytes = seeds[tried % seeds.len()].clone();
        tried += 1;
        for _ in 0..=random(4) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes.truncate(at + 1),
                2 => {
                    let end = (at + random(20)).min(bytes.len());
                    bytes.splice(at..end, words[random(words.len())].iter().copied());
                    bytes.push(b' ');
                }
                _ => {
                    let from = random(bytes.len());
                    let piece = bytes[from..(from + random(40)).min(bytes.len())].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        let before = Instant::now();
        if let Ok(measured) = picture::measure(&bytes) {
            let wish = Wish { bytes: &bytes, measured, width: 100 };
            let _ = picture::prepare(&[wish], &cache, &|_, _| {});
        }
        assert!(before.elapsed() < Duration::from_secs(8), "attempt {tried}: {bytes:?}");
    }
    assert!(tried > 50, "{tried}");
}
