//! Lists as people have them: exports of other programs, spreadsheets, and files gone wrong.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sejong_digest::audience::list::{ReadOptions, Rows, in_encoding, open, read};
use sejong_digest::audience::row::Row;
use sejong_digest::diagnostic::{Diagnostic, Severity};
use sejong_digest::message::recipient::Recipient;

/// The rows of a list. What several of them say together of one person is `tests/send/one_list.rs`.
#[derive(Debug)]
struct List {
    rows: usize,
    recipients: Vec<Recipient>,
    rejected: Vec<Diagnostic>,
    left_out: BTreeMap<&'static str, usize>,
    warnings: Vec<Diagnostic>,
    doubts: Vec<Diagnostic>,
    delimiter: char,
    encoding: &'static str,
    source: &'static str,
}

fn collect<R: Read>(mut rows: Rows<R>) -> Result<List, Diagnostic> {
    let mut list = List {
        rows: 0,
        recipients: Vec::new(),
        rejected: Vec::new(),
        left_out: BTreeMap::new(),
        warnings: rows.warnings().to_vec(),
        doubts: Vec::new(),
        delimiter: rows.delimiter(),
        encoding: rows.encoding().name(),
        source: rows.source(),
    };
    for row in &mut rows {
        list.rows += 1;
        match row? {
            Row::Kept { recipient, warnings, .. } => {
                list.warnings.extend(warnings);
                list.recipients.push(recipient);
            }
            Row::Rejected(problem) => list.rejected.push(problem),
            Row::LeftOut { reason, .. } => *list.left_out.entry(reason).or_default() += 1,
        }
    }
    list.doubts = rows.doubts();
    Ok(list)
}

fn file(name: &str) -> List {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/subscribers").join(name);
    collect(open(&path, name, &ReadOptions::default()).expect("header")).expect("list")
}

fn bytes_as(bytes: &[u8], encoding: Option<&str>) -> Result<List, Diagnostic> {
    let options = encoding.map(|label| in_encoding(label).expect("known")).unwrap_or_default();
    collect(read(bytes, "list.csv", &options)?)
}

fn bytes(bytes: &[u8]) -> Result<List, Diagnostic> {
    bytes_as(bytes, None)
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

fn emails(list: &List) -> Vec<&str> {
    list.recipients.iter().map(|person| person.address().as_str()).collect()
}

fn tags(person: &Recipient) -> Vec<&str> {
    person.tags().collect()
}

fn name(person: &Recipient) -> String {
    person.display_name().unwrap_or_default().into_owned()
}

/// `line:column rule` of each diagnostic.
fn places(diagnostics: &[Diagnostic]) -> Vec<String> {
    let place = |diagnostic: &Diagnostic| {
        let (line, column) = diagnostic.place.as_ref()?.line_column()?;
        Some(format!("{line}:{column} {}", diagnostic.rule))
    };
    diagnostics.iter().map(|diagnostic| place(diagnostic).unwrap_or_default()).collect()
}

fn adds_up(list: &List) -> bool {
    let left_out: usize = list.left_out.values().sum();
    list.rows == list.recipients.len() + list.rejected.len() + left_out
}

#[test]
fn an_excel_file_with_a_byte_order_mark_is_read() {
    let list = file("excel-bom.csv");
    assert_eq!((list.delimiter, list.encoding, list.source), (',', "UTF-8", "CSV"));
    assert_eq!(emails(&list), ["kim@example.org", "ada@example.com"]);
    assert_eq!(list.recipients[0].field("city"), Some("Seoul"));
    assert_eq!(tags(&list.recipients[0]), ["board", "donor"]);
    assert!(list.rejected.is_empty() && list.warnings.is_empty());
}

#[test]
fn utf_16_of_both_orders_is_read() {
    for little in [true, false] {
        let list = bytes(&utf16("email\tname\r\nkim@example.org\t김민지 👩\u{200D}💻\r\n", little));
        let list = list.expect("list");
        assert_eq!(list.encoding, if little { "UTF-16LE" } else { "UTF-16BE" });
        assert_eq!(list.delimiter, '\t');
        assert_eq!(name(&list.recipients[0]), "김민지 👩\u{200D}💻");
    }
    let without_mark = &utf16("email\r\nkim@example.org\r\n", true)[2..];
    let refused = bytes(without_mark).expect_err("refused");
    assert!(refused.rule == "list-encoding" && refused.help.expect("help").contains("utf-16le"));
    assert_eq!(bytes_as(without_mark, Some("utf-16le")).expect("list").recipients.len(), 1);
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_at_its_byte_and_read_on_request() {
    let latin = b"email,name\nkim@example.org,Kim\nrene@example.fr,Ren\xE9\n";
    let refused = bytes(latin).expect_err("refused");
    assert_eq!(places(std::slice::from_ref(&refused)), ["3:20 list-encoding"]);
    assert_eq!(refused.message, "byte 0xE9 on line 3 (byte 51 of the file) is not valid UTF-8");
    assert!(refused.help.expect("help").contains("--encoding windows-1252"));
    let list = bytes_as(latin, Some("windows-1252")).expect("list");
    assert_eq!(name(&list.recipients[1]), "René");
    let korean = b"email,name\nkim@example.org,\xB1\xE8\xB9\xCE\xC1\xF6\n";
    assert_eq!(name(&bytes_as(korean, Some("euc-kr")).expect("list").recipients[0]), "김민지");
}

#[test]
fn a_wrong_byte_far_into_the_file_ends_the_list_with_an_error() {
    let mut long = b"email,name\n".to_vec();
    for index in 0..20_000 {
        long.extend(format!("a{index}@example.org,A\n").as_bytes());
    }
    long.extend(b"z@example.org,\xFF\n");
    let rows = read(long.as_slice(), "list.csv", &ReadOptions::default()).expect("header");
    let last = rows.last().expect("rows").expect_err("an error at the end");
    assert_eq!(places(&[last]), ["20002:15 list-encoding"]);
}

#[test]
fn semicolons_and_tabs_are_found_in_the_header() {
    let list = file("semicolons.csv");
    assert_eq!(list.delimiter, ';');
    assert_eq!(list.recipients[0].field("note"), Some("Paris; le soir"));
    assert_eq!(name(&list.recipients[1]), "Anna Groß");
    let list = file("tabs.tsv");
    assert_eq!(list.delimiter, '\t');
    assert_eq!(name(&list.recipients[1]), "Lee, Soo-jin");
    let list = bytes(b"sep=;\r\nemail;note\r\nkim@example.org;a,b\r\n").expect("list");
    assert_eq!((list.delimiter, list.recipients[0].field("note")), (';', Some("a,b")));
}

#[test]
fn a_mailchimp_export_gives_names_and_tags() {
    let list = file("mailchimp.csv");
    assert_eq!((list.source, list.recipients.len()), ("Mailchimp", 2));
    assert_eq!(tags(&list.recipients[0]), ["Board", "2024 gala"]);
    assert_eq!(list.recipients[0].field("member_rating"), Some("4"));
    assert_eq!(name(&list.recipients[1]), "김민지");
    assert_eq!(
        list.recipients[1].field("notes"),
        Some("Met at the forum; speaks Korean and English")
    );
    assert_eq!(places(&list.warnings), ["3:138 row-control"]);
    let list = file("mailchimp-unsubscribed.csv");
    assert_eq!((list.recipients.len(), list.left_out.get("unsubscribed")), (0, Some(&1)));
}

#[test]
fn google_contacts_give_their_first_address() {
    let list = file("google-contacts.csv");
    assert_eq!(list.source, "Google Contacts");
    assert_eq!(emails(&list), ["alan@example.org", "rosa@example.org"]);
    assert_eq!(name(&list.recipients[0]), "Alan Turing");
    assert_eq!(tags(&list.recipients[0]), ["Choir", "myContacts"]);
    assert_eq!(list.left_out.get("no email address"), Some(&1));
    assert_eq!(places(&list.warnings), ["3:32 row-several"]);
    let list = file("google-contacts-older.csv");
    assert_eq!(name(&list.recipients[0]), "Katherine Johnson");
    assert_eq!(list.recipients[0].field("first_name"), Some("Katherine"));
}

#[test]
fn a_listmonk_export_keeps_the_enabled_with_their_attributes() {
    let list = file("listmonk.csv");
    assert_eq!((list.source, emails(&list)), ("listmonk", vec!["anon@example.com"]));
    let anon = &list.recipients[0];
    assert_eq!(
        (anon.field("city"), anon.field("job_title")),
        (Some("Bengaluru"), Some("Engineer"))
    );
    assert_eq!((anon.field("good"), tags(anon)), (Some("true"), vec!["press"]));
    assert_eq!(
        list.left_out.into_iter().collect::<Vec<_>>(),
        [("blocklisted", 1), ("disabled", 1)]
    );
    assert_eq!(places(&list.rejected), ["5:64 row-attributes"]);
}

#[test]
fn a_substack_export_keeps_free_readers() {
    let list = file("substack.csv");
    assert_eq!(list.source, "Substack");
    assert_eq!(emails(&list), ["reader@example.com", "patron@example.com"]);
    assert_eq!(list.recipients[1].field("stripe_plan"), Some("Yearly"));
    assert_eq!(list.left_out.get("email disabled"), Some(&1));
}

#[test]
fn korean_columns_are_known() {
    let list = file("korean.csv");
    assert_eq!(
        (name(&list.recipients[0]), name(&list.recipients[1])),
        ("김민지".into(), "John Smith".into())
    );
    assert_eq!(tags(&list.recipients[0]), ["이사회", "후원"]);
    assert_eq!(list.recipients[0].field("joined_on"), Some("2024-01-01"));
    assert_eq!(places(&list.warnings), Vec::<String>::new());
    let list = bytes("이메일,탈퇴일자\nkim@example.kr,2025-03-12\n".as_bytes()).expect("a list");
    assert_eq!((list.recipients.len(), list.warnings.len()), (0, 0), "{list:?}");
    let list = bytes("이메일,좋아하는 꽃\nkim@example.kr,무궁화\n".as_bytes()).expect("a list");
    assert_eq!(list.recipients[0].field("column_2"), Some("무궁화"));
    assert_eq!(places(&list.warnings), ["1:5 list-column-name"]);
}

#[test]
fn what_was_lost_in_a_cell_is_told_and_no_value_is_an_empty_one() {
    let list = "email,first_name,city\na@example.org,#NV,KÃ¶ln\nb@example.org,N/A,J\u{FFFD}na\n\
        c@example.org,-,Köln\nd@example.org,null,„Groß“\ne@example.org,Null,#1\n";
    let list = bytes(list.as_bytes()).expect("a list");
    let names: Vec<_> = list.recipients.iter().map(|one| one.field("first_name")).collect();
    assert_eq!(names.iter().flatten().filter(|name| !name.is_empty()).count(), 1, "{names:?}");
    assert_eq!(list.recipients[4].field("first_name"), Some("Null"));
    assert_eq!(list.recipients[0].field("city"), Some("KÃ¶ln"));
    assert_eq!(places(&list.warnings), ["2:15 row-damage", "2:19 row-damage", "3:19 row-damage"]);
    // A column whose name cannot be read may be one of those who left.
    let refused = bytes("email,GekÃ¼ndigt\na@example.org,ja\n".as_bytes()).expect_err("refused");
    assert_eq!(places(std::slice::from_ref(&refused)), ["1:7 list-encoding"]);
    assert!(refused.message.contains("GekÃ¼ndigt"), "{refused:?}");
}

#[test]
fn bad_rows_are_reported_at_their_place_and_the_others_kept() {
    let list = file("bad-addresses.csv");
    assert_eq!(
        places(&list.rejected),
        [
            "3:7 row-address",
            "4:5 row-address",
            "5:7 row-address",
            "6:9 row-address",
            "7:7 row-address",
            "8:7 row-address",
            "12:1 row-cells",
            "13:1 row-cells",
            "14:1 row-quote",
        ]
    );
    assert_eq!(
        emails(&list),
        [
            "good@example.org",
            "kim@example.org",
            "lee@example.org",
            "postmaster@example.org",
            "last@example.org"
        ]
    );
    assert_eq!(list.rejected[6].message, "the row has 1 cell, the header has 2");
    assert!(list.rejected[8].message.contains("line 14"));
    assert!(list.rejected.iter().all(|diagnostic| diagnostic.help.is_some()));
    assert_eq!(places(&list.warnings), ["11:6 row-role"]);
    assert_eq!(list.warnings[0].severity, Severity::Warning);
    assert_eq!(name(&list.recipients[1]), "Named");
    assert!(adds_up(&list));
}

#[test]
fn one_person_in_several_spellings_is_one_person() {
    let list = file("duplicates.csv");
    let identities = |list: &List| -> Vec<String> {
        list.recipients.iter().map(|person| person.address().identity()).collect()
    };
    let people = identities(&list);
    assert!(people[0] == people[1] && people[2] == people[3] && people[1] != people[2]);
    let spellings = "email\nre\u{301}ne@example.org\nréne@example.org\n\
        \"\"\"Kim\"\"@example.org\"\nkim@Example.org\n";
    let people = identities(&bytes(spellings.as_bytes()).expect("list"));
    assert!(people[0] == people[1] && people[2] == people[3], "{people:?}");
}

#[test]
fn line_breaks_never_reach_a_name() {
    let list = file("line-breaks.csv");
    assert_eq!(name(&list.recipients[0]), "Kim Bcc: all@example.org");
    assert_eq!(name(&list.recipients[1]), "Park");
    assert_eq!(places(&list.rejected), ["4:1 row-address"]);
    assert_eq!(places(&list.warnings), ["2:17 row-control", "6:18 row-control"]);
    assert_eq!((list.rows, emails(&list)[2]), (4, "last@example.org"));
}

#[test]
fn people_who_left_are_counted_by_reason() {
    let list = file("statuses.csv");
    assert_eq!(emails(&list), ["a@example.org", "e@example.org", "f@example.org"]);
    let reasons: Vec<_> = list.left_out.iter().map(|(reason, count)| (*reason, *count)).collect();
    assert_eq!(reasons, [("cleaned", 1), ("unconfirmed", 1), ("unsubscribed", 1)]);
    assert_eq!(places(&list.doubts), ["1:12 list-status"]);
    assert!(list.doubts[0].message.contains("\"Gold\" in 2 rows"), "{:?}", list.doubts);
}

#[test]
fn headers_that_cannot_be_are_refused() {
    for (text, rule, part) in [
        ("", "list-empty", "empty"),
        ("\n\r\n", "list-empty", "empty"),
        ("name,city\nKim,Seoul\n", "list-no-email", "\"name\", \"city\""),
        ("kim@example.org,Kim\n", "list-no-header", "kim@example.org"),
        ("email,City,city \n", "list-duplicate-column", "B (\"City\") and C (\"city\")"),
        ("email;City;city\n", "list-duplicate-column", "B (\"City\") and C (\"city\")"),
        ("Email,E-Mail\n", "list-duplicate-column", "A (\"Email\") and B (\"E-Mail\")"),
        ("\"email,name\nkim@example.org,Kim", "list-header", "line 1"),
        ("PK\u{3}\u{4}\u{14}", "list-workbook", "workbook"),
    ] {
        let refused = bytes(text.as_bytes()).expect_err("refused");
        assert_eq!(refused.rule, rule, "{text:?}: {refused:?}");
        assert!(refused.message.contains(part), "{refused:?}");
        assert!(refused.help.is_some() && refused.is_error());
    }
    let missing =
        open(Path::new("no/such.csv"), PathBuf::from("such.csv"), &ReadOptions::default());
    assert_eq!(missing.err().map(|diagnostic| diagnostic.rule), Some("list-read"));
}

#[test]
fn trailing_separators_are_tolerated_and_other_extra_cells_are_not() {
    let list = bytes(
        b"email,name,\na@example.org,A,\nb@example.org,B\nc@example.org,C,,\nd@example.org,D,x\n",
    );
    let list = list.expect("list");
    assert_eq!(emails(&list), ["a@example.org", "b@example.org", "c@example.org"]);
    assert_eq!(places(&list.rejected), ["5:1 row-cells"]);
    let list = bytes(b"email,name,city\na@example.org,A\n").expect("list");
    assert_eq!(places(&list.rejected), ["2:1 row-cells"]);
}

#[test]
fn nul_and_giant_cells_cost_their_row_only() {
    let giant = "x".repeat(1_000_000);
    let text =
        format!("email,name\na@example.org,A\0\nb@example.org,\"{giant}\"\nc@example.org,C\n");
    let list = bytes(text.as_bytes()).expect("list");
    assert_eq!(places(&list.rejected), ["2:15 row-nul", "3:15 row-size"]);
    assert_eq!(emails(&list), ["c@example.org"]);
}

#[test]
fn a_long_list_passes_through() {
    let mut text = String::from("email,first_name,tags\n");
    for index in 0..50_000 {
        text.push_str(&format!("reader{index}@example.org,Reader {index},a;b\n"));
    }
    let rows = read(text.as_bytes(), "list.csv", &ReadOptions::default()).expect("header");
    assert_eq!(rows.field_names().collect::<Vec<_>>(), ["email", "first_name"]);
    assert_eq!(collect(rows).expect("list").recipients.len(), 50_000);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        header in prop::sample::select(vec!["", "email,name\n", "email;status;tags\n", "이메일\t이름\r"]),
        body in prop::collection::vec(any::<u8>(), 0..400),
        encoding in prop::sample::select(vec![None, Some("windows-1252"), Some("euc-kr"), Some("utf-16le")]),
    ) {
        let whole = [header.as_bytes(), &body].concat();
        if let Ok(list) = bytes_as(&whole, encoding) {
            prop_assert!(adds_up(&list));
        }
    }

    #[test]
    fn every_row_becomes_one_of_four_things(
        rows in prop::collection::vec(
            ("(A|a|b|c@)?@?example(\\.org)?|[ -~]{1,8}|한@x.kr", "[^\"]{0,5}|\u{202E}\u{200B}\r\n", "(un)?subscribed|x|"),
            0..30,
        )
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["email", "name", "status"]).expect("written");
        for (email, name, status) in &rows {
            writer.write_record([email, name, status]).expect("written");
        }
        let list = bytes(&writer.into_inner().expect("flushed")).expect("list");
        let blank = |row: &&(String, String, String)| {
            format!("{}{}{}", row.0, row.1, row.2).trim().is_empty()
        };
        prop_assert_eq!(list.rows, rows.len() - rows.iter().filter(blank).count());
        prop_assert!(adds_up(&list));
        for person in &list.recipients {
            let odd = name(person).contains(|c: char| c.is_control() || c == '\u{202E}');
            prop_assert!(!odd);
        }
    }
}
