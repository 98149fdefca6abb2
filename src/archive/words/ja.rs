//! The words of the site in Japanese.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "ja",
    reader: "読者",
    your_address: "あなたのアドレス",
    skip: "本文へ",
    all_issues: "すべての号",
    previous: "前の号",
    next: "次の号",
    search: "検索",
    search_label: "すべての号から検索",
    found: "見つかった記事：{count}",
    newest: "新しい記事",
    feed: "フィード",
    no_issue: "まだ発行された号はありません。",
    subscribe: "{name}を購読する",
    leave_title: "{name}の配信停止",
    leave_text: "このページでは、どなたかを知ることができません。届いたメールの末尾にあるリンクをお使いになるか、{contact} までご連絡ください。",
    missing_title: "ページが見つかりません",
    missing_text: "アドレスが間違っているか、ページが移動した可能性があります。こちらからお探しください。",
    corrected: "{date}に訂正：{note}",
    removed: "この記事は配信後にこの号から取り下げられました。",
    erratum: "訂正：{subject}",
    erratum_title: "訂正のお知らせ",
    corrected_text: "訂正後の記事：",
};
