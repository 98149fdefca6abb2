//! The words of the pages in Chinese.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "zh",
    leave_title: "退订{name}",
    leave_question: "{address} 将不再收到{name}。",
    leave_button: "退订",
    left_title: "您已退订",
    left_text: "{address} 将不再收到{name}。正在发送途中的邮件仍可能送达。",
    undo_button: "撤销：继续接收",
    undone_title: "您已重新订阅",
    undone_text: "{address} 将收到{name}的下一期。",
    kept_title: "无法在此撤销",
    kept_text: "另有原因使我们不能向 {address} 发信。请联系 {contact}。",
    why_question: "能告诉我们原因吗？可以不答。",
    why_choices: ["邮件太多", "内容与预期不同", "我从未订阅", "其他原因"],
    why_button: "提交",
    thanks_title: "谢谢",
    thanks_text: "您的回答只会被保存，不会发送给任何人。",
    broken_title: "此链接无效",
    broken_text: "链接不完整，或不是来自我们的邮件。请使用邮件中的完整链接，或以“unsubscribe”为主题回复该邮件。",
    late_title: "已不能在此撤销",
    late_text: "如需重新接收{name}，请联系 {contact}。",
    busy_title: "请稍后再试",
    busy_text: "尚未能记录。如果再次出现，请以“unsubscribe”为主题回复该邮件。",
    missing_title: "没有这个页面",
    missing_text: "地址可能有误。",
};
