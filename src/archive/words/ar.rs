//! The words of the site in Arabic.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "ar",
    reader: "القارئ",
    your_address: "عنوانك",
    skip: "انتقل إلى النص",
    all_issues: "كل الأعداد",
    previous: "العدد السابق",
    next: "العدد التالي",
    search: "بحث",
    search_label: "ابحث في كل الأعداد",
    found: "المقالات التي عُثر عليها: {count}",
    newest: "أحدث المقالات",
    feed: "خلاصة",
    no_issue: "لم يصدر أي عدد بعد.",
    subscribe: "الاشتراك في {name}",
    leave_title: "إلغاء الاشتراك في {name}",
    leave_text: "لا تستطيع هذه الصفحة معرفة من أنت. استخدم الرابط في نهاية أي رسالة وصلتك منا، أو اكتب إلى {contact}.",
    missing_title: "لا توجد صفحة كهذه",
    missing_text: "قد يكون العنوان مكتوبًا خطأً أو نُقلت الصفحة. تابع من هنا:",
    corrected: "صُحِّح في {date}: {note}",
    removed: "حُذفت هذه المقالة من العدد بعد إرساله.",
    erratum: "تصحيح: {subject}",
    erratum_title: "تصحيح",
    corrected_text: "النص المصحَّح:",
};
