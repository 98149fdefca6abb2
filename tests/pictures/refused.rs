//! Pictures that no mail can show: an error at the line that names them.

use image::ImageFormat;

use crate::makers::{chart, file, jpeg, moving, scene};
use crate::showing;

#[track_caller]
fn refused(name: &str, bytes: impl AsRef<[u8]>, message: &str, help: &str) {
    let here = showing(name, bytes);
    let output = here.run(&["check", "--format", "github"]);
    assert_eq!(output.code, 3, "{output:?}");
    let place = "file=issues/2025-11/hangul.md,line=7,col=1";
    let line = output.stdout.lines().find(|line| line.contains("image-file")).expect("the rule");
    for text in [place, message, help] {
        assert!(line.contains(text), "no {text:?} in {line}");
    }
    let rendered = here.run(&["render", "2025-11"]);
    assert!(rendered.stderr.contains("hangul.md:7:1"), "{rendered:?}");
}

#[test]
fn files_that_end_early_or_have_a_wrong_byte() {
    let whole = jpeg(&scene(600, 400), 80);
    refused("cut.jpg", &whole[..whole.len() / 2], "cut.jpg is not a picture, or is damaged", "PNG");
    let whole = file(chart(600, 400), ImageFormat::Png);
    refused("cut.png", &whole[..whole.len() / 2], "damaged", "save it as PNG");
    let mut wrong = whole.clone();
    let middle = whole.len() / 2;
    wrong[middle] ^= 0x55;
    refused("wrong.png", &wrong, "damaged", "save it as PNG");
    let whole = file(scene(300, 200), ImageFormat::WebP);
    refused("cut.webp", &whole[..whole.len() / 2], "damaged", "save it as PNG");
    let whole = moving(300, 200);
    refused("cut.gif", &whole[..whole.len() / 3], "damaged", "save it as PNG");
}

#[test]
fn formats_that_are_not_read() {
    let avif = b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miafMA1B\0\0\0\0";
    refused("new.avif", avif, "an AVIF or HEIC picture", "magick picture.avif picture.jpg");
    refused("old.bmp", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01", "BMP", "PNG");
}

#[test]
fn drawings_with_more_than_shapes() {
    let drawing = |content: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\">{content}</svg>"
        )
    };
    let text = drawing("<text y=\"5\">Hangul</text>");
    refused("sign.svg", text, "a drawing with text", "Object to Path");
    let inset = drawing("<image href=\"/etc/passwd\" width=\"9\" height=\"9\"/>");
    refused("sign.svg", inset, "another picture or page inside it", "export the drawing as PNG");
    let bomb = "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">\
        <!ENTITY c \"&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;\">\
        <!ENTITY e \"&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;\">]>\
        <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><desc>&f;&f;</desc></svg>";
    refused("bomb.svg", bomb, "entities (line 1, column 1)", "export the drawing as PNG");
}
