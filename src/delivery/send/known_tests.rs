//! How many issues are compared with each other.

use super::*;

/// Issues with a standing subject, ten articles each; `texts` names what an issue has.
fn issues(count: usize, texts: impl Fn(usize, usize) -> String) -> Vec<Features> {
    let first = jiff::civil::date(1990, 1, 1);
    let issue = |at: usize| {
        let days = jiff::Span::new().days(i64::try_from(at).unwrap());
        let headline = Headline {
            number: Some(i64::try_from(at).unwrap()),
            date: Some(first.checked_add(days).unwrap()),
            subject: Some("Our letter".to_owned()),
            ..Headline::default()
        };
        let files = (0..10).map(|article| (format!("{article}.md"), texts(at, article))).collect();
        Features { headline, files, ..Features::default() }
    };
    (0..count).map(issue).collect()
}

/// How many comparisons tell which of them are no copies, and how many of them are none.
fn compared(sent: &[Features]) -> (usize, usize) {
    let now = Features::default();
    let known = KnownIssues::of(sent, &now);
    let numbered: Vec<ComparedIssue<'_>> = sent.iter().map(|one| known.numbered(one)).collect();
    let mut earlier = EarlierIssues::default();
    let different = really_different(&numbered, Figures::Count, &mut earlier).len();
    (earlier.named, different)
}

#[test]
fn issues_with_a_standing_subject_are_not_compared_each_with_each() {
    const COUNT: usize = 1_500;
    // All is new but for an imprint.
    let ordinary = issues(COUNT, |at, article| match article {
        0 => "imprint".to_owned(),
        _ => format!("{at} {article}"),
    });
    assert_eq!(compared(&ordinary), (0, COUNT));
    // A letter that is the same each time; from the fourth on it is a habit.
    let same = issues(COUNT, |_, article| article.to_string());
    assert_eq!(compared(&same).1, COUNT);
    // The same articles in another mixture each time.
    let mixed = issues(COUNT, |at, article| ((at * 7 + article * at) % 100).to_string());
    // All of one day.
    let mut one_day = ordinary.clone();
    for issue in &mut one_day {
        issue.headline.date = Some(jiff::civil::date(1990, 1, 1));
    }
    for sent in [same, mixed, one_day] {
        let (comparisons, _) = compared(&sent);
        assert!(comparisons <= COUNT * COMPARED * 3, "{comparisons}");
    }
}
