//! Blocks between `:::`: for whom a passage is, in which language, and what is wrong with a fence.

use std::ops::Range;

use comrak::nodes::{Node, NodeBlockDirective, NodeValue};

use super::quotation_marks::QuotationMarks;
use super::{COLON, MarkdownReader};
use crate::diagnostic::{Diagnostic, Place, nearest};
use crate::issue::block::{Block, BlockKind};
use crate::issue::only::{Only, OnlyError, authored};
use crate::issue::slot;
use crate::manifest::language::{is_language, no_language};

const DIRECTIVES: [&str; 6] = ["callout", "note", "only", "lang", "button", "else"];

impl MarkdownReader<'_> {
    /// `::: name argument` or Pandoc's `::: {.name key=value}`.
    pub(super) fn directive(
        &mut self,
        node: Node<'_>,
        directive: &NodeBlockDirective,
        depth: usize,
        span: Range<usize>,
        out: &mut Vec<Block>,
    ) {
        let info = directive.info.trim().replace(COLON, ":");
        let inner = info.trim_start_matches('{').trim_end_matches('}');
        let words: Vec<&str> = inner.split_whitespace().collect();
        let name = words.first().map_or("", |word| word.trim_start_matches('.'));
        if !info.is_empty() && !self.is_closed(node, directive.fence_length) {
            let place = self.first_line(node);
            self.problems.push(left_open(name, place));
        }
        if name == "only" {
            let text = inner.trim_start().trim_start_matches('.').trim_start_matches("only");
            return self.passage(node, text, depth, span, out);
        }
        let language = words.iter().find_map(|word| word.strip_prefix("lang="));
        let language = language.map(|tag| tag.trim_matches('"'));
        let known = language.filter(|tag| is_language(tag));
        let around = self.marks;
        self.marks = around.map(|marks| known.map_or(marks, QuotationMarks::of));
        let blocks = self.blocks(node, depth + 1);
        self.marks = around;
        let kind = match name {
            _ if known.is_some() => {
                let others: Vec<&str> = words.into_iter().filter(|word| is_lost(word)).collect();
                if !others.is_empty() {
                    let place = self.first_line(node);
                    self.problems.push(lost_words("{lang=ko}", &others.join(" "), place));
                }
                BlockKind::Language(known.unwrap_or_default().to_owned(), blocks)
            }
            "callout" | "note" => {
                if words.len() > 1 {
                    let place = self.first_line(node);
                    self.problems.push(lost_words(name, &words[1..].join(" "), place));
                }
                BlockKind::Callout(blocks)
            }
            "else" if words.len() == 1 => match out.last().map(|block| &block.kind) {
                // Behind a block that is closed: what it does not show, this does.
                Some(BlockKind::Only(text, _)) => BlockKind::Only(not(text), blocks),
                _ => {
                    let place = self.first_line(node);
                    self.problems.push(lone_else(place));
                    return out.extend(blocks);
                }
            },
            _ => {
                let place = self.first_line(node);
                self.problems.push(match language {
                    Some(tag) => no_language(tag).at(place),
                    None => unknown(&info, name, place),
                });
                // The words stay: a slip in a fence must not lose text in a preview.
                return out.extend(blocks);
            }
        };
        out.push(Block { span, kind });
    }

    /// `::: only tag:member`, and up to `::: else` for whom: what stands behind that is for the others.
    fn passage(
        &mut self,
        node: Node<'_>,
        text: &str,
        depth: usize,
        span: Range<usize>,
        out: &mut Vec<Block>,
    ) {
        if slot::has_slot(text) {
            // No reader would see it there, which is told of every such slot.
            return out.extend(self.blocks(node, depth + 1));
        }
        let text = match expression(text) {
            Ok(text) => text,
            Err(reason) => {
                let place = self.first_line(node);
                self.problems.push(unreadable(&reason, place));
                return out.extend(self.blocks(node, depth + 1));
            }
        };
        let (mut shown, mut others) = (Vec::new(), Vec::new());
        for child in node.children() {
            if is_else(child) && others.is_empty() {
                others = self.blocks(child, depth + 1);
            } else {
                self.block(child, depth + 1, &mut shown);
            }
        }
        let (text, not) = (authored(text.clone()), authored(not(&text)));
        out.push(Block { span: span.clone(), kind: BlockKind::Only(text, shown) });
        if !others.is_empty() {
            out.push(Block { span, kind: BlockKind::Only(not, others) });
        }
    }

    /// Whether a fence of at least as many colons ends this block, and none around it as well.
    fn is_closed(&self, node: Node<'_>, length: usize) -> bool {
        let end = node.data().sourcepos.end.line;
        let start = self.line_starts.get(end.saturating_sub(1)).copied().unwrap_or_default();
        let text = self.source.text().get(self.offset + start..).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        let fence = line.trim().trim_start_matches(['>', ' ', '\t']);
        let colons = fence.bytes().take_while(|byte| *byte == b':').count();
        let is_fence = colons >= length && colons == fence.len();
        let mut around = node.parent();
        while let Some(parent) = around {
            if let NodeValue::BlockDirective(outer) = &parent.data().value
                && parent.data().sourcepos.end.line == end
                && outer.fence_length <= colons
            {
                // In an `only` block, its own end is also that of `else`.
                return is_else(node) && outer.info.trim_start().starts_with("only");
            }
            around = parent.parent();
        }
        is_fence && node.data().sourcepos.start.line < end
    }
}

/// Whether a word behind `:::` is none of a mark.
fn is_lost(word: &str) -> bool {
    !word.starts_with(['.', '#', '{', '}']) && !word.contains('=') && word != "lang"
}

fn is_else(node: Node<'_>) -> bool {
    matches!(&node.data().value, NodeValue::BlockDirective(inner) if inner.info.trim() == "else")
}

/// For whom `::: only` is: the expression, or the tag where it asks for nothing else.
///
/// # Errors
/// What cannot be read, as `--only` says it.
fn expression(text: &str) -> Result<String, OnlyError> {
    let text = text.trim().replace(['“', '”', '„'], "\"");
    let only: Only = text.parse()?;
    // A tag that looks like an expression would be read as one.
    let tag = only.lone_tag().filter(|tag| tag.parse::<Only>().is_err());
    Ok(tag.map_or(text, str::to_owned))
}

/// The expression for everybody else.
fn not(text: &str) -> String {
    match text.parse::<Only>() {
        Ok(_) => format!("not ({text})"),
        Err(_) => format!("not tag:\"{text}\""),
    }
}

/// A `::: only` that cannot be read.
fn unreadable(reason: &OnlyError, place: Place) -> Diagnostic {
    Diagnostic::error("directive", format!("this `only` cannot be read: {}", reason.reason))
        .at(place)
        .help("write ::: only tag:member, ::: only language=ko or ::: only not tag:member")
}

/// A `::: else` behind no `::: only`.
fn lone_else(place: Place) -> Diagnostic {
    Diagnostic::error("directive", "this `else` follows no `::: only`")
        .at(place)
        .help("write it inside or directly behind a block ::: only tag:member")
}

/// The mark of a passage that is none where it stands.
pub(super) fn not_read(place: Place) -> Diagnostic {
    let what = "this mark is not read here, so everybody would get the passage";
    Diagnostic::error("directive", what).at(place).help(
        "write ::: only tag:member on a line of its own, with three colons and nothing before \
         them, then the passage, and ::: on a line of its own; a text about the mark stands \
         between lines of ```",
    )
}

/// A block whose end is missing.
fn left_open(name: &str, place: Place) -> Diagnostic {
    Diagnostic::error("directive", format!("this block ::: {name} is never closed")).at(place).help(
        "end it with ::: on a line of its own; around a block that contains another, write more \
             colons",
    )
}

/// Words behind the name of a box, which has no title.
fn lost_words(name: &str, words: &str, place: Place) -> Diagnostic {
    let what = format!("readers would not see these words: {words:?}");
    let help = format!("write them on a line of their own below ::: {name}, such as **The title**");
    Diagnostic::error("directive", what).at(place).help(help)
}

/// A block of a name that there is not.
fn unknown(info: &str, name: &str, place: Place) -> Diagnostic {
    let help = match nearest(name, DIRECTIVES) {
        Some("only") => "write ::: only tag:member".to_owned(),
        Some("lang") => "write ::: {lang=ko}".to_owned(),
        Some("button") => "a button is a link: [Read it](https://…){.button}".to_owned(),
        Some(meant) => format!("did you mean ::: {meant}?"),
        None if info.is_empty() => {
            "these colons close no block; a block that contains another block needs more colons, \
             such as :::: callout"
                .to_owned()
        }
        None => "the blocks are ::: callout, ::: only tag:member and ::: {lang=ko}".to_owned(),
    };
    let what = if info.is_empty() {
        "this block has no name".to_owned()
    } else {
        format!("there is no block ::: {info}")
    };
    Diagnostic::error("directive", what).at(place).help(help)
}
