//! A ledger whose frozen composition was damaged: an error that says what to do, and nothing sent.

use sejong_digest::store::sql;

use crate::harness::Publication;
use crate::harness::server::only_files;
use crate::outcomes::script;
use crate::relay::Relay;
use crate::{send, with_readers};

const ARTICLE: &str = "issues/2025-11/hangul.md";
const UNCHECKED: &str = "UPDATE revision SET checksum = NULL";

/// Changes the revision of an issue of which one reader still waits.
fn damaged(statement: &str) -> Publication {
    let here = with_readers(3);
    let relay = Relay::scripted(script(&["r001"], "450 4.2.1 busy"));
    assert_eq!(send(&here, &relay, &[]).code, 4);
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let store = crate::relay::open(&crate::relay::store_of(&here)).await;
        let statement = statement.to_owned();
        sql::raw(statement).execute(store.pool()).await.expect("damaged");
        store.close().await;
    });
    here
}

#[test]
fn a_damaged_composition_stops_the_send_and_names_its_remedy() {
    if only_files("bytes in SQLite's own words") {
        return;
    }
    for damage in [
        "composition = x'00ff00ff80'",
        "composition = CAST(x'7b22c3' AS TEXT)",
        "composition = ''",
        "composition = '{}'",
        "composition = 7",
        "composition = substr(composition, 1, length(composition) / 2)",
        "composition = replace(composition, 'letters', 'lettuce')",
        "composition = replace(composition, '\"slots\"', '\"slits\"')",
        "content_hash = 'x'",
        "date = 'x'",
    ] {
        let here = damaged(&format!("UPDATE revision SET {damage}"));
        let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
        let relay = Relay::new();
        let output = send(&here, &relay, &[]);
        assert_eq!((output.code, relay.counts().connections), (1, 0), "{damage}: {output:?}");
        for words in ["the text of 2025-11 (revision 1) in", "digest.db is damaged", "git has them"]
        {
            assert!(output.stderr.contains(words), "{damage}: {}", output.stderr);
        }
    }
}

#[test]
fn with_the_files_of_the_plan_a_damaged_composition_is_not_needed() {
    if only_files("bytes in SQLite's own words") {
        return;
    }
    let here = damaged("UPDATE revision SET composition = x'00'");
    let relay = Relay::new();
    let output = send(&here, &relay, &[]);
    assert_eq!((output.code, relay.counts().accepted), (0, 1), "{output:?}");
}

// What version 0.1.0 wrote has no checksum.
#[test]
fn a_composition_without_a_checksum_is_read_and_its_damage_is_no_panic() {
    if only_files("bytes in SQLite's own words") {
        return;
    }
    for (damage, code) in [("", 0), ("; UPDATE revision SET composition = x'7b22ff'", 1)] {
        let here = damaged(&format!("{UNCHECKED}{damage}"));
        let here = here.edit(ARTICLE, "Twenty-eight", "Twenty-four");
        let output = send(&here, &Relay::new(), &[]);
        assert_eq!(output.code, code, "{damage}: {output:?}");
    }
}
