//! What comes to the bounce mailbox: reports of any mail system, and whatever else somebody sends there.

use std::path::Path;

use sejong_digest::bounce;

use super::{files, signature};

/// Recipients of one report, at most.
const MOST_RECIPIENTS: usize = 500;
/// Bytes of a text that a row shows, at most.
const MOST_TEXT: usize = 500;

/// See `Target::words`.
pub(super) const WORDS: &[&str] = &[
    "Content-Type: multipart/report; boundary=b\n\n",
    "Content-Type: message/delivery-status\n\n",
    "Content-Type: message/feedback-report\n\n",
    "Content-Type: message/rfc822\n\n",
    "Content-Type: text/html\n\n",
    "Content-Transfer-Encoding: base64\n",
    "Content-Transfer-Encoding: quoted-printable\n",
    "charset=iso-2022-jp",
    "charset=utf-7",
    "\n--b\n",
    "\n--b--\n",
    "Final-Recipient: rfc822; a@b.example\n",
    "Original-Recipient: ",
    "Action: failed\n",
    "Action: delayed\n",
    "Status: 5.1.1\n",
    "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n",
    "Feedback-Type: abuse\n",
    "X-Failed-Recipients: a@b.example\n",
    "Auto-Submitted: auto-replied\n",
    "From MAILER-DAEMON Thu Nov  6 09:00:00 2025\n",
    "Subject: failure notice\n",
    "Subject: unsubscribe\n",
    "=?utf-8?B?",
    "?=",
    "<a@b.example>: ",
    "\"@",
    "@[",
    "--- Below this line is a copy of the message.\n",
    "Received: from a\n",
    "mailbox is full",
    "\r",
    "\n",
    "\r\n",
    "\n ",
    "\0",
    "\u{202e}",
    "\u{1b}[2J",
    "민지@예시.한국",
];

/// The cases of the tests.
pub(super) fn seeds(root: &Path) -> Vec<Vec<u8>> {
    files(&root.join("tests/bounces/cases"), &["mail"])
}

/// Any bytes are a report with a row or more, each of a bounded size and with a place; how lines end
/// makes no difference.
pub(super) fn run(bytes: &[u8]) -> u64 {
    let report = bounce::read(bytes);
    let rows = &report.recipients;
    assert!(!rows.is_empty(), "no answer");
    assert!(rows.len() <= MOST_RECIPIENTS, "{} recipients", rows.len());
    for row in rows {
        assert!(row.text.len() <= MOST_TEXT && !row.text.contains(['\n', '\r']), "{:?}", row.text);
        assert!(row.line >= 1, "no place: {row:?}");
        assert!(row.address.as_ref().is_none_or(|address| !address.is_empty()), "{row:?}");
    }
    if !bytes.contains(&b'\r') {
        let returned: Vec<u8> = bytes
            .iter()
            .flat_map(|byte| if *byte == b'\n' { b"\r\n".to_vec() } else { vec![*byte] })
            .collect();
        assert_eq!(report, bounce::read(&returned), "line ends make a difference");
    }
    signature(rows.iter().map(|row| (row.class, row.reason, row.part.clone())))
}
