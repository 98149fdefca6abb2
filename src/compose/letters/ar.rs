//! The words of the letters to a single reader in Arabic.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "ar",
    confirm: LetterSentences {
        subject: "يرجى تأكيد الاشتراك في {{ newsletter }}",
        title: "يرجى تأكيد اشتراكك",
        text: "طلب شخص ما، وأنت على الأرجح، إرسال {{ newsletter }} إلى {{ email }}. يبدأ الاشتراك عندما تؤكده في الصفحة التي يفتحها هذا الرابط:",
    },
    confirm_button: "تأكيد الاشتراك",
    confirm_end: "الرابط صالح لسبعة أيام. إن لم تكن أنت من طلب ذلك فلا تفعل شيئًا: لن تصلك رسالة أخرى.",
    already: LetterSentences {
        subject: "أنت مشترك بالفعل في {{ newsletter }}",
        title: "أنت مشترك بالفعل",
        text: "طلب شخص ما، وأنت على الأرجح، إرسال {{ newsletter }} إلى {{ email }}. وهو يُرسل إليه بالفعل ولم يتغير شيء. إن لم تكن أنت من طلب ذلك فلا تفعل شيئًا.",
    },
    welcome: LetterSentences {
        subject: "مرحبًا بك في {{ newsletter }}",
        title: "مرحبًا بك",
        text: "سيُرسل {{ newsletter }} إلى {{ email }} ابتداءً من العدد القادم. وفي نهاية كل رسالة رابط لإلغاء الاشتراك.",
    },
    latest: "اقرأ آخر عدد",
    link: LetterSentences {
        subject: "رابطك لدى {{ newsletter }}",
        title: "رابطك",
        text: "طلب شخص ما، على الأرجح أنت، رابطًا إلى ما هو محفوظ عن {{ email }}. وهو يؤدي إلى صفحة يمكنك فيها تغيير عنوانك أو تنزيل المحفوظ أو طلب محوه:",
    },
    link_button: "فتح الصفحة",
    link_end: "الرابط صالح لمدة ساعة. إذا لم يكن الطلب منك، فلا تفعل شيئًا.",
    address: LetterSentences {
        subject: "يُرجى تأكيد عنوانك الجديد لدى {{ newsletter }}",
        title: "يُرجى تأكيد عنوانك الجديد",
        text: "طلب شخص ما، على الأرجح أنت، أن تُرسل {{ newsletter }} من الآن فصاعدًا إلى {{ email }} بدلًا من العنوان السابق. يتغير العنوان عندما تؤكد ذلك في صفحة هذا الرابط:",
    },
    address_button: "تأكيد العنوان",
    moved: LetterSentences {
        subject: "تُرسل {{ newsletter }} الآن إلى عنوان آخر",
        title: "تم تغيير عنوانك",
        text: "من الآن فصاعدًا تُرسل {{ newsletter }} إلى عنوان آخر، ولا تُرسل بعد ذلك إلى {{ email }}: طُلب ذلك برابط أرسلناه إلى {{ email }}، وأكده العنوان الجديد. إذا لم يكن الطلب منك، فتراجع عنه في صفحة هذا الرابط:",
    },
    moved_button: "التراجع عن التغيير",
    moved_end: "الرابط صالح لمدة سبعة أيام. يمكنك أيضًا الرد على هذه الرسالة.",
};
