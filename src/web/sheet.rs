//! The pages' style sheet, made of the publication's theme.

use crate::compose::theme::{Palette, Theme};

/// The sheet: a few rules, and colours for light and dark surroundings.
pub(super) fn sheet(theme: &Theme) -> String {
    format!(
        "{}@media(prefers-color-scheme:dark){{{}}}{RULES}:root{{--f:{};--h:{}}}",
        colors(&theme.light),
        colors(&theme.dark),
        theme.font,
        theme.heading_font,
    )
}

fn colors(palette: &Palette) -> String {
    let Palette { background, surface, text, muted, accent, accent_text, link, border, .. } =
        palette;
    format!(
        ":root{{--background:{background};--surface:{surface};--text:{text};--muted:{muted};\
         --accent:{accent};--on-accent:{accent_text};--link:{link};--border:{border}}}"
    )
}

const RULES: &str = "*{box-sizing:border-box}\
body{margin:0;background:var(--background);color:var(--text);font:1.0625rem/1.6 var(--f);\
overflow-wrap:break-word}\
header,main{max-width:38rem;margin:0 auto;padding:0 1.25rem}\
header{padding-top:2rem}\
.name{margin:0 0 1rem;color:var(--muted);font-family:var(--h)}\
main{background:var(--surface);border:1px solid var(--border);border-top:.25rem solid var(--accent);\
padding:1.5rem 1.25rem 2rem}\
h1{font:700 1.6rem/1.25 var(--h);margin:0 0 1rem;text-wrap:balance}\
p{margin:0 0 1rem}\
a{color:var(--link)}\
fieldset{border:0;margin:2rem 0 0;padding:0}\
legend{padding:0;font-weight:600}\
label{display:block;padding:.55rem 0;min-height:2.75rem}\
input{width:1.25rem;height:1.25rem;margin:0;margin-inline-end:.6rem;vertical-align:-.2rem;\
accent-color:var(--accent)}\
p>label{min-height:0;padding:0 0 .25rem;font-weight:600}\
input[type=text],input[type=email],select{display:block;width:100%;height:auto;min-height:3rem;margin:0;\
padding:.6rem .75rem;border:1px solid var(--muted);border-radius:.25rem;background:var(--background);\
color:var(--text);font:1.0625rem/1.4 var(--f)}\
[aria-invalid]{border:2px solid var(--text)}\
.wrong{display:block;padding-top:.25rem}\
main fieldset{margin:0 0 1rem}\
.trap{position:absolute;left:-200vw}\
button{font:600 1.0625rem/1.2 var(--f);min-height:3rem;padding:.75rem 1.5rem;border:2px solid \
var(--accent);border-radius:.25rem;background:var(--accent);color:var(--on-accent);cursor:pointer}\
fieldset button{margin-top:.75rem}\
button.second{background:transparent;color:var(--text)}\
:focus-visible{outline:3px solid var(--link);outline-offset:3px}\
@media(min-width:40em){header{padding-top:4rem}main{padding:2.5rem 3rem 3rem}}\
@media(prefers-contrast:more){main{border-color:var(--text)}}";
