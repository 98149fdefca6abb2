//! Markdown into blocks with their places. The only code that knows the Markdown crate; its HTML
//! output is never used, so that nothing reaches a message but what `compose` writes.

pub(super) mod bounds;
mod inline;
mod occurrences;

use std::ops::Range;
use std::sync::Arc;

use comrak::nodes::{ListType, Node, NodeValue, Sourcepos, TableAlignment};
use comrak::{Arena, Options, parse_document};

use self::bounds::{Excess, MAX_CELLS, MAX_COLUMNS, MAX_DEPTH, TableExcess};
use self::occurrences::Occurrences;
use super::block::{Alignment, Block, BlockKind, DataTable, Figure, Inline, Link, ListItem};
use super::slot::Slots;
use super::{links, sanitize};
use crate::diagnostic::{Diagnostic, Place, Source, nearest};
use crate::manifest::is_language;

/// A colon in the name of a directive, while it is parsed.
const COLON: &str = "\u{1}";
const DIRECTIVES: [&str; 5] = ["callout", "note", "only", "lang", "button"];

/// What finds the picture that a path names, and reports when it cannot.
pub(super) type FindImage<'a> = dyn FnMut(&str, Place, &mut Vec<Diagnostic>) -> Option<usize> + 'a;

/// What a text is read with.
pub(super) struct MarkdownReader<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) slots: &'a mut Slots,
    pub(super) problems: &'a mut Vec<Diagnostic>,
    pub(super) find_image: &'a mut FindImage<'a>,
    /// Where the text starts in `source`, and where each of its lines does.
    offset: usize,
    line_starts: Vec<usize>,
    /// Where slots stand, and which are in the letter.
    occurrences: Occurrences,
    /// How deep in emphasis, links and tags the text is that is being read.
    depth: usize,
    /// Whether it has been told that the text is too deep.
    is_deep: bool,
}

/// A text read: its blocks, and the definitions of its footnotes.
#[derive(Debug, Default)]
pub(super) struct MarkdownText {
    pub(super) blocks: Vec<Block>,
    pub(super) footnotes: Vec<Vec<Block>>,
}

/// Reads `text`, which starts at byte `offset` of `source`.
pub(super) fn read<'a>(
    text: &str,
    source: &'a Arc<Source>,
    offset: usize,
    slots: &'a mut Slots,
    problems: &'a mut Vec<Diagnostic>,
    find_image: &'a mut FindImage<'a>,
) -> MarkdownText {
    if let Some(excess) = bounds::excess(text) {
        problems.push(too_much(excess, source, offset));
        return MarkdownText::default();
    }
    let shielded = shield_directives(slots.shield(text, source, offset, problems));
    let line_starts =
        std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
    let line_starts = line_starts.collect();
    let mut reader = MarkdownReader {
        source,
        slots,
        problems,
        find_image,
        offset,
        line_starts,
        occurrences: Occurrences::of(&shielded),
        depth: 0,
        is_deep: false,
    };
    let known = reader.problems.len();
    let arena = Arena::new();
    let root = parse_document(&arena, &shielded, &options());
    let mut read = MarkdownText::default();
    for node in root.children() {
        let is_definition = matches!(node.data().value, NodeValue::FootnoteDefinition(_));
        if is_definition {
            read.footnotes.push(reader.blocks(node, 1));
        } else {
            reader.block(node, 0, &mut read.blocks)
        }
    }
    reader.report_lost(known);
    read
}

/// The Markdown crate ends a directive's name at a colon, and ours has `only tag:member`: there the
/// colon becomes a control character, which no file that is read can hold, and back later.
fn shield_directives(text: String) -> String {
    if !text.contains(":::") {
        return text;
    }
    let shield = |line: &str| {
        let start = line.len() - line.trim_start_matches([' ', '>', '\t']).len();
        let name = start + line[start..].bytes().take_while(|byte| *byte == b':').count();
        if name - start >= 3 {
            format!("{}{}", &line[..name], line[name..].replace(':', COLON))
        } else {
            line.to_owned()
        }
    };
    text.split_inclusive('\n').map(shield).collect()
}

/// Runs `text` as a single paragraph: captions, notes, attributions.
pub(super) fn read_line<'a>(
    text: &str,
    source: &'a Arc<Source>,
    offset: usize,
    slots: &'a mut Slots,
    problems: &'a mut Vec<Diagnostic>,
) -> Vec<Inline> {
    let mut no_image = |_: &str, place: Place, problems: &mut Vec<Diagnostic>| {
        problems.push(Diagnostic::error("image", "a picture cannot be here").at(place));
        None
    };
    let text = read(text, source, offset, slots, problems, &mut no_image);
    let mut line = Vec::new();
    for block in text.blocks {
        if let BlockKind::Paragraph(inlines) | BlockKind::Heading(_, inlines) = block.kind {
            if !line.is_empty() {
                line.push(Inline::SoftBreak);
            }
            line.extend(inlines);
        }
    }
    line
}

fn options() -> Options<'static> {
    let mut options = Options::default();
    let extension = &mut options.extension;
    extension.table = true;
    extension.strikethrough = true;
    extension.tasklist = true;
    extension.footnotes = true;
    extension.autolink = true;
    extension.cjk_friendly_emphasis = true;
    extension.block_directive = true;
    extension.link_attributes = true;
    extension.alerts = true;
    options.parse.smart = true;
    options
}

impl MarkdownReader<'_> {
    /// The bytes of the file that a node was read from.
    fn span(&self, position: Sourcepos) -> Range<usize> {
        let at = |line: usize, column: usize| {
            let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
            self.offset + start + column
        };
        let start = at(position.start.line, position.start.column.saturating_sub(1));
        let end = at(position.end.line, position.end.column);
        self.source.within(start..end)
    }

    fn place(&self, node: Node<'_>) -> Place {
        Place::span(self.source, self.span(node.data().sourcepos))
    }

    /// A node's first line: what to underline for a block.
    fn first_line(&self, node: Node<'_>) -> Place {
        let span = self.span(node.data().sourcepos);
        let line = self.source.text()[span.clone()].lines().next().map_or(0, str::len);
        Place::span(self.source, span.start..span.start + line)
    }

    /// The slots of `text`, which was read from these bytes of the file, are in the letter.
    fn saw(&mut self, text: &str, span: &Range<usize>) {
        let span = span.start.saturating_sub(self.offset)..span.end.saturating_sub(self.offset);
        self.occurrences.saw(text, &span);
    }

    /// Code as the author typed it.
    fn typed(&mut self, code: &str, span: &Range<usize>) -> String {
        self.saw(code, span);
        self.slots.restore(&code.replace(COLON, ":"))
    }

    /// Where the text has another error, that may be what took the slot away.
    fn report_lost(&mut self, known: usize) {
        if self.problems[known..].iter().any(Diagnostic::is_error) {
            return;
        }
        for span in self.occurrences.lost() {
            let place = Place::span(self.source, self.offset + span.start..self.offset + span.end);
            self.problems.push(
                Diagnostic::error("slot-lost", "readers would not see this slot").at(place).help(
                    "write it in the text: it cannot be in a label, in the title of a link, \
                         behind a fence or in the path of a picture",
                ),
            );
        }
    }

    /// Once: what is too deep by one level is so by all that follow.
    fn report_depth(&mut self, place: Place) {
        if !self.is_deep {
            self.is_deep = true;
            self.problems.push(too_deep(place));
        }
    }

    fn blocks(&mut self, node: Node<'_>, depth: usize) -> Vec<Block> {
        let mut blocks = Vec::new();
        for child in node.children() {
            self.block(child, depth, &mut blocks);
        }
        blocks
    }

    fn block(&mut self, node: Node<'_>, depth: usize, out: &mut Vec<Block>) {
        let span = self.span(node.data().sourcepos);
        if depth > MAX_DEPTH {
            let place = self.first_line(node);
            self.report_depth(place);
            return;
        }
        let value = node.data().value.clone();
        let kind = match value {
            NodeValue::Heading(heading) => BlockKind::Heading(heading.level, self.inlines(node)),
            NodeValue::Paragraph => return self.paragraph(node, span, out),
            NodeValue::BlockQuote => self.quote(node, depth),
            NodeValue::List(list) => BlockKind::List {
                start: (list.list_type == ListType::Ordered).then_some(list.start),
                tight: list.tight,
                items: self.items(node, depth),
            },
            NodeValue::Table(table) => self.table(node, &table.alignments),
            NodeValue::CodeBlock(code) => {
                let language = code.info.split_whitespace().next().unwrap_or_default();
                let code = if code.fenced {
                    // Its first line, which has the fence, is not shown.
                    let text = &self.source.text()[span.clone()];
                    let inner = span.start + text.find('\n').unwrap_or(text.len());
                    self.typed(&code.literal, &(inner..span.end))
                } else {
                    self.typed(&code.literal, &span)
                };
                BlockKind::Code(language.to_owned(), code)
            }
            NodeValue::ThematicBreak => BlockKind::Rule,
            NodeValue::HtmlBlock(html) => return self.html(node, &html.literal, span, out),
            NodeValue::Alert(alert) => {
                let mut blocks = self.blocks(node, depth + 1);
                let title = match &alert.title {
                    Some(title) => self.resolved(title, node),
                    None => alert.alert_type.default_title().to_owned(),
                };
                let title = vec![Inline::Strong(vec![Inline::Text(title)])];
                blocks.insert(0, Block { span: span.clone(), kind: BlockKind::Paragraph(title) });
                BlockKind::Callout(blocks)
            }
            NodeValue::BlockDirective(directive) => {
                return self.directive(node, &directive.info, depth, span, out);
            }
            _ => return out.extend(self.blocks(node, depth + 1)),
        };
        out.push(Block { span, kind });
    }

    fn items(&mut self, list: Node<'_>, depth: usize) -> Vec<ListItem> {
        let mut items = Vec::new();
        for node in list.children() {
            let task = match &node.data().value {
                NodeValue::TaskItem(task) => Some(task.symbol.is_some()),
                _ => None,
            };
            items.push(ListItem { task, blocks: self.blocks(node, depth + 1) });
        }
        items
    }

    /// A paragraph may be a figure or a row of buttons.
    fn paragraph(&mut self, node: Node<'_>, span: Range<usize>, out: &mut Vec<Block>) {
        if let Some(figure) = self.lone_image(node) {
            out.extend(figure.map(|figure| Block { span, kind: BlockKind::Figure(figure) }));
            return;
        }
        if let Some(buttons) = self.lone_buttons(node) {
            let button = |link| Block { span: span.clone(), kind: BlockKind::Button(link) };
            out.extend(buttons.into_iter().map(button));
            return;
        }
        let inlines = self.inlines(node);
        if !inlines.is_empty() {
            out.push(Block { span, kind: BlockKind::Paragraph(inlines) });
        }
    }

    /// `![…](…)` or `[![…](…)](…)` alone: `Some(None)` where the picture has a problem, which is
    /// reported.
    fn lone_image(&mut self, node: Node<'_>) -> Option<Option<Figure>> {
        let child = only_child(node)?;
        let link = match &child.data().value {
            NodeValue::Link(link) => Some(link.url.clone()),
            _ => None,
        };
        let image = match link {
            Some(_) => only_child(child)?,
            None => child,
        };
        if !matches!(image.data().value, NodeValue::Image(_)) {
            return None;
        }
        let figure = self.image(image);
        let href = link.and_then(|href| self.target(&href, child));
        Some(figure.map(|figure| Figure { href, ..figure }))
    }

    /// Links of the class `button`, alone in their paragraph.
    fn lone_buttons(&mut self, node: Node<'_>) -> Option<Vec<Link>> {
        let mut links = Vec::new();
        for child in node.children() {
            match &child.data().value {
                NodeValue::Link(_) if has_class(child, "button") => links.push(child),
                NodeValue::SoftBreak | NodeValue::LineBreak => {}
                NodeValue::Text(text) if text.trim().is_empty() => {}
                _ => return None,
            }
        }
        if links.is_empty() {
            return None;
        }
        let buttons = links.into_iter().filter_map(|link| {
            match self.inline(link).as_slice() {
                [Inline::Link(link)] => Some(link.clone()),
                // Its target was refused, with a diagnostic; its text alone presses nothing.
                _ => None,
            }
        });
        Some(buttons.collect())
    }

    fn quote(&mut self, node: Node<'_>, depth: usize) -> BlockKind {
        let mut blocks = self.blocks(node, depth + 1);
        let mut attribution = None;
        if let Some(Block { kind: BlockKind::Paragraph(inlines), .. }) = blocks.last_mut() {
            let is_break =
                |inline: &Inline| matches!(inline, Inline::SoftBreak | Inline::LineBreak);
            let start = inlines.iter().rposition(is_break).map_or(0, |at| at + 1);
            if let Some(Inline::Text(text)) = inlines.get(start)
                && let Some(rest) = text.strip_prefix(['—', '―'])
            {
                let rest = rest.trim_start().to_owned();
                let mut line = inlines.split_off(start);
                line[0] = Inline::Text(rest);
                inlines.truncate(start.saturating_sub(1));
                attribution = Some(line);
            }
            if inlines.is_empty() {
                blocks.pop();
            }
        }
        BlockKind::Quote(blocks, attribution)
    }

    fn table(&mut self, node: Node<'_>, alignments: &[TableAlignment]) -> BlockKind {
        let alignment = |alignment: &TableAlignment| match alignment {
            TableAlignment::Center => Alignment::Center,
            TableAlignment::Right => Alignment::End,
            TableAlignment::Left | TableAlignment::None => Alignment::Start,
        };
        let alignments = alignments.iter().map(alignment).collect();
        let mut table = DataTable { alignments, head: Vec::new(), rows: Vec::new() };
        for row in node.children() {
            let is_head = matches!(row.data().value, NodeValue::TableRow(true));
            let cells = row.children().map(|cell| self.inlines(cell)).collect();
            if is_head {
                table.head = cells;
            } else {
                table.rows.push(cells);
            }
        }
        BlockKind::Table(table)
    }

    fn html(&mut self, node: Node<'_>, html: &str, span: Range<usize>, out: &mut Vec<Block>) {
        if bounds::is_deep(html) {
            let place = self.first_line(node);
            self.report_depth(place);
            return;
        }
        self.warn_of_removed(node, html);
        let html = sanitize::without_comments(html, |comment| self.saw(comment, &span));
        let (html, kept) = self.raw(&html, node);
        let (clean, text) = sanitize::block(&html, kept);
        if !clean.trim().is_empty() {
            out.push(Block { span, kind: BlockKind::Html(clean, text) });
        }
    }

    /// Raw HTML with its slots in use, and those targets of its links that may stay although they
    /// name no scheme. What is wrong with its styles and links is told.
    fn raw(&mut self, html: &str, node: Node<'_>) -> (String, Vec<String>) {
        let html = self.resolved(html, node);
        if let Some(value) = sanitize::excess_attribute(&html) {
            let what = format!("a tag has at most {} attributes", sanitize::MAX_ATTRIBUTES);
            let place = self.place_within(node, &html[value]);
            let help = "delete those that no mail program knows";
            self.problems.push(Diagnostic::error("html-large", what).at(place).help(help));
            return (String::new(), Vec::new());
        }
        for (range, what) in sanitize::refused_styles(&html) {
            let place = self.place_within(node, &html[range]);
            let message =
                format!("a style in a mail can load, run and move nothing; this has {what}");
            self.problems.push(
                Diagnostic::error("style", message)
                    .at(place)
                    .help("delete this declaration; a picture is written in Markdown"),
            );
        }
        let mut kept = Vec::new();
        for attribute in sanitize::attributes(&html) {
            if (attribute.element.as_str(), attribute.name.as_str()) != ("a", "href") {
                continue;
            }
            match links::target(attribute.value, self.slots) {
                Ok(_) => kept.push(attribute.value.to_owned()),
                Err(reason) => {
                    let place = self.place_within(node, attribute.value);
                    self.problems.push(links::refused(reason, place));
                }
            }
        }
        (html, kept)
    }

    /// Where `text` stands within a node, or else the node's first line.
    fn place_within(&self, node: Node<'_>, text: &str) -> Place {
        let span = self.span(node.data().sourcepos);
        let found = self.source.text()[span.clone()].find(text).filter(|_| !text.is_empty());
        match found {
            Some(at) => Place::span(self.source, span.start + at..span.start + at + text.len()),
            None => self.first_line(node),
        }
    }

    fn warn_of_removed(&mut self, node: Node<'_>, html: &str) {
        let removed = sanitize::removed(html);
        if !removed.is_empty() {
            let place = self.first_line(node);
            self.problems.push(
                Diagnostic::warning("html-removed", format!("left out: {removed}")).at(place).help(
                    "mail programs block scripts, forms and frames; use Markdown, for pictures \
                         too",
                ),
            );
        }
    }

    /// `::: name argument` or Pandoc's `::: {.name key=value}`.
    fn directive(
        &mut self,
        node: Node<'_>,
        info: &str,
        depth: usize,
        span: Range<usize>,
        out: &mut Vec<Block>,
    ) {
        let info = info.trim().replace(COLON, ":");
        let words: Vec<&str> =
            info.trim_start_matches('{').trim_end_matches('}').split_whitespace().collect();
        let blocks = self.blocks(node, depth + 1);
        let name = words.first().map_or("", |word| word.trim_start_matches('.'));
        let language = words.iter().find_map(|word| word.strip_prefix("lang="));
        let kind = match (name, words.get(1).and_then(|word| word.strip_prefix("tag:"))) {
            (_, _) if language.is_some_and(|tag| is_language(tag.trim_matches('"'))) => {
                let tag = language.unwrap_or_default().trim_matches('"').to_owned();
                BlockKind::Language(tag, blocks)
            }
            ("callout" | "note", _) => BlockKind::Callout(blocks),
            ("only", Some(tag)) if !tag.is_empty() => BlockKind::Only(tag.to_owned(), blocks),
            _ => {
                let place = self.first_line(node);
                self.problems.push(unknown_directive(&info, name, place));
                // The words stay: a slip in a fence must not lose text in a preview.
                return out.extend(blocks);
            }
        };
        out.push(Block { span, kind });
    }
}

fn only_child(node: Node<'_>) -> Option<Node<'_>> {
    let mut children = node.children();
    let first = children.next()?;
    children.next().is_none().then_some(first)
}

fn has_class(node: Node<'_>, class: &str) -> bool {
    node.data().attrs.as_ref().is_some_and(|attrs| attrs.classes.iter().any(|name| name == class))
}

fn too_deep(place: Place) -> Diagnostic {
    Diagnostic::error(
        "nesting",
        format!("there are more than {MAX_DEPTH} levels inside each other here"),
    )
    .at(place)
    .help("use fewer levels: mail programs show three or four levels of quotes and lists")
}

fn too_much(excess: Excess, source: &Arc<Source>, offset: usize) -> Diagnostic {
    let place = |span: Range<usize>| Place::span(source, offset + span.start..offset + span.end);
    match excess {
        Excess::Depth(span) => too_deep(place(span)),
        Excess::Table(span, TableExcess::Columns(columns)) => {
            large_table(format!("this table has {columns} columns; it can have {MAX_COLUMNS}"))
                .at(place(span))
        }
        Excess::Table(span, TableExcess::Cells) => {
            large_table(format!("this table has more than {MAX_CELLS} cells")).at(place(span))
        }
    }
}

fn large_table(what: String) -> Diagnostic {
    Diagnostic::error("table-large", what)
        .help("show the part that matters, and link to a page with the whole table")
}

fn unknown_directive(info: &str, name: &str, place: Place) -> Diagnostic {
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

#[cfg(test)]
mod tests;
