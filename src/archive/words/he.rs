//! The words of the site in Hebrew.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "he",
    reader: "קוראים",
    your_address: "הכתובת שלך",
    skip: "דילוג לטקסט",
    all_issues: "כל הגיליונות",
    previous: "הגיליון הקודם",
    next: "הגיליון הבא",
    search: "חיפוש",
    search_label: "חיפוש בכל הגיליונות",
    found: "כתבות שנמצאו: {count}",
    newest: "הכתבות החדשות",
    feed: "הזנה",
    no_issue: "עדיין לא הופיע אף גיליון.",
    subscribe: "הרשמה אל {name}",
    leave_title: "הסרה מרשימת התפוצה של {name}",
    leave_text: "הדף הזה לא יכול לדעת מי את או אתה. השתמשו בקישור שבסוף כל הודעה שקיבלתם מאיתנו, או כתבו אל {contact}.",
    missing_title: "אין דף כזה",
    missing_text: "ייתכן שהכתובת נכתבה בטעות או שהדף הועבר. מכאן ממשיכים:",
    corrected: "תוקן ב־{date}: {note}",
    removed: "כתבה זו הוסרה מהגיליון לאחר שנשלח.",
    erratum: "תיקון: {subject}",
    erratum_title: "תיקון",
    corrected_text: "הנוסח המתוקן:",
};
