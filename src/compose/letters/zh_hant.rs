//! The words of the letters to a single reader in traditional Chinese.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "zh-Hant",
    confirm: LetterSentences {
        subject: "請確認訂閱{{ newsletter }}",
        title: "請確認訂閱",
        text: "有人（很可能是您本人）請求將{{ newsletter }}寄送到 {{ email }}。請開啟以下連結並在頁面上確認，訂閱隨即開始：",
    },
    confirm_button: "確認訂閱",
    confirm_end: "連結七天內有效。如果不是您本人所為，請忽略此郵件，您不會再收到其他郵件。",
    already: LetterSentences {
        subject: "您已訂閱{{ newsletter }}",
        title: "您已訂閱",
        text: "有人（很可能是您本人）請求將{{ newsletter }}寄送到 {{ email }}。該地址已在訂閱中，沒有任何變更。如果不是您本人所為，請忽略此郵件。",
    },
    welcome: LetterSentences {
        subject: "歡迎訂閱{{ newsletter }}",
        title: "歡迎",
        text: "從下一期開始，{{ newsletter }}將寄送到 {{ email }}。每封郵件末尾都有取消訂閱的連結。",
    },
    latest: "閱讀最新一期",
    link: LetterSentences {
        subject: "您的 {{ newsletter }} 連結",
        title: "您的連結",
        text: "有人（很可能是您）要求了一個連結，通往所保存的有關 {{ email }} 的資料。您可以在該頁面變更地址、下載或刪除這些資料：",
    },
    link_button: "打開頁面",
    link_end: "連結在一小時內有效。如果不是您本人要求的，請不必理會。",
    address: LetterSentences {
        subject: "請確認您接收 {{ newsletter }} 的新地址",
        title: "請確認您的新地址",
        text: "有人（很可能是您）希望從現在起用 {{ email }} 接收 {{ newsletter }}，不再使用原來的地址。您在以下連結的頁面上確認後，地址即會變更：",
    },
    address_button: "確認地址",
    moved: LetterSentences {
        subject: "{{ newsletter }} 現在寄到其他地址",
        title: "您的地址已變更",
        text: "從現在起，{{ newsletter }} 寄到其他地址，不再寄到 {{ email }}：這是透過我們寄到 {{ email }} 的連結提出的，新地址也已確認。如果不是您本人，請在以下連結的頁面上改回：",
    },
    moved_button: "改回",
    moved_end: "連結在七天內有效。您也可以回覆此郵件。",
};
