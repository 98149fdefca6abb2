//! What is written arrives, or is told: tags and signs of other programs, blocks that stay open, words
//! that Markdown and raw HTML lose, marks of print, and the front matter of other programs.

use serde_json::Value;

use crate::harness::Publication;

const ARTICLE: &str = "issues/2025-11/hangul.md";
const ISSUE: &str = "issues/2025-11/issue.toml";

/// A publication whose only article has this text.
fn with(body: &str) -> Publication {
    headed("title: Hangul", body)
}

fn headed(head: &str, body: &str) -> Publication {
    Publication::with_subscribers().write(ARTICLE, format!("---\n{head}\n---\n\n{body}\n"))
}

/// What `check` says of the article: rule, line and column.
fn told(here: &Publication) -> Vec<String> {
    let output = here.run(&["check", "2025-11", "--format", "json"]);
    let told: Vec<Value> = serde_json::from_str(&output.stdout).expect(&output.stderr);
    told.iter()
        .map(|one| match (one["line"].as_u64(), one["column"].as_u64()) {
            (Some(line), Some(column)) => {
                format!("{} {line}:{column}", one["rule"].as_str().unwrap())
            }
            _ => one["rule"].as_str().unwrap().to_owned(),
        })
        .collect()
}

/// The text part without head and footer.
fn text(here: &Publication, reader: Option<&str>) -> String {
    let mut arguments = vec!["render", "2025-11", "--format", "text"];
    if let Some(reader) = reader {
        arguments.extend(["--as", reader]);
    }
    let output = here.run(&arguments);
    assert_eq!(output.code, 0, "{output:?}");
    let text = output.stdout.split("======\n\n").nth(1).unwrap_or(&output.stdout).to_owned();
    text.split("\n\n---------").next().unwrap().trim_end().to_owned()
}

#[test]
fn a_tag_of_mailchimp_is_told_where_markdown_takes_its_stars() {
    let here = with("Dear *|FNAME|*, the tide is high.\n\nDear *|FNAME:reader|*, come.");
    assert_eq!(told(&here), ["leftover-merge-tag 5:6", "leftover-merge-tag 7:6"]);
}

#[test]
fn tags_of_liquid_and_gitbook_are_told_each() {
    let here = with(
        "{% hint style=\"info\" %}\nThe pier is closed.\n{% endhint %}\n\n\
         News. {% assign timestamp=\"0:40\" %}\n\n{% include linkers/issues.md issues=\"1,2\" %}\n\n\
         {% include snippets/ad.md\nwhen=\"2026-01-01\" %}",
    );
    let rule = "leftover-merge-tag";
    let places = ["5:1", "7:1", "9:7", "11:1", "13:1"];
    assert_eq!(told(&here), places.map(|place| format!("{rule} {place}")));
}

/// Programs that turn HTML into Markdown put a backslash before each bracket.
#[test]
fn a_tag_is_quoted_as_it_is_written() {
    let here = with("Dear \\[name\\], the tide is high.");
    assert_eq!(told(&here), ["leftover-merge-tag 5:6"]);
    let said = here.run(&["check"]).stdout;
    assert!(said.contains("\\[name\\] would be sent as it is"), "{said}");
}

#[test]
fn tags_in_code_in_links_and_in_slots() {
    let here = with(
        "`*|FNAME|*` and ``{% if %}`` and \\{{ name }}.\n\n    *|FNAME|*\n\n\
         ```\n{% if %}\n```\n\n<code>*|A_B|*</code> stays.",
    );
    assert_eq!(told(&here), Vec::<String>::new());
    let here = with("[Here](https://sejong.example/?e=*|EMAIL|*) and \\*|FNAME|\\*.");
    assert!(told(&here).contains(&"leftover-merge-tag 5:34".to_owned()), "{:?}", told(&here));
    for (slot, severity) in [
        ("{{ first_name | upcase }}", "error"),
        ("{{ first_name || reader }}", "error"),
        ("{{ first_name | default: \"you\" }}", "error"),
        ("{{ first_name | \"you\" }}", "warning"),
    ] {
        let output = with(&format!("Dear {slot},")).run(&["check"]);
        assert!(output.stdout.contains(&format!("{severity}[leftover-merge-tag]")), "{output:?}");
    }
}

#[test]
fn a_block_left_open_is_told_at_its_first_line() {
    let here = with("One.\n\n::: callout\nTwo.\n\nThree.");
    assert_eq!(told(&here), ["directive 7:1"]);
    let here = with(":::: callout\n::: note\nInner.\n:::\n::::\n\n::: note\nMore.\n:::");
    assert_eq!(told(&here), Vec::<String>::new());
}

#[test]
fn passages_take_expressions_and_else() {
    let body = "::: only not affiliation=Hanbit\nNot of Hanbit.\n::: else\nOf Hanbit.\n:::\n\n\
                ::: only first_name=Ada\nAda.\n:::\n\n::: else\nNot Ada.\n:::";
    let here = with(body);
    assert_eq!(told(&here), Vec::<String>::new());
    assert_eq!(text(&here, Some("kim@example.org")), "Of Hanbit.\n\nNot Ada.");
    assert_eq!(text(&here, Some("ada@example.org")), "Not of Hanbit.\n\nAda.");
    let here = with("::: only town=Seoul or\nA.\n:::");
    assert_eq!(told(&here), ["directive 5:1"]);
    let here = with("::: else\nA.\n:::");
    assert_eq!(told(&here), ["directive 5:1"]);
    let here = with("::: only tag:pres\nA.\n:::\n\n::: only afiliation=x\nA.\n:::");
    assert_eq!(told(&here), ["only-unknown 5:10", "only-unknown 9:10"]);
}

/// The list of addresses at the end tells nobody where a passage for others leads.
#[test]
fn a_link_of_a_passage_is_for_its_readers() {
    let body = "See [the minutes](https://sejong.example/minutes).\n\n\
                ::: only first_name=Ada\nVote [for the board](https://sejong.example/vote), as [the \
                minutes](https://sejong.example/minutes) say.\n:::\n\n\
                And [the plan](https://sejong.example/plan).";
    let here = with(body);
    let ada = text(&here, Some("ada@example.org"));
    assert!(ada.contains("[2] https://sejong.example/vote"), "{ada}");
    assert_eq!(ada.matches("https://sejong.example/minutes").count(), 1, "{ada}");
    let kim = text(&here, Some("kim@example.org"));
    assert!(!kim.contains("vote") && kim.contains("[3] https://sejong.example/plan"), "{kim}");
}

#[test]
fn a_cell_without_a_column_is_told() {
    let here = with(
        "| Command | What it does | Since |\n|---|---|---|\n\
         | `tide | head` | shows the first lines | March |\n\
         | moor | ties up | April | and this is one cell more |\n| a | b | c |",
    );
    let told = told(&here);
    let cells: Vec<&String> = told.iter().filter(|one| one.starts_with("table-cells")).collect();
    assert_eq!(cells, ["table-cells 7:43", "table-cells 8:28"]);
}

#[test]
fn raw_html_that_an_empty_line_cuts_is_told() {
    let here = with(
        "<table>\n<tr>\n<td>\n\n**Left** words\n\n</td>\n<td>\n\nRight words\n\n\
         </td>\n</tr>\n</table>\n\n<div align=\"center\">\n\nCentred *words*\n\n</div>",
    );
    assert_eq!(told(&here), ["html-cut 5:1", "html-cut 20:1"]);
    let html = here.run(&["render", "2025-11"]).stdout;
    assert!(!html.contains("<table><tr><td></td>"), "{html}");
    let here = with("<table><tr><td>Words</td></tr>\n\nMore.");
    assert!(told(&here).contains(&"html-cut 5:1".to_owned()), "{:?}", told(&here));
    let here = with("<p>One\n\n<ul><li>a<li>b</ul>\n\n<div>\nWhole.\n</div>");
    assert_eq!(told(&here), Vec::<String>::new());
}

#[test]
fn raw_html_keeps_its_form_in_the_text() {
    let here = with(
        "<ol>\n<li>One</li>\n<li>Two</li>\n</ol>\n\n\
         <blockquote>\n<p>Said.</p>\n</blockquote>\n\n<pre>\na\n  b\n</pre>",
    );
    assert_eq!(text(&here, None), "1. One\n2. Two\n\n> Said.\n\n    a\n      b");
    let output = with("A Vec<T> of <o:p>words</o:p>.").run(&["check"]);
    for words in ["left out: <T>", "`Vec<T>`", "came with this text: <o:p>"] {
        assert!(output.stdout.contains(words), "{words}: {}", output.stdout);
    }
    let here = with("See <a href=\"https://sejong.example/\"><img src=\"a.png\"></a> now.");
    assert!(told(&here).contains(&"link-text 5:5".to_owned()), "{:?}", told(&here));
}

#[test]
fn a_paragraph_of_an_empty_slot_is_left_out() {
    let here = with("One.\n\n{{ affiliation | }}\n\nTwo.");
    assert_eq!(told(&here), Vec::<String>::new());
    assert_eq!(text(&here, Some("ada@example.org")), "One.\n\nTwo.");
    assert_eq!(text(&here, Some("kim@example.org")), "One.\n\nHanbit\n\nTwo.");
    let html = here.run(&["render", "2025-11", "--as", "ada@example.org"]).stdout;
    assert!(!html.contains("\"></p>"), "{html}");
}

#[test]
fn options_addresses_and_code_keep_their_marks() {
    let body = "Run git log --oneline --since='1 week', or npm install --save-dev; a --> b.\n\n-- \n\n\
                See [support for --envfile](https://sejong.example/5689).\n\n\
                *Moby*'s `Vec`'s \"end\" -- and **\"한글\"**은 1~2시, 3~4시.";
    let here = with(body);
    let text_of = |here: &Publication| text(here, None).replace('\n', " ");
    let written = text_of(&here);
    for part in ["--oneline --since='1 week'", "--save-dev; a --> b", " -- ", "for --envfile"] {
        assert!(written.contains(part), "{part}: {written}");
    }
    assert!(written.contains("_Moby_’s `Vec`’s “end” – and *“한글”*은 1~2시, 3~4시."), "{written}");
    let plain = here.edit("digest.toml", "[publication]", "[text]\nsmart = false\n\n[publication]");
    assert!(text_of(&plain).contains("_Moby_'s `Vec`'s \"end\" -- and"), "{}", text_of(&plain));
    let issue = with(body).edit(ISSUE, "[[section]]", "[text]\nsmart = false\n\n[[section]]");
    assert!(text_of(&issue).contains("_Moby_'s `Vec`'s"), "{}", text_of(&issue));
}

#[test]
fn quotation_marks_are_those_of_the_language() {
    let body = "\"Wer 'so' fragt\", wie geht's? „Parasite\" und “Oldboy”.\n\n::: {lang=fr}\nL'ami dit \
                \"oui\".\n:::\n\n> \"So\"\n\n::: {lang=en}\n\"Yes\"\n:::\n\n\"Nein\"";
    let german = "„Wer ‚so‘ fragt“, wie geht’s? „Parasite“ und “Oldboy”.\n\nL’ami dit \
                  «\u{a0}oui\u{a0}».\n\n> „So“\n\n“Yes”\n\n„Nein“";
    let issue = with(body).edit(ISSUE, "[[section]]", "language = \"de\"\n\n[[section]]");
    assert_eq!(text(&issue, None), german);
    assert_eq!(told(&issue), Vec::<String>::new());
    let article = headed("title: Hangul\nlang: de\nnote: \"A 'B' \\\"C\\\"\"", body);
    let written = text(&article, None);
    assert!(written.contains(german) && written.contains("A ‚B‘ „C“"), "{written}");
    let words = "intro = \"\"\"\nIt is \"so\".\n\"\"\"\n\n[[section]]";
    let around = article.edit(ISSUE, "[[section]]", words);
    assert!(text(&around, None).contains("It is “so”."), "{}", text(&around, None));
    let swiss = "[publication]\nlanguage = \"de-CH\"";
    let publication = with(body).edit("digest.toml", "[publication]", swiss);
    let written = text(&publication, None);
    assert!(written.contains("«Wer ‹so› fragt», wie geht’s?"), "{written}");
    assert!(text(&with(body), None).contains("“Wer ‘so’ fragt”, wie geht’s?"));
}

#[test]
fn backquotes_that_were_to_be_apostrophes_are_told() {
    let here = with("Na, wie geht`s dir? Mir geht`s gut.");
    assert_eq!(told(&here), ["leftover-markdown 5:13"]);
    let here = with("Run `git log` and the `Vec`s of it.");
    assert_eq!(told(&here), Vec::<String>::new());
}

#[test]
fn dates_with_a_time_are_dates() {
    for date in [
        "2025-11-05 10:20:30 +0900",
        "2025-11-05 10:20:30",
        "2025-11-05T10:20:30Z",
        "2025-11-05 10:20:30 -5",
        "2025-11-05",
    ] {
        let here = headed(&format!("title: One\ndate: {date}"), "The tide is high.");
        assert_eq!(told(&here), Vec::<String>::new(), "{date}");
    }
    // Only the day counts, as it is written.
    let late = headed("title: One\ndate: 2026-11-07T00:10:00+09:00", "The tide is high.");
    assert_eq!(told(&late), ["article-date 3:7"]);
}

#[test]
fn a_title_without_words_is_missing() {
    let here = headed("title: \"\"", "# First heading\n\nThe tide is high.");
    assert_eq!(told(&here), Vec::<String>::new());
    assert!(here.run(&["render", "2025-11"]).stdout.contains(">First heading</h"));
    for head in ["title: \"   \"", "title: ''"] {
        let here = headed(head, "The tide is high.");
        assert_eq!(told(&here), ["missing-key 2:8"], "{head}");
    }
}

#[test]
fn keys_of_other_programs_are_one_note() {
    let head = "title: Hangul\nlayout: post\npermalink: /a/\ncategories: [a]\nlang: ko\n\
                description: In short.";
    let here = headed(head, "The tide is high.");
    assert_eq!(told(&here), ["key-foreign 3:1"]);
    let here = here.edit(
        "digest.toml",
        "[publication]",
        "[articles]\nignore_keys = [\"layout\", \"permalink\", \"categories\"]\n\n[publication]",
    );
    assert_eq!(told(&here), Vec::<String>::new());
    for (key, expected) in [
        ("draft: true", &["article-draft 3:1"][..]),
        ("published: false", &["article-draft 3:1"]),
        ("draft: false", &[]),
        ("layuot: post", &["unknown-key 3:1"]),
    ] {
        let here = headed(&format!("title: A\n{key}"), "The tide is high.");
        assert_eq!(told(&here), expected, "{key}");
    }
}

#[test]
fn a_slip_in_the_head_is_one_error_at_its_place() {
    for (head, place) in [
        ("title: Seoul: a guide", "2:13"),
        ("title: \"Seoul\nauthor: Kim", "2:8"),
        ("title: a\n\tauthor: Kim", "3:1"),
        ("title:Seoul", "2:6"),
        ("title: a\ntitle: b", "3:1"),
    ] {
        let here = headed(head, "The tide is high.");
        assert_eq!(told(&here), [format!("yaml-syntax {place}")], "{head}");
    }
    for (from, to, place) in [
        ("title = \"October\"", "title = “October”", "2:9"),
        ("title = \"October\"", "title = \"October", "2:9"),
        ("title = \"October\"", "title = October", "2:9"),
        ("title = \"October\"", "title: \"October\"", "2:1"),
        ("articles = [\"hangul\"]", "articles = [\"hangul\" \"more\"]", "9:21"),
    ] {
        let here = with("The tide is high.").edit(ISSUE, from, to);
        assert_eq!(told(&here), [format!("toml-syntax {place}")], "{to}");
    }
}

#[test]
fn a_key_below_a_section_is_told_and_read() {
    let issue = "title = \"October\"\nsubject = \"Letters from October\"\npreheader = \"A preheader \
                 that is long enough to fill its line.\"\n\n[[section]]\narticles = [\"hangul\"]\n\
                 date = 2025-11-06\n";
    let here = with("The tide is high.").write(ISSUE, issue);
    assert_eq!(told(&here), ["unknown-key 7:1"]);
}

#[test]
fn files_that_nobody_reads_are_told() {
    let here = with("The tide is high.")
        .write("issues/2025-11/a.markdown", "# A\n")
        .write("issues/2025-11/b.MD", "# B\n")
        .write("issues/2025-11/c/index.md", "# C\n")
        .write("issues/2025-11/d.txt", "D\n");
    assert_eq!(told(&here), ["article-unused"; 3]);
}

#[test]
fn untouched_words_stop_a_send_and_not_a_rehearsal() {
    let here = with("Write here.");
    let output = here.run(&["check"]);
    assert!(output.stdout.contains("warning[leftover-template]"), "{}", output.stdout);
    assert!(output.stdout.contains("as long as it stands here, `send` stops"), "{}", output.stdout);
    let list = ["send", "2025-11", "--yes", "--subscribers", "subscribers.csv"];
    let send = |more: &[&str]| here.run(&[&list[..], more].concat());
    assert_eq!(send(&["--catch", "out"]).code, 0);
    let refused = send(&[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("error[leftover-template]"), "{}", refused.stderr);
    let here = Publication::nothing();
    assert_eq!(here.run(&["init"]).code, 0);
    let output = here.run(&["doctor", "--offline"]);
    assert!(output.stdout.contains("postal_address is only an example"), "{}", output.stdout);
}

#[test]
fn the_footer_is_plain_text_and_says_so() {
    for (footer, rule) in [
        ("Dear {{ first_name }}", Some("slot-literal")),
        ("[Us](https://sejong.example/)", Some("leftover-markdown")),
        ("You get **this**", Some("leftover-markdown")),
        ("You subscribed at https://sejong.example/ (2 * 3 * 4).", None),
    ] {
        let toml = format!("[theme]\nfooter = \"{footer}\"\n\n[publication]");
        let here = with("The tide is high.").edit("digest.toml", "[publication]", &toml);
        let told = told(&here);
        match rule {
            Some(rule) => {
                assert!(told.iter().any(|one| one.starts_with(rule)), "{footer}: {told:?}")
            }
            None => assert_eq!(told, Vec::<String>::new(), "{footer}"),
        }
    }
}

#[test]
fn an_issue_like_another_has_its_sections() {
    let intro = "intro = \"\"\"\nDear reader,\n\nautumn is here.\n\"\"\"\ndate";
    let here = Publication::with_subscribers().edit("issues/2025-11/issue.toml", "date", intro);
    let output = here.run(&["new", "2025-12", "--like", "2025-11"]);
    assert_eq!(output.code, 0, "{output:?}");
    let text = here.read("issues/2025-12/issue.toml");
    assert!(text.contains("number = 2") && text.contains("articles = []"), "{text}");
    assert!(text.contains("[[section]]") && !text.contains("hangul"), "{text}");
    // Nobody is greeted twice with the same words.
    for old in ["autumn", "Dear reader", "long enough", "October", "Hello"] {
        assert!(!text.contains(old), "{old}: {text}");
    }
    assert!(text.contains("\n# preheader = \"…\"\n"), "{text}");
    assert!(text.contains("# intro = \"\"\"\n# …\n# \"\"\"\ndate = "), "{text}");
    assert_eq!(here.run(&["new", "2026-01", "--like", "2025-10"]).code, 2);
}
