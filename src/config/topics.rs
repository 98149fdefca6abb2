//! `[topic.events]` -> the topics of the publication.

use crate::diagnostic::Diagnostic;
use crate::issue::topics::Topic;
use crate::manifest::Table;

/// Topics of a publication: a reader chooses among all of them.
const MOST: usize = 50;

/// What a topic has to be called.
const NAME: &str = "call it with small letters, digits, - and _, such as [topic.events]; its name = \"…\" can be \
     in any language";

pub(super) fn read(table: &mut Table, problems: &mut Vec<Diagnostic>) -> Vec<Topic> {
    let mut section = table.table("topic");
    let mut topics: Vec<Topic> = Vec::new();
    for (name, value) in section.take_rest() {
        let place = section.place(&name.span);
        if !Topic::is_name(&name.value) {
            let what = format!("a topic cannot be called {:?}", name.value);
            section.report(Diagnostic::error("topic-name", what).at(place).help(NAME));
            continue;
        }
        if topics.len() == MOST {
            let what = format!("a publication can have {MOST} topics, and this is one too many");
            let help = "a reader chooses among all of them: put some together";
            section.report(Diagnostic::error("topic-name", what).at(place).help(help));
            break;
        }
        let mut topic = Table::new(section.source(), format!("[topic.{}]", name.value), value);
        let title = topic.required_text("name", "add name = \"…\": what readers call the topic");
        let about = topic.text("about").map(|text| text.value);
        topic.finish(problems);
        let title = title.map_or_else(|| name.value.clone(), |title| title.value);
        topics.push(Topic { name: name.value, title, about, place });
    }
    section.finish(problems);
    topics
}
