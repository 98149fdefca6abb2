//! The words of the pages in Traditional Chinese.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "zh-Hant",
    leave_title: "取消訂閱{name}",
    leave_question: "{address} 將不再收到{name}。",
    leave_button: "取消訂閱",
    left_title: "您已取消訂閱",
    left_text: "{address} 將不再收到{name}。正在寄送途中的郵件仍可能送達。",
    undo_button: "復原：繼續接收",
    undone_title: "您已重新訂閱",
    undone_text: "{address} 將收到{name}的下一期。",
    kept_title: "無法在此復原",
    kept_text: "另有原因使我們不能寄信到 {address}。請聯絡 {contact}。",
    why_question: "能告訴我們原因嗎？可以不答。",
    why_choices: ["郵件太多", "內容與預期不同", "我從未訂閱", "其他原因"],
    why_button: "送出",
    thanks_title: "謝謝",
    thanks_text: "您的回答只會被保存，不會寄給任何人。",
    broken_title: "此連結無效",
    broken_text: "連結不完整，或不是來自我們的郵件。請使用郵件中的完整連結，或以「unsubscribe」為主旨回覆該郵件。",
    late_title: "已不能在此復原",
    late_text: "如需重新接收{name}，請聯絡 {contact}。",
    busy_title: "請稍後再試",
    busy_text: "尚未能記錄。如果再次出現，請以「unsubscribe」為主旨回覆該郵件。",
    missing_title: "沒有這個頁面",
    missing_text: "網址可能有誤。",
};
