//! An issue checked in this process, so that a test can break what was made of it.

use std::collections::BTreeSet;
use std::path::Path;

use sejong_digest::check::{self, Input};
use sejong_digest::compose::{self, Composition, Segment};
use sejong_digest::config::{self, Config, Secret};
use sejong_digest::diagnostic::Diagnostic;
use sejong_digest::issue::{Issue, load};
use sejong_digest::message::address::Address;
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{MailKind, Occasion, Template};

/// An issue as it would be sent.
pub(crate) struct Sent {
    pub(crate) config: Config,
    pub(crate) issue: Issue,
    pub(crate) composition: Composition,
    pub(crate) message: Vec<u8>,
    /// What loading and composing had to say.
    pub(crate) problems: Vec<Diagnostic>,
}

impl Sent {
    /// Reads and composes `issues/NAME` of the publication at `root`.
    pub(crate) fn read(root: &Path, name: &str) -> Sent {
        let config = config::read(root, &[]).unwrap();
        let folder = load::folder(&config.publication, name);
        let load::Loaded { issue, mut problems } = load::load(&config.publication, &folder);
        let issue = issue.unwrap_or_else(|| panic!("{name}: {problems:?}"));
        let (composition, told) = compose::compose(&config.publication, &issue, &config.theme);
        problems.extend(told);
        let composition = composition.unwrap();
        let message = message(&config, &composition);
        Sent { config, issue, composition, message, problems }
    }

    /// Replaces a text in the HTML.
    pub(crate) fn edit_html(mut self, from: &str, to: &str) -> Sent {
        assert!(edit(&mut self.composition.html, from, to), "no {from:?} in the HTML");
        self
    }

    /// Replaces a text in the plain text.
    pub(crate) fn edit_text(mut self, from: &str, to: &str) -> Sent {
        assert!(edit(&mut self.composition.text, from, to), "no {from:?} in the text");
        self
    }

    /// Replaces a text in the message.
    pub(crate) fn edit_message(mut self, from: &str, to: &str) -> Sent {
        let text = String::from_utf8(self.message).unwrap();
        assert!(text.contains(from), "no {from:?} in the message");
        self.message = text.replacen(from, to, 1).into_bytes();
        self
    }

    /// What the rules say.
    pub(crate) fn check(&self) -> Vec<Diagnostic> {
        let input = Input {
            publication: &self.config.publication,
            theme: &self.config.theme,
            issue: &self.issue,
            composition: &self.composition,
            message: Some(&self.message),
            siblings: &[],
            sent: &BTreeSet::new(),
            clients: &self.config.clients,
            today: None,
        };
        check::issue(&input, None)
    }
}

fn edit(segments: &mut [Segment], from: &str, to: &str) -> bool {
    segments.iter_mut().any(|segment| match segment {
        Segment::Literal(text) if text.contains(from) => {
            *text = text.replacen(from, to, 1);
            true
        }
        _ => false,
    })
}

fn message(config: &Config, composition: &Composition) -> Vec<u8> {
    let identity = config.sender.identity(&Secret::for_nobody());
    let date = "Thu, 6 Nov 2025 09:00:00 -0500".to_owned();
    let occasion = Occasion { date, time: 1_762_437_600, test: false, kind: MailKind::Issue };
    let fields: Vec<&str> = composition.slots.iter().flatten().map(|s| s.field.as_str()).collect();
    let fields = fields.into_iter().filter(|field| !["email", "unsubscribe_url"].contains(field));
    let reader = Address::parse("reader@sejong.example").unwrap();
    let reader = Recipient::new(reader, fields.map(|field| (field, "Minji")), []);
    Template::new(composition, identity, &occasion).splice(&reader).unwrap().bytes
}
