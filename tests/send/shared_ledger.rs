//! Two publications with one `[store] url`: an issue of the one must not go to readers of the other.

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{LIST, list, send, with_readers};

/// The publication that is here with another ledger, name and address.
fn other(here: Publication, store: &str) -> Publication {
    let config = here.read("digest.toml");
    let from = config.lines().find(|line| line.starts_with("from = ")).expect("a sender");
    let config = config.replace(from, "from = \"Other Letter <other@letter.example>\"");
    let article = "---\ntitle: Other\n---\n\nA letter of another publication.\n";
    here.sending_from(store).write("digest.toml", config).write("issues/2025-11/hangul.md", article)
}

#[test]
fn another_publication_with_the_same_ledger_does_not_send_an_issue_of_this_one() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let name = here.read("digest.toml");
    let name = name.lines().find(|line| line.starts_with("name = ")).expect("a name").to_owned();
    let there = other(Publication::new().write(LIST, list(9)), &here.store_url());
    let there = there.edit("digest.toml", &name, "name = \"Other Letter\"");
    for line in [&["plan", "2025-11"][..], &["send", "2025-11", "--yes", "--relay", &relay.url()]] {
        let told = there.run(line);
        assert_eq!((told.code, relay.counts().accepted), (3, 3), "{told:?}");
        for words in [
            "2025-11 is an issue of ",
            "Other Letter <other@letter.example>",
            "a ledger of its own",
        ] {
            assert!(told.stderr.contains(words), "no {words:?} in {}", told.stderr);
        }
    }
    // So it is where both say which list they are, and where nobody got anything yet.
    let list_id = |here: Publication, id: &str| {
        here.edit("digest.toml", "from = ", &format!("list_id = \"{id}\"\nfrom = "))
    };
    let here = list_id(with_readers(3), "one.letter.example");
    let nobody = ["send", "2025-11", "--yes", "--relay", "smtp://127.0.0.1:9?tls=none"];
    assert_eq!(here.run(&nobody).code, 1);
    let there = other(Publication::new().write(LIST, list(9)), &here.store_url());
    let there = list_id(there, "two.letter.example");
    let told = there.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!((told.code, relay.counts().accepted), (3, 3), "{told:?}");
    assert!(told.stderr.contains("(list_id one.letter.example)"), "{told:?}");
    // A rehearsal has a ledger of its own, and another name of an issue is nobody else's.
    assert_eq!(there.run(&["send", "2025-11", "--yes", "--catch", "out"]).code, 0);
    std::fs::rename(there.path("issues/2025-11"), there.path("issues/2025-11-two")).expect("moved");
    let told = there.run(&["send", "2025-11-two", "--yes", "--relay", &relay.url()]);
    assert_eq!((told.code, relay.counts().accepted), (0, 12), "{told:?}");
}

#[test]
fn a_changed_sender_or_a_changed_list_id_alone_stops_nobody() {
    let (here, relay) = (with_readers(3), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let config = here.read("digest.toml");
    let from = config.lines().find(|line| line.starts_with("from = ")).expect("a sender");
    let changes = [
        config.replace(from, "from = \"Other Letter <other@letter.example>\""),
        config.replace(from, &format!("list_id = \"news.letter.example\"\n{from}")),
    ];
    // The second one is made after the first was taken back, and no send has seen that.
    for (change, accepted) in changes.iter().zip(4..) {
        std::fs::write(here.path("digest.toml"), change).expect("written");
        std::fs::write(here.path(LIST), list(accepted)).expect("written");
        let told = send(&here, &relay, &[]);
        assert_eq!((told.code, relay.counts().accepted), (0, accepted as u64), "{told:?}");
    }
}
