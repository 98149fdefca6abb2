//! What becomes of each kind of file: size, format, colour, and what is left out.

use image::{GenericImageView as _, ImageFormat, Rgb, Rgba};

use crate::makers::{chart, disc, file, jpeg, moving, scene, with_notes};
use crate::{decoded, ends, holds, published, render, showing};

#[test]
fn a_photograph_becomes_twice_as_wide_as_it_is_shown_and_no_wider() {
    let original = with_notes(&jpeg(&scene(3000, 2000), 92), 1);
    let here = showing("river.jpg", &original);
    let shown = render(&here);
    assert_eq!((shown.width, shown.height), (552, 368));
    assert!(ends(&shown, "river", ".jpg"), "{shown:?}");
    assert!(shown.address.contains("/issues/2025-11/river-"), "{shown:?}");
    let bytes = published(&here, &shown);
    assert_eq!(decoded(&bytes).dimensions(), (1104, 736));
    assert_eq!(image::guess_format(&bytes).expect("known"), ImageFormat::Jpeg);
    assert!(bytes.len() < original.len() / 8, "{} of {}", bytes.len(), original.len());
    assert!(!holds(&bytes, "GPS 38") && !holds(&bytes, "Exif"), "notes travel");
}

#[test]
fn a_photograph_that_a_telephone_turned_stands_upright() {
    // Red above and blue below, as one sees it; stored on its side.
    let mut stored = scene(1200, 800);
    for (x, _, pixel) in stored.enumerate_pixels_mut() {
        *pixel = if x < 600 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    }
    let here = showing("river.jpg", with_notes(&jpeg(&stored, 90), 6));
    let shown = render(&here);
    assert_eq!((shown.width, shown.height), (552, 828));
    let picture = decoded(&published(&here, &shown)).into_rgb8();
    assert_eq!(picture.dimensions(), (800, 1200));
    let Rgb([above, _, _]) = *picture.get_pixel(400, 100);
    let Rgb([_, _, below]) = *picture.get_pixel(400, 1100);
    assert!(above > 180 && below > 180, "{above} {below}");
}

#[test]
fn a_file_that_is_small_enough_stays_as_it_is_without_its_notes() {
    let plain = jpeg(&scene(1104, 736), 70);
    let here = showing("river.jpg", &plain);
    let shown = render(&here);
    assert_eq!(shown.address, "https://digest.sejong.example/issues/2025-11/river.jpg");
    assert_eq!(published(&here, &shown), plain);

    let here = showing("river.jpg", with_notes(&plain, 1));
    let shown = render(&here);
    assert!(ends(&shown, "river", ".jpg"), "{shown:?}");
    assert_eq!(published(&here, &shown), plain);
}

#[test]
fn what_one_sees_through_stays_so_and_gets_no_dark_rim() {
    let here = showing("disc.png", file(disc(2000), ImageFormat::Png));
    let shown = render(&here);
    assert!(ends(&shown, "disc", ".png"), "{shown:?}");
    let picture = decoded(&published(&here, &shown)).into_rgba8();
    assert_eq!(picture.dimensions(), (1104, 1104));
    assert_eq!(*picture.get_pixel(0, 0), Rgba([0; 4]));
    let rim = picture.pixels().filter(|pixel| (1..255).contains(&pixel.0[3]));
    let rim: Vec<_> = rim.collect();
    assert!(!rim.is_empty());
    assert!(rim.iter().all(|pixel| pixel.0[0] >= 250), "the rim is not white");
}

#[test]
fn formats_that_mail_programs_lose_are_converted() {
    let here = showing("river.webp", file(scene(1300, 800), ImageFormat::WebP));
    let shown = render(&here);
    assert!(ends(&shown, "river", ".jpg"), "{shown:?}");
    assert_eq!(decoded(&published(&here, &shown)).dimensions(), (1104, 680));

    let here = showing("chart.webp", file(chart(600, 300), ImageFormat::WebP));
    let shown = render(&here);
    assert!(ends(&shown, "chart", ".png"), "{shown:?}");
    let bytes = published(&here, &shown);
    assert_eq!(decoded(&bytes).into_rgb8(), chart(600, 300), "a drawing loses nothing");
    assert!(bytes.len() < 2000, "{}", bytes.len());

    let here = showing("note.png", file(scene(1000, 600), ImageFormat::Png));
    assert!(ends(&render(&here), "note", ".jpg"), "a photograph as PNG is a waste");
}

#[test]
fn a_drawing_is_drawn_twice_as_wide_as_it_is_shown() {
    let drawing = |width: u32| {
        format!(
            "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" \
             height=\"{width}\" viewBox=\"0 0 10 10\"><title>A sign</title>\
             <rect width=\"5\" height=\"10\" fill=\"#1f6b5c\"/></svg>"
        )
    };
    for (own, shown_at) in [(900, 552), (120, 120)] {
        let here = showing("sign.svg", drawing(own));
        let shown = render(&here);
        assert!(ends(&shown, "sign", ".png"), "{shown:?}");
        assert_eq!((shown.width, shown.height), (shown_at, shown_at));
        let picture = decoded(&published(&here, &shown)).into_rgba8();
        assert_eq!(picture.dimensions(), (shown_at * 2, shown_at * 2));
        assert_eq!(*picture.get_pixel(1, 1), Rgba([0x1f, 0x6b, 0x5c, 255]));
        assert_eq!(picture.get_pixel(shown_at * 2 - 1, 1).0[3], 0);
    }
}

#[test]
fn a_moving_picture_keeps_moving() {
    let original = moving(1500, 300);
    let here = showing("wave.gif", &original);
    let shown = render(&here);
    assert_eq!(shown.address, "https://digest.sejong.example/issues/2025-11/wave.gif");
    assert_eq!((shown.width, shown.height), (552, 111));
    assert_eq!(published(&here, &shown), original);
    let still = showing("wave.gif", file(chart(1500, 300), ImageFormat::Gif));
    let shown = render(&still);
    assert!(ends(&shown, "wave", ".png"), "{shown:?}");
}

#[test]
fn nothing_is_shown_larger_than_it_is() {
    let small = |name: &str| {
        let shown = render(&showing(name, file(chart(300, 150), ImageFormat::Png)));
        (shown.width, shown.height)
    };
    assert_eq!(small("chart.png"), (300, 150));
    assert_eq!(small("chart@2x.png"), (150, 75));
    assert_eq!(small("chart@3x.png"), (100, 50));
}
