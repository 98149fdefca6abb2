//! What the issues that somebody has have in common with one that is to be sent: which articles are
//! the same, or the same but for a few words, and what stands in several issues.
//!
//! Exists because a standing article tells no issue from another one, and only all issues together
//! show which these are. Each article is looked up once among all of them. Must never say whether two
//! issues are one: [`super::renamed`] does.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::civil::Date;

use crate::delivery::sketch::{Sketch, SketchIndex, WordPairs};
use crate::issue::load::Headline;

/// Issues with the same number are two where their dates lie this far apart: many publications count
/// anew each year.
const HALF_A_YEAR_DAYS: i64 = 183;

/// Articles with fewer words together may be alike by chance.
pub(super) const TELLING_WORDS: usize = 60;

/// So many issues with the same articles and subject, each with a day and a number of its own, are a
/// letter that is sent again and again: a person has said so each time but the first.
const HABIT: usize = 4;

/// Of an issue in which so many hundredths of the words were sent before, nearly nothing is new.
const NEARLY_ALL: usize = 90;

/// So many earlier issues of each kind are compared with one, the last of them: a copy that is made
/// again and again is like the last one.
const COMPARED: usize = 16;

/// What is compared of an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) headline: Headline,
    pub(super) files: BTreeMap<String, String>,
    /// What each article says, as far as that is known.
    pub(super) sketches: BTreeMap<String, Sketch>,
    /// People still wait for it.
    pub(super) is_unfinished: bool,
    /// The issues of which a person has said, for everybody, that this one is another.
    pub(super) another_than: BTreeSet<String>,
    /// Those of which that was said for a part of the list alone, or nobody was asked yet.
    pub(super) another_for_some: BTreeSet<String>,
}

/// An issue with its articles as [`KnownIssues`] numbers them.
#[derive(Clone, Debug)]
pub(super) struct ComparedIssue<'a> {
    pub(super) features: &'a Features,
    articles: Vec<ComparedArticle<'a>>,
    /// In order; the texts with what is known of them.
    files: Vec<usize>,
    texts: Vec<(usize, Option<&'a Sketch>)>,
}

#[derive(Clone, Copy, Debug)]
struct ComparedArticle<'a> {
    /// The number of its file: the same file has the same, whatever its name.
    file: usize,
    /// The number of its text: those that are the same but for a few words have the same.
    text: usize,
    sketch: Option<&'a Sketch>,
}

/// How much of an issue's articles is from another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SharedArticles {
    /// All that count.
    pub(super) all: usize,
    /// Those that are the same files.
    pub(super) same: usize,
    /// Those that are the same, but for a few words. Where figures count, and number and day of the
    /// issue are its own, other figures make an article another one: somebody has brought it up to date.
    pub(super) alike: usize,
    /// The words of each of the three.
    words: [usize; 3],
}

/// Whether an article is another one where most of its numbers are others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figures {
    /// It is, in an issue with a number and a day of its own.
    Count,
    /// It is where one of them is another one, in such an issue.
    CountEach,
    /// They may be the days of a letter that was put off.
    Ignored,
}

/// How much of the words of an issue has to be from another one, in hundredths of the pairs of words in
/// a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LeastStayed {
    pub(super) percent: usize,
    /// An issue with fewer own words may be alike by chance.
    pub(super) words: usize,
}

/// What of an issue counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CountedText {
    /// What does not stand in several issues.
    Own,
    All,
}

/// How much of an issue's own text is from another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeptText {
    /// Its own articles, and those of which enough is.
    pub(super) articles: usize,
    pub(super) kept: usize,
    /// The words of all, and how many hundredths of them.
    pub(super) words: usize,
    pub(super) percent: usize,
    /// The same of those articles that are not alike: more than a few words are new in them.
    pub(super) edited_percent: usize,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct KnownIssues<'a> {
    texts: Arc<Texts<'a>>,
    /// The issue that was sent last.
    last: Option<&'a Features>,
    /// How many issues there are that are no copies.
    different: usize,
    /// What several issues have: it tells none from another.
    standing: BTreeSet<usize>,
    subjects: BTreeSet<&'a str>,
    numbers: BTreeSet<i64>,
    /// Of the pairs of words of the issue that is to be sent, those that several issues have: a greeting,
    /// an address.
    pairs: HashSet<u32>,
    /// The same for the question whether an issue is a copy of one whose folder is there; see
    /// [`KnownIssues::of_copies`].
    of_copies: Option<Box<KnownIssues<'a>>>,
}

impl<'a> KnownIssues<'a> {
    /// Of the issues that somebody has, the oldest one first, and the one that is to be sent.
    pub(super) fn of(sent: &'a [Features], now: &'a Features) -> KnownIssues<'a> {
        let mut texts = Texts::default();
        sent.iter().chain([now]).for_each(|features| texts.add(features));
        let texts = Arc::new(texts);
        let of_copies = KnownIssues::by(&texts, (sent, now), Figures::CountEach);
        let known = KnownIssues::by(&texts, (sent, now), Figures::Count);
        KnownIssues { of_copies: Some(Box::new(of_copies)), ..known }
    }

    /// The same where a notice with another day, sent with a number or a day of its own, is no copy of
    /// the one before: of the next one nobody is asked, as long as the old folders are there.
    pub(super) fn of_copies(&self) -> &KnownIssues<'a> {
        self.of_copies.as_deref().unwrap_or(self)
    }

    fn by(
        texts: &Arc<Texts<'a>>,
        (sent, now): (&'a [Features], &'a Features),
        figures: Figures,
    ) -> KnownIssues<'a> {
        let (texts, last) = (Arc::clone(texts), sent.last());
        let mut known = KnownIssues { texts, last, ..KnownIssues::default() };
        let sent: Vec<ComparedIssue<'_>> =
            sent.iter().map(|features| known.numbered(features)).collect();
        let mut pairs: HashMap<u32, bool> = pairs_of(now).map(|hash| (hash, false)).collect();
        let (mut texts, mut subjects, mut numbers) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        // The texts that one issue had one after the other are one issue: what they share is its own.
        let mut by_name: BTreeMap<&str, Vec<ComparedIssue<'_>>> = BTreeMap::new();
        let mut issues = Vec::new();
        for issue in really_different(&sent, figures, &mut EarlierIssues::default()) {
            match issue.features.headline.name.as_str() {
                "" => issues.push(vec![issue]),
                name => by_name.entry(name).or_default().push(issue),
            }
        }
        for issue in issues.into_iter().chain(by_name.into_values()) {
            known.different += 1;
            let headlines = || issue.iter().map(|text| &text.features.headline);
            let of_issue = issue.iter().flat_map(|text| &text.texts).map(|(text, _)| *text);
            let of_issue: BTreeSet<usize> = of_issue.collect();
            of_issue.into_iter().for_each(|text| twice(&mut texts, &mut known.standing, text));
            let called: BTreeSet<&str> =
                headlines().filter_map(|it| it.subject.as_deref()).collect();
            called.into_iter().for_each(|it| twice(&mut subjects, &mut known.subjects, it));
            let numbered: BTreeSet<i64> = headlines().filter_map(|it| it.number).collect();
            numbered.into_iter().for_each(|it| twice(&mut numbers, &mut known.numbers, it));
            let of_issue = issue.iter().flat_map(|text| pairs_of(text.features));
            let of_issue: HashSet<u32> = of_issue.filter(|hash| pairs.contains_key(hash)).collect();
            for hash in of_issue {
                if pairs.insert(hash, true) == Some(true) {
                    known.pairs.insert(hash);
                }
            }
        }
        known
    }

    /// An issue to be compared.
    pub(super) fn numbered<'b>(&self, features: &'b Features) -> ComparedIssue<'b> {
        let mut fresh = self.texts.by_hash.len();
        let articles = features.articles().map(|(name, hash)| {
            let sketch = features.sketches.get(name);
            let file = self.texts.by_hash.get(hash.as_str()).copied().unwrap_or_else(|| {
                // Nobody else has it.
                fresh += 1;
                fresh
            });
            ComparedArticle { file, text: self.texts.root(file), sketch }
        });
        let articles: Vec<ComparedArticle<'_>> = articles.collect();
        let mut files: Vec<usize> = articles.iter().map(|article| article.file).collect();
        files.sort_unstable();
        let mut texts: Vec<(usize, Option<&Sketch>)> =
            articles.iter().map(|article| (article.text, article.sketch)).collect();
        texts.sort_by_key(|(text, _)| *text);
        ComparedIssue { features, articles, files, texts }
    }

    /// Of the articles of `now` that do not stand in several issues.
    pub(super) fn own(
        &self,
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
        figures: Figures,
    ) -> SharedArticles {
        SharedArticles::of(now, then, figures, |text| !self.standing.contains(&text))
    }

    /// How much of the words of `now`, the issue that is to be sent, is from another one, in hundredths,
    /// where that is enough: of all its words, and in most of its articles or in those that are not
    /// alike. Neither what stands in
    /// several issues counts, nor what was brought up to date.
    pub(super) fn stayed(
        &self,
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
        least: LeastStayed,
    ) -> Option<usize> {
        let text = self.kept_text(now, then, least.percent)?;
        // A long imprint stays too, beside a letter that is new.
        let is_spread = text.kept * 2 > text.articles || text.edited_percent >= least.percent;
        let is_enough = text.percent >= least.percent && text.words >= least.words;
        (is_spread && is_enough).then_some(text.percent)
    }

    /// The same, however little it is; an article is kept of which `least` hundredths are.
    pub(super) fn kept_text(
        &self,
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
        least: usize,
    ) -> Option<KeptText> {
        self.kept_of((now, then), least, CountedText::Own)
    }

    /// How much of all that `now` has is from another one, in hundredths of its words, where nearly
    /// nothing is new: what stands in several issues counts too, and only what was brought up to date
    /// does not.
    pub(super) fn nearly_all(
        &self,
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
    ) -> Option<usize> {
        let text = self.kept_of((now, then), 1, CountedText::All)?;
        (text.percent >= NEARLY_ALL && text.words >= TELLING_WORDS).then_some(text.percent)
    }

    fn kept_of(
        &self,
        (now, then): (&ComparedIssue<'_>, &ComparedIssue<'_>),
        least: usize,
        counted: CountedText,
    ) -> Option<KeptText> {
        let all = counted == CountedText::All;
        let is_own = |article: &&ComparedArticle<'_>| all || !self.standing.contains(&article.text);
        let there: Vec<&Sketch> =
            then.articles.iter().filter(is_own).filter_map(|article| article.sketch).collect();
        let pairs = WordPairs::of(there.iter().copied())?;
        let is_apart = is_apart(&now.features.headline, &then.features.headline);
        let (mut text, mut stayed) = (KeptText::default(), 0);
        let (mut edited, mut stayed_of_edited) = (0, 0);
        for article in now.articles.iter().filter(is_own) {
            let Some(sketch) = article.sketch else { continue };
            let (among, of) = pairs.among(sketch, |hash| all || !self.pairs.contains(&hash));
            let is_same = then.files.binary_search(&article.file).is_ok();
            let percent = if is_same { 100 } else { among * 100 / of.max(1) };
            let is_other = || !is_same && is_apart && is_brought_up_to_date(sketch, &there);
            let percent = if percent >= least && is_other() { 0 } else { percent };
            text.articles += 1;
            text.kept += usize::from(percent >= least);
            text.words += sketch.words();
            stayed += sketch.words() * percent;
            if !is_same && !then.has_alike(article, Figures::Ignored) {
                edited += sketch.words();
                stayed_of_edited += sketch.words() * percent;
            }
        }
        text.percent = stayed / text.words.max(1);
        text.edited_percent = stayed_of_edited / edited.max(1);
        Some(text)
    }

    /// Whether it is the one that was sent last.
    pub(super) fn is_last(&self, then: &ComparedIssue<'_>) -> bool {
        self.last.is_some_and(|last| std::ptr::eq(last, then.features))
    }

    /// Whether there are several issues that are no copies: then it shows whether a subject stands.
    pub(super) fn are_several(&self) -> bool {
        self.different > 1
    }

    /// The subject that both have, and no other issue.
    pub(super) fn same_subject<'b>(
        &self,
        now: &ComparedIssue<'b>,
        then: &ComparedIssue<'_>,
    ) -> Option<&'b String> {
        let subject = same_subject(&now.features.headline, &then.features.headline);
        subject.filter(|subject| !self.subjects.contains(subject.as_str()))
    }

    /// The number that both have at about the same time, and no other issue.
    pub(super) fn same_number(
        &self,
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
    ) -> Option<i64> {
        let number = same_number(&now.features.headline, &then.features.headline);
        number.filter(|number| !self.numbers.contains(number))
    }
}

/// The hashes of two words in a row of all articles; one may be named twice.
fn pairs_of(features: &Features) -> impl Iterator<Item = u32> {
    features.sketches.values().filter_map(Sketch::pairs).flatten().copied()
}

/// Whether a text has other days and sums than the one of these that it has most in common with.
fn is_brought_up_to_date(text: &Sketch, there: &[&Sketch]) -> bool {
    let in_common = |other: &&&Sketch| {
        let pairs = WordPairs::of([**other].into_iter()).unwrap_or_default();
        pairs.among(text, |_| true).0
    };
    let nearest = there.iter().max_by_key(in_common);
    nearest.is_some_and(|other| text.is_up_to_date_of(other))
}

/// Notes what was seen, and what was seen before.
fn twice<T: Copy + Ord>(once: &mut BTreeSet<T>, usual: &mut BTreeSet<T>, seen: T) {
    if !once.insert(seen) {
        usual.insert(seen);
    }
}

/// Those that are no copies of an earlier one: what a copy has too does not stand in several issues.
fn really_different<'a>(
    sent: &[ComparedIssue<'a>],
    figures: Figures,
    earlier: &mut EarlierIssues<'a>,
) -> Vec<ComparedIssue<'a>> {
    let mut first_of: Vec<usize> = Vec::new();
    // The issues of each text that are sent for a day of their own.
    let mut again: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, issue) in sent.iter().enumerate() {
        let mut candidates = earlier.candidates(issue).into_iter();
        let mut is_from =
            |from: &usize| sent.get(*from).is_some_and(|it| is_copy(issue, it, figures));
        let copied = candidates.find(&mut is_from);
        let first = copied.and_then(|from| first_of.get(from).copied()).unwrap_or(at);
        first_of.push(first);
        earlier.add(issue, at);
        let days = again.entry(first).or_default();
        let headline = &issue.features.headline;
        let mut others = days.iter().rev().take(COMPARED).filter_map(|other| sent.get(*other));
        if others.all(|other| is_apart(headline, &other.features.headline)) {
            days.push(at);
        }
    }
    let habits = again.into_values().filter(|days| days.len() >= HABIT).flatten();
    let habits: BTreeSet<usize> = habits.collect();
    let counts = |at: usize| first_of.get(at) == Some(&at) || habits.contains(&at);
    sent.iter().enumerate().filter(|(at, _)| counts(*at)).map(|(_, one)| one.clone()).collect()
}

/// Earlier issues by what a copy has in common with them, so that a publication with a standing
/// subject is not compared issue by issue.
#[derive(Debug, Default)]
struct EarlierIssues<'a> {
    by_text: HashMap<usize, VecDeque<usize>>,
    by_day: HashMap<(&'a str, Date), VecDeque<usize>>,
    by_number: HashMap<(&'a str, i64), VecDeque<usize>>,
    by_name: HashMap<&'a str, VecDeque<usize>>,
    /// How many were named in all.
    named: usize,
}

impl<'a> EarlierIssues<'a> {
    /// Those that it may be a copy of, in order. Where nothing of it is new, they have each of its
    /// texts, so one text is enough to find them: the one that the fewest have. Where a part is new,
    /// they have its subject with the day or the number, or a person was asked about them.
    fn candidates(&mut self, issue: &ComparedIssue<'a>) -> Vec<usize> {
        let of_text = |(text, _): &(usize, _)| self.by_text.get(text);
        let texts: Option<Vec<_>> = issue.texts.iter().map(of_text).collect();
        let rarest = texts.and_then(|texts| texts.into_iter().min_by_key(|issues| issues.len()));
        let Headline { number, date, subject, .. } = &issue.features.headline;
        let subject = subject.as_deref().unwrap_or_default();
        let by_day = date.and_then(|date| self.by_day.get(&(subject, date)));
        let by_number = number.and_then(|number| self.by_number.get(&(subject, number)));
        let names = &issue.features.another_for_some;
        let by_name = names.iter().filter_map(|name| self.by_name.get(name.as_str()));
        let found = [rarest, by_day, by_number].into_iter().flatten().chain(by_name);
        let all: BTreeSet<usize> = found.flatten().copied().collect();
        self.named += all.len();
        all.into_iter().collect()
    }

    fn add(&mut self, issue: &ComparedIssue<'a>, at: usize) {
        let Headline { number, date, subject, .. } = &issue.features.headline;
        let subject = subject.as_deref().unwrap_or_default();
        note_last(self.by_name.entry(&issue.features.headline.name).or_default(), at);
        for (text, _) in &issue.texts {
            note_last(self.by_text.entry(*text).or_default(), at);
        }
        if let Some(date) = date {
            note_last(self.by_day.entry((subject, *date)).or_default(), at);
        }
        if let Some(number) = number {
            note_last(self.by_number.entry((subject, *number)).or_default(), at);
        }
    }
}

/// Of many issues only the last ones are remembered.
fn note_last(issues: &mut VecDeque<usize>, at: usize) {
    if issues.back() == Some(&at) {
        return;
    }
    if issues.len() == COMPARED {
        issues.pop_front();
    }
    issues.push_back(at);
}

/// Whether a sent issue is a copy of an earlier one, although a person has said that it is to be sent:
/// it has nothing new in it, and not a number, a day and a subject of its own, or nobody has said for
/// everybody that it is another one: it went to other people, or to one of them. Where an article is
/// new, the number or the day says so: standing articles and a standing subject do not. One that looked
/// like an earlier one, which a person has let go for a part of the list alone, is one for all others.
fn is_copy(issue: &ComparedIssue<'_>, earlier: &ComparedIssue<'_>, figures: Figures) -> bool {
    let (now, then) = (&issue.features.headline, &earlier.features.headline);
    if issue.features.another_for_some.contains(&then.name) {
        return true;
    }
    let same_mark = has_same_mark(now, then);
    let same_subject = same_subject(now, then).is_some();
    let is_said = issue.features.another_than.contains(&then.name);
    if is_said && !same_mark && !same_subject {
        return false;
    }
    let shared = SharedArticles::of_all(issue, earlier, figures);
    shared.is_nothing_new() || same_mark && same_subject && shared.is_mostly_alike()
}

impl Features {
    /// The names of the articles, and the hash of each.
    fn articles(&self) -> impl Iterator<Item = (&String, &String)> {
        self.files.iter().filter(|(name, _)| name.ends_with(".md"))
    }
}

impl ComparedIssue<'_> {
    /// Whether it has the same text, but for a few words; where figures count, with most of them.
    fn has_alike(&self, article: &ComparedArticle<'_>, figures: Figures) -> bool {
        let from = self.texts.partition_point(|(text, _)| *text < article.text);
        let texts = self.texts.iter().skip(from).take_while(|(text, _)| *text == article.text);
        let is_other = |there: &Option<&Sketch>| {
            let both = article.sketch.zip(*there);
            both.is_some_and(|(here, there)| match figures {
                Figures::Count => here.has_other_figures(there),
                Figures::CountEach => here.has_another_figure(there),
                Figures::Ignored => false,
            })
        };
        let mut there = texts.map(|(_, there)| there);
        there.any(|there| !is_other(there))
    }
}

impl SharedArticles {
    /// Of those articles of `now` that count.
    fn of(
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
        figures: Figures,
        counts: impl Fn(usize) -> bool,
    ) -> SharedArticles {
        let is_apart = is_apart(&now.features.headline, &then.features.headline);
        let figures = if is_apart { figures } else { Figures::Ignored };
        let mut shared = SharedArticles::default();
        for article in now.articles.iter().filter(|article| counts(article.text)) {
            let is_same = then.files.binary_search(&article.file).is_ok();
            let is_alike = is_same || then.has_alike(article, figures);
            shared.all += 1;
            shared.same += usize::from(is_same);
            shared.alike += usize::from(is_alike);
            let words = article.sketch.map_or(0, Sketch::words);
            for (sum, counts) in shared.words.iter_mut().zip([true, is_same, is_alike]) {
                *sum += if counts { words } else { 0 };
            }
        }
        shared
    }

    /// Of all articles, the standing ones too.
    pub(super) fn of_all(
        now: &ComparedIssue<'_>,
        then: &ComparedIssue<'_>,
        figures: Figures,
    ) -> SharedArticles {
        SharedArticles::of(now, then, figures, |_| true)
    }

    /// Whether most articles, with most of the words, are the same but for a few words.
    pub(super) fn is_mostly_alike(&self) -> bool {
        let [words, _, alike] = self.words;
        self.alike * 2 > self.all && alike * 2 > words
    }

    /// Whether most articles, with most of the words, are the same files.
    pub(super) fn is_mostly_same(&self) -> bool {
        let [words, same, _] = self.words;
        self.same * 2 > self.all && same * 2 > words
    }

    /// Whether no article is new, but for a few words.
    pub(super) fn is_all_alike(&self) -> bool {
        self.all > 0 && self.alike == self.all
    }

    /// The same where that is no chance.
    pub(super) fn is_nothing_new(&self) -> bool {
        let telling = self.same == self.all || self.words[0] >= TELLING_WORDS;
        self.is_all_alike() && telling
    }

    /// Whether half of the articles are the same files, with nearly all of the words: of two articles
    /// one may be a standing one, which only the third issue shows.
    pub(super) fn is_same_half(&self) -> bool {
        let [words, same, _] = self.words;
        self.same > 0 && self.same * 2 == self.all && same * 5 >= words * 4
    }
}

/// All articles of all issues, each file once.
#[derive(Debug, Default)]
struct Texts<'a> {
    by_hash: HashMap<&'a str, usize>,
    /// By the file's number, a file with the same text, or itself.
    same_text: Vec<usize>,
    index: SketchIndex<'a>,
    /// By the number in the index, that of the file.
    in_index: Vec<usize>,
    is_in_index: BTreeSet<usize>,
}

impl<'a> Texts<'a> {
    fn add(&mut self, features: &'a Features) {
        for (name, hash) in features.articles() {
            let fresh = self.same_text.len();
            let file = *self.by_hash.entry(hash).or_insert(fresh);
            if file == fresh {
                self.same_text.push(fresh);
            }
            // A version that knew no sketches may have written the same file.
            let Some(sketch) = features.sketches.get(name) else { continue };
            if self.is_in_index.insert(file) {
                for alike in self.index.alike(sketch) {
                    let alike = self.in_index.get(alike).map_or(file, |alike| self.root(*alike));
                    let root = self.root(file);
                    if let Some(same) = self.same_text.get_mut(root) {
                        *same = alike;
                    }
                }
                self.index.add(sketch);
                self.in_index.push(file);
            }
        }
    }

    /// The number of the text of a file.
    fn root(&self, file: usize) -> usize {
        let mut at = file;
        while let Some(same) = self.same_text.get(at).copied().filter(|same| *same != at) {
            at = same;
        }
        at
    }
}

/// The subject that both have.
fn same_subject<'a>(now: &'a Headline, then: &Headline) -> Option<&'a String> {
    now.subject.as_ref().filter(|subject| then.subject.as_ref() == Some(subject))
}

/// The number that both have, at about the same time.
pub(super) fn same_number(now: &Headline, then: &Headline) -> Option<i64> {
    let number = now.number.filter(|number| then.number == Some(*number))?;
    now.date.zip(then.date).is_none_or(|(now, then)| is_near(now, then)).then_some(number)
}

/// Whether the days lie less than half a year apart.
fn is_near(now: Date, then: Date) -> bool {
    now.since(then).is_ok_and(|span| i64::from(span.get_days()).abs() < HALF_A_YEAR_DAYS)
}

/// Whether both have the same number, or are of the same day.
pub(super) fn has_same_mark(now: &Headline, then: &Headline) -> bool {
    let same_day = now.date.is_some() && now.date == then.date;
    same_day || same_number(now, then).is_some()
}

/// Whether both name a day or a number, and each its own.
pub(super) fn is_apart(now: &Headline, then: &Headline) -> bool {
    let are_named = now.date.zip(then.date).is_some() || now.number.zip(then.number).is_some();
    are_named && !has_same_mark(now, then)
}

#[cfg(test)]
#[path = "known_tests.rs"]
mod tests;
