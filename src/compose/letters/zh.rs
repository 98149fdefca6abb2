//! The words of the letters to a single reader in Chinese.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "zh",
    confirm: LetterSentences {
        subject: "请确认订阅{{ newsletter }}",
        title: "请确认订阅",
        text: "有人（很可能是您本人）请求将{{ newsletter }}发送到 {{ email }}。请打开以下链接并在页面上确认，订阅随即开始：",
    },
    confirm_button: "确认订阅",
    confirm_end: "链接七天内有效。如果不是您本人所为，请忽略此邮件，您不会再收到其他邮件。",
    already: LetterSentences {
        subject: "您已订阅{{ newsletter }}",
        title: "您已订阅",
        text: "有人（很可能是您本人）请求将{{ newsletter }}发送到 {{ email }}。该地址已在订阅中，没有任何变化。如果不是您本人所为，请忽略此邮件。",
    },
    welcome: LetterSentences {
        subject: "欢迎订阅{{ newsletter }}",
        title: "欢迎",
        text: "从下一期开始，{{ newsletter }}将发送到 {{ email }}。每封邮件末尾都有退订链接。",
    },
    latest: "阅读最新一期",
    link: LetterSentences {
        subject: "您的 {{ newsletter }} 链接",
        title: "您的链接",
        text: "有人（很可能是您）请求了一个链接，通往所保存的有关 {{ email }} 的数据。您可以在该页面更改地址、下载或删除这些数据：",
    },
    link_button: "打开页面",
    link_end: "链接在一小时内有效。如果不是您本人请求的，请不必理会。",
    address: LetterSentences {
        subject: "请确认您接收 {{ newsletter }} 的新地址",
        title: "请确认您的新地址",
        text: "有人（很可能是您）希望从现在起用 {{ email }} 接收 {{ newsletter }}，不再使用原来的地址。您在以下链接的页面上确认后，地址即会更改：",
    },
    address_button: "确认地址",
    moved: LetterSentences {
        subject: "{{ newsletter }} 现在发送到其他地址",
        title: "您的地址已更改",
        text: "从现在起，{{ newsletter }} 发送到其他地址，不再发送到 {{ email }}：这是通过我们发到 {{ email }} 的链接提出的，新地址也已确认。如果不是您本人，请在以下链接的页面上改回：",
    },
    moved_button: "改回",
    moved_end: "链接在七天内有效。您也可以回复此邮件。",
};
