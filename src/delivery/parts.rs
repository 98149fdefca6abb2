//! Which parts of an issue each person of a list gets: passages that are for some, and sections with a
//! topic.
//!
//! Exists so that a list is read once: whoever gets the same has the same number, and the staging table
//! counts numbers. Must never ask what a message would not ask.

use std::collections::{BTreeMap, HashMap};

use super::send::plan::{PartCounts, PassageCount, VariantCount};
use crate::check::passages;
use crate::compose::Composition;
use crate::issue::only::{Only, Traits as _};
use crate::message::recipient::Recipient;

/// Conditions of passages that are counted: everybody of the list is asked for each.
const CONDITIONS: usize = 20;

/// The numbers of what people get.
#[derive(Debug, Default)]
pub struct PartNumbers {
    conditions: Vec<(String, Only)>,
    topics: Vec<String>,
    /// Of each condition whether it means them, and then of each topic whether they want it.
    numbers: HashMap<Box<[bool]>, i64>,
    answers: Vec<bool>,
}

impl PartNumbers {
    /// Of an issue.
    pub fn of(composition: &Composition) -> PartNumbers {
        let conditions = passages::conditions(composition).into_iter().take(CONDITIONS);
        let asked = conditions.map(|text| {
            let only = Only::of_passage(&text);
            (text, only)
        });
        let topics = passages::topics(composition);
        PartNumbers { conditions: asked.collect(), topics, ..PartNumbers::default() }
    }

    /// The number of what a person gets.
    pub(super) fn number(&mut self, person: &Recipient) -> i64 {
        if self.conditions.is_empty() && self.topics.is_empty() {
            return 0;
        }
        self.answers.clear();
        self.answers.extend(self.conditions.iter().map(|(_, only)| only.means(person)));
        self.answers.extend(self.topics.iter().map(|topic| person.wants(topic)));
        if let Some(number) = self.numbers.get(&*self.answers) {
            return *number;
        }
        let number = i64::try_from(self.numbers.len()).unwrap_or(i64::MAX);
        self.numbers.insert(self.answers.as_slice().into(), number);
        number
    }

    /// How many get which parts, where so many have each number.
    pub(super) fn counts(&self, people: &BTreeMap<i64, u64>) -> PartCounts {
        let of = people.values().sum();
        let mut meant = vec![0; self.conditions.len()];
        let mut variants: BTreeMap<Vec<&str>, u64> = BTreeMap::new();
        for (answers, number) in &self.numbers {
            let Some(count) = people.get(number) else { continue };
            let (conditions, topics) = answers.split_at(self.conditions.len());
            for (all, _) in meant.iter_mut().zip(conditions).filter(|(_, is_meant)| **is_meant) {
                *all += count;
            }
            let without = self.topics.iter().zip(topics).filter(|(_, wants)| !**wants);
            *variants.entry(without.map(|(topic, _)| topic.as_str()).collect()).or_default() +=
                count;
        }
        let passages = self.conditions.iter().zip(meant);
        let passages = passages
            .map(|((only, _), people)| PassageCount { only: only.clone(), people, of })
            .collect();
        if self.topics.is_empty() {
            return PartCounts { passages, variants: Vec::new() };
        }
        let owned = |without: Vec<&str>| without.into_iter().map(str::to_owned).collect();
        let mut variants: Vec<VariantCount> = variants
            .into_iter()
            .map(|(without, people)| VariantCount { without: owned(without), people })
            .collect();
        variants.sort_by_key(|one| std::cmp::Reverse(one.people));
        PartCounts { passages, variants }
    }
}
