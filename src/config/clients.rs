//! `[check]` -> which mail programs readers use.

use crate::check::clients::Profile;
use crate::diagnostic::{Diagnostic, Place};
use crate::manifest::{Located, Table, ValueKind};

pub(super) fn read(table: &mut Table, problems: &mut Vec<Diagnostic>) -> Profile {
    let mut section = table.table("check");
    let mut audience = section.table("audience");
    let mut shares = Vec::new();
    for (name, share) in audience.take_rest() {
        let number = match share.value {
            ValueKind::Integer(number) => number as f64,
            ValueKind::Float(number) => number,
            _ => -1.0,
        };
        let place = audience.place(&share.span);
        match Profile::knows(&name.value) {
            Err(meant) => audience.report(unknown(&name, meant, audience.place(&name.span))),
            Ok(()) if number >= 0.0 => shares.push((name.value, number)),
            Ok(()) => audience.report(
                Diagnostic::error("wrong-type", format!("{} should be a share", name.value))
                    .at(place)
                    .help("write percentages, such as audience = { gmail = 45, apple = 30 }"),
            ),
        }
    }
    audience.finish(problems);
    section.finish(problems);
    if shares.iter().any(|(_, share)| *share > 0.0) {
        Profile::new(shares)
    } else {
        Profile::default()
    }
}

fn unknown(name: &Located<String>, meant: Option<&str>, place: Place) -> Diagnostic {
    let what = format!("no mail program has the name {:?}", name.value);
    let problem = Diagnostic::error("client-unknown", what).at(place);
    match meant {
        Some(meant) => problem.help(format!("did you mean {meant}?")),
        None => problem.help(
            "write a name such as gmail, apple, outlook, \"outlook.windows\", yahoo or samsung",
        ),
    }
}
