//! Messages that are made to cost time or memory: each has an answer soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use sejong_digest::bounce;

use crate::forms::cases;

/// What one message may take without optimisation, on a machine that does much else: all take a second.
const SOON: Duration = Duration::from_secs(10);

fn is_soon(name: &str, text: &str) {
    let start = Instant::now();
    let report = bounce::read(text.as_bytes());
    assert!(!report.recipients.is_empty(), "{name}");
    assert!(report.recipients.len() <= 500, "{name}: {}", report.recipients.len());
    assert!(start.elapsed() < SOON, "{name} took {:?}", start.elapsed());
}

#[test]
fn no_message_takes_long() {
    let head = "From: MAILER-DAEMON@a.example\nSubject: failure notice\n";
    let status = "Content-Type: message/delivery-status\n\n";
    let row = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n\n";
    let rows: String = (0..20_000).map(|n| row.replace("a@b", &format!("a{n}@b"))).collect();
    let many: String = (0..40_000).map(|n| format!("<a{n}@b.example>: no\n")).collect();
    for (name, text) in [
        ("nothing", String::new()),
        ("zeros", "\0".repeat(2_000_000)),
        ("one line", format!("{head}\n{}", "a@b.example ".repeat(200_000))),
        ("at signs", format!("{head}\n{}", "@".repeat(2_000_000))),
        ("quotation marks", format!("{head}\n{}", "\"@".repeat(500_000))),
        ("recipients in fields", format!("{head}{status}{rows}")),
        ("recipients in text", format!("{head}\n{many}")),
        (
            "both",
            format!(
                "{head}Content-Type: multipart/report; boundary=b\n\n--b\n\n{many}\n--b\n{status}{rows}"
            ),
        ),
        ("header", format!("{head}{}\n", "X-A: b\n".repeat(200_000))),
        ("folded", format!("{head} {}\n", "a\n b".repeat(200_000))),
        (
            "boundaries",
            format!(
                "{head}Content-Type: multipart/mixed; boundary=b\n\n{}",
                "--b\n".repeat(300_000)
            ),
        ),
        ("messages in messages", "Content-Type: message/rfc822\n\n".repeat(60_000)),
        (
            "parts in parts",
            (0..20_000)
                .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
                .collect(),
        ),
        ("digests", "Content-Type: multipart/digest; boundary=b\n\n--b\n\n".repeat(30_000)),
        ("html", format!("{head}Content-Type: text/html\n\n{}", "<a <b ".repeat(200_000))),
        ("words", format!("{head}\n{}", "user unknown mailbox full ".repeat(80_000))),
        ("encoded words", format!("Subject: {}\n\n", "=?utf-8?q?a?= ".repeat(50_000))),
    ] {
        is_soon(name, &text);
        is_soon(name, &text.replace('\n', "\r\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes_have_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(!bounce::read(&bytes).recipients.is_empty());
    }

    #[test]
    fn a_report_that_was_cut_and_mixed_has_an_answer_whatever_its_line_ends(
        first in 0_usize..60, second in 0_usize..60, cut in 0_usize..4000, from in 0_usize..4000,
    ) {
        let cases = cases();
        let lines = |index: usize| cases[index % cases.len()].1.clone();
        let (first, second) = (lines(first), lines(second));
        let mixed: String = first
            .chars()
            .take(cut)
            .chain(second.chars().skip(from.min(second.len() / 2)))
            .collect();
        let read = |text: &str| bounce::read(text.as_bytes());
        let report = read(&mixed);
        prop_assert!(!report.recipients.is_empty());
        prop_assert_eq!(&report, &read(&mixed.replace('\n', "\r\n")));
        prop_assert_eq!(&report, &read(&mixed.replace('\n', "\r")));
        for row in &report.recipients {
            prop_assert!(row.text.len() <= 500 && !row.text.contains('\n'));
            prop_assert!(row.line >= 1 && row.line <= mixed.lines().count() + 1);
        }
    }
}
