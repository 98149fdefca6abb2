//! A cell of topics -> what somebody wants of them, in one spelling.
//!
//! Empty is all. `-events;-jobs` is all but these, `events;jobs` only these, `none` is none of them.
//! Must never guess: of a mixture nobody knows what was meant.

/// A cell that names topics both with and without a sign before it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names topics with and without - before them")]
pub struct MixedTopics(pub(super) String);

/// The cell as it is kept: names without white space around them, each once, `;` between.
///
/// # Errors
/// [`MixedTopics`].
pub fn topics(cell: &str) -> Result<String, MixedTopics> {
    let mut names: Vec<String> = Vec::new();
    for name in cell.split(';') {
        let name = match name.trim().strip_prefix('-') {
            Some(without) => format!("-{}", without.trim()),
            None => name.trim().to_owned(),
        };
        if !matches!(name.as_str(), "" | "-") && !names.contains(&name) {
            names.push(name);
        }
    }
    let is_none = |name: &String| name.eq_ignore_ascii_case("none");
    let without = names.iter().filter(|name| name.starts_with('-')).count();
    match names.as_slice() {
        [only] if is_none(only) => Ok("none".to_owned()),
        all if (without > 0 && without < all.len()) || all.iter().any(is_none) => {
            Err(MixedTopics(cell.trim().to_owned()))
        }
        all => Ok(all.join(";")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_all_or_all_but_or_only_or_none() {
        for (cell, kept) in [
            ("", ""),
            (" ; ", ""),
            ("-events; - jobs;-events", "-events;-jobs"),
            (" events ;jobs", "events;jobs"),
            ("NONE", "none"),
        ] {
            assert_eq!(topics(cell).as_deref(), Ok(kept), "{cell:?}");
            assert_eq!(topics(kept).as_deref(), Ok(kept));
        }
        for cell in ["events;-jobs", "none;events", "-events;none"] {
            assert_eq!(topics(cell), Err(MixedTopics(cell.to_owned())));
        }
    }
}
