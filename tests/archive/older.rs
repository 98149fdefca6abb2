//! Issues that an older version sent, of which the ledger has the mail alone.

use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::relay::{self, Relay};
use crate::{build, page, publication, send, site};

/// What an older version wrote.
fn forget_the_edition(here: &Publication) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = relay::open(&relay::store_of(here)).await;
        let update = "UPDATE revision SET web = NULL, web_checksum = NULL";
        sql::query(update).execute(store.pool()).await.expect("updated");
        store.close().await;
    });
}

#[test]
fn its_page_is_the_mail_as_anybody_may_read_it() {
    let relay = Relay::new();
    let text = "---\ntitle: Hangul\n---\n\nDear {{ first_name }}, twenty-eight letters.\n\n\
        ::: only tag:board\nThe board meets in the cellar.\n:::\n\n![A dot](dot.svg)\n";
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\">\
        <rect width=\"90\" height=\"30\" fill=\"#135\"/></svg>";
    let here = publication()
        .write("issues/2025-11/hangul.md", text)
        .write("issues/2025-11/dot.svg", drawing)
        .edit("issues/2025-11/issue.toml", "number", "images = \"embed\"\nnumber");
    send(&here, &relay, "2025-11");
    forget_the_edition(&here);
    let here = here.edit("issues/2025-11/hangul.md", "letters", "signs");
    build(&here);
    let page = page(&here, "issues/2025-11/");
    assert!(page.contains("twenty-eight letters"), "{page}");
    assert!(page.contains("Dear reader,") && page.contains("href=\"/unsubscribe/\""), "{page}");
    for private in ["cellar", "Zephyrine", "cid:", "{{"] {
        assert!(!page.contains(private), "{private}: {page}");
    }
    let site = site(&here);
    let picture = site.keys().find(|path| path.starts_with("issues/2025-11/mail/"));
    assert!(
        picture.is_some_and(|path| page.contains(&format!("\"/{path}\""))),
        "{:?}",
        site.keys()
    );
    assert!(!site.contains_key("issues/2025-11/hangul/index.html"));
    let list = here.read("site/issues/index.html");
    assert!(list.contains("href=\"/issues/2025-11/\"") && list.contains("No. 1"), "{list}");
    assert!(list.contains("Hello reader") && !list.contains("{{"), "{list}");
    let told = here.run(&["archive", "check", "site"]);
    assert_eq!(told.code, 0, "{told:?}");
}

#[test]
fn its_articles_have_pages_as_long_as_its_files_are_those_that_were_sent() {
    let relay = Relay::new();
    let text = "---\ntitle: Hangul\n---\n\nDear {{ first_name }}, twenty-eight letters.\n\n\
        ![A dot](dot.svg)\n";
    let drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"30\">\
        <rect width=\"90\" height=\"30\" fill=\"#135\"/></svg>";
    let here = publication()
        .write("issues/2025-11/hangul.md", text)
        .write("issues/2025-11/dot.svg", drawing);
    send(&here, &relay, "2025-11");
    build(&here);
    let sent = site(&here);
    forget_the_edition(&here);
    std::fs::remove_dir_all(here.path("site")).expect("removed");
    // What is written there belongs to all pages.
    let toml = format!("{}publish = \"sent\"\n", here.read("digest.toml"));
    let here = here.write("digest.toml", toml);
    build(&here);
    assert!(site(&here).contains_key("issues/2025-11/hangul/index.html"));
    assert!(site(&here) == sent, "other pages than when it was sent");
    let told = here.run(&["archive", "check", "site"]);
    assert_eq!(told.code, 0, "{told:?}");
    // A server makes it as well.
    forget_the_edition(&here);
    let (_running, port) = crate::live::serve(&here);
    let answer = crate::client::ask(port, "GET", "/issues/2025-11/hangul/", &[], "");
    assert!(answer.status == 200 && answer.body.contains("twenty-eight letters"), "{answer:?}");
}

#[test]
fn a_damaged_edition_is_not_shown_but_the_mail_is() {
    let relay = Relay::new();
    let here = publication();
    send(&here, &relay, "2025-11");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = relay::open(&relay::store_of(&here)).await;
        let update = "UPDATE revision SET web = replace(web, 'letters', 'numbers')";
        sql::query(update).execute(store.pool()).await.expect("updated");
        store.close().await;
    });
    build(&here);
    let page = page(&here, "issues/2025-11/");
    assert!(page.contains("Twenty-eight letters") && !page.contains("numbers"), "{page}");
}
