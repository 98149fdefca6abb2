//! What is kept of a report or a reply, without the addresses of others: a server may name whom mail was
//! passed on to, or somebody who was forgotten.

use super::evidence::identity;
use crate::message::address::Address;

/// What stands in the place of an address.
const SOMEBODY: &str = "…";

/// A text without every address that is not one of the person with the identity `own`.
pub(super) fn without(text: &str, own: Option<&str>) -> String {
    let is_own = |address: &str| own.is_some() && identity(address).as_deref() == own;
    replaced(text, is_own, |_| SOMEBODY.to_owned())
}

/// What a server says of a message to `own`, without what stands before the `@` of every other address:
/// the domain says whose server it is, and where one may ask.
pub(in crate::delivery) fn without_names(text: String, own: &Address, message_id: &str) -> String {
    if !text.contains('@') {
        return text;
    }
    let own = own.identity();
    let keeps = |address: &str| {
        address == message_id || is_role(address) || identity(address).as_ref() == Some(&own)
    };
    replaced(&text, keeps, |address| {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        format!("{SOMEBODY}@{domain}")
    })
}

/// A text without the addresses of one person, who was forgotten.
pub(in crate::delivery) fn without_person(text: &str, person: &str) -> String {
    without_some(text, |identity| identity == person)
}

/// A text without the addresses of those who `are_gone`, by their identity.
pub(super) fn without_some(text: &str, are_gone: impl Fn(&str) -> bool) -> String {
    let keeps = |address: &str| !identity(address).is_some_and(|one| are_gone(&one));
    replaced(text, keeps, |_| SOMEBODY.to_owned())
}

/// Where a server says to write if it refuses a sender: of a task (RFC 2142), and of no person.
const ROLES: [&str; 10] = [
    "abuse",
    "delist",
    "delisting",
    "hostmaster",
    "mailer-daemon",
    "noc",
    "postmaster",
    "removal",
    "security",
    "unblock",
];

fn is_role(address: &str) -> bool {
    let local = address.rsplit_once('@').map_or("", |(local, _)| local);
    ROLES.iter().any(|role| local.eq_ignore_ascii_case(role))
}

/// A text with something else in the place of each address that it does not keep.
fn replaced(text: &str, keeps: impl Fn(&str) -> bool, instead: impl Fn(&str) -> String) -> String {
    let mut kept = String::new();
    let mut done = 0;
    while let Some(at) = text[done..].find('@').map(|at| done + at) {
        let start = begin(&text[done..at]).map_or(done, |start| done + start);
        let rest = &text[at + 1..];
        let mut end = at + 1 + rest.find(is_outside).unwrap_or(rest.len());
        // A sentence may end with it.
        let address = text[start..end].trim_end_matches(['.', '=', '?', '!']);
        end = start + address.len();
        kept.push_str(&text[done..start]);
        match keeps(address) {
            true => kept.push_str(address),
            false if kept.ends_with('<') => kept.push_str(&instead(address)),
            false => kept.push_str(&format!("<{}>", instead(address))),
        }
        done = end.max(at + 1);
    }
    kept.push_str(&text[done..]);
    kept
}

/// Where the local part begins that `before` ends with; `None` where it is all of it.
fn begin(before: &str) -> Option<usize> {
    if let Some(inner) = before.strip_suffix('"') {
        return inner.rfind('"');
    }
    // An apostrophe may stand in a name, and around an address.
    let ends = |c: char| c != '\'' && is_outside(c);
    let start =
        before.char_indices().rev().find(|(_, c)| ends(*c)).map(|(at, c)| at + c.len_utf8());
    let local = &before[start.unwrap_or(0)..];
    let quotes = local.len() - local.trim_start_matches('\'').len();
    if quotes == 0 { start } else { Some(start.unwrap_or(0) + quotes) }
}

/// What no address has outside of quotation marks.
fn is_outside(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "<>()[],;:\"'`|".contains(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_names_its_own_reader_alone() {
        let own = Some("ada@example.org");
        for (text, kept) in [
            ("550 5.1.1 <kim@example.net> unknown", "550 5.1.1 <…> unknown"),
            ("<ada@example.org>: no such user", "<ada@example.org>: no such user"),
            ("Ada@Example.org, kim@example.net.", "Ada@Example.org, <…>."),
            ("rfc822;kim@example.net", "rfc822;<…>"),
            ("\"kim lee\"@example.net is unknown", "<…> is unknown"),
            ("b+kim=example.net@x.example@y", "<…>"),
            ("smtp:[kim@[192.0.2.1]] no", "smtp:[<…>[192.0.2.1]] no"),
            ("@ and a@", "<…> and <…>"),
            ("사람@예시.example 없음", "<…> 없음"),
            ("pat.o'brien@victim.test is full", "<…> is full"),
            ("'kim@example.net' 'ada@example.org'", "'<…>' 'ada@example.org'"),
            ("'@x.example", "'<…>"),
            ("no address here", "no address here"),
        ] {
            assert_eq!(without(text, own), kept);
        }
        assert_eq!(without("to ada@example.org", None), "to <…>");
    }

    #[test]
    fn a_reply_keeps_domains_and_no_name_of_others() {
        let own = Address::parse("ada@example.org").unwrap();
        for (text, kept) in [
            (
                "550 <Ada@example.org>: <kim@example.net> is full",
                "550 <Ada@example.org>: <…@example.net> is full",
            ),
            ("forwarded to kim@example.net.", "forwarded to <…@example.net>."),
            ("rfc822;\"kim lee\"@example.net", "rfc822;<…@example.net>"),
            ("a@b@example.net", "<…@example.net>"),
            ("2.6.0 <a1@list.example> queued", "2.6.0 <a1@list.example> queued"),
            ("no pat.o'brien@victim.test", "no <…@victim.test>"),
            (
                "write to delist@messaging.microsoft.com.",
                "write to delist@messaging.microsoft.com.",
            ),
            ("<Postmaster@example.net> or kim@a.b", "<Postmaster@example.net> or <…@a.b>"),
            ("451 try later", "451 try later"),
        ] {
            assert_eq!(without_names(text.to_owned(), &own, "a1@list.example"), kept);
        }
        let text = "<Kim@Example.net> and ada@example.org";
        assert_eq!(without_person(text, "kim@example.net"), "<…> and ada@example.org");
    }

    proptest! {
        #[test]
        fn no_other_address_is_left(text in "(@|<|>|\"|'|a|\\.|é| ){0,20}") {
            prop_assert!(!without(&text, Some("ada@example.org")).contains('@'));
        }
    }
}
