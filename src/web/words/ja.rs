//! The words of the pages in Japanese.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "ja",
    leave_title: "{name}の配信停止",
    leave_question: "{address} への{name}の配信を停止します。",
    leave_button: "配信を停止する",
    left_title: "配信を停止しました",
    left_text: "{address} へ{name}は今後届きません。すでに送信中のメールは届くことがあります。",
    undo_button: "取り消す：購読を続ける",
    undone_title: "購読を再開しました",
    undone_text: "{address} へ{name}の次号をお届けします。",
    kept_title: "ここでは取り消せません",
    kept_text: "別の理由で {address} への配信が止められています。{contact} までご連絡ください。",
    why_question: "理由をお聞かせください（任意）。",
    why_choices: ["メールが多すぎる", "期待した内容と違う", "申し込んだ覚えがない", "その他"],
    why_button: "送信",
    thanks_title: "ありがとうございます",
    thanks_text: "回答は保存されるだけで、誰にもメールは送られません。",
    broken_title: "このリンクは使えません",
    broken_text: "リンクが途中で切れているか、当方のメールのものではありません。メールにあるリンク全体をお使いになるか、件名を「unsubscribe」にしてそのメールに返信してください。",
    late_title: "ここでの取り消しの期限を過ぎました",
    late_text: "{name}を再び受け取るには、{contact} までご連絡ください。",
    busy_title: "少し待ってからもう一度お試しください",
    busy_text: "まだ記録できませんでした。続く場合は、件名を「unsubscribe」にしてそのメールに返信してください。",
    missing_title: "ページが見つかりません",
    missing_text: "アドレスが間違っているかもしれません。",
};
