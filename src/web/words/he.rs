//! The words of the pages in Hebrew.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "he",
    leave_title: "הסרה מרשימת התפוצה של {name}",
    leave_question: "‏{address} לא תקבל עוד גיליונות של {name}.",
    leave_button: "הסרה",
    left_title: "הוסרת מהרשימה",
    left_text: "‏{address} לא תקבל עוד גיליונות של {name}. הודעה שנמצאת בדרך ברגע זה עדיין עשויה להגיע.",
    undo_button: "ביטול: להישאר ברשימה",
    undone_title: "חזרת לרשימה",
    undone_text: "‏{address} תקבל את הגיליון הבא של {name}.",
    kept_title: "אי אפשר לבטל זאת כאן",
    kept_text: "סיבה אחרת מונעת משלוח אל {address}. נא לכתוב אל {contact}.",
    why_question: "לספר לנו מדוע? אין חובה.",
    why_choices: ["יותר מדי הודעות", "לא מה שציפיתי", "מעולם לא ביקשתי", "סיבה אחרת"],
    why_button: "שליחה",
    thanks_title: "תודה",
    thanks_text: "התשובה נשמרת ואיש אינו מקבל הודעה.",
    broken_title: "הקישור הזה אינו פועל",
    broken_text: "הוא אינו שלם, או שאינו מהודעה שלנו. נא להשתמש בקישור המלא שבהודעה, או להשיב להודעה בנושא ”unsubscribe“.",
    late_title: "מאוחר מדי לבטל כאן",
    late_text: "כדי לקבל שוב את {name} נא לכתוב אל {contact}.",
    busy_title: "נא לנסות שוב בעוד דקה",
    busy_text: "זה עדיין לא נרשם. אם זה חוזר, נא להשיב להודעה בנושא ”unsubscribe“.",
    missing_title: "אין דף כזה",
    missing_text: "ייתכן שהכתובת שגויה.",
};
