//! What `digest serve` answers: the bytes of the folder, and what browsers and caches are told.

use std::time::Duration;

use crate::harness::running::wait_until;
use crate::harness::{Publication, Running};
use crate::relay::Relay;
use crate::{DIGEST, build, client, publication, send, site, with_issue};

pub(crate) fn serve(here: &Publication) -> (Running, u16) {
    let running = here.start(&["serve", "--listen", "127.0.0.1:0"]);
    running.says("answering for");
    let told = running.stderr();
    let address = told.split("http://127.0.0.1:").last().expect("an address");
    let digits: String = address.chars().take_while(char::is_ascii_digit).collect();
    (running, digits.parse().expect("a port"))
}

/// Bytes of an answer, which may be a picture.
fn bytes(port: u16, path: &str) -> (u16, Vec<u8>) {
    use std::io::{Read as _, Write as _};

    let mut stream = client::connect(port);
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", crate::HOST);
    stream.write_all(request.as_bytes()).expect("sent");
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("an answer");
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    let status = String::from_utf8_lossy(&all[9..12]).parse().expect("a status");
    (status, all.split_off(end))
}

#[test]
fn each_page_is_the_one_in_the_folder_byte_for_byte() {
    let relay = Relay::new();
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\">\
        <rect width=\"90\" height=\"30\" fill=\"#135\"/></svg>";
    for prefix in ["", "/news"] {
        let digest =
            DIGEST.replace("sejong.example\"\n\n", &format!("sejong.example{prefix}\"\n\n"));
        let here = with_issue(publication(), "2025-12 second", (2, "2025-12-04"))
            .write("digest.toml", digest)
            .write("issues/2025-12 second/river.svg", drawing)
            .write(
                "issues/2025-12 second/one.md",
                "---\ntitle: One\nimage: river.svg\nalt: A river\n---\n\nText.\n",
            );
        send(&here, &relay, "2025-11");
        send(&here, &relay, "2025-12 second");
        build(&here);
        let (_running, port) = serve(&here);
        let site = site(&here);
        assert!(site.keys().any(|path| path.ends_with(".png")), "{:?}", site.keys());
        for (path, expected) in &site {
            let path = path.strip_suffix("index.html").unwrap_or(path).replace(' ', "%20");
            let (status, body) = bytes(port, &format!("{prefix}/{path}"));
            let is_missing = path == "404.html";
            assert_eq!(status, if is_missing { 404 } else { 200 }, "{path}");
            assert!(body == *expected, "{prefix}/{path} differs");
        }
    }
}

#[test]
fn a_browser_keeps_pages_and_gets_them_small() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let (_running, port) = serve(&here);
    let ask =
        |method: &str, path: &str, head: &[(&str, &str)]| client::ask(port, method, path, head, "");
    let page = ask("GET", "/issues/2025-11/", &[]);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{policy}");
    let tag = page.header("etag").expect("a tag").to_owned();
    let again = ask("GET", "/issues/2025-11/", &[("If-None-Match", &tag)]);
    assert_eq!((again.status, &*again.body), (304, ""));
    let head = ask("HEAD", "/issues/2025-11/", &[]);
    let length = page.body.len().to_string();
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("content-length"), Some(&*length));
    let small = ask("GET", "/issues/2025-11/", &[("Accept-Encoding", "br, gzip;q=0.8")]);
    assert_eq!(small.header("content-encoding"), Some("gzip"));
    assert_ne!(small.header("etag"), Some(&*tag));
    let plain = ask("GET", "/issues/2025-11/", &[("Accept-Encoding", "gzip;q=0")]);
    assert_eq!((plain.header("content-encoding"), plain.body == page.body), (None, true));
    let folder = ask("GET", "/issues/2025-11", &[]);
    assert_eq!(folder.status, 301);
    assert_eq!(folder.header("location"), Some("https://digest.sejong.example/issues/2025-11/"));
    let searching = ask("GET", "/search/", &[]);
    assert!(
        searching
            .header("content-security-policy")
            .is_some_and(|it| it.contains("script-src 'self'"))
    );
    let missing = ask("GET", "/issues/2025-11/../../digest.toml", &[]);
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("There is no such page") && missing.body.contains("/search/"));
    assert_eq!(ask("POST", "/issues/2025-11/", &[]).status, 404);
    // A reader's own page is no page of the archive.
    assert_eq!(ask("GET", "/unsubscribe/x", &[]).status, 400);
}

#[test]
fn an_issue_is_there_soon_after_its_first_mail_and_gone_when_it_is_taken_back() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let (running, port) = serve(&here);
    let status = |path: &str| client::ask(port, "GET", path, &[], "").status;
    assert_eq!((status("/issues/2025-11/"), status("/issues/2025-12/")), (200, 404));
    let here = with_issue(here, "2025-12", (2, "2025-12-04"));
    send(&here, &relay, "2025-12");
    assert!(wait_until(Duration::from_secs(10), || status("/issues/2025-12/") == 200));
    assert_eq!(status("/issues/2025-12/two/"), 200);
    let here = here.edit("issues/2025-11/issue.toml", "number", "archive = false\nnumber");
    assert!(wait_until(Duration::from_secs(10), || status("/issues/2025-11/") == 404));
    // It does not come back because its folder goes, here or where the server begins anew.
    std::fs::rename(here.path("issues/2025-11"), here.path("issues/other")).expect("renamed");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!((status("/issues/2025-11/"), status("/issues/2025-12/")), (404, 200));
    drop(running);
    let (_running, port) = serve(&here);
    let status = |path: &str| client::ask(port, "GET", path, &[], "").status;
    assert_eq!((status("/issues/2025-11/"), status("/issues/2025-12/")), (404, 200));
}

#[test]
fn pictures_that_are_kept_for_mail_are_there_before_their_issue() {
    let relay = Relay::new();
    let here = publication()
        .write("published/issues/2025-12/river.png", "a picture")
        .write("published/notes.html", "notes")
        .write("secret.png", "not kept");
    send(&here, &relay, "2025-11");
    let (_running, port) = serve(&here);
    let picture = client::ask(port, "GET", "/issues/2025-12/river.png", &[], "");
    assert_eq!((picture.status, &*picture.body), (200, "a picture"));
    assert_eq!(picture.header("content-type"), Some("image/png"));
    let tag = picture.header("etag").expect("a tag");
    let again =
        client::ask(port, "GET", "/issues/2025-12/river.png", &[("If-None-Match", tag)], "");
    assert_eq!((again.status, &*again.body), (304, ""));
    for path in
        ["/notes.html", "/secret.png", "/issues/../secret.png", "/..%2fsecret.png", "/digest.db"]
    {
        assert_eq!(client::ask(port, "GET", path, &[], "").status, 404, "{path}");
    }
}

#[test]
fn a_publication_that_says_nothing_of_the_web_has_no_archive() {
    let relay = Relay::new();
    let here = publication();
    let digest = DIGEST.replace("[archive]\n", "");
    let here = here.write("digest.toml", digest);
    send(&here, &relay, "2025-11");
    let (_running, port) = serve(&here);
    assert_eq!(client::ask(port, "GET", "/issues/2025-11/", &[], "").status, 404);
    assert!(!here.exists("published"));
    let mail = String::from_utf8_lossy(&relay.accepted()[0].bytes).into_owned();
    assert!(mail.contains("List-Archive: <https://digest.sejong.example/>"), "{mail}");
}
