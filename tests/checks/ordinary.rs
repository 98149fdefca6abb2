//! Issues as societies, link digests, projects and Korean letters write them: what is said of them is
//! what an editor would thank for, and nothing else. Of each kind of slip it is known how many were
//! written.

use std::collections::BTreeMap;

use crate::harness::Publication;
use crate::sent::Sent;

const ISSUES: usize = 40;
const ARTICLES: usize = 20;
/// Problems of an ordinary issue, at the median.
const MEDIAN: usize = 3;

/// A source of choices that are the same in each run (Knuth's MMIX).
struct Choices(u64);

impl Choices {
    fn below(&mut self, many: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % many
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

const SOCIETY: [&str; 12] = [
    "The spring walk starts at the old pier at 9:30 on Saturday, rain or shine. Wear boots: the path \
     by the mill is wet until May. [Sign up for the walk]({url}) by Thursday.",
    "> \"We came for the boats and stayed for the people.\"\n>\n> — Ann Lee, Quay Street\n\nSo ends the \
     report of our members' survey, which 212 of 430 returned.",
    "| Day | Meeting | Room |\n|---|---|---:|\n| Mon 3 | Choir | 12 |\n| Thu 6 | Committee | 4 |\n\nAll \
     rooms are on the first floor.",
    "## What we decided\n\n1. The fee stays at £30.\n2. The roof is mended in June.\n3. Minutes go \
     online.\n\n## Who was there\n\nThirty-one members, and the cat.",
    "- Treasurer's report: [PDF]({url}/treasurer.pdf)\n- Secretary's report: [PDF]({url}/secretary.pdf)\n\
     - Programme: [PDF]({url}/programme.pdf)",
    "The talk on Hangul (한글, 훈민정음) drew a full house; Dr. Kim Min-ji showed how 28 letters were \
     made. She answers letters at <minji@letters.harbour.kr>.",
    "Dear {{ first_name | friend }},\n\nthank you for another year. The editors' desk[^1] is open on \
     Tuesdays.\n\n[^1]: Second door on the left.",
    "Our archive has a new home. See {url}/archive/of/the/harbour/society/volumes/1921-1938?page=12 for \
     the first scans, or ask at the desk.",
    "**Wanted:** somebody with a van, two afternoons a month. *No* heavy lifting. Ring 020 7946 0018 \
     or write to [the secretary](mailto:secretary@harbour.kr).",
    "::: note\nThe library is closed on 6 and 7 May.\n:::\n\nBooks can be left in the box by the door; \
     it's emptied daily.",
    "In Kyoto she met the poet 与謝野晶子の孫, who reads every Thursday — \"as long as there's \
     tea\".",
    "The angle α is 30°, the price 12 €/m², and the old measure ½ fathom. See also §4 of the rules & \
     the note on p. 12.",
];

const LINKS: [&str; 6] = [
    "- [A field guide to tide tables]({url}/1) (12 min)\n- [Why harbours silt]({url}/2) \u{b7} paper\n- \
     [Boats, drawn slowly]({url}/3)",
    "### [The lock keeper's diary]({url}/diary)\n\nA hundred days of weather. Via \
     [Quay Weekly]({url}/via).",
    "**[Maps of sound]({url}/sound)** — how ports were heard before radio. 🎧",
    "1. [Slides]({url}/slides-1) and [video]({url}/video-1) of the first talk\n2. \
     [Slides]({url}/slides-2) and [video]({url}/video-2) of the second",
    "| Paper | Link |\n|---|---|\n| Silt | [PDF]({url}/silt) |\n| Locks | [PDF]({url}/locks) |",
    "[Read the column][col] and [its answer][answer].\n\n[col]: {url}/column\n[answer]: {url}/answer",
];

const RELEASES: [&str; 6] = [
    "## `tide check`\n\n`tide check --all` reads `harbour.toml` and exits with 3 if a boat is lost.\n\n\
     ```sh\ncargo install tide --locked\ntide check --all\n```",
    "- [core][api] Boats keep their order (#412)\n- [docs][ko] The guide in Korean\n- Drop `Vec` where a \
     slice does",
    "### Changed\n\n- `--pace` takes `50/second`.\n- The default of `limit` is 4.\n\n### Fixed\n\n- A \
     crash on an empty list.",
    "| Run | Before | After |\n|---|---:|---:|\n| 1,000 | 1.2 s | 0.4 s |\n| 10,000 | 12 s | 3.9 s |",
    "Arrays such as `a[i][j]` are read in rows. `{{ x }}` in code stays as it is, as do `*|FNAME|*` and \
     `<none>`.",
    "See [the full list of changes]({url}/releases/2026/11/0.4.0/changes-since-0.3.9-with-all-details).",
];

const KOREAN: [&str; 6] = [
    "안녕하세요, {{ first_name | 독자 }} 님. 이번 달에는 **한글날** 행사가 열립니다. \
     [행사 신청하기]({url}/apply)에서 신청해 주세요.",
    "## 알림\n\n- 도서관은 5월 6일에 쉽니다.\n- 회비는 그대로 3만 원입니다.\n\n문의: 02-123-4567",
    "> 바다는 늘 거기에 있다.\n>\n> — 김민지\n\n지난달 가장 많이 읽힌 문장입니다.",
    "| 요일 | 모임 | 장소 |\n|---|---|---|\n| 월 | 합창 | 12호 |\n| 목 | 운영위원회 | 4호 |",
    "훈민정음(訓民正音)은 1446년에 반포되었습니다. 자세한 내용은 \
     [국립한글박물관의 전시 안내]({url}/exhibit)를 보세요.",
    "1. [발표 자료]({url}/1): 첫째 날\n2. [발표 자료]({url}/2): 둘째 날",
];

/// Slips, each of which is told once in an issue however often it was made.
const SLIPS: [(&str, &str); 5] = [
    ("link-vague", "More on the tide is [here]({url}/tide)."),
    (
        "link-insecure",
        "Our [old site](http://old.harbour.kr/a) and its [map](http://old.harbour.kr/b).",
    ),
    (
        "link-tracking",
        "- [One]({url}/1?utm_source=n&utm_medium=mail)\n- [Two]({url}/2?utm_source=n)\n- [Three]({url}/3?utm_campaign=x)",
    ),
    ("leftover-words", "TODO: ask Ann for the third paragraph."),
    (
        "text-width",
        "```\nrsync --archive --compress --delete --human-readable harbour/ mirror@files.harbour.kr:/srv/\n```",
    ),
];

/// The files of an issue, and the rules that it breaks.
fn issue(seed: usize) -> (Vec<(String, String)>, Vec<&'static str>) {
    let mut choices = Choices(seed as u64 + 11);
    let (manner, language): (&[&str], _) = match seed % 4 {
        0 => (&SOCIETY, "en"),
        1 => (&LINKS, "en"),
        2 => (&RELEASES, "en"),
        _ => (&KOREAN, "ko"),
    };
    let mut broken = Vec::new();
    let mut files = Vec::new();
    let mut names = Vec::new();
    for number in 0..ARTICLES {
        let url = format!("https://www.harbour.kr/{seed}/{number}");
        let mut text = choices.of(manner).to_owned();
        // One article in ten has a slip.
        let (rule, slip) = SLIPS[choices.below(SLIPS.len())];
        if choices.below(10) == 0 && !broken.contains(&rule) {
            broken.push(rule);
            text = format!("{text}\n\n{slip}");
        }
        let title = match language {
            "ko" => format!("{}번째 소식", number + 1),
            _ => format!(
                "{} {number}",
                choices.of(&["From the desk", "Quay notes", "Tide and time"])
            ),
        };
        let text = text.replace("{url}", &url);
        files.push((format!("a{number}.md"), format!("---\ntitle: {title}\n---\n\n{text}\n")));
        names.push(format!("\"a{number}\""));
    }
    let (title, preheader) = match language {
        "ko" => ("항구 소식", "이번 달 항구에서 있었던 일과 다음 달에 열릴 행사를 전합니다."),
        _ => ("Harbour news", "What the harbour did this month, and what it is going to do next."),
    };
    let manifest = format!(
        "number = {}\ntitle = \"{title}\"\nsubject = \"{title} {seed}\"\npreheader = \"{preheader}\"\n\
         date = 2025-11-06\nlanguage = \"{language}\"\n\n[[section]]\narticles = [{}]\n",
        seed + 1,
        names.join(", ")
    );
    files.push(("issue.toml".to_owned(), manifest));
    (files, broken)
}

#[test]
fn of_forty_ordinary_issues_only_what_an_editor_would_thank_for_is_said() {
    let mut here = Publication::new();
    let mut wrong = Vec::new();
    let mut counts = Vec::new();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..ISSUES {
        let (files, broken) = issue(seed);
        let name = format!("ordinary-{seed:02}");
        for (file, text) in files {
            here = here.write(&format!("issues/{name}/{file}"), text);
        }
        let sent = Sent::read(&here.path(""), &name);
        let problems: Vec<_> = sent.problems.iter().cloned().chain(sent.check()).collect();
        counts.push(problems.len());
        let mut expected = broken;
        for problem in &problems {
            *rules.entry(problem.rule).or_default() += 1;
            match expected.iter().position(|rule| *rule == problem.rule) {
                Some(at) => drop(expected.remove(at)),
                None => wrong.push(format!(
                    "{name}: {} {:?} {}",
                    problem.rule,
                    problem.place.as_ref().map(ToString::to_string),
                    problem.message
                )),
            }
        }
        wrong.extend(expected.iter().map(|rule| format!("{name}: no {rule}")));
    }
    println!("problems by rule: {rules:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    counts.sort_unstable();
    assert!(counts[ISSUES / 2] <= MEDIAN, "{counts:?}");
    assert!(rules.len() >= SLIPS.len(), "{rules:?}");
}
