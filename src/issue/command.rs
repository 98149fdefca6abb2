//! Commands of other programs between double braces: shortcodes of Hugo, Liquid of Jekyll, and
//! templates of Go, Handlebars and Jinja. None of them is a slot with a mistake in it, and nobody is
//! helped by how slots are written.

/// What commands are called that show something, and how that is written here.
const SHOWN: [(&[&str], &str); 6] = [
    (
        &["figure", "fig", "img", "image", "picture", "photo", "gallery", "asset_img", "imgproc"],
        "a picture as ![what it shows](picture.jpg)",
    ),
    (
        &["ref", "relref", "link", "post_url", "button", "rel", "absurl", "relurl"],
        "a link as [the minutes](https://…)",
    ),
    (
        &["youtube", "vimeo", "video", "tweet", "x", "twitter", "instagram", "gist", "audio"],
        "a link to it as [the film](https://…)",
    ),
    (&["highlight", "code", "codeblock", "gist"], "code between two lines of ```"),
    (
        &["note", "notice", "callout", "alert", "admonition", "tip", "warning", "hint", "info"],
        "a box as ::: callout, then its text, and ::: on a line of its own",
    ),
    (&["quote", "blockquote", "pullquote"], "a quote as > words"),
];

/// What programs begin a command with, behind the braces.
const OPENS: [char; 13] = ['<', '%', '#', '/', '>', '^', '!', '"', '\'', '.', '$', '&', '@'];

/// Words that templates begin a command with.
const WORDS: [&str; 17] = [
    "if", "else", "elseif", "end", "endif", "for", "endfor", "range", "with", "block", "define",
    "template", "partial", "include", "each", "unless", "super",
];

/// What the settings and pages of other programs are called: `site.url`, `page.title`.
const OWNERS: [&str; 12] = [
    "site",
    "page",
    "post",
    "layout",
    "include",
    "config",
    "paginator",
    "collections",
    "eleventy",
    "forloop",
    "jekyll",
    "theme",
];

/// How to write what a command between double braces would show, if `inner` is one; it may be cut
/// off at its end.
pub(super) fn help_for(inner: &str) -> Option<String> {
    // `{{-` takes white space away in Go and Jinja.
    let inner = inner.strip_prefix('-').unwrap_or(inner).trim_start();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let bare = inner.trim_start_matches(|c: char| OPENS.contains(&c) || c == ' ');
    let name = &bare[..bare.find(|c| !is_name(c)).unwrap_or(bare.len())];
    let behind = &bare[name.len()..];
    let is_word = WORDS.contains(&name)
        && (behind.starts_with([' ', '(']) || ["else", "end", "endif", "endfor"].contains(&name));
    let is_owned = OWNERS.contains(&name) && behind.starts_with('.');
    let is_call = behind.starts_with('(') && !name.is_empty();
    // `{{ T "words" }}`, `{{ relURL "a.png" }}`.
    let has_argument = !name.is_empty() && behind.trim_start().starts_with(['"', '\'', '`']);
    if !(inner.starts_with(OPENS) || is_word || is_owned || is_call || has_argument) {
        return None;
    }
    // What is quoted is a text, and `$x` a variable, however they are called.
    let name =
        if inner.starts_with(['"', '\'', '$', '.']) { String::new() } else { name.to_lowercase() };
    let shown = SHOWN.iter().find(|(names, _)| names.contains(&name.as_str()));
    let how = shown.map_or("what it would show in Markdown", |(_, how)| how);
    Some(format!(
        "this is a command of another program, such as Hugo or Jekyll, and does nothing here: write \
         {how}, or delete it; for literal braces write \\{{{{"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_from_slots() {
        for (inner, how) in [
            ("< figure src=\"a.jpg\" >", "![what it shows]"),
            ("% note %", "::: callout"),
            ("< /note >", "::: callout"),
            ("< ref \"a.md\" >", "[the minutes]"),
            ("< youtube abc", "[the film]"),
            ("< highlight go >", "```"),
            (" \"x.png\" | image_cran ", "in Markdown"),
            (" 'a' | relative_url ", "in Markdown"),
            (" .Title ", "in Markdown"),
            (" $x := 1 ", "in Markdown"),
            ("- if .Params.x -", "in Markdown"),
            ("#if user.x", "in Markdown"),
            ("/if", "in Markdown"),
            ("> header", "in Markdown"),
            (" site.url ", "in Markdown"),
            (" page.title | escape ", "in Markdown"),
            (" range .Pages ", "in Markdown"),
            (" else ", "in Markdown"),
            (" url_for('index') ", "in Markdown"),
            (" i18n \"more\" ", "in Markdown"),
        ] {
            let help = help_for(inner).unwrap_or_default();
            assert!(help.contains(how), "{inner}: {help}");
        }
        for inner in [
            " First Name ",
            "first name",
            " contact.first_name ",
            "이름",
            " Name | reader",
            "",
            " ",
            " if_member ",
            " end_date ",
            " site ",
            " FNAME ",
        ] {
            assert_eq!(help_for(inner), None, "{inner}");
        }
    }
}
