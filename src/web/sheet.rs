//! The pages' style sheet, made of the publication's theme.

use crate::archive::sheet::shared;
use crate::compose::theme::Theme;

/// The sheet: what all pages share, and forms.
pub(super) fn sheet(theme: &Theme) -> String {
    format!("{}{RULES}", shared(theme))
}

const RULES: &str = "\
header,main{max-width:38rem;margin:0 auto;padding:0 1.25rem}\
header{padding-top:2rem}\
main{padding:1.5rem 1.25rem 2rem}\
fieldset{border:0;margin:2rem 0 0;padding:0}\
legend{padding:0;font-weight:600}legend:has(+p){padding-bottom:.35rem}\
label{display:block;padding:.55rem 0;min-height:2.75rem}\
input{width:1.25rem;height:1.25rem;margin:0;margin-inline-end:.6rem;vertical-align:-.2rem;\
accent-color:var(--accent)}\
p>label{min-height:0;padding:0 0 .25rem;font-weight:600}fieldset p>label{font-weight:400}\
input[type=text],input[type=email],input[type=date],select{display:block;width:100%;height:auto;min-height:3rem;margin:0;\
padding:.6rem .75rem;border:1px solid var(--muted);border-radius:.25rem;background:var(--background);\
color:var(--text);font:1.0625rem/1.4 var(--f)}\
[aria-invalid]{border:2px solid var(--text)}\
.wrong{display:block;padding-top:.25rem}\
main fieldset{margin:0 0 1rem}fieldset label:has(>input){padding-inline-start:1.85rem}\
fieldset label>input{margin-inline-start:-1.85rem}\
.trap{position:absolute;left:-200vw}\
button{font:600 1.0625rem/1.2 var(--f);min-height:3rem;padding:.75rem 1.5rem;border:2px solid \
var(--accent);border-radius:.25rem;background:var(--accent);color:var(--on-accent);cursor:pointer}\
fieldset button{margin-top:.75rem}form+form{margin-top:2.5rem}\
button.second{background:transparent;color:var(--text)}\
@media(min-width:40em){header{padding-top:4rem}main{padding:2.5rem 3rem 3rem}\
header{padding-left:3rem;padding-right:3rem}}\
@media print{header,main{padding:0;max-width:none}}";
