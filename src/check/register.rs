//! The rules by name, as `docs/checks.md` lists them: the page is the register, and what it says of
//! a rule is what holds.

use std::sync::OnceLock;

use crate::diagnostic::nearest;

const PAGE: &str = include_str!("../../docs/checks.md");

/// A rule, as its row has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable, lower-case, hyphenated.
    pub name: &'static str,
    /// What it finds, in words.
    pub finds: &'static str,
    /// How to mend it.
    pub fix: &'static str,
    /// Whether its problems may be allowed.
    pub may_be_allowed: bool,
    /// Whether of these only the warnings may.
    pub only_warnings: bool,
    /// Whether a file of the publication may not allow it: only whoever runs the command may.
    pub only_by_flag: bool,
}

/// Every rule, in the order of the page.
pub fn rules() -> &'static [Rule] {
    static READ: OnceLock<Vec<Rule>> = OnceLock::new();
    READ.get_or_init(|| PAGE.lines().filter_map(row).collect())
}

/// `| <a id="name"></a>`name` | severity | finds | why | fix | allow |`
fn row(line: &'static str) -> Option<Rule> {
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [name, _, finds, _, fix, allow] = cells[..] else { return None };
    let name = name.split_once("</a>`")?.1.strip_suffix('`')?;
    let allow = allow.trim_end_matches(" |");
    let only_warnings = allow == "the warning";
    let only_by_flag = allow == "only with `--allow`";
    let may_be_allowed = allow == "yes" || only_warnings || only_by_flag;
    Some(Rule { name, finds, fix, may_be_allowed, only_warnings, only_by_flag })
}

/// The rule of this name.
///
/// # Errors
/// The name that may be meant, where one is near.
pub fn find(name: &str) -> Result<Rule, Option<&'static str>> {
    let found = rules().iter().find(|rule| rule.name == name);
    found.copied().ok_or_else(|| nearest(name, rules().iter().map(|rule| rule.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_read() {
        assert!(rules().len() > 100, "{}", rules().len());
        assert!(find("link-vague").unwrap().may_be_allowed);
        assert!(find("link-email").unwrap().only_by_flag);
        assert!(find("character-invisible").unwrap().only_warnings);
        // A word that is none of these would be read as a no.
        for line in PAGE.lines().filter(|line| row(line).is_some()) {
            let last = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let known = ["yes", "no", "the warning", "only with `--allow`"];
            assert!(known.contains(&last), "{line}");
        }
        assert!(!find("row-address").unwrap().may_be_allowed);
        assert_eq!(find("link-vauge"), Err(Some("link-vague")));
        assert_eq!(find("something-else-entirely"), Err(None));
    }
}
