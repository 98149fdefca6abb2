//! The words of the pages in Arabic.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "ar",
    leave_title: "إلغاء الاشتراك في {name}",
    leave_question: "لن تصل أعداد {name} بعد ذلك إلى {address}.",
    leave_button: "إلغاء الاشتراك",
    left_title: "أُلغي اشتراكك",
    left_text: "لن تصل أعداد {name} بعد الآن إلى {address}. قد تصل رسالة أُرسلت في هذه اللحظة.",
    undo_button: "تراجع: أبقوني في القائمة",
    undone_title: "عدت إلى القائمة",
    undone_text: "سيصل العدد القادم من {name} إلى {address}.",
    kept_title: "لا يمكن التراجع هنا",
    kept_text: "هناك سبب آخر يمنع الإرسال إلى {address}. يرجى الكتابة إلى {contact}.",
    why_question: "هل تخبرنا بالسبب؟ الأمر اختياري.",
    why_choices: ["رسائل كثيرة", "ليس ما توقعته", "لم أطلبها قط", "سبب آخر"],
    why_button: "إرسال",
    thanks_title: "شكراً",
    thanks_text: "يُحفظ جوابك ولا تُرسل رسالة إلى أحد.",
    broken_title: "هذا الرابط لا يعمل",
    broken_text: "الرابط غير كامل أو ليس من رسائلنا. استعمل الرابط كاملاً كما في الرسالة، أو أجب عن الرسالة وليكن موضوعها “unsubscribe”.",
    late_title: "فات أوان التراجع هنا",
    late_text: "إن أردت أن يصلك {name} من جديد فاكتب إلى {contact}.",
    busy_title: "حاول مرة أخرى بعد دقيقة",
    busy_text: "لم يُسجَّل بعد. إن تكرر ذلك فأجب عن الرسالة وليكن موضوعها “unsubscribe”.",
    missing_title: "لا توجد هذه الصفحة",
    missing_text: "ربما كُتب العنوان خطأ.",
};
