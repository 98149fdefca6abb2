//! A received message, taken apart: header fields by our own eyes, bodies by mail-parser.

#![allow(dead_code, reason = "each test program uses its part")]

use mail_parser::MessageParser;

/// One message.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// Name and unfolded value, in order.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) html: String,
}

impl Mail {
    pub(crate) fn read(bytes: &[u8]) -> Mail {
        let parsed = MessageParser::default().parse(bytes).expect("a message");
        Mail {
            fields: fields(bytes),
            text: parsed.body_text(0).expect("a text part").into_owned(),
            html: parsed.body_html(0).expect("an HTML part").into_owned(),
        }
    }

    /// The value of a field that stands once.
    pub(crate) fn field(&self, name: &str) -> &str {
        let mut found = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = found.next().unwrap_or_else(|| panic!("no {name} in {:?}", self.fields));
        assert!(found.next().is_none(), "{name} stands twice in {:?}", self.fields);
        value
    }

    /// The subject, decoded.
    pub(crate) fn subject(&self) -> String {
        decoded("Subject", self.field("Subject")).subject().expect("a subject").to_owned()
    }

    /// Name and address of To, decoded.
    pub(crate) fn to(&self) -> (String, String) {
        let parsed = decoded("To", self.field("To"));
        let to = parsed.to().and_then(|to| to.first()).expect("an address").clone();
        (to.name.unwrap_or_default().into_owned(), to.address.unwrap_or_default().into_owned())
    }

    /// The web address of List-Unsubscribe, which stands first (RFC 8058).
    pub(crate) fn unsubscribe(&self) -> &str {
        let value = self.field("List-Unsubscribe");
        let url = value.strip_prefix('<').and_then(|rest| rest.split('>').next());
        url.filter(|url| url.starts_with("https://")).unwrap_or_else(|| panic!("{value:?}"))
    }

    pub(crate) fn id(&self) -> &str {
        self.field("Message-ID")
    }
}

fn decoded(name: &str, value: &str) -> mail_parser::Message<'static> {
    let field = format!("{name}: {value}\r\n\r\n");
    MessageParser::default().parse(field.as_bytes()).expect("a field").into_owned()
}

fn fields(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8(bytes.to_vec()).expect("ASCII");
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a line end that is none");
    let head = text.split("\r\n\r\n").next().expect("a head");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", "\t");
    let field = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?}"));
        (name.to_owned(), value.trim().to_owned())
    };
    unfolded.split("\r\n").map(field).collect()
}
