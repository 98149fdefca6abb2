//! The words of the site in Chinese in traditional characters.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "zh-Hant",
    reader: "讀者",
    your_address: "您的地址",
    skip: "跳到正文",
    all_issues: "全部期次",
    previous: "上一期",
    next: "下一期",
    search: "搜尋",
    search_label: "在全部期次中搜尋",
    found: "找到的文章：{count}",
    newest: "最新文章",
    feed: "訂閱來源",
    no_issue: "尚未發行任何一期。",
    subscribe: "訂閱{name}",
    leave_title: "取消訂閱{name}",
    leave_text: "本頁面無法知道您是誰。請使用我們寄給您的任一郵件末尾的連結，或來信至 {contact}。",
    missing_title: "沒有這個頁面",
    missing_text: "網址可能有誤，或頁面已移動。請從這裡繼續：",
    corrected: "{date}更正：{note}",
    removed: "這篇文章在寄出後已從本期撤下。",
    erratum: "更正：{subject}",
    erratum_title: "更正",
    corrected_text: "更正後的文章：",
};
