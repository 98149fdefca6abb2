//! Pictures that a mail fetches: asked for before it leaves.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::web::{Asked, Reply, Web};
use crate::{LIST, send};

/// The server is on this machine, and readers could not reach it.
const LOCAL: &str =
    "number = 1\nallow = [{ rule = \"link-local\", reason = \"a server of this test\" }]\n";

/// An issue with a picture that is fetched from under `base_url`.
fn with_picture(base_url: &str) -> Publication {
    let picture = image::RgbaImage::from_pixel(600, 300, image::Rgba([20, 60, 90, 255]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("a picture");
    let words = "A paragraph that says what a newsletter says. ".repeat(12);
    Publication::new()
        .edit("digest.toml", "https://digest.sejong.example", base_url)
        .edit("issues/2025-11/issue.toml", "number = 1\n", LOCAL)
        .write(LIST, "email,first_name\nkim@reader.example,Minji\n")
        .write("issues/2025-11/quay.png", bytes.into_inner())
        .write(
            "issues/2025-11/hangul.md",
            format!("---\ntitle: Hangul\n---\n\n![The quay](quay.png)\n\n{words}\n"),
        )
}

/// The same with a server of this test at `base_url`, which the machine trusts.
fn served(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> (Web, Publication) {
    let (web, certificate) = Web::with_tls("127.0.0.1", answer);
    let here = with_picture(&format!("https://127.0.0.1:{}", web.port()));
    let here = here.write("trusted.pem", certificate);
    let trusted = here.path("trusted.pem").display().to_string();
    (web, here.env("SSL_CERT_FILE", &trusted))
}

#[test]
fn what_is_not_published_stops_a_send_that_nobody_is_asked_about() {
    let ((web, here), relay) = (served(|_| Reply::status(404)), Relay::new());
    let output = send(&here, &relay, &["--allow-private"]);
    assert_eq!(output.code, 3, "{output:?}");
    for words in ["picture-unpublished", "issues/2025-11/quay-", "--allow picture-unpublished"] {
        assert!(output.stderr.contains(words), "{words}: {output:?}");
    }
    assert!(relay.accepted().is_empty());
    assert!(!here.exists("digest.db") && !here.exists(".digest-secret"), "{:?}", here.files());
    let asked = web.asked();
    assert!(asked.iter().all(|asked| asked.path.starts_with("/issues/2025-11/quay")), "{asked:?}");
    // It is looked at, and then it goes.
    let allowed = ["--allow-private", "--allow", "picture-unpublished"];
    let output = send(&here, &relay, &allowed);
    assert_eq!((output.code, relay.accepted().len()), (0, 1), "{output:?}");
}

#[test]
fn pictures_that_are_there_are_asked_for_by_head_and_nothing_is_said() {
    let ((web, here), relay) = (served(|_| Reply::status(200)), Relay::new());
    let output = send(&here, &relay, &["--allow-private"]);
    assert_eq!((output.code, relay.accepted().len()), (0, 1), "{output:?}");
    assert!(!output.stderr.contains("picture-unpublished"), "{output:?}");
    let asked: Vec<String> = web.asked().into_iter().map(|asked| asked.method).collect();
    assert_eq!(asked, ["HEAD"]);
}

#[test]
fn a_rehearsal_and_a_plan_ask_nobody() {
    let ((web, here), relay) = (served(|_| Reply::status(404)), Relay::new());
    assert_eq!(here.run(&["send", "2025-11", "--catch", "out", "--yes"]).code, 0);
    let output = send(&here, &relay, &["--dry-run", "--allow-private"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(web.asked().is_empty(), "{:?}", web.asked());
}

#[test]
fn a_server_that_says_nothing_is_a_line_and_costs_five_seconds_at_most() {
    let late = std::time::Duration::from_secs(30);
    let relay = Relay::new();
    for private in [&["--allow-private"][..], &[]] {
        let (_web, here) = served(move |_| Reply::status(200).after(late));
        let start = std::time::Instant::now();
        let output = send(&here, &relay, private);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stderr.contains("warning[picture-unpublished]"), "{output:?}");
        assert!(start.elapsed() < std::time::Duration::from_secs(15));
    }
    // Of a name that nobody can have, nothing is said.
    let output = send(&with_picture("https://digest.sejong.example"), &relay, &[]);
    assert!(output.code == 0 && !output.stderr.contains("picture-unpublished"), "{output:?}");
}
