//! The text between 354 and the final dot: where it ends (RFC 5321 4.5.2).

use memchr::memmem;

/// End of the text and start of what follows. `from`: where to begin looking; `whole`: `text` is
/// all there is, so that a dot in its first line may end it.
pub(super) fn end_of_text(text: &[u8], from: usize, whole: bool) -> Option<(usize, usize)> {
    if whole && text.starts_with(b".\r\n") {
        return Some((0, 3));
    }
    let at = from + memmem::find(&text[from..], b"\r\n.\r\n")?;
    Some((at + 2, at + 5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::smtp::stuffing::{stuff, unstuff};

    proptest! {
        #[test]
        fn unstuffing_undoes_stuffing(
            lines in prop::collection::vec("\\.{0,2}a?", 0..12),
        ) {
            let message: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let mut wire = Vec::new();
            stuff(message.as_bytes(), &mut wire);
            wire.extend_from_slice(b".\r\nQUIT\r\n");
            let (end, after) = end_of_text(&wire, 0, true).unwrap();
            prop_assert_eq!(&wire[after..], b"QUIT\r\n");
            prop_assert_eq!(unstuff(wire[..end].to_vec()), message.into_bytes());
        }
    }
}
