//! An expression -> SQL, for people who are kept in tables.
//!
//! Says of each row what the expression says of the same person in memory, letter by letter: see
//! [`crate::issue::only`]. Knows no table: whoever has one says what its columns are. Each part of
//! the condition is true or false and never NULL, so that `not` means the same everywhere.

use crate::issue::only::bound::{Bound, Comparison, LONGEST};
use crate::issue::only::{Only, OnlyCondition};

/// What of a table an expression asks about, as SQL.
pub trait SelectionColumns {
    /// The address in the form in which two are one person.
    fn identity(&self) -> String;
    /// The text in a field, NULL where there is none. A name has only letters a-z, digits and `_`.
    fn field(&self, name: &str) -> String;
    /// The topics, as [`crate::issue::topics::TopicChoice`] writes them; NULL or empty for all.
    fn topics(&self) -> String;
    /// Whether one of the tags fits: `fits` makes a condition of the SQL of a tag.
    fn is_tagged(&self, fits: &dyn Fn(&str) -> String) -> String;
    /// Whether the person has the issue whose placeholder this is.
    fn got(&self, issue: &str) -> String;
}

/// A condition, and what is to be bound to it in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SelectionSql {
    /// The condition.
    pub text: String,
    /// Texts for its placeholders.
    pub values: Vec<String>,
}

/// The condition for the people whom `only` means. Its first placeholder is `?first`.
pub fn where_clause(only: &Only, columns: &dyn SelectionColumns, first: usize) -> SelectionSql {
    let mut writer = SelectionWriter { columns, first, values: Vec::new() };
    let text = writer.condition(only.condition());
    SelectionSql { text, values: writer.values }
}

struct SelectionWriter<'a> {
    columns: &'a dyn SelectionColumns,
    first: usize,
    values: Vec<String>,
}

impl SelectionWriter<'_> {
    fn condition(&mut self, condition: &OnlyCondition) -> String {
        match condition {
            OnlyCondition::Person(identity) => {
                let value = self.bind(identity.clone());
                format!("({} = {value})", self.columns.identity())
            }
            OnlyCondition::Tag(tag) => {
                let value = self.bind(tag.to_lowercase());
                self.columns.is_tagged(&|column| same(column, &value))
            }
            OnlyCondition::Topic(topic) => wants(&self.columns.topics(), topic),
            OnlyCondition::Got(issue) => {
                let value = self.bind(issue.clone());
                self.columns.got(&value)
            }
            OnlyCondition::Segment(_) => "FALSE".to_owned(),
            OnlyCondition::Field(name, value) => {
                let value = self.bind(value.to_lowercase());
                same(&self.field(name), &value)
            }
            OnlyCondition::Compared(name, comparison, bound) => {
                compared(&self.field(name), *comparison, bound)
            }
            OnlyCondition::Not(inner) => format!("(NOT {})", self.condition(inner)),
            OnlyCondition::All(all) => self.joined(all, " AND ", "TRUE"),
            OnlyCondition::Any(all) => self.joined(all, " OR ", "FALSE"),
        }
    }

    /// In halves: a database counts how deep a condition is.
    fn joined(&mut self, all: &[OnlyCondition], between: &str, empty: &str) -> String {
        match all {
            [] => empty.to_owned(),
            [one] => self.condition(one),
            all => {
                let (left, right) = all.split_at(all.len() / 2);
                let left = self.joined(left, between, empty);
                let right = self.joined(right, between, empty);
                format!("({left}{between}{right})")
            }
        }
    }

    fn field(&self, name: &str) -> String {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        // No column of a list is called otherwise.
        if name.chars().all(fits) { self.columns.field(name) } else { "NULL".to_owned() }
    }

    /// The placeholder of a value.
    fn bind(&mut self, value: String) -> String {
        self.values.push(value);
        format!("?{}", self.first + self.values.len() - 1)
    }
}

/// Whether a text is another one, which is in small letters, whatever its capital letters. Both engines
/// know those of all languages: one by the collation that the store adds.
fn same(column: &str, value: &str) -> String {
    format!(
        "([sqlite: ( | postgres: lower(]coalesce({column}, '')\
         [sqlite: ) COLLATE folded | postgres:  COLLATE \"und-x-icu\")] = {value})"
    )
}

/// See [`crate::issue::topics::wants`]. A topic's name has no sign that means something here.
fn wants(topics: &str, topic: &str) -> String {
    let has =
        |sign: &str| format!("replace(';' || x || ';', ';{sign}{topic};', '') <> ';' || x || ';'");
    format!(
        "(SELECT CASE WHEN x = '' THEN TRUE WHEN substr(x, 1, 1) = '-' THEN NOT ({}) ELSE {} END \
         FROM (SELECT coalesce({topics}, '') AS x) v)",
        has("-"),
        has(""),
    )
}

const DIGITS: &str = "'0123456789'";

/// See [`Bound::fits`].
fn compared(column: &str, comparison: Comparison, bound: &Bound) -> String {
    let sign = comparison.sign();
    let (is_one, fits, columns) = match bound {
        Bound::Day(day) => (
            format!(
                "length(x) >= 10 AND ltrim(substr(x, 1, 4), {DIGITS}) = '' \
                 AND substr(x, 5, 1) = '-' AND substr(x, 6, 1) IN ('0', '1') \
                 AND ltrim(substr(x, 7, 1), {DIGITS}) = '' AND substr(x, 8, 1) = '-' \
                 AND substr(x, 9, 1) IN ('0', '1', '2', '3') \
                 AND ltrim(substr(x, 10, 1), {DIGITS}) = '' \
                 AND substr(x, 11, 1) IN ('', 'T', ' ')"
            ),
            format!("substr(x, 1, 10) {sign} '{day}'"),
            format!("SELECT coalesce({column}, '') AS x"),
        ),
        // `d` is the number without its sign.
        Bound::Number(number) => (
            format!(
                "length(x) <= {LONGEST} AND d <> '' AND ltrim(substr(d, 1, 1), {DIGITS}) = '' \
                 AND ltrim(substr(d, length(d), 1), {DIGITS}) = '' \
                 AND rtrim(ltrim(d, {DIGITS}), {DIGITS}) IN ('', '.')"
            ),
            format!("CAST(x AS DOUBLE PRECISION) {sign} CAST('{number}' AS DOUBLE PRECISION)"),
            format!(
                "SELECT x, CASE WHEN substr(x, 1, 1) = '-' THEN substr(x, 2) ELSE x END AS d \
                 FROM (SELECT coalesce({column}, '') AS x) w"
            ),
        ),
    };
    format!("(SELECT CASE WHEN {is_one} THEN {fits} ELSE FALSE END FROM ({columns}) v)")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use proptest::prelude::*;
    use tokio::runtime::Runtime;

    use super::*;
    use crate::issue::only::Traits;
    use crate::store::sql;
    use crate::store::{SchemaStep, Store};

    const TABLES: &str = "
        CREATE TABLE somebody (id BIGINT PRIMARY KEY, identity TEXT NOT NULL, fields TEXT NOT NULL,
            topics TEXT);
        CREATE TABLE somebody_tag (somebody BIGINT NOT NULL, tag TEXT NOT NULL);
        CREATE TABLE somebody_got (somebody BIGINT NOT NULL, issue TEXT NOT NULL);";

    struct SomebodyColumns;

    impl SelectionColumns for SomebodyColumns {
        fn identity(&self) -> String {
            "s.identity".to_owned()
        }
        fn field(&self, name: &str) -> String {
            match name {
                "email" => "s.identity".to_owned(),
                "topics" => "s.topics".to_owned(),
                name => {
                    format!("([sqlite: s.fields | postgres: CAST(s.fields AS json)] ->> '{name}')")
                }
            }
        }
        fn topics(&self) -> String {
            "s.topics".to_owned()
        }
        fn is_tagged(&self, fits: &dyn Fn(&str) -> String) -> String {
            format!(
                "EXISTS (SELECT 1 FROM somebody_tag t WHERE t.somebody = s.id AND {})",
                fits("t.tag")
            )
        }
        fn got(&self, issue: &str) -> String {
            format!(
                "EXISTS (SELECT 1 FROM somebody_got g WHERE g.somebody = s.id AND g.issue = {issue})"
            )
        }
    }

    #[derive(Clone, Debug)]
    struct Somebody {
        identity: String,
        fields: BTreeMap<String, String>,
        tags: Vec<String>,
        got: Vec<String>,
    }

    impl Traits for Somebody {
        fn identity(&self) -> String {
            self.identity.clone()
        }
        fn has_tag(&self, tag: &str) -> bool {
            self.tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase())
        }
        fn tags(&self) -> impl Iterator<Item = &str> {
            self.tags.iter().map(String::as_str)
        }
        fn field(&self, name: &str) -> Option<&str> {
            if name == "email" {
                Some(&self.identity)
            } else {
                self.fields.get(name).map(String::as_str)
            }
        }
        fn got(&self, issue: &str) -> bool {
            self.got.iter().any(|known| known == issue)
        }
    }

    /// Values that are days and numbers, nearly such, and words whose letters have odd capitals.
    /// No value of a person has a control character, and PostgreSQL keeps no NUL.
    fn value() -> impl Strategy<Value = String> {
        prop_oneof![
            "[0-9]{1,3}",
            "-?[0-9]{0,3}[.]?[0-9]{0,2}",
            "[0-9.-]{1,17}",
            "202[456]-[01][0-9]-[0-3][0-9]([T x]\\PC{0,3})?",
            "202[0-9]-[0-9]{1,2}-[0-9]{1,3}",
            "(Köln|KÖLN|köln|ΣΟΦΟΣ|σοφος|σοφος|İzmir|i̇zmir|straße|STRASSE|한글|a|A|b c|)",
            "[ -~]{0,4}",
            "\\PC{0,3}",
        ]
    }

    fn somebody() -> impl Strategy<Value = Somebody> {
        let fields =
            proptest::collection::btree_map("(city|points|joined|language)", value(), 0..4);
        let topics = "(|none|events|events;jobs|-events|-events;-jobs|-jobs|other)";
        let tags = proptest::collection::vec("(member|Press|PRÉSS|préss|a b)", 0..3);
        let got = proptest::collection::vec("2025-(10|11|12)", 0..3);
        (fields, topics, tags, got, 0..3_u8).prop_map(|(mut fields, topics, tags, got, n)| {
            // An empty value is none.
            fields.retain(|_, value: &mut String| !value.is_empty());
            if !topics.is_empty() {
                fields.insert("topics".to_owned(), topics);
            }
            Somebody { identity: format!("p{n}@x.example"), fields, tags, got }
        })
    }

    fn expression() -> impl Strategy<Value = OnlyCondition> {
        let name = "(city|points|joined|language|email|topics|absent|No Name)";
        let comparison = prop_oneof![
            Just(Comparison::Below),
            Just(Comparison::AtMost),
            Just(Comparison::Above),
            Just(Comparison::AtLeast)
        ];
        let bound = prop_oneof!["-?[0-9]{1,3}([.][0-9]{1,2})?", "202[456]-0[1-9]-[012][1-8]"];
        let leaf = prop_oneof![
            "(member|press|PRESS|Préss|A b)".prop_map(OnlyCondition::Tag),
            "(events|jobs|event)".prop_map(OnlyCondition::Topic),
            "2025-(10|11|13)".prop_map(OnlyCondition::Got),
            "p[0-3]@x.example".prop_map(OnlyCondition::Person),
            "x".prop_map(OnlyCondition::Segment),
            (name, value()).prop_map(|(name, value)| OnlyCondition::Field(name, value)),
            (name, comparison, bound).prop_map(|(name, comparison, bound)| {
                OnlyCondition::Compared(name, comparison, Bound::read(&bound).expect("a bound"))
            }),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let several = || proptest::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                inner.clone().prop_map(|one| OnlyCondition::Not(Box::new(one))),
                several().prop_map(OnlyCondition::All),
                several().prop_map(OnlyCondition::Any),
            ]
        })
    }

    async fn fill(store: &Store, people: &[Somebody]) {
        let mut writing = store.pool().begin().await.unwrap();
        for table in ["somebody", "somebody_tag", "somebody_got"] {
            sql::raw(format!("DELETE FROM {table}")).execute(&mut writing).await.unwrap();
        }
        for (id, one) in (0_i64..).zip(people) {
            let fields = serde_json::to_string(&one.fields).unwrap();
            let row = sql::query("INSERT INTO somebody VALUES (?1, ?2, ?3, ?4)").bind(id);
            let row = row.bind(one.identity.as_str()).bind(fields);
            row.bind(one.field("topics").map(str::to_owned)).execute(&mut writing).await.unwrap();
            for (table, names) in [("somebody_tag", &one.tags), ("somebody_got", &one.got)] {
                for name in names {
                    let row = sql::query(format!("INSERT INTO {table} VALUES (?1, ?2)"));
                    row.bind(id).bind(name.as_str()).execute(&mut writing).await.unwrap();
                }
            }
        }
        writing.commit().await.unwrap();
    }

    async fn chosen(store: &Store, only: &Only) -> Vec<i64> {
        let condition = where_clause(only, &SomebodyColumns, 2);
        let text = format!("SELECT s.id FROM somebody s WHERE ?1 = ?1 AND {}", condition.text);
        let mut query = sql::query(format!("{text} ORDER BY s.id")).bind(1_i64);
        for value in &condition.values {
            query = query.bind(value.as_str());
        }
        let rows = query.fetch_all(store.pool()).await.unwrap();
        rows.iter().map(|row| row.get::<i64>(0)).collect()
    }

    #[test]
    fn a_table_answers_as_memory_does() {
        let runtime = Runtime::new().unwrap();
        let steps = [TABLES];
        let store = runtime
            .block_on(Store::nowhere(Path::new("nowhere"), &steps.map(SchemaStep::both)))
            .unwrap();
        let some = proptest::collection::vec(somebody(), 1..12);
        let options = ProptestConfig { cases: 250, ..ProptestConfig::default() };
        let mut runner = proptest::test_runner::TestRunner::new(options);
        let mut met = [0_u64; 2];
        let tested = runner.run(&(some, expression()), |(people, condition)| {
            let only = Only::from(condition);
            runtime.block_on(fill(&store, &people));
            let found = runtime.block_on(chosen(&store, &only));
            let meant = (0_i64..).zip(&people).filter(|(_, one)| only.means(*one));
            let meant: Vec<i64> = meant.map(|(id, _)| id).collect();
            prop_assert_eq!(&found, &meant, "{}", &only);
            Ok(())
        });
        tested.unwrap_or_else(|error| panic!("{error}"));
        // Had all conditions meant nobody, nothing would have been compared.
        for text in ["points >= 10", "not topic:events", "city=KÖLN", "tag:PRÉSS", "got:2025-10"]
        {
            let only: Only = text.parse().unwrap();
            let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let one = Somebody {
                identity: "p@x.example".to_owned(),
                fields: [
                    field("points", "10.0"),
                    field("topics", "-events"),
                    field("city", "köln"),
                ]
                .into(),
                tags: vec!["Préss".to_owned()],
                got: vec!["2025-10".to_owned()],
            };
            runtime.block_on(fill(&store, &[one]));
            met[runtime.block_on(chosen(&store, &only)).len()] += 1;
        }
        assert_eq!(met, [0, 5]);
    }

    #[test]
    fn a_long_expression_is_not_deep() {
        let runtime = Runtime::new().unwrap();
        let store = runtime
            .block_on(Store::nowhere(Path::new("nowhere"), &[SchemaStep::both(TABLES)]))
            .unwrap();
        let tags: Vec<String> = (0..3_000).map(|n| format!("tag:t{n}")).collect();
        let only: Only = tags.join(" or ").parse().unwrap();
        assert_eq!(runtime.block_on(chosen(&store, &only)), Vec::<i64>::new());
    }
}
