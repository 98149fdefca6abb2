//! The style sheet of all pages on the web, made of the publication's theme.

use crate::compose::theme::{Palette, Theme};

/// What every page shares: colours for light and dark surroundings, faces, and the plainest elements.
pub(crate) fn shared(theme: &Theme) -> String {
    format!(
        "{}@media(prefers-color-scheme:dark){{{}}}:root{{--f:{};--h:{}}}{SHARED}",
        colors(&theme.light),
        colors(&theme.dark),
        theme.font,
        theme.heading_font,
    )
}

/// The sheet of the issues' pages.
pub(super) fn sheet(theme: &Theme) -> String {
    format!("{}{SITE}", shared(theme))
}

fn colors(palette: &Palette) -> String {
    let Palette { background, surface, text, muted, accent, accent_text, link, border, callout } =
        palette;
    format!(
        ":root{{--background:{background};--surface:{surface};--text:{text};--muted:{muted};\
         --accent:{accent};--on-accent:{accent_text};--link:{link};--border:{border};\
         --callout:{callout}}}"
    )
}

const SHARED: &str = ":root{color-scheme:light dark}*{box-sizing:border-box}\
body{margin:0;background:var(--background);color:var(--text);font:1.0625rem/1.6 var(--f);\
overflow-wrap:break-word}\
.name{margin:0 0 1rem;color:var(--muted);font-family:var(--h)}\
main{background:var(--surface);border:1px solid var(--border);border-top:.25rem solid var(--accent);\
padding:1.5rem 1.25rem 2rem}\
h1{font:700 1.6rem/1.25 var(--h);margin:0 0 1rem;text-wrap:balance}\
p{margin:0 0 1rem}\
a{color:var(--link)}\
:focus-visible{outline:3px solid var(--link);outline-offset:3px}\
@media(prefers-contrast:more){main{border-color:var(--text)}}\
@media print{:root{--background:#fff;--surface:#fff;--text:#000;--muted:#444;--border:#999}main{border:0}}";

const SITE: &str = "\
body>header,main,body>footer{max-width:44rem;margin:0 auto;padding-left:1.25rem;padding-right:1.25rem}\
body>header{padding-top:1.5rem;display:flex;flex-wrap:wrap;gap:0 1.5rem;align-items:center;\
justify-content:space-between}\
.name{font-size:1.25rem}.name a{color:var(--text);text-decoration:none}.name img{display:block}\
ul.bar,ul.list,ol.toc{list-style:none;margin:0 0 1rem;padding:0}\
ul.bar{display:flex;flex-wrap:wrap;gap:0 1.25rem}.bar li{margin:0}\
ul.bar a,ul.list a,ol.toc a,nav.turn a{display:inline-block;max-width:100%;padding:.55rem 0}\
h1,h2,h3,.list a,.toc a,.turn a{overflow-wrap:anywhere;hyphens:auto;hyphenate-limit-chars:14 5 5}\
.skip{display:block;padding:.5rem 1.25rem}.skip:not(:focus){position:absolute;width:1px;height:1px;\
padding:0;overflow:hidden;clip-path:inset(50%)}\
h1{font-size:2rem;line-height:1.15}h2,h3,h4,h5,h6{font-family:var(--h);line-height:1.25;\
margin:2rem 0 .5rem;text-wrap:balance}\
h2{font-size:1.4rem}h3{font-size:1.2rem}h4,h5,h6{font-size:1.0625rem}\
h2 a,h3 a{color:inherit;text-decoration:underline var(--muted) .06em;text-underline-offset:.18em}\
h2 a:hover,h3 a:hover{text-decoration-color:currentColor}\
.m,figcaption,.note,.notes{color:var(--muted);font-size:.9375rem}\
section>h2.sec{border-top:1px solid var(--border);padding-top:1rem;color:var(--muted);\
font:600 1rem/1.4 var(--f);letter-spacing:.04em}\
.part{margin:0 0 2.5rem}.part>h2,.part>h3{font-size:1.4rem}\
.toc li,.list li{border-bottom:1px solid var(--border);padding:.15rem 0}\
.toc li:last-child{border:0}\
.list li{display:flex;flex-wrap:wrap;column-gap:.75rem;align-items:baseline}.list li>*{min-width:0}\
@media(scripting:none){form[role=search]{display:none}}\
img{max-width:100%;height:auto}img.icon{vertical-align:middle;height:1.4em;width:auto}\
figure{margin:0 0 1rem}figcaption{margin-top:.35rem}\
.row{display:flex;flex-wrap:wrap;gap:1rem;margin:0 0 1rem;align-items:center}\
blockquote{margin:0 0 1rem;padding:.1rem 1.25rem;border-inline-start:.2rem solid var(--accent)}\
blockquote footer{color:var(--muted);margin:0 0 1rem}\
.callout{background:var(--callout);padding:1rem 1.25rem .1rem;margin:0 0 1rem}\
pre,code{background:var(--callout);font:.9375rem/1.5 ui-monospace,monospace}\
pre{padding:.75rem 1rem;overflow-x:auto}a code{color:inherit}\
.table,.raw{overflow-x:auto;margin:0 0 1rem}table{border-collapse:collapse;font-size:.9375rem}\
th,td{border-bottom:1px solid var(--border);padding:.4rem .75rem .4rem 0;text-align:start;\
vertical-align:top}\
.end{text-align:end}.center{text-align:center}\
hr{border:0;border-top:1px solid var(--border);margin:2rem 0}\
li{margin:.25rem 0}\
.button{display:inline-block;max-width:100%;overflow-wrap:anywhere;background:var(--accent);color:var(--on-accent);padding:.7rem 1.4rem;\
border-radius:.25rem;font-weight:600;text-decoration:none}\
.notes{border-top:1px solid var(--border);padding-top:1rem}\
.notes p:last-of-type{display:inline;margin-inline-end:.5rem}\
nav.turn{display:flex;flex-wrap:wrap;gap:.5rem 2rem;justify-content:space-between;\
border-top:1px solid var(--border);margin-top:2rem;padding-top:1rem}\
nav.turn span{display:block;color:var(--muted);font-size:.9375rem}\
nav.turn a{text-decoration:none}nav.turn bdi,nav.turn a:not(:has(span)){text-decoration:underline}\
nav.turn .next{margin-inline-start:auto;text-align:end}\
body>footer{color:var(--muted);font-size:.9375rem;padding-top:1.5rem;padding-bottom:3rem}\
label{display:block;font-weight:600}\
input[type=search]{font:inherit;width:100%;min-height:3rem;padding:.5rem .75rem;margin:.35rem 0 1rem;\
color:var(--text);background:var(--surface);border:2px solid var(--muted);border-radius:.25rem}\
:lang(ko){word-break:keep-all}:lang(ja),:lang(zh){word-break:normal}\
:target{scroll-margin-top:1rem}\
@media(prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}\
@media(min-width:48em){body>header,body>footer{padding-left:3rem;padding-right:3rem}\
body>header{padding-top:2.5rem}main{padding:2.5rem 3rem 3rem}}\
@media print{body>header nav,body>footer,.skip,nav.turn,nav.toc,form{display:none}\
body{font-size:11pt}body>header,main{padding:0;max-width:none}a,.button{color:inherit}\
.button{background:none;padding:0;text-decoration:underline}.callout{border:1px solid var(--border)}\
pre{white-space:pre-wrap}.table,.raw{overflow:visible}main p a[href^=http]::after{content:\" <\" attr(href) \">\";font-size:.8em}\
figure,pre,blockquote,table{break-inside:avoid}h2,h3{break-after:avoid}}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::theme::presets::Preset;

    #[test]
    fn the_sheet_is_small_and_whole() {
        for (name, preset) in Preset::ALL {
            let sheet = sheet(&preset.theme());
            assert!(sheet.len() < 8_000, "{name}: {}", sheet.len());
            let count = |sign: char| sheet.matches(sign).count();
            assert_eq!(count('{'), count('}'), "{name}");
        }
    }
}
