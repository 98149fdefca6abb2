//! A pause, which readers choose by their link: no issue before a day, and then again by themselves.
//!
//! Days are those where the newsletter is, as all its dates. Must never be longer than a year: whoever
//! has forgotten a pause would take the newsletter for dead.

use jiff::ToSpan;
use jiff::civil::Date;
use maud::{Markup, html};

use super::Pages;
use super::form::SentForm;
use super::page::filled;
use super::words::PageWords;
use crate::audience::pause;
use crate::audience::subscribers::profile::SubscriberProfile;
use crate::compose::phrases::phrases;

/// What somebody wants on the form of a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PauseWish {
    /// No issue before a day; none ends a pause.
    Until(Option<Date>),
    /// A day that cannot be chosen.
    NoSuchDay,
}

/// The days that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PauseDays {
    today: Date,
    first: Date,
    last: Date,
}

impl PauseDays {
    pub(super) fn on(today: Date) -> PauseDays {
        let first = today.saturating_add(1.day());
        PauseDays { today, first, last: today.saturating_add(1.year()) }
    }

    /// What a form wants; nothing where it is no form of a pause.
    pub(super) fn read(self, form: &SentForm) -> Option<PauseWish> {
        match form.value("act")? {
            "resume" => Some(PauseWish::Until(None)),
            "pause" => {
                let day = form.value("until").and_then(|day| pause::day(day).ok().flatten());
                let day = day.filter(|day| (self.first..=self.last).contains(day));
                Some(day.map_or(PauseWish::NoSuchDay, |day| PauseWish::Until(Some(day))))
            }
            _ => None,
        }
    }

    /// Until when somebody has paused, if that is not over.
    fn of(self, profile: &SubscriberProfile) -> Option<Date> {
        self.ahead(profile.paused_until?)
    }

    /// The end of a pause, if that is not over.
    pub(super) fn ahead(self, until: Date) -> Option<Date> {
        Some(until).filter(|until| self.today < *until)
    }

    /// What is told of a day that cannot be chosen.
    pub(super) fn wrong(self, words: &PageWords) -> String {
        let text = words.pause.wrong.replace("{first}", &day(self.first, words));
        text.replace("{last}", &day(self.last, words))
    }

    /// The field and the button.
    fn fields(self, words: &PageWords, until: Option<Date>, is_wrong: bool) -> Markup {
        let told = is_wrong.then_some("digest-until-problem");
        html! {
            fieldset {
                legend { (words.pause.question) }
                p {
                    label for="digest-until" { (words.pause.label) }
                    input type="date" id="digest-until" name="until" min=(self.first)
                        max=(self.last) value=[until] required aria-describedby=[told]
                        aria-invalid=[told.map(|_| "true")];
                    @if let Some(told) = told { strong.wrong id=(told) { (self.wrong(words)) } }
                }
                button type="submit" name="act" value="pause" class="second" {
                    (words.pause.button)
                }
            }
        }
    }

    /// On the page on which somebody chooses what they get, whose forms have a code.
    pub(super) fn forms(
        self,
        (pages, words): (&Pages, &PageWords),
        (code, shown): (&str, &str),
        profile: &SubscriberProfile,
        is_wrong: bool,
    ) -> Markup {
        let until = self.of(profile);
        html! {
            @if let Some(until) = until {
                form method="post" {
                    input type="hidden" name="code" value=(code);
                    p { (paused(pages, words, shown, until)) }
                    button type="submit" name="act" value="resume" { (words.pause.resume_button) }
                }
            }
            form method="post" {
                input type="hidden" name="code" value=(code);
                (self.fields(words, until, is_wrong))
            }
        }
    }

    /// On the page for leaving, which says nothing of what is known of the person.
    pub(super) fn form_instead(self, words: &PageWords, is_wrong: bool) -> Markup {
        html! { form method="post" { (self.fields(words, None, is_wrong)) } }
    }
}

/// Until when somebody has paused.
pub(super) fn paused(pages: &Pages, words: &PageWords, shown: &str, until: Date) -> Markup {
    let text = words.pause.paused_text.replace("{date}", &day(until, words));
    filled(&text, &pages.site, shown)
}

fn day(date: Date, words: &PageWords) -> String {
    date.strftime(phrases(words.language).date).to_string()
}

impl Pages {
    /// The days that can be chosen today.
    pub(super) fn pause_days(&self) -> PauseDays {
        let now = (self.clock)().to_zoned_datetime(self.site.time_zone.clone());
        PauseDays::on(now.date())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use super::*;

    fn read(body: &str) -> Option<PauseWish> {
        let mut headers = HeaderMap::new();
        let kind = "application/x-www-form-urlencoded".parse().unwrap();
        headers.insert(header::CONTENT_TYPE, kind);
        let days = PauseDays::on("2028-02-29".parse().unwrap());
        days.read(&SentForm::read(&headers, body.as_bytes()))
    }

    #[test]
    fn a_pause_is_from_a_day_to_a_year() {
        for (day, fits) in [
            ("2028-02-28", false),
            ("2028-02-29", false),
            ("2028-03-01", true),
            ("2029-02-28", true),
            ("2029-03-01", false),
            ("", false),
            ("soon", false),
        ] {
            let wish = read(&format!("act=pause&until={day}")).unwrap();
            assert_eq!(matches!(wish, PauseWish::Until(Some(_))), fits, "{day}");
        }
        assert_eq!(read("act=pause"), Some(PauseWish::NoSuchDay));
        assert_eq!(read("act=resume&until=2028-03-01"), Some(PauseWish::Until(None)));
        assert_eq!(read("act=less&until=2028-03-01"), None);
        assert_eq!(read("until=2028-03-01"), None);
    }
}
