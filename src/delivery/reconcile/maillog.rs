//! Files of a mail server's log, read once from front to back -> what they say of each row.
//!
//! Each line is recognised by its form and goes to the file of its server; a file of which no line
//! is recognised is refused by name, because silence in it would mean nothing. Holds one line, and
//! the queue ids of messages that are asked about.

use crate::delivery::id::RowId;
use std::collections::HashMap;
use std::io::{self, BufRead};

use jiff::Timestamp;

use super::Undecided;
use super::evidence::{Evidence, Findings, Here};
use super::exchange::Exchange;
use super::exim::{Exim, EximEntry};
use super::lines::Lines;
use super::postfix::Postfix;
use super::ruling::TOLERANCE;
use super::sendmail::Sendmail;
use super::stamp::{Form, LogClock, Stamp};
use super::syslog::SyslogLine;

/// One file, under the name that it was given by.
pub struct LogFile<R> {
    /// As it is shown.
    pub name: String,
    /// Its bytes.
    pub reader: R,
}

/// What the files say.
#[derive(Debug)]
pub struct Reading {
    /// By row; a row whose Message-ID they do not hold is not there.
    pub evidence: HashMap<RowId, Evidence>,
    /// The time that they cover, if their lines have one.
    pub span: Option<LogSpan>,
}

/// From the first line's time to the last one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSpan {
    /// Of the earliest line.
    pub first: Timestamp,
    /// Of the latest line.
    pub last: Timestamp,
    /// Whether lines leave out their zone: they were read in that of the clock.
    pub lacks_zone: bool,
    /// The time of such a line, where it has not come yet: then the zone is another one.
    pub ahead: Option<Timestamp>,
}

/// Why files are not believed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The system's.
    #[error("{file} cannot be read: {error}")]
    Io {
        /// The file.
        file: String,
        /// The system's words.
        error: io::Error,
    },
    /// There is nothing in it.
    #[error("{file} is empty: no log was read")]
    Empty {
        /// The file.
        file: String,
    },
    /// It is no text.
    #[error("{file} is {what}: {remedy}")]
    NotText {
        /// The file.
        file: String,
        /// What it is instead.
        what: &'static str,
        /// What to do first.
        remedy: &'static str,
    },
    /// A server that writes no Message-ID.
    #[error(
        "{file} is a log of {server}, which does not write Message-IDs: it cannot tell who has the \
         issue"
    )]
    NoMessageIds {
        /// The file.
        file: String,
        /// The server.
        server: &'static str,
    },
    /// Nothing in it is known.
    #[error(
        "{file} is no log that digest can read. Its first line is {first:?}. It reads logs of \
         Postfix and Sendmail as syslog, rsyslog or `journalctl -o short` write them, Exim's main \
         log, and Exchange's message tracking log"
    )]
    Unknown {
        /// The file.
        file: String,
        /// Its first line that is not blank.
        first: String,
    },
    /// Known lines, and none of a message.
    #[error(
        "no message was taken by the relay in {files}: give the log of all mail (mail.log, maillog, \
         Exim's mainlog), not one of warnings or refusals alone"
    )]
    NoMessages {
        /// The files.
        files: String,
    },
}

/// Reads all files, the one that begins first before the others: what a server says of one message
/// may begin in one file and end in the next.
///
/// # Errors
/// [`LogError`], for any file: one that says nothing must not look like one in which nobody was
/// found.
pub fn read<R: BufRead>(
    undecided: &Undecided,
    files: Vec<LogFile<R>>,
    clock: &LogClock,
) -> Result<Reading, LogError> {
    let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
    let mut dated = Vec::new();
    for mut file in files {
        let first = begins(&mut file, clock)?;
        dated.push((first, file));
    }
    // Files without a time of their own go last, in the order in which they were given.
    dated.sort_by_key(|(first, _)| (first.is_none(), *first));
    let mut log = Log {
        clock,
        findings: Findings::new(undecided),
        postfix: Postfix::default(),
        sendmail: Sendmail::default(),
        exim: Exim::default(),
        span: None,
    };
    for (_, file) in dated {
        log.file(file)?;
    }
    if log.findings.messages == 0 {
        return Err(LogError::NoMessages { files: names.join(", ") });
    }
    Ok(Reading { evidence: log.findings.finish(), span: log.span })
}

/// Looks at the front of a file: the time of its first line that has one. What is no text is
/// refused here.
fn begins<R: BufRead>(
    file: &mut LogFile<R>,
    clock: &LogClock,
) -> Result<Option<Timestamp>, LogError> {
    /// How a file begins, what it is then, and what to do about it.
    const NOT_TEXT: [(&[u8], &str, &str); 7] = [
        (b"\x1F\x8B", "compressed", "unpack it first, as in `zcat FILE > mail.log`"),
        (b"BZh", "compressed", "unpack it first, as in `bzcat FILE > mail.log`"),
        (b"\xFD7zXZ\0", "compressed", "unpack it first, as in `xzcat FILE > mail.log`"),
        (b"\x28\xB5\x2F\xFD", "compressed", "unpack it first, as in `zstdcat FILE > mail.log`"),
        (b"LPKSHHRH", "a journal", "write it out first: `journalctl --file FILE > mail.log`"),
        (b"\xFF\xFE", "UTF-16", "save it as UTF-8 first"),
        (b"\xFE\xFF", "UTF-16", "save it as UTF-8 first"),
    ];
    let name = file.name.clone();
    let front = match file.reader.fill_buf() {
        Ok(front) => front,
        Err(error) => return Err(LogError::Io { file: name, error }),
    };
    if front.is_empty() {
        return Err(LogError::Empty { file: name });
    }
    if let Some((_, what, remedy)) = NOT_TEXT.iter().find(|(magic, ..)| front.starts_with(magic)) {
        return Err(LogError::NotText { file: name, what, remedy });
    }
    let text = String::from_utf8_lossy(front);
    let stamp = |line: &str| {
        let syslog = SyslogLine::read(line).map(|line| line.stamp);
        let exim = || EximEntry::of_file(line).and_then(|entry| entry.stamp);
        let record = || line.split_once(',').map(|(text, _)| Stamp { form: Form::Iso, text });
        syslog.or_else(exim).or_else(record).and_then(|stamp| stamp.moment(clock))
    };
    Ok(text.lines().find_map(stamp))
}

/// What has been read so far, over all files.
struct Log<'a> {
    clock: &'a LogClock,
    findings: Findings<'a>,
    postfix: Postfix,
    sendmail: Sendmail,
    exim: Exim,
    span: Option<LogSpan>,
}

/// Whose lines a file has.
#[derive(Debug, Default)]
struct Seen {
    readable: bool,
    /// A server that is known and writes no Message-ID.
    mute: Option<&'static str>,
    /// The first line that is not blank.
    first: String,
    /// The time of the last line, as it stands there.
    last_form: Form,
    last: String,
}

impl Log<'_> {
    fn file<R: BufRead>(&mut self, file: LogFile<R>) -> Result<(), LogError> {
        let LogFile { name, reader } = file;
        let mut lines = Lines::new(reader);
        let mut seen = Seen::default();
        let mut exchange = None;
        loop {
            let (number, bytes) = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => break,
                Err(error) => return Err(LogError::Io { file: name, error }),
            };
            let text = String::from_utf8_lossy(bytes);
            let text = text.strip_prefix('\u{FEFF}').filter(|_| number == 1).unwrap_or(&text);
            if seen.first.is_empty() {
                seen.first = text.trim().chars().take(100).collect();
            }
            let here = Here { file: &name, number, text, stamp: None, clock: self.clock };
            // Its columns stand above the first record, and no other log has any.
            let fields = Exchange::of_fields(text).filter(|_| exchange.is_some() || !seen.readable);
            if fields.is_some() {
                exchange = fields;
                seen.readable = true;
            } else if let Some(columns) = &exchange {
                self.record(columns, here, &mut seen);
            } else {
                self.line(here, &mut seen);
            }
        }
        let last = Stamp { form: seen.last_form, text: &seen.last };
        self.extend(last);
        match (seen.readable, seen.mute) {
            (true, _) => Ok(()),
            (false, Some(server)) => Err(LogError::NoMessageIds { file: name, server }),
            (false, None) => Err(LogError::Unknown { file: name, first: seen.first }),
        }
    }

    fn record(&mut self, columns: &Exchange, mut here: Here<'_>, seen: &mut Seen) {
        if let Some(stamp) = columns.stamp(here.text) {
            here.stamp = Some(stamp);
            self.dated(stamp, seen);
            columns.read(&here, &mut self.findings);
        }
    }

    fn line(&mut self, mut here: Here<'_>, seen: &mut Seen) {
        if let Some(line) = SyslogLine::read(here.text) {
            here.stamp = Some(line.stamp);
            let exim = matches!(line.program, "exim" | "exim4");
            let entry = EximEntry::of_syslog(line.stamp, line.message).filter(|_| exim);
            if let Some(entry) = entry {
                here.stamp = entry.stamp;
                self.exim.read(entry, &here, &mut self.findings);
            }
            let readable = exim
                || self.postfix.read(&line, &here, &mut self.findings)
                || self.sendmail.read(&line, &here, &mut self.findings);
            if readable {
                seen.readable = true;
                self.dated(here.stamp.unwrap_or(line.stamp), seen);
            } else if let Some(server) = mute(&line) {
                seen.mute = Some(server);
            }
        } else if let Some(entry) = EximEntry::of_file(here.text) {
            here.stamp = entry.stamp;
            seen.readable = true;
            self.exim.read(entry, &here, &mut self.findings);
            if let Some(stamp) = entry.stamp {
                self.dated(stamp, seen);
            }
        }
    }

    /// The first time of a file is worked out at once, the last one when the file has ended.
    fn dated(&mut self, stamp: Stamp<'_>, seen: &mut Seen) {
        if seen.last.is_empty() {
            self.extend(stamp);
        }
        seen.last_form = stamp.form;
        seen.last.clear();
        seen.last.push_str(stamp.text);
    }

    fn extend(&mut self, stamp: Stamp<'_>) {
        let Some(moment) = stamp.moment(self.clock) else { return };
        let at_once = LogSpan { first: moment, last: moment, lacks_zone: false, ahead: None };
        let LogSpan { first, last, lacks_zone, ahead } = self.span.unwrap_or(at_once);
        let is_ahead = stamp.lacks_zone() && moment.duration_since(self.clock.now) > TOLERANCE;
        self.span = Some(LogSpan {
            first: first.min(moment),
            last: last.max(moment),
            lacks_zone: lacks_zone || stamp.lacks_zone(),
            ahead: ahead.max(is_ahead.then_some(moment)),
        });
    }
}

/// A server that is known and writes no Message-ID.
fn mute(line: &SyslogLine<'_>) -> Option<&'static str> {
    let id = line.message.split(' ').next().unwrap_or_default();
    let session = id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match line.program {
        "smtpd" if session || line.message.starts_with("smtp-in: ") => Some("OpenSMTPD"),
        "qmail" | "qmail-send" => Some("qmail"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
