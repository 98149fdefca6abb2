//! Rust source -> tokens with their lines -> what the rules ask about: paths, functions, items.
//!
//! Enough of the grammar to tell code from comments and strings, and tests from the rest. It must
//! never judge: the rules do.

/// A word or a sign of the code. Comments are gone; a literal keeps its text, quotes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphabetic() || c == '_')
    }
}

/// A name with the line it stands on.
pub(crate) type Named = (String, usize);

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// A module that exists in tests only and has a file of its own.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TestModule {
    pub(crate) name: String,
    /// The file that a `#[path]` names.
    pub(crate) path: Option<String>,
}

/// Splits a source into tokens.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let (mut out, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let end = token_end(&chars, at);
        let text: String = chars[at..end].iter().collect();
        let comment = text.starts_with("//") || text.starts_with("/*");
        if !comment && !text.trim().is_empty() {
            out.push(Token { text: text.clone(), line });
        }
        line += text.matches('\n').count();
        at = end;
    }
    out
}

/// Where the token that starts at `at` ends.
fn token_end(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied().unwrap_or_default();
    match chars[at] {
        '/' if next(1) == '/' => find(chars, at, |c| c == '\n'),
        '/' if next(1) == '*' => block_comment_end(chars, at),
        '"' => quoted_end(chars, at),
        // A character literal is closed after one character or starts an escape; a lifetime is not.
        '\'' if next(1) == '\\' || next(2) == '\'' => quoted_end(chars, at),
        '\'' => find(chars, at + 1, |c| !is_word(c)),
        ':' if next(1) == ':' => at + 2,
        c if is_word(c) => {
            let end = find(chars, at, |c| !is_word(c));
            let word: String = chars[at..end].iter().collect();
            match (word.as_str(), chars.get(end)) {
                ("r" | "br" | "cr", Some('"' | '#')) => raw_end(chars, end),
                ("b" | "c", Some('"')) | ("b", Some('\'')) => quoted_end(chars, end),
                _ => end,
            }
        }
        _ => at + 1,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The first place from `from` on where `stop` holds, or the end.
fn find(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    chars[from..].iter().position(|c| stop(*c)).map_or(chars.len(), |ahead| from + ahead)
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != chars[at] {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

/// `at` is behind the `r`: `#"…"#` with any number of `#`, or a raw identifier's `#word`.
fn raw_end(chars: &[char], at: usize) -> usize {
    let open = find(chars, at, |c| c != '#');
    if chars.get(open) != Some(&'"') {
        return find(chars, open, |c| !is_word(c));
    }
    let hashes = open - at;
    let mut i = open + 1;
    while i < chars.len() {
        let closed =
            chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
        if closed {
            return i + 1 + hashes;
        }
        i += 1;
    }
    chars.len()
}

/// Behind the bracket that closes the one at `open`.
fn close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

fn starts(tokens: &[Token], at: usize, expected: &[&str]) -> bool {
    let rest = tokens.get(at..).unwrap_or_default();
    rest.len() >= expected.len()
        && rest.iter().zip(expected).all(|(token, text)| token.text == *text)
}

/// Takes items under `#[cfg(test)]` out, and names the modules among them that have their own file.
pub(crate) fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<TestModule>) {
    let (mut kept, mut modules, mut i) = (Vec::new(), Vec::new(), 0);
    while i < tokens.len() {
        let plain = starts(tokens, i, &["#", "[", "cfg", "(", "test", ")"]);
        let all = starts(tokens, i, &["#", "[", "cfg", "(", "all", "(", "test"]);
        if !plain && !all {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        let mut path = None;
        while starts(tokens, i, &["#", "["]) {
            if starts(tokens, i, &["#", "[", "path", "="]) {
                path = tokens.get(i + 4).map(|token| token.text.trim_matches('"').to_owned());
            }
            i = close(tokens, i + 1);
        }
        let end = item_end(tokens, i);
        let name = (i..end).find(|i| tokens[*i].text == "mod").and_then(|i| tokens.get(i + 1));
        if let (Some(name), ";") = (name, tokens[end - 1].text.as_str()) {
            modules.push(TestModule { name: name.text.clone(), path });
        }
        i = end;
    }
    (kept, modules)
}

/// Behind the item at `at`: its `;`, or its body.
fn item_end(tokens: &[Token], at: usize) -> usize {
    let mut i = at;
    while i < tokens.len() {
        match tokens[i].text.as_str() {
            ";" => return i + 1,
            "{" if i > 0 && tokens[i - 1].text == "::" => i = close(tokens, i),
            "{" => return close(tokens, i),
            "(" | "[" => i = close(tokens, i),
            _ => i += 1,
        }
    }
    i
}

/// Every path, groups written out: `use a::{b, c::d}` gives `a::b` and `a::c::d`.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Vec<Named>> {
    let (mut out, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        let field = i > 0 && tokens[i - 1].text == ".";
        if tokens[i].is_word() && !field {
            i = walk(tokens, i, Vec::new(), &mut out);
        } else {
            i += 1;
        }
    }
    out
}

/// Reads one path from its word at `i`; returns where it ends.
fn walk(tokens: &[Token], i: usize, mut path: Vec<Named>, out: &mut Vec<Vec<Named>>) -> usize {
    path.push((tokens[i].text.clone(), tokens[i].line));
    if !starts(tokens, i + 1, &["::"]) {
        out.push(path);
        return i + 1;
    }
    match tokens.get(i + 2) {
        Some(next) if next.is_word() => walk(tokens, i + 2, path, out),
        Some(next) if next.text == "{" => {
            let (mut at, end) = (i + 3, close(tokens, i + 2));
            while at + 1 < end {
                // Between branches stand commas, `*` and `as name`.
                match tokens[at].text.as_str() {
                    "as" => at += 2,
                    _ if tokens[at].is_word() => at = walk(tokens, at, path.clone(), out),
                    _ => at += 1,
                }
            }
            end
        }
        _ => {
            out.push(path);
            i + 2
        }
    }
}

/// Every function with a body.
pub(crate) fn functions(tokens: &[Token]) -> Vec<Function> {
    let mut out = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let Some(name) = tokens.get(i + 1).filter(|next| token.text == "fn" && next.is_word())
        else {
            continue;
        };
        let end = item_end(tokens, i);
        if tokens[end - 1].text == "}" {
            let lines = tokens[end - 1].line - token.line + 1;
            out.push(Function { name: name.text.clone(), line: token.line, lines });
        }
    }
    out
}

/// The names that a source gives to its items.
pub(crate) fn items(tokens: &[Token]) -> Vec<Named> {
    const KINDS: [&str; 9] =
        ["fn", "struct", "enum", "union", "trait", "type", "mod", "const", "static"];
    let mut out = Vec::new();
    for pair in tokens.windows(2) {
        if KINDS.contains(&pair[0].text.as_str()) && pair[1].is_word() {
            out.push((pair[1].text.clone(), pair[1].line));
        }
    }
    out
}

/// The structs, enums, traits and unions that a source names, and the aliases outside of `impl` and
/// `trait`, where `type` names what belongs to another name.
pub(crate) fn types(tokens: &[Token]) -> Vec<Named> {
    let (mut out, mut i) = (Vec::new(), 0);
    while i < tokens.len() {
        let word = tokens[i].text.as_str();
        let name = tokens.get(i + 1).filter(|next| next.is_word());
        match (word, name) {
            ("struct" | "enum" | "union" | "type", Some(name)) => {
                out.push((name.text.clone(), name.line));
                i += 2;
            }
            ("trait", Some(name)) => {
                out.push((name.text.clone(), name.line));
                i = item_end(tokens, i);
            }
            ("impl", _) if i == 0 || matches!(tokens[i - 1].text.as_str(), "}" | ";" | "]") => {
                i = item_end(tokens, i);
            }
            _ => i += 1,
        }
    }
    out
}

/// How many lines hold a token, or a part of one.
pub(crate) fn code_lines(tokens: &[Token]) -> usize {
    let lines = |token: &Token| token.line..=token.line + token.text.matches('\n').count();
    tokens.iter().flat_map(lines).collect::<std::collections::BTreeSet<_>>().len()
}

/// Lines on which `sequence` stands.
pub(crate) fn lines_with(tokens: &[Token], sequence: &[&str]) -> Vec<usize> {
    (0..tokens.len()).filter(|i| starts(tokens, *i, sequence)).map(|i| tokens[i].line).collect()
}
