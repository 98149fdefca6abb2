//! Somebody who writes issues, another one for each seed.

/// See the file's head. The numbers are those of a linear congruential generator (Knuth's MMIX).
pub(super) struct Writer {
    state: u64,
}

const WORDS: [&str; 48] = [
    "letters",
    "autumn",
    "king",
    "court",
    "river",
    "paper",
    "market",
    "chicken",
    "society",
    "factory",
    "garden",
    "teacher",
    "night",
    "city",
    "train",
    "harbour",
    "poem",
    "printing",
    "history",
    "meeting",
    "science",
    "summer",
    "language",
    "children",
    "한글",
    "가을",
    "소식을",
    "전합니다",
    "서울에서",
    "모임이",
    "열립니다",
    "치맥",
    "반도체",
    "ひらがな",
    "東京で",
    "日本語",
    "漢字",
    "שלום",
    "عام",
    "Привет",
    "café",
    "naïve",
    "Straße",
    "—",
    "👩‍👩‍👧‍👦",
    "🍗",
    "🇰🇷",
    "“quoted”",
];

impl Writer {
    pub(super) fn new(seed: u64) -> Writer {
        let mut writer = Writer { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 };
        writer.below(7);
        writer
    }

    fn below(&mut self, most: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) as usize % most
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn words(&mut self, least: usize, most: usize) -> String {
        let count = least + self.below(most - least + 1);
        let words: Vec<&str> = (0..count).map(|_| self.pick(&WORDS)).collect();
        words.join(" ")
    }

    fn address(&mut self) -> String {
        let path = [
            "",
            "/news",
            "/2025/11/a-long-path-to-a-story-that-nobody-shortened-for-readers-of-mail/index.html?page=2&part=3#end",
            "/한글",
        ];
        format!(
            "https://{}.sejong.example{}",
            self.pick(&["www", "blog", "shop"]),
            self.pick(&path)
        )
    }

    /// The files of an issue.
    pub(super) fn issue(&mut self) -> Vec<(String, String)> {
        let articles = 1 + self.below(8);
        let mut files = Vec::new();
        let mut names = Vec::new();
        for at in 0..articles {
            let name = format!("article-{at}");
            files.push((format!("{name}.md"), self.article()));
            names.push(format!("\"{name}\""));
        }
        let language = self.pick(&["en", "ko", "ar", "ja", "de", "he"]);
        let cut = self.below(articles + 1);
        let mut issue = format!(
            "number = {}\ntitle = \"{}\"\nsubject = \"News {}\"\npreheader = \"{}\"\n\
             date = 2025-11-06\nlanguage = \"{language}\"\nintro = \"\"\"\n{}\n\"\"\"\n",
            self.below(500),
            self.words(2, 12),
            self.words(1, 6),
            self.words(2, 30),
            self.paragraph(),
        );
        for part in [&names[..cut], &names[cut..]].into_iter().filter(|part| !part.is_empty()) {
            issue.push_str(&format!(
                "\n[[section]]\nheading = \"{}\"\nlayout = \"{}\"\narticles = [{}]\n",
                self.words(1, 5),
                self.pick(&["stack", "columns"]),
                part.join(", ")
            ));
        }
        files.push(("issue.toml".to_owned(), issue));
        files
    }

    fn article(&mut self) -> String {
        let mut text = format!("---\ntitle: \"{}\"\n", self.words(1, 10));
        if self.below(2) == 0 {
            text.push_str(&format!(
                "author: \"{}\"\naffiliation: \"{}\"\n",
                self.words(2, 3),
                self.words(1, 4)
            ));
        }
        if self.below(4) == 0 {
            text.push_str(&format!(
                "length: excerpt\nurl: {}\nsummary: \"{}\"\n",
                self.address(),
                self.words(5, 20)
            ));
        }
        if self.below(5) == 0 {
            text.push_str(&format!("note: \"{}\"\n", self.words(3, 9)));
        }
        text.push_str("---\n\n");
        text.push_str(&format!("{}\n\n", self.paragraph()));
        for _ in 0..self.below(9) {
            let block = self.block(0);
            text.push_str(&format!("{block}\n\n"));
        }
        if text.contains("[^a]") {
            text.push_str(&format!("[^a]: {}\n\n    {}\n", self.paragraph(), self.words(2, 9)));
        }
        text
    }

    fn paragraph(&mut self) -> String {
        let mut text = self.words(4, 30);
        for _ in 0..self.below(4) {
            let part = self.inline();
            text.push_str(&format!(" {part} {}", self.words(1, 8)));
        }
        text.push('.');
        text
    }

    fn inline(&mut self) -> String {
        let words = self.words(1, 4);
        match self.below(13) {
            0 => format!("**{words}**"),
            1 => format!("*{words} **{}***", self.words(1, 2)),
            2 => format!("~~{words}~~"),
            3 => "`let x = \"<b>&amp;</b>\";`".to_owned(),
            4 | 5 => format!("[{words}]({})", self.address()),
            6 => format!("<span lang=\"fr\">{words}</span>"),
            7 => "{{ first_name | reader }}".to_owned(),
            8 => format!("<u>{words}</u> <sub>2</sub>"),
            9 => "a < b && c > d & e".to_owned(),
            10 => format!("{words}\\\n{}", self.words(1, 3)),
            11 => "supercalifragilisticexpialidocious".repeat(1 + self.below(4)),
            _ => format!("[**{words}** and `code`]({})", self.address()),
        }
    }

    fn block(&mut self, depth: usize) -> String {
        let most = if depth > 2 { 3 } else { 14 };
        match self.below(most) {
            0 | 1 => self.paragraph(),
            2 => format!("{} {}", "#".repeat(1 + self.below(6)), self.words(1, 8)),
            3 => self.list(depth, "- "),
            4 => self.list(depth, "1. "),
            5 => {
                let inner = self.block(depth + 1);
                let quoted: Vec<String> = inner.lines().map(|line| format!("> {line}")).collect();
                format!("{}\n>\n> — {}", quoted.join("\n"), self.words(1, 3))
            }
            6 => self.table(),
            7 => {
                format!("```rust\nfn {}() {{ println!(\"<{}>\"); }}\n```", "main", self.words(1, 3))
            }
            8 => {
                // An outer fence is longer than those within.
                let fence = ":".repeat(6 - depth);
                let inner = self.block(depth + 1);
                format!("{fence} callout\n{}\n\n{inner}\n{fence}", self.paragraph())
            }
            9 => format!(
                "::: {{lang={}}}\n{}\n:::",
                self.pick(&["ko", "ja", "ar", "fr"]),
                self.paragraph()
            ),
            10 => format!("[{}]({}){{.button}}", self.words(1, 4), self.address()),
            11 => format!(
                "<div align=\"center\"><p>{}</p><table><tr><th>{}</th></tr><tr><td>{}</td></tr></table></div>",
                self.words(2, 9),
                self.words(1, 2),
                self.words(1, 4)
            ),
            12 => format!(
                "::: only tag:{}\n{}\n:::",
                self.pick(&["member", "press", "회원"]),
                self.paragraph()
            ),
            _ => format!("---\n\n{} noted[^a] here.", self.words(2, 9)),
        }
    }

    /// Items of a list, a long one now and then, with lists and paragraphs in some of them.
    fn list(&mut self, depth: usize, mark: &str) -> String {
        let count = if self.below(6) == 0 { 40 } else { 1 + self.below(6) };
        let mut items = Vec::new();
        for _ in 0..count {
            let link = format!("[{}]({}): {}", self.words(1, 6), self.address(), self.words(3, 12));
            let mut item = match self.below(4) {
                0 => format!("{mark}{}", self.paragraph()),
                1 => format!("{mark}[x] {}", self.words(1, 6)),
                _ => format!("{mark}{link}"),
            };
            if depth < 3 && self.below(6) == 0 {
                let inner = self.block(depth + 1);
                item.push('\n');
                for line in inner.lines() {
                    item.push_str(&format!("\n{}{line}", " ".repeat(mark.len())));
                }
            }
            items.push(item);
        }
        items.join("\n")
    }

    fn table(&mut self) -> String {
        let columns = 1 + self.below(5);
        let row = |writer: &mut Writer| {
            let cells: Vec<String> = (0..columns).map(|_| writer.words(1, 5)).collect();
            format!("| {} |", cells.join(" | "))
        };
        let head = row(self);
        let rule = format!("|{}", [":-:|", "--:|", "---|"][self.below(3)].repeat(columns));
        let rows: Vec<String> = (0..1 + self.below(6)).map(|_| row(self)).collect();
        format!("{head}\n{rule}\n{}", rows.join("\n"))
    }
}
