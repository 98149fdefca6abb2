//! The versions of the tables on a server, and whether what is in them adds up.

use crate::{Relay, alone, book, readers, start, steady};

#[test]
fn older_tables_wait_for_an_upgrade_and_newer_ones_are_refused() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let here = readers(3).sending_from(&url);
    assert_eq!(here.run(&["plan", "2025-11"]).code, 0);
    let newest = server.ask(&format!("SELECT max(number) FROM {schema}.digest_step"));
    // As the first version with a server has made them.
    server.ask(&format!("DELETE FROM {schema}.digest_step WHERE number >= 22"));
    server.ask(&format!("DROP TABLE {schema}.suppression"));
    server.ask(&format!("ALTER TABLE {schema}.revision DROP COLUMN web, DROP COLUMN web_checksum"));
    let others = format!(
        "SELECT string_agg(format('DROP TABLE {schema}.%I CASCADE', relname), ';') FROM pg_class \
         WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r' AND relname NOT IN \
         ('run', 'revision', 'person', 'recipient', 'wish', 'earlier_copy', 'ledger_name', \
         'ledger_home', 'agreed_receipt', 'another_issue', 'digest_step')"
    );
    server.ask(&server.ask(&others));
    let plan = here.run(&["plan", "2025-11"]);
    assert_eq!(plan.code, 1, "{plan:?}");
    assert!(plan.stderr.contains("bring them up to date with `digest store upgrade`"), "{plan:?}");
    // Nor is a store that cannot be asked one without a list.
    let list = here.path("subscribers.csv");
    std::fs::rename(&list, here.path("away.csv")).expect("moved");
    let plan = here.run(&["plan", "2025-11"]);
    assert!(plan.stderr.contains("bring them up to date with `digest store upgrade`"), "{plan:?}");
    std::fs::rename(here.path("away.csv"), &list).expect("moved back");
    let upgraded = here.run(&["store", "upgrade", "--json"]);
    assert_eq!(upgraded.code, 0, "{upgraded:?}");
    let told = format!("\"before\":21,\"now\":{newest}");
    let told: Vec<&str> = told.split(',').collect();
    assert!(told.iter().all(|part| upgraded.stdout.contains(part)), "{upgraded:?}");
    assert_eq!(here.run(&["plan", "2025-11"]).code, 0);
    assert!(here.run(&["store", "upgrade"]).stdout.contains("the newest"));
    server.ask(&format!("INSERT INTO {schema}.digest_step (number) VALUES (999)"));
    for line in [&["plan", "2025-11"][..], &["store", "upgrade"], &["store", "check"]] {
        let refused = here.run(line);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("a newer version of digest"), "{refused:?}");
    }
}

#[test]
fn tables_do_not_change_under_a_sender() {
    let Some((server, _steady)) = steady() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let (here, there) = (readers(60).sending_from(&url), readers(60).sending_from(&url));
    let relay = Relay::new();
    let running = start(&here, &relay, &["--limit", "20/second"]);
    relay.has_taken(2);
    server.ask(&format!("DELETE FROM {schema}.digest_step WHERE number >= 22"));
    let upgrade = there.run(&["store", "upgrade"]);
    assert_eq!(upgrade.code, 1, "{upgrade:?}");
    assert!(upgrade.stderr.contains("is sending from postgres://"), "{upgrade:?}");
    running.kill();
}

#[test]
fn a_check_finds_rows_that_refer_to_nothing() {
    let Some((server, _alone)) = alone() else { return };
    let url = server.fresh();
    let schema = url.rsplit('=').next().expect("a schema").to_owned();
    let (here, relay) = (readers(40).sending_from(&url), Relay::new());
    assert_eq!(start(&here, &relay, &[]).wait().code, 0);
    assert_eq!(book(&here).of("accepted").len(), 40);
    let check = here.run(&["store", "check"]);
    assert!(
        check.code == 0
            && check.stdout.contains("1 issue, 40 rows, 0 subscribers, 0 suppressions; all is"),
        "{check:?}"
    );
    server.ask(&format!("DELETE FROM {schema}.revision"));
    let check = here.run(&["store", "check", "--json"]);
    assert_eq!(check.code, 1, "{check:?}");
    assert!(check.stdout.contains("\"rows\":40"), "{check:?}");
    assert!(check.stderr.contains("the text of a revision that is not there"), "{check:?}");
}
