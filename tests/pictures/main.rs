//! Pictures on their way from an author's folder into a mail: the real binary, and files as cameras
//! and drawing programs make them.

#[path = "../harness/mod.rs"]
mod harness;
mod makers;
mod refused;
mod sizes;
mod travel;

use harness::Publication;
use image::DynamicImage;

pub(crate) const ARTICLE: &str = "issues/2025-11/hangul.md";

/// A publication whose article shows the file `name`.
pub(crate) fn showing(name: &str, bytes: impl AsRef<[u8]>) -> Publication {
    Publication::new()
        .write(ARTICLE, format!("---\ntitle: Hangul\n---\n\nText.\n\n![Letters]({name})\n"))
        .write(&format!("issues/2025-11/{name}"), bytes)
}

/// The picture of a mail: its address, and the numbers in `width` and `height`.
#[derive(Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) address: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

pub(crate) fn shown(html: &str) -> Shown {
    let tag = html.split("<img").nth(1).expect("a picture").split('>').next().expect("its end");
    let attribute = |name: &str| {
        let after = tag.split(&format!(" {name}=\"")).nth(1).expect("the attribute");
        after.split('"').next().expect("its end").to_owned()
    };
    let number = |name: &str| attribute(name).parse().expect("a number");
    Shown { address: attribute("src"), width: number("width"), height: number("height") }
}

/// Renders the issue with its pictures for a web server. Nobody is told of anything but where the
/// pictures are.
pub(crate) fn render(here: &Publication) -> Shown {
    let output = here.run(&["render", "2025-11", "--assets", "public"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.stderr.lines().count(), 1, "{output:?}");
    shown(&output.stdout)
}

/// The file that the address means.
pub(crate) fn published(here: &Publication, shown: &Shown) -> Vec<u8> {
    let path = shown.address.strip_prefix("https://digest.sejong.example/").expect("ours");
    std::fs::read(here.path("public").join(path)).expect("published")
}

pub(crate) fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).expect("a whole picture")
}

pub(crate) fn ends(shown: &Shown, name: &str, extension: &str) -> bool {
    let file = shown.address.rsplit('/').next().expect("a name");
    let hash = file.strip_prefix(&format!("{name}-")).and_then(|rest| rest.strip_suffix(extension));
    hash.is_some_and(|hash| hash.len() == 10 && hash.chars().all(|c| c.is_ascii_hexdigit()))
}

pub(crate) fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}
