//! `[bounce]` -> where reports come to, and how many of them it takes.

use super::wrong;
use crate::delivery::bounced::policy::{BouncePolicy, SoftLimit};
use crate::diagnostic::Diagnostic;
use crate::mailbox::imap::ImapAddress;
use crate::manifest::{Located, Table};
use crate::message::header::Mailbox;

/// More would never be reached.
const MOST: i64 = 1_000;

/// The reverse-path of messages, the mailbox that reports come to, and the policy.
pub(super) fn read(
    table: &mut Table,
    problems: &mut Vec<Diagnostic>,
) -> (Option<String>, Option<String>, BouncePolicy) {
    let mut section = table.table("bounce");
    let reverse_path = section.text("reverse_path");
    let reverse_path = reverse_path.and_then(|text| reverse_path_of(&mut section, &text));
    let mailbox = section.text("mailbox");
    let mailbox = mailbox.and_then(|text| mailbox_of(&mut section, &text));
    let mut policy = BouncePolicy::default();
    for (key, limit) in [("hard", &mut policy.hard), ("complaint", &mut policy.complaint)] {
        let number =
            section.integer(key, 1..MOST + 1).and_then(|number| u32::try_from(number).ok());
        *limit = number.unwrap_or(*limit);
    }
    if let Some(text) = section.text("soft") {
        match text.value.parse::<SoftLimit>() {
            Ok(soft) => policy.soft = soft,
            Err(_) => {
                let what = format!("{:?} is not a number of bounces and a time", text.value);
                let help =
                    "write \"5 in 30d\": the fifth soft bounce within 30 days suppresses a person";
                wrong(&mut section, "limit", what, &text, help);
            }
        }
    }
    section.finish(problems);
    (reverse_path, mailbox, policy)
}

fn mailbox_of(table: &mut Table, text: &Located<String>) -> Option<String> {
    let is_imap = ImapAddress::is_meant(&text.value);
    let error = is_imap.then(|| ImapAddress::read(&text.value).err()).flatten();
    match error {
        None if !text.value.is_empty() => Some(text.value.clone()),
        error => {
            let why = error.map_or("it is empty".to_owned(), |error| error.to_string());
            let help = "write a Maildir folder such as \"/home/bounces/Maildir\", an mbox file, or \
                        \"imaps://bounces@mail.sejong.example/INBOX\"";
            wrong(table, "address", format!("mailbox: {why}"), text, help);
            None
        }
    }
}

fn reverse_path_of(table: &mut Table, text: &Located<String>) -> Option<String> {
    let sample = text.value.replace("{token}", "abcdefghijklmnopqrstuvwxyz");
    match Mailbox::parse(&sample) {
        Ok(_) => Some(text.value.clone()),
        Err(error) => {
            let help = "write an address such as bounces+{token}@sejong.example";
            wrong(table, "address", format!("reverse_path: {error}"), text, help);
            None
        }
    }
}
