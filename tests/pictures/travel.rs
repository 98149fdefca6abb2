//! The cache, the folder to publish and the message: the same picture each time, made once.

use std::os::unix::fs::MetadataExt as _;

use image::{GenericImageView as _, ImageFormat};

use crate::harness::Publication;
use crate::makers::{chart, file, jpeg, scene, with_notes};
use crate::{ARTICLE, decoded, ends, holds, published, render, showing};

/// The files of the cache, with what shows whether one was written again.
fn cached(here: &Publication) -> Vec<(String, u64, i64)> {
    let folder = here.path(".digest/pictures");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("a cache")
        .map(|entry| {
            let entry = entry.expect("a file");
            let metadata = entry.metadata().expect("a file");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, metadata.ino(), metadata.mtime_nsec())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_picture_is_made_once_and_the_same_each_time() {
    let here = showing("river.jpg", jpeg(&scene(1600, 900), 90))
        .env("DIGEST_SECRET", "0123456789abcdef0123456789abcdef");
    let first = render(&here);
    let bytes = published(&here, &first);
    let files = cached(&here);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(here.read(".digest/.gitignore"), "*\n");
    assert_eq!(render(&here), first);
    assert_eq!(cached(&here), files, "made again");

    // Damaged, gone, or a place where nothing can be written: the same picture.
    let path = here.path(".digest/pictures").join(&files[0].0);
    let mut kept = std::fs::read(&path).expect("kept");
    let middle = kept.len() / 2;
    kept[middle] ^= 1;
    std::fs::write(&path, &kept).expect("damaged");
    assert_eq!(render(&here), first);
    assert_eq!(published(&here, &first), bytes);
    assert_ne!(std::fs::read(&path).expect("kept"), kept, "made again");
    std::fs::remove_dir_all(here.path(".digest")).expect("gone");
    std::fs::remove_dir_all(here.path("public")).expect("gone");
    assert_eq!(render(&here), first);
    assert_eq!(published(&here, &first), bytes);
    std::fs::remove_dir_all(here.path(".digest")).expect("gone");
    let here = here.write(".digest", "not a folder");
    assert_eq!(render(&here), first);
}

#[test]
fn another_picture_under_the_same_name_has_another_address() {
    let here = showing("river.jpg", jpeg(&scene(1600, 900), 90));
    let first = render(&here);
    let here = here.write("issues/2025-11/river.jpg", jpeg(&scene(1600, 901), 90));
    let second = render(&here);
    assert_ne!(first.address, second.address);
    // What a sent mail refers to is still there.
    published(&here, &first);
}

#[test]
fn one_file_in_two_sizes_is_made_for_the_larger() {
    let column = "---\ntitle: Two\n---\n\n![Letters](river.jpg)\n";
    let here = showing("river.jpg", jpeg(&scene(1600, 900), 90))
        .edit(
            "issues/2025-11/issue.toml",
            "articles = [\"hangul\"]",
            "layout = \"columns\"\narticles = [\"hangul\", \"two\"]",
        )
        .write("issues/2025-11/two.md", column);
    let narrow = render(&here);
    assert_eq!((narrow.width, narrow.height), (268, 151));
    assert_eq!(decoded(&published(&here, &narrow)).dimensions(), (800, 450));
    let here = here.edit(
        "issues/2025-11/issue.toml",
        "[[section]]",
        "intro = \"![Letters](river.jpg)\"\n\n[[section]]",
    );
    let wide = render(&here);
    assert_eq!(wide.width, 552);
    assert_eq!(decoded(&published(&here, &wide)).dimensions(), (1104, 621));
}

#[test]
fn embedded_pictures_are_the_prepared_ones_and_only_those_that_show() {
    use mail_parser::MimeHeaders as _;
    let here = showing("river.jpg", with_notes(&jpeg(&scene(2000, 1000), 90), 1));
    let hosted = render(&here);
    let prepared = published(&here, &hosted);
    let here = here
        .edit("issues/2025-11/issue.toml", "number = 1", "number = 1\nimages = \"embed\"")
        .write("issues/2025-11/chart.png", file(chart(600, 300), ImageFormat::Png))
        .edit(ARTICLE, "Text.", "Text.\n\n::: {lang=ko}\n![A chart](chart.png)\n:::\n");
    let mail = |here: &Publication| {
        let output = here.run(&["render", "2025-11", "--format", "eml"]);
        assert_eq!(output.code, 0, "{output:?}");
        output.stdout.into_bytes()
    };
    let parts = |bytes: &[u8]| {
        let message = mail_parser::MessageParser::default().parse(bytes).expect("a message");
        let attached = message.attachments().filter(|part| part.content_id().is_some());
        attached.map(|part| part.contents().to_vec()).collect::<Vec<_>>()
    };
    let bytes = mail(&here);
    let pictures = parts(&bytes);
    assert_eq!(pictures.len(), 2);
    assert!(pictures.contains(&prepared), "the message has the prepared picture");
    assert!(pictures.iter().all(|picture| !holds(picture, "GPS 38")));

    // An excerpt shows neither.
    let here = here.edit(ARTICLE, "title: Hangul", "title: Hangul\nlength: excerpt");
    assert_eq!(parts(&mail(&here)).len(), 0);
    let output = here.run(&["render", "2025-11", "--assets", "other"]);
    assert!(output.stderr.contains("nothing to publish"), "{output:?}");
    assert!(!here.exists("other"));
}

#[test]
fn a_plan_says_that_pictures_have_to_be_published() {
    let here = showing("river.jpg", jpeg(&scene(1600, 900), 90))
        .write("subscribers.csv", "email\nkim@example.org\n")
        .edit(ARTICLE, "Text.", "Text.\n\n![Again](river.jpg)\n");
    let plan = here.run(&["plan", "2025-11"]).stdout;
    let line = plan.lines().find(|line| line.starts_with("Pictures")).expect("the line");
    assert_eq!(
        line,
        "Pictures  1 from https://digest.sejong.example; \
         `digest render 2025-11 --assets DIR` writes them"
    );
    let here =
        here.edit("issues/2025-11/issue.toml", "number = 1", "number = 1\nimages = \"embed\"");
    let plan = here.run(&["plan", "2025-11"]).stdout;
    assert!(plan.contains("Subject") && !plan.contains("Pictures"), "{plan}");
}

#[test]
fn a_picture_as_large_as_a_camera_makes_them() {
    let here = showing("river.jpg", jpeg(&scene(8000, 6000), 60));
    let shown = render(&here);
    assert_eq!(decoded(&published(&here, &shown)).dimensions(), (1104, 828));
    assert!(ends(&shown, "river", ".jpg"));
}

#[test]
fn a_logo_is_shown_at_half_its_pixels_and_is_prepared_too() {
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"180\" height=\"40\">\
        <rect width=\"90\" height=\"40\" fill=\"#1f6b5c\"/></svg>";
    for (name, bytes) in [
        ("logo.png", file(chart(360, 80), ImageFormat::Png)),
        ("logo.svg", drawing.as_bytes().to_vec()),
    ] {
        let config = format!("\n[theme]\nlogo = \"{name}\"\n");
        let here = Publication::new();
        let config = here.read("digest.toml") + &config;
        let here = here.write("digest.toml", config).write(name, bytes);
        let shown = render(&here);
        assert_eq!((shown.width, shown.height), (180, 40), "{name}");
        assert_eq!(decoded(&published(&here, &shown)).dimensions(), (360, 80), "{name}");
    }
}
