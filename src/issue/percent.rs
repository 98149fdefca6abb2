//! What is percent-encoded in the addresses that stand in a letter (RFC 3986 2.1).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the characters that stay as they are in any part of an address (RFC 3986 2.3).
pub const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same in a path.
const IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A path as an address holds it (RFC 3986 3.3).
pub fn path(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_slashes_and_what_needs_no_encoding() {
        assert_eq!(path("a b/한글~x_.png%"), "a%20b/%ED%95%9C%EA%B8%80~x_.png%25");
    }
}
