//! What only Word reads: Outlook's mail on Windows is laid out by it. It falls back to Times New
//! Roman where it does not know the first face of a stack, hands nothing on into a table's cells,
//! and measures lines by its own rule.

use super::language;
use super::theme::Theme;
use crate::issue::Issue;

/// Faces that every Windows has. The Korean ones are added to each stack.
const KNOWN: [&str; 20] = [
    "Arial",
    "Batang",
    "Calibri",
    "Cambria",
    "Candara",
    "Consolas",
    "Constantia",
    "Corbel",
    "Courier New",
    "Franklin Gothic Medium",
    "Georgia",
    "Gulim",
    "Malgun Gothic",
    "Palatino Linotype",
    "Segoe UI",
    "Tahoma",
    "Times New Roman",
    "Trebuchet MS",
    "Verdana",
    "Meiryo",
];

/// The part of the head in comments for Word.
pub(super) fn head(theme: &Theme, issue: &Issue) -> String {
    // Headings of the second level are the sections', where there are any, and set like text.
    let has_sections = issue.sections.iter().any(|section| section.shown_heading().is_some());
    style(theme, &issue.language, has_sections)
}

fn style(theme: &Theme, issue_language: &str, has_sections: bool) -> String {
    let line = if language::is_korean(issue_language) { 170 } else { 150 };
    let second = if has_sections { "" } else { "h2," };
    let of_text = if has_sections { ",h2" } else { "" };
    let mut rules = String::new();
    let text = stack(&theme.font);
    rules.push_str(&format!("td,th,p,li{of_text}{{font-family:{text} !important}}"));
    // A heading has its stack in its own style, which is right where Word knows the first face.
    if !begins_with_known(&theme.heading_font) {
        let headings = stack(&theme.heading_font);
        rules.push_str(&format!("h1,{second}h3{{font-family:{headings} !important}}"));
    }
    format!(
        "<!--[if mso]><noscript><xml>\
         <o:OfficeDocumentSettings xmlns:o=\"urn:schemas-microsoft-com:office:office\">\
         <o:PixelsPerInch>96</o:PixelsPerInch></o:OfficeDocumentSettings></xml></noscript>\
         <style>{rules}p,li{{line-height:{line}%}}</style><![endif]-->"
    )
}

fn is_known(face: &str) -> bool {
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(face))
}

fn begins_with_known(stack: &str) -> bool {
    stack.split(',').next().is_some_and(|face| is_known(face.trim().trim_matches('\'')))
}

/// The faces of `stack` that Windows has, with a Korean one, the generic last.
fn stack(stack: &str) -> String {
    let faces: Vec<&str> = stack.split(',').map(|face| face.trim().trim_matches('\'')).collect();
    let generic = faces.last().copied().unwrap_or("sans-serif");
    let (latin, korean) = match generic {
        "serif" => ("Georgia", "Batang"),
        "monospace" => ("Consolas", "Malgun Gothic"),
        _ => ("Arial", "Malgun Gothic"),
    };
    let first = faces.iter().find(|face| is_known(face));
    let first = first.copied().unwrap_or(latin);
    let mut names = vec![first];
    names.extend((first != korean).then_some(korean));
    let quote = |name: &str| if name.contains(' ') { format!("'{name}'") } else { name.to_owned() };
    let quoted: Vec<String> = names.into_iter().map(quote).collect();
    format!("{},{generic}", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compose::theme::presets::Preset;

    #[test]
    fn word_gets_faces_that_windows_has() {
        for (own, wanted) in [
            ("-apple-system,'Segoe UI',Arial,sans-serif", "'Segoe UI','Malgun Gothic',sans-serif"),
            ("Georgia,AppleMyungjo,Batang,serif", "Georgia,Batang,serif"),
            ("'Noto Serif KR',Batang,serif", "Batang,serif"),
            ("Inter, Helvetica, sans-serif", "Arial,'Malgun Gothic',sans-serif"),
            ("Lora, serif", "Georgia,Batang,serif"),
        ] {
            assert_eq!(stack(own), wanted);
        }
    }

    #[test]
    fn each_look_has_its_own_faces_in_word() {
        let sans = "{font-family:'Segoe UI','Malgun Gothic',sans-serif !important}";
        let ink = style(&Preset::Ink.theme(), "en", true);
        assert!(
            ink.contains(&format!("<style>td,th,p,li,h2{sans}p,li{{line-height:150%}}")),
            "{ink}"
        );
        let gazette = style(&Preset::Gazette.theme(), "ko", false);
        assert!(gazette.contains("<style>td,th,p,li{font-family:") && gazette.contains("170%"));
        let own = Theme { heading_font: "Lora, serif".to_owned(), ..Preset::Ink.theme() };
        let own = style(&own, "en", false);
        assert!(own.contains("h1,h2,h3{font-family:Georgia,Batang,serif !important}"), "{own}");
    }
}
