//! Markdown into blocks with their places. The only code that knows the Markdown crate; its HTML
//! output is never used, so that nothing reaches a message but what `compose` writes.

mod before;
pub(super) mod bounds;
mod braces;
mod breaks;
mod directives;
mod inline;
mod lost_signs;
mod numbers;
mod occurrences;
mod passages;
pub(super) mod quotation_marks;
mod raw_picture;
mod raw_styles;
mod slips;
mod smart;
mod tables;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use comrak::nodes::{ListType, Node, NodeValue, Sourcepos, TableAlignment};
use comrak::{Arena, Options, parse_document};

use self::bounds::{Excess, MAX_CELLS, MAX_COLUMNS, MAX_DEPTH, TableExcess};
use self::occurrences::Occurrences;
use self::quotation_marks::QuotationMarks;
use super::block::{Alignment, Block, BlockKind, DataTable, Figure, Inline, Link, ListItem, plain};
use super::only::Only;
use super::slot::{self, BUILT_IN, Piece, Slot, Slots};
use super::{anchors, links, sanitize};
use crate::diagnostic::{Diagnostic, Place, Source};

/// A colon in the name of a directive, while it is parsed.
const COLON: &str = "\u{1}";

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
    /// How many bytes less than in the file a line starts with, by its number from 0.
    shifts: HashMap<usize, usize>,
    /// Where slots stand, and which are in the letter.
    occurrences: Occurrences,
    /// How deep in emphasis, links and tags the text is that is being read.
    depth: usize,
    /// Whether it has been told that the text is too deep.
    is_deep: bool,
    /// What quotation marks become, if they and dashes become those of print.
    marks: Option<QuotationMarks>,
    /// Where the element of raw HTML ends that an empty line has cut off.
    cut_until: usize,
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
    marks: Option<QuotationMarks>,
    slots: &'a mut Slots,
    problems: &'a mut Vec<Diagnostic>,
    find_image: &'a mut FindImage<'a>,
) -> MarkdownText {
    let known = problems.len();
    let even = before::even_spaces(text);
    let shielded = before::shield_directives(slots.shield(&even, source, offset, problems));
    let before::Uncommented { text: parsed, blanked, shifts } =
        before::without_leading_comments(shielded);
    if let Some(excess) = bounds::excess(&parsed) {
        problems.push(too_much(excess, source, offset));
        return MarkdownText::default();
    }
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
        shifts,
        occurrences: Occurrences::of(&blanked),
        depth: 0,
        is_deep: false,
        marks,
        cut_until: 0,
    };
    let shielded_problems = reader.problems.len();
    let arena = Arena::new();
    let root = parse_document(&arena, &parsed, &options());
    let mut read = MarkdownText::default();
    for node in root.children() {
        let is_definition = matches!(node.data().value, NodeValue::FootnoteDefinition(_));
        if is_definition {
            read.footnotes.push(reader.blocks(node, 1));
        } else {
            reader.block(node, 0, &mut read.blocks)
        }
    }
    reader.report_lost(shielded_problems);
    for mark in passages::unread(text, root) {
        let place = Place::span(source, offset + mark.start..offset + mark.end);
        problems.push(directives::not_read(place));
    }
    slips::count_removed(problems, shielded_problems);
    // What was typed is told, and no sign that stands for it here.
    for problem in &mut problems[known..] {
        slots.unmark(problem);
        problem.message = problem.message.replace(COLON, ":");
    }
    read
}

/// Runs `text` as a single paragraph: captions, notes, attributions.
pub(super) fn read_line<'a>(
    text: &str,
    source: &'a Arc<Source>,
    offset: usize,
    marks: Option<QuotationMarks>,
    slots: &'a mut Slots,
    problems: &'a mut Vec<Diagnostic>,
) -> Vec<Inline> {
    let mut no_image = |_: &str, place: Place, problems: &mut Vec<Diagnostic>| {
        problems.push(Diagnostic::error("image", "a picture cannot be here").at(place));
        None
    };
    let text = read(text, source, offset, marks, slots, problems, &mut no_image);
    let mut line = Vec::new();
    for block in text.blocks {
        if let BlockKind::Paragraph(inlines) | BlockKind::Heading(_, inlines) = block.kind {
            if !line.is_empty() {
                line.push(Inline::SoftBreak);
            }
            // A place that links lead to is one of an article's text alone.
            line.extend(inlines.into_iter().filter(|one| !matches!(one, Inline::Anchor(_))));
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
    // What was escaped stays as it was typed.
    options.parse.escaped_char_spans = true;
    options
}

impl MarkdownReader<'_> {
    /// The bytes of the file that a node was read from.
    fn span(&self, position: Sourcepos) -> Range<usize> {
        let at = |line: usize, column: usize| {
            let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
            let shift = self.shifts.get(&line.saturating_sub(1)).copied().unwrap_or_default();
            self.offset + start + shift + column
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
        self.slots.show_typed(code, self.source, span);
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
            NodeValue::Heading(heading) => {
                if heading.setext {
                    self.warn_of_underlined(node);
                }
                let mut inlines = self.inlines(node);
                anchors::name_heading(&mut inlines);
                BlockKind::Heading(heading.level, inlines)
            }
            NodeValue::Paragraph => return self.paragraph(node, span, out),
            NodeValue::BlockQuote => {
                self.warn_of_lazy(node);
                self.quote(node, depth)
            }
            NodeValue::List(list) => {
                let start = (list.list_type == ListType::Ordered).then_some(list.start);
                if let Some(start) = start {
                    self.warn_of_numbers(node, start);
                }
                self.warn_of_lazy(node);
                BlockKind::List { start, tight: list.tight, items: self.items(node, depth) }
            }
            NodeValue::Table(table) => self.table(node, &table.alignments),
            NodeValue::CodeBlock(code) => {
                let language = code.info.split_whitespace().next().unwrap_or_default();
                let code = if code.fenced {
                    // Its first line, which has the fence, is not shown.
                    let text = &self.source.text()[span.clone()];
                    let inner = span.start + text.find('\n').unwrap_or(text.len());
                    self.typed(&code.literal, &(inner..span.end))
                } else {
                    self.warn_of_indented(node, &code.literal);
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
                return self.directive(node, &directive, depth, span, out);
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
        self.warn_of_buttons_in_line(node);
        let inlines = self.inlines(node);
        if inlines.is_empty() {
            return;
        }
        if let Some(targets) = anchors::only_anchors(&inlines) {
            return out.push(Block { span, kind: BlockKind::Html(targets, Vec::new()) });
        }
        let fields = self.empty_fields(&inlines);
        let paragraph = Block { span: span.clone(), kind: BlockKind::Paragraph(inlines) };
        if fields.is_empty() {
            return out.push(paragraph);
        }
        // Nobody without them is to see a gap.
        let filled = Only::filled(fields.iter().map(String::as_str));
        out.push(Block { span, kind: BlockKind::Only(filled, vec![paragraph]) });
    }

    /// The fields of a text that holds nothing but slots with an empty fallback.
    fn empty_fields(&self, inlines: &[Inline]) -> Vec<String> {
        let text = plain(inlines);
        if !slot::has_slot(&text) || holds_picture(inlines) {
            return Vec::new();
        }
        let mut fields = Vec::new();
        for piece in slot::pieces(&text) {
            match piece {
                Piece::Text(text) if text.trim().is_empty() => {}
                Piece::Text(_) => return Vec::new(),
                Piece::Slot(index) => match self.slots.get(index) {
                    Some(Slot { field, fallback: Some(fallback) })
                        if fallback.is_empty() && !BUILT_IN.contains(&field.as_str()) =>
                    {
                        fields.push(field.clone());
                    }
                    _ => return Vec::new(),
                },
            }
        }
        fields
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
            let mut link = self.inline(link);
            smart::smarten(&mut link, self.marks);
            match link.as_slice() {
                [Inline::Link(link)] => Some(link.clone()),
                // Its target was refused, with a diagnostic; its text alone presses nothing.
                _ => None,
            }
        });
        Some(buttons.collect())
    }

    fn quote(&mut self, node: Node<'_>, depth: usize) -> BlockKind {
        let mut blocks = self.blocks(node, depth + 1);
        let attribution = self.attribution(&mut blocks);
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
        let columns = table.alignments.len();
        for row in node.children() {
            let is_head = matches!(row.data().value, NodeValue::TableRow(true));
            if !is_head {
                self.warn_of_lost_cells(row, columns);
            }
            let cells = row.children().map(|cell| self.inlines(cell)).collect();
            if is_head {
                table.head = cells;
            } else {
                table.rows.push(cells);
            }
        }
        self.warn_of_glued(node);
        BlockKind::Table(table)
    }

    /// Cells for which a table has no column: Markdown leaves them out.
    fn warn_of_lost_cells(&mut self, row: Node<'_>, columns: usize) {
        let span = self.span(row.data().sourcepos);
        let line = self.source.text()[span.start..].lines().next().unwrap_or_default();
        let Some(lost) = tables::lost_cells(line, columns) else { return };
        let words = line[lost.clone()].trim().trim_end_matches('|').trim_end();
        let what = format!("this row has more cells than the table has columns: {words:?} is lost");
        let place = Place::span(self.source, span.start + lost.start..span.start + lost.end);
        self.problems.push(Diagnostic::warning("table-cells", what).at(place).help(
            "add a column to the line of dashes, or write \\| for a bar within a cell, also in code",
        ));
    }

    fn html(&mut self, node: Node<'_>, html: &str, span: Range<usize>, out: &mut Vec<Block>) {
        if bounds::is_deep(html) {
            let place = self.first_line(node);
            self.report_depth(place);
            return;
        }
        if let Some(figures) = self.raw_figures(node, html) {
            let figure = |figure| Block { span: span.clone(), kind: BlockKind::Figure(figure) };
            return out.extend(figures.into_iter().map(figure));
        }
        self.warn_of_removed(node, html);
        let html = sanitize::without_comments(html, |comment| self.saw(comment, &span));
        let (html, kept) = self.raw(&html, node);
        let is_cut = self.warn_of_cut(node, &html, &span);
        let (clean, text) = sanitize::block(&breaks::join_lines(&html), kept);
        for (number, href) in sanitize::empty_links(&clean).into_iter().enumerate() {
            let place = self.place_within(node, href);
            // More are never shown: see `diagnostic::capped`.
            let has_picture = number < 100 && sanitize::is_around_picture(&html, href);
            let help = has_picture.then(|| self.pictured_link(href));
            self.problems.push(no_words(place, help));
        }
        // What was cut off from its content is an empty frame.
        let is_frame =
            is_cut && text.iter().all(|line| line.text.trim_matches(['|', ' ']).is_empty());
        // A place that it names stays.
        let clean = if is_frame { anchors::targets_of(&clean) } else { clean };
        if !clean.trim().is_empty() {
            let text = if is_frame { Vec::new() } else { text };
            out.push(Block { span, kind: BlockKind::Html(clean, text) });
        }
    }

    /// An element that ends where its Markdown does, at an empty line, and not where it was to end.
    fn warn_of_cut(&mut self, node: Node<'_>, html: &str, span: &Range<usize>) -> bool {
        let open = sanitize::left_open(html);
        let Some((_, name)) = open.first() else { return false };
        // The cells of a table that was cut need not be told one by one.
        if self.cut_until > span.start {
            return true;
        }
        let behind = &self.source.text()[span.end..];
        let end = format!("</{name}");
        let closed = behind.to_ascii_lowercase().find(&end).map(|at| span.end + at);
        let (what, help) = match closed {
            Some(at) => {
                self.cut_until = at;
                let what = format!(
                    "<{name}> ends at the empty line below it, and nothing of what follows is in it"
                );
                (what, "delete the empty lines inside of it, or write it in Markdown")
            }
            None => {
                let what = format!("<{name}> is never closed");
                (what, "close it before the next empty line, or write it in Markdown")
            }
        };
        let place = self.place_of_tag(node, name);
        self.problems.push(Diagnostic::warning("html-cut", what).at(place).help(help));
        true
    }

    /// Where a tag of this name opens within a node.
    fn place_of_tag(&self, node: Node<'_>, name: &str) -> Place {
        let span = self.span(node.data().sourcepos);
        let text = self.source.text()[span.clone()].to_ascii_lowercase();
        let Some(at) = text.find(&format!("<{name}")) else { return self.first_line(node) };
        let end = text[at..].find(['>', '\n']).map_or(text.len(), |end| at + end + 1);
        Place::span(self.source, span.start + at..span.start + end)
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
        self.warn_of_styles(node, &html);
        let (mut kept, mut meant) = (Vec::new(), Vec::new());
        for attribute in sanitize::attributes(&html) {
            if (attribute.element.as_str(), attribute.name.as_str()) != ("a", "href") {
                continue;
            }
            match links::target(attribute.value, self.slots) {
                Ok(href) => {
                    kept.push(attribute.value.to_owned());
                    if links::is_mended(attribute.value, &href) {
                        let span = attribute.at..attribute.at + attribute.value.len();
                        meant.push((span, href.clone()));
                    }
                    if let Some(scheme) = links::uncertain(&href) {
                        let place = self.place_within(node, attribute.value);
                        self.problems.push(links::only_some(scheme, place));
                    }
                }
                Err(reason) => {
                    let place = self.place_within(node, attribute.value);
                    self.problems.push(links::refused(&reason, place));
                }
            }
        }
        (sanitize::with_values(&html, meant), kept)
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
        // What a comment holds is nobody's loss.
        let removed = sanitize::removed(&sanitize::without_comments(html, |_| {}));
        if !removed.is_empty() {
            let first = removed.trim_start_matches('<').split('>').next().unwrap_or_default();
            let place = self.place_of_tag(node, &first.to_ascii_lowercase());
            let (what, help) = match slips::as_comparison(html) {
                Some(written) => (format!("left out: {written}"), slips::sign_help(written).into()),
                None => (format!("left out: {removed}"), sanitize::help_for(html)),
            };
            self.problems.push(Diagnostic::warning("html-removed", what).at(place).help(help));
        }
    }
}

/// A link with nothing to press.
fn no_words(place: Place, help: Option<String>) -> Diagnostic {
    let problem = Diagnostic::error("link-text", "this link has no text to click on").at(place);
    problem.help(help.unwrap_or_else(|| {
        "write between the brackets where the link leads: [the Society's site](https://…)".into()
    }))
}

fn holds_picture(inlines: &[Inline]) -> bool {
    inlines.iter().any(|inline| match inline {
        Inline::Image(_) => true,
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
            holds_picture(inner)
        }
        Inline::Link(_) | Inline::Html(..) => true,
        _ => false,
    })
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
    let place = |span: Range<usize>| {
        Place::span(source, source.within(offset + span.start..offset + span.end))
    };
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

#[cfg(test)]
mod tests;
