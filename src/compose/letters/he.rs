//! The words of the letters to a single reader in Hebrew.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "he",
    confirm: LetterSentences {
        subject: "נא לאשר את ההרשמה אל {{ newsletter }}",
        title: "נא לאשר את ההרשמה",
        text: "מישהו, כנראה את או אתה, ביקש לשלוח את {{ newsletter }} אל {{ email }}. ההרשמה נכנסת לתוקף לאחר אישור בדף שבקישור הזה:",
    },
    confirm_button: "אישור ההרשמה",
    confirm_end: "הקישור תקף לשבעה ימים. אם לא ביקשתם זאת, אין צורך לעשות דבר: לא תישלח הודעה נוספת.",
    already: LetterSentences {
        subject: "הכתובת כבר רשומה אל {{ newsletter }}",
        title: "הכתובת כבר רשומה",
        text: "מישהו, כנראה את או אתה, ביקש לשלוח את {{ newsletter }} אל {{ email }}. הוא כבר נשלח לשם, ודבר לא השתנה. אם לא ביקשתם זאת, אין צורך לעשות דבר.",
    },
    welcome: LetterSentences {
        subject: "ברוכים הבאים אל {{ newsletter }}",
        title: "ברוכים הבאים",
        text: "{{ newsletter }} יישלח אל {{ email }} החל מהגיליון הבא. בסוף כל הודעה יש קישור להסרה.",
    },
    latest: "לקריאת הגיליון האחרון",
    link: LetterSentences {
        subject: "הקישור שלך עבור {{ newsletter }}",
        title: "הקישור שלך",
        text: "מישהו, כנראה את או אתה, ביקש קישור אל המידע השמור על {{ email }}. הוא מוביל לדף שבו אפשר לשנות את הכתובת, להוריד את המידע או למחוק אותו:",
    },
    link_button: "פתיחת הדף",
    link_end: "הקישור תקף לשעה אחת. אם הבקשה לא באה ממך, אין צורך לעשות דבר.",
    address: LetterSentences {
        subject: "נא לאשר את הכתובת החדשה עבור {{ newsletter }}",
        title: "נא לאשר את הכתובת החדשה",
        text: "מישהו, כנראה את או אתה, ביקש שמעכשיו {{ newsletter }} יישלח אל {{ email }}, ולא עוד אל הכתובת הקודמת. הכתובת תשתנה לאחר אישור בדף שבקישור הזה:",
    },
    address_button: "אישור הכתובת",
    moved: LetterSentences {
        subject: "{{ newsletter }} נשלח עכשיו לכתובת אחרת",
        title: "הכתובת שלך שונתה",
        text: "מעכשיו {{ newsletter }} נשלח לכתובת אחרת, ולא עוד אל {{ email }}: הבקשה באה מקישור ששלחנו אל {{ email }}, והכתובת החדשה אישרה אותה. אם הבקשה לא באה ממך, אפשר לבטל את השינוי בדף שבקישור הזה:",
    },
    moved_button: "ביטול השינוי",
    moved_end: "הקישור תקף לשבעה ימים. אפשר גם להשיב להודעה הזאת.",
};
