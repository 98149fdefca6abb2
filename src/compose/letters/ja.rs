//! The words of the letters to a single reader in Japanese.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "ja",
    confirm: LetterSentences {
        subject: "{{ newsletter }}の購読を確認してください",
        title: "購読の確認",
        text: "{{ email }} への{{ newsletter }}の購読申し込みを受け付けました。次のリンクのページで確認していただくと、購読が始まります。",
    },
    confirm_button: "購読を確認する",
    confirm_end: "リンクは7日間有効です。お心当たりがない場合は、何もなさらないでください。これ以上メールは届きません。",
    already: LetterSentences {
        subject: "{{ newsletter }}はすでに購読中です",
        title: "すでに購読中です",
        text: "{{ email }} への{{ newsletter }}の購読申し込みを受け付けましたが、このアドレスにはすでにお送りしており、変更はありません。お心当たりがない場合は、何もなさらないでください。",
    },
    welcome: LetterSentences {
        subject: "{{ newsletter }}へようこそ",
        title: "ようこそ",
        text: "次号から{{ newsletter }}を {{ email }} へお送りします。配信停止のリンクは各メールの末尾にあります。",
    },
    latest: "最新号を読む",
    link: LetterSentences {
        subject: "{{ newsletter }} のリンク",
        title: "あなたのリンク",
        text: "おそらくご本人から、{{ email }} について保存されている情報へのリンクのご請求がありました。このページでアドレスを変更したり、情報をダウンロードしたり、消去したりできます。",
    },
    link_button: "ページを開く",
    link_end: "リンクは 1 時間有効です。お心当たりがない場合は、何もしないでください。",
    address: LetterSentences {
        subject: "{{ newsletter }} の新しいアドレスをご確認ください",
        title: "新しいアドレスをご確認ください",
        text: "おそらくご本人から、今後 {{ newsletter }} をこれまでのアドレスではなく {{ email }} で受け取りたいとのお申し込みがありました。次のリンクのページでご確認いただくと、アドレスが変更されます。",
    },
    address_button: "アドレスを確認する",
    moved: LetterSentences {
        subject: "{{ newsletter }} のお届け先が変わりました",
        title: "アドレスが変更されました",
        text: "今後 {{ newsletter }} は {{ email }} ではなく別のアドレスにお届けします。{{ email }} にお送りしたリンクから変更のお申し込みがあり、新しいアドレスで確認されました。お心当たりがない場合は、次のリンクのページで元に戻してください。",
    },
    moved_button: "元に戻す",
    moved_end: "リンクは 7 日間有効です。このメールにご返信いただくこともできます。",
};
