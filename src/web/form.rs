//! What a form sends: `application/x-www-form-urlencoded` (WHATWG URL, 5) or `multipart/form-data`
//! (RFC 7578), as far as short texts need it.

use axum::http::{HeaderMap, header};

/// Fields that are read: those of a form, and a topic each.
const MOST: usize = 80;

/// The fields of a form, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SentForm(Vec<(String, String)>);

impl SentForm {
    /// Reads a body by the type that the request names; a body of another type has no fields.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> SentForm {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default();
        let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
        let essence = essence.trim().to_ascii_lowercase();
        let fields = match essence.as_str() {
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(body).take(MOST);
                pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
            }
            "multipart/form-data" => match boundary(parameters) {
                Some(boundary) => multipart(body, boundary),
                None => Vec::new(),
            },
            _ => Vec::new(),
        };
        SentForm(fields)
    }

    /// Each field with a value.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The values of a field that may stand several times.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all().filter(move |(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The first value of a field.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

fn boundary(parameters: &str) -> Option<&str> {
    let own = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("boundary")
    };
    let value = parameters.split(';').find(own)?.split_once('=')?.1.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    // RFC 2046, 5.1.1.
    (1..=70).contains(&value.len()).then_some(value)
}

/// The parts that are texts with a name. A part that is not whole is none.
fn multipart(body: &[u8], boundary: &str) -> Vec<(String, String)> {
    let line = format!("\r\n--{boundary}");
    let first = memchr::memmem::find(body, &line.as_bytes()[2..]);
    // The first boundary may begin the body, or follow a preamble.
    let Some(first) = first.filter(|at| *at == 0 || body[..*at].ends_with(b"\r\n")) else {
        return Vec::new();
    };
    let mut rest = &body[first + line.len() - 2..];
    let mut fields = Vec::new();
    while fields.len() < MOST
        && let Some(inner) = rest.strip_prefix(b"\r\n")
        && let Some(end) = memchr::memmem::find(inner, line.as_bytes())
    {
        fields.extend(part(&inner[..end]));
        rest = &inner[end + line.len()..];
    }
    fields
}

fn part(bytes: &[u8]) -> Option<(String, String)> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let value = std::str::from_utf8(&bytes[end + 4..]).ok()?;
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let name = disposition.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then_some(value.trim())
    })?;
    Some((name.trim_matches('"').to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(kind: &str, body: &str) -> SentForm {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, kind.parse().unwrap());
        SentForm::read(&headers, body.as_bytes())
    }

    #[test]
    fn both_kinds_of_one_click_are_read() {
        let urlencoded = "application/x-www-form-urlencoded";
        for (kind, body) in [
            (urlencoded, "List-Unsubscribe=One-Click"),
            (
                "Application/X-WWW-Form-URLencoded; charset=UTF-8",
                "x=1&List-Unsubscribe=One%2DClick",
            ),
            (
                "multipart/form-data; boundary=\"b 1\"",
                "--b 1\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b 1--\r\n",
            ),
            (
                "multipart/form-data; charset=x; Boundary=b",
                "before\r\n--b\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=List-Unsubscribe\r\n\r\nOne-Click\r\n--b--",
            ),
        ] {
            assert_eq!(read(kind, body).value("List-Unsubscribe"), Some("One-Click"), "{body}");
        }
        for (kind, body) in [
            ("text/plain", "List-Unsubscribe=One-Click"),
            ("", "List-Unsubscribe=One-Click"),
            (urlencoded, ""),
            ("multipart/form-data", "--b\r\n\r\n"),
            (
                "multipart/form-data; boundary=b",
                "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click",
            ),
            (
                "multipart/form-data; boundary=b",
                "x--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--",
            ),
        ] {
            assert_eq!(read(kind, body).value("List-Unsubscribe"), None, "{body}");
        }
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "(--b|\r\n|:|=|;|name|Content-Disposition|.){0,40}") {
            read("multipart/form-data; boundary=b", &body);
            read("application/x-www-form-urlencoded", &body);
        }

        #[test]
        fn what_a_browser_sends_is_read(value in "[^\r]{0,40}") {
            let body = format!(
                "--b\r\nContent-Disposition: form-data; name=\"why\"\r\n\r\n{value}\r\n--b--\r\n"
            );
            let form = read("multipart/form-data; boundary=b", &body);
            prop_assert_eq!(form.value("why"), Some(&*value));
        }
    }
}
