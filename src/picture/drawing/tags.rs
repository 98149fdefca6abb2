//! The text of a drawing before it is parsed: a parser compares each attribute of a tag with the
//! others, follows entities, and others call themselves for each level.

use super::NotDrawn;

/// Elements within one another.
pub(super) const MAX_DEPTH: usize = 64;
/// Attributes of one tag.
const MAX_ATTRIBUTES: usize = 100;
/// Prefixes for other vocabularies, in the whole file.
const MAX_PREFIXES: usize = 200;

/// Refuses entities, deep nesting, and more attributes than a drawing program writes.
pub(super) fn look(text: &str) -> Result<(), NotDrawn> {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut prefixes) = (0, 0, 0);
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        let rest = &bytes[start..];
        let end = |mark: &[u8]| memchr::memmem::find(rest, mark).map(|end| end + mark.len());
        let length = match rest {
            [b'<', b'!', b'-', b'-', ..] => end(b"-->"),
            [b'<', b'?', ..] => end(b"?>"),
            _ if rest.starts_with(b"<![CDATA[") => end(b"]]>"),
            _ if rest.starts_with(b"<!DOCTYPE") => match memchr::memchr2(b'>', b'[', rest) {
                Some(end) if rest[end] == b'[' => return Err(NotDrawn::named(start, "entities")),
                end => end.map(|end| end + 1),
            },
            [b'<', b'!', ..] => return Err(NotDrawn::named(start, "entities")),
            [b'<', b'/', ..] => {
                depth = usize::saturating_sub(depth, 1);
                end(b">")
            }
            _ => {
                let tag = tag(rest);
                depth += 1;
                prefixes += tag.prefixes;
                if depth > MAX_DEPTH {
                    let what = format!("elements nested over {MAX_DEPTH} times");
                    return Err(NotDrawn::named(start, what));
                }
                if tag.attributes > MAX_ATTRIBUTES || prefixes > MAX_PREFIXES {
                    return Err(NotDrawn::named(start, "too many attributes"));
                }
                depth -= usize::from(tag.is_empty);
                tag.length
            }
        };
        // What has no end is refused by the parser.
        let Some(length) = length else { return Ok(()) };
        at = start + length;
    }
    Ok(())
}

struct DrawingTag {
    length: Option<usize>,
    attributes: usize,
    prefixes: usize,
    is_empty: bool,
}

/// A tag up to its `>`, which may also stand in a value.
fn tag(rest: &[u8]) -> DrawingTag {
    let mut tag = DrawingTag { length: None, attributes: 0, prefixes: 0, is_empty: false };
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'>' => {
                tag.is_empty = rest[at - 1] == b'/';
                tag.length = Some(at + 1);
                break;
            }
            b'"' | b'\'' => match memchr::memchr(*byte, &rest[at + 1..]) {
                Some(end) => at += end + 1,
                None => break,
            },
            b'=' => tag.attributes += 1,
            b'x' if rest[at..].starts_with(b"xmlns") => tag.prefixes += 1,
            _ => {}
        }
        at += 1;
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_parser_would_choke_on_is_refused() {
        let fine = "<?xml version=\"1.0\"?><!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \
            \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><!-- <a <b --><svg a='>'>\
            <![CDATA[<x>]]><g b=\"<\"/></svg>";
        look(fine).unwrap();
        look(&("<g><p/></g>".repeat(1000))).unwrap();
        let at = |text: &str| look(text).unwrap_err().at;
        assert_eq!(at("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"), 0);
        assert_eq!(at("<!DOCTYPE svg 'a>b' [<!ENTITY a 'b'>]><svg/>"), 21);
        assert_eq!(at(&"<g>".repeat(65)), 64 * 3);
        assert_eq!(at(&format!("<svg {}/>", "a='' ".repeat(101))), 0);
        assert_eq!(at(&"<g xmlns:a=''/>".repeat(201)), 200 * 15);
    }
}
