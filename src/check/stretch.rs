//! Stretches of a text as its author typed it: the lines of a paragraph, and how far a bracket is
//! looked for.

/// Bytes of a link's words, or of its target: of more nobody has forgotten a bracket.
pub(super) const LONGEST: usize = 1_000;

/// Lines of a paragraph without the marks of a quote around it, each with where it starts.
pub(super) fn lines(written: &str) -> impl Iterator<Item = (usize, &str)> {
    written.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        let inner = line.trim_start_matches(['>', ' ', '\t']);
        Some((start + line.len() - inner.len(), inner.trim_end()))
    })
}
