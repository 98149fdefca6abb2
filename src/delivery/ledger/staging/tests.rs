//! The staging table against a map in memory, and two plans of one issue.

use proptest::prelude::*;

use super::*;
use crate::delivery::id::RevisionId;
use crate::delivery::ledger::revision::PlannedText;
use crate::delivery::ledger::{NewRun, STEPS};
use crate::store::Store;
use crate::store::sql;

/// What the staging table ought to say of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Person {
    kept: Option<(String, usize, bool)>,
    gone: Option<&'static str>,
}

/// A row: who, in capitals or not, with a no or outside of those that were asked for.
type Line = (usize, bool, Option<&'static str>, bool);

fn address((who, capitals, ..): &Line) -> Address {
    let text = format!("kim{who}@{}.example", ["a", "b"][who % 2]);
    let text = if *capitals { text.replace("kim", "Kim") } else { text };
    Address::parse(&text).unwrap()
}

fn entry(at: usize, line: &Line) -> StagedRow {
    match line.2 {
        Some(reason) => StagedRow::left(&address(line), reason),
        None => {
            let at = at.to_string();
            StagedRow::kept(&Recipient::new(address(line), [("row", at.as_str())], []), line.3)
        }
    }
}

fn model(lines: &[Line]) -> BTreeMap<usize, Person> {
    let mut people: BTreeMap<usize, Person> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let person = people.entry(line.0).or_default();
        match line.2 {
            Some(reason) => person.gone = person.gone.or(Some(reason)),
            None if person.kept.is_none() => {
                person.kept = Some((address(line).to_string(), at, line.3));
            }
            None => {}
        }
    }
    people
}

/// Writes the lines as a staging table; what the ledger then plans, in the order of the list.
async fn planned(lines: &[Line]) -> (Ledger, u64, Vec<(String, String)>, Census) {
    let store = Store::nowhere(std::path::Path::new("a.db"), &STEPS).await.unwrap();
    let ledger = Ledger::new(store.clone(), "x");
    let mut staging = ledger.begin_staging().await.unwrap();
    for (at, line) in lines.iter().enumerate() {
        staging.add(entry(at, line)).await.unwrap();
    }
    let kept = staging.finish().await.unwrap();
    let census = ledger.census(Reopened::default(), 10).await.unwrap();
    let rows = sql::query(format!(
        "SELECT coalesce(email, identity), [sqlite: fields | postgres: CAST(fields AS json)] ->> 'row' \
         FROM staging l WHERE {PLANNED} ORDER BY id"
    ));
    let rows = rows.fetch_all(store.pool()).await.unwrap();
    (ledger, kept, rows.iter().map(|row| (row.get(0), row.get(1))).collect(), census)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_staging_table_says_what_a_map_in_memory_says(
        lines in prop::collection::vec(
            (0_usize..12, any::<bool>(), prop::option::weighted(0.2, "[lu]"), any::<bool>()),
            0..40,
        )
    ) {
        let lines: Vec<Line> = lines
            .into_iter()
            .map(|(who, capitals, no, outside)| {
                let no = no.map(|no| if no == "l" { "left" } else { "unsubscribed" });
                (who, capitals, no, outside)
            })
            .collect();
        let model = model(&lines);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (ledger, kept, rows, census) = planned(&lines).await;
            let people = || model.values().filter_map(|one| Some((one.kept.clone()?, one.gone)));
            prop_assert_eq!(kept, people().count() as u64);
            let mut meant: Vec<_> = people()
                .filter(|((.., outside), gone)| gone.is_none() && !outside)
                .map(|((email, at, _), _)| (at, email))
                .collect();
            meant.sort();
            let meant: Vec<_> =
                meant.into_iter().map(|(at, email)| (email, at.to_string())).collect();
            prop_assert_eq!(&rows, &meant);
            let outside =
                people().filter(|((.., outside), gone)| gone.is_none() && *outside).count();
            let found = ledger.planned_counts().await.unwrap();
            prop_assert_eq!(found, (meant.len() as u64, outside as u64));
            prop_assert_eq!(census.outside, outside as u64);
            prop_assert_eq!(census.states.values().sum::<u64>() + census.new, meant.len() as u64);
            let mut domains: BTreeMap<String, u64> = BTreeMap::new();
            for (email, _) in &meant {
                let domain = email.rsplit('@').next().unwrap_or_default();
                *domains.entry(domain.to_owned()).or_default() += 1;
            }
            prop_assert_eq!(census.domain_count, domains.len() as u64);
            prop_assert_eq!(census.domains.into_iter().collect::<BTreeMap<_, _>>(), domains);
            let mut both: BTreeMap<String, u64> = BTreeMap::new();
            people().filter_map(|(_, gone)| gone).for_each(|gone| {
                *both.entry(gone.to_owned()).or_default() += 1;
            });
            let (counts, first) = ledger.contradictions(100).await.unwrap();
            prop_assert_eq!(first.len() as u64, both.values().sum::<u64>());
            prop_assert_eq!(counts, both);
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_second_plan_gives_nobody_a_second_row() {
    let store = Store::nowhere(std::path::Path::new("a.db"), &STEPS).await.unwrap();
    let mut rows: Vec<(i64, String)> = Vec::new();
    for (issue, people) in [("x", 0..5), ("y", 2..4), ("x", 3..9)] {
        let ledger = Ledger::new(store.clone(), issue);
        let mut staging = ledger.begin_staging().await.unwrap();
        for who in people.rev() {
            staging.add(entry(0, &(who, false, None, false))).await.unwrap();
        }
        staging.finish().await.unwrap();
        let run = NewRun {
            content_hash: "hash",
            boot: "boot",
            reverse_path: "b@news.example",
            origin: &crate::delivery::ledger::origin::RunOrigin::default(),
            started_at: "2025-11-06T14:00:00Z",
        };
        let text = PlannedText::Kept(RevisionId(1));
        sql::query(
            "INSERT INTO revision (id, issue, number, content_hash, composition, date, \
             files, created_at) VALUES (1, 'x', 1, '', '', '', '{}', '') ON CONFLICT DO NOTHING",
        )
        .execute(store.pool())
        .await
        .unwrap();
        let ledger = ledger.lock("process 1").await.unwrap();
        ledger.plan(&run, text, Reopened::default(), None).await.unwrap();
        let all = sql::query(
            "SELECT r.id, r.issue || ' ' || r.email || ' ' || r.state || ' ' || planned_by \
             FROM recipient r JOIN person p \
             ON (p.issue, p.identity, p.recipient) = (r.issue, r.identity, r.id) ORDER BY r.id",
        );
        let all = all.fetch_all(store.pool()).await.unwrap();
        rows = all.iter().map(|row| (row.get(0), row.get(1))).collect();
        let count: i64 = sql::query_scalar("SELECT count(*) FROM recipient")
            .fetch_one(store.pool())
            .await
            .unwrap();
        assert_eq!(rows.len() as i64, count, "every row has its person: {rows:?}");
    }
    let rows: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
    assert_eq!(
        rows,
        [
            "x kim4@a.example pending 3",
            "x kim3@b.example pending 3",
            "x kim2@a.example suppressed 1",
            "x kim1@b.example suppressed 1",
            "x kim0@a.example suppressed 1",
            "y kim3@b.example pending 2",
            "y kim2@a.example pending 2",
            "x kim8@a.example pending 3",
            "x kim7@b.example pending 3",
            "x kim6@a.example pending 3",
            "x kim5@b.example pending 3",
        ]
    );
}
