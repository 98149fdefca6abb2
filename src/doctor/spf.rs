//! SPF of the reverse-path's domain (RFC 7208): one record, an end that says no to others, and no
//! more look-ups than receivers make.
//!
//! What it says of the relay's address is looked at in `origin`.

use super::Finding;
use super::dns::{Dns, DnsError};

const CHECK: &str = "spf";
/// RFC 7208 4.6.4.
pub(super) const LOOKUPS: usize = 10;

/// Looks at the record of `domain`.
pub(super) async fn check(dns: &Dns, domain: &str) -> Finding {
    let records = match policies(dns, domain).await {
        Ok(records) => records,
        Err(error) => return error.finding(CHECK),
    };
    let record = match records.as_slice() {
        [] => {
            return Finding::error(CHECK, format!("{domain} has no SPF record"))
                .help("publish TXT \"v=spf1 include:… -all\", as the guide of your relay says");
        }
        [record] => record,
        more => {
            let message =
                format!("{domain} has {} SPF records, so receivers ignore all of them", more.len());
            return Finding::error(CHECK, message).help("write all of it into one TXT record");
        }
    };
    match lookups(dns, record).await {
        Err(NoCount::Unasked(error)) => error.finding(CHECK),
        Err(NoCount::Missing(name)) => {
            let message = format!(
                "SPF of {domain} refers to {name}, which must have one SPF record and has not"
            );
            Finding::error(CHECK, message).help(format!("remove {name}, or correct its name"))
        }
        Ok(count) if count > LOOKUPS => {
            let message =
                format!("SPF of {domain} needs more than {LOOKUPS} look-ups, so receivers give up");
            Finding::error(CHECK, message).help("remove every include that you no longer need")
        }
        Ok(count) => ending(domain, record, count),
    }
}

/// What the record says of everybody else.
fn ending(domain: &str, record: &str, count: usize) -> Finding {
    let all = terms(record).find(|term| term.name == "all");
    let redirect = terms(record).any(|term| term.name == "redirect");
    let message = |what: &str| format!("SPF of {domain} {what} ({count} of {LOOKUPS} look-ups)");
    match all.map(|term| term.qualifier) {
        Some('-') => Finding::ok(CHECK, message("ends with -all")),
        Some('~') => Finding::ok(CHECK, message("ends with ~all")),
        Some('+') => Finding::warning(CHECK, message("lets everybody send (+all)"))
            .help("end it with -all or ~all"),
        Some(_) => Finding::warning(CHECK, message("says nothing about other senders (?all)"))
            .help("end it with -all or ~all"),
        None if redirect => Finding::ok(CHECK, message("is taken from another name (redirect=)")),
        None => Finding::warning(CHECK, message("does not end with an all"))
            .help("end it with -all or ~all"),
    }
}

/// Why there is no count.
enum NoCount {
    Unasked(DnsError),
    Missing(String),
}

/// The look-ups that the record and all it refers to need; counting ends above the limit.
async fn lookups(dns: &Dns, record: &str) -> Result<usize, NoCount> {
    let mut waiting = vec![record.to_owned()];
    let mut count = 0;
    while let Some(record) = waiting.pop() {
        // RFC 7208 6.1: behind "all", redirect means nothing.
        let closed = terms(&record).any(|term| term.name == "all");
        for term in terms(&record) {
            let follows = match term.name {
                "a" | "mx" | "ptr" | "exists" => false,
                "include" => true,
                "redirect" if !closed => true,
                _ => continue,
            };
            count += 1;
            if count > LOOKUPS {
                return Ok(count);
            }
            // A macro stands for something of each message.
            if !follows || term.value.contains('%') {
                continue;
            }
            let other = term.value.to_owned();
            let mut found = policies(dns, &other).await.map_err(NoCount::Unasked)?;
            match found.pop() {
                Some(text) if found.is_empty() => waiting.push(text),
                _ => return Err(NoCount::Missing(other)),
            }
        }
    }
    Ok(count)
}

/// The SPF records among the TXT records of a name (RFC 7208 4.5).
pub(super) async fn policies(dns: &Dns, name: &str) -> Result<Vec<String>, DnsError> {
    let mut records = dns.txt(name).await?;
    records.retain(|text| {
        let text = text.to_ascii_lowercase();
        text == "v=spf1" || text.starts_with("v=spf1 ")
    });
    Ok(records.into_iter().map(|text| text.to_ascii_lowercase()).collect())
}

/// A directive or a modifier.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpfTerm<'a> {
    /// `+`, `-`, `~` or `?`.
    pub(super) qualifier: char,
    pub(super) name: &'a str,
    /// What follows the colon, the equals sign or, with it, the slash.
    pub(super) value: &'a str,
}

/// The terms behind the version (RFC 7208 4.6.1), in lower case as the record is.
pub(super) fn terms(record: &str) -> impl Iterator<Item = SpfTerm<'_>> {
    record.split_ascii_whitespace().skip(1).map(|text| {
        let qualifier = text.chars().next().filter(|c| "+-~?".contains(*c));
        let text = &text[usize::from(qualifier.is_some())..];
        let end = text.find([':', '=', '/']).unwrap_or(text.len());
        let value = text[end..].trim_start_matches([':', '=']);
        SpfTerm { qualifier: qualifier.unwrap_or('+'), name: &text[..end], value }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_with_their_qualifier_and_value() {
        let read: Vec<_> = terms("v=spf1 a/24 include:_spf.example ~all redirect=x.example")
            .map(|term| (term.qualifier, term.name, term.value))
            .collect();
        let wanted = [
            ('+', "a", "/24"),
            ('+', "include", "_spf.example"),
            ('~', "all", ""),
            ('+', "redirect", "x.example"),
        ];
        assert_eq!(read, wanted);
        assert_eq!(terms("v=spf1 é - :").count(), 3);
    }
}
