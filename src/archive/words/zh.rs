//! The words of the site in Chinese in simplified characters.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "zh",
    reader: "读者",
    your_address: "您的地址",
    skip: "跳到正文",
    all_issues: "全部期次",
    previous: "上一期",
    next: "下一期",
    search: "搜索",
    search_label: "在全部期次中搜索",
    found: "找到的文章：{count}",
    newest: "最新文章",
    feed: "订阅源",
    no_issue: "还没有发行任何一期。",
    subscribe: "订阅{name}",
    leave_title: "退订{name}",
    leave_text: "本页面无法知道您是谁。请使用我们发给您的任一邮件末尾的链接，或写信至 {contact}。",
    missing_title: "没有这个页面",
    missing_text: "地址可能有误，或页面已移动。请从这里继续：",
    corrected: "{date}更正：{note}",
    removed: "这篇文章在发送后已从本期撤下。",
    erratum: "更正：{subject}",
    erratum_title: "更正",
    corrected_text: "更正后的文章：",
};
