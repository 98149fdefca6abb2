//! The words of the letters to a single reader in Korean.

use super::{LetterSentences, LetterWords};

pub(super) const WORDS: LetterWords = LetterWords {
    language: "ko",
    confirm: LetterSentences {
        subject: "{{ newsletter }} 구독을 확인해 주세요",
        title: "구독을 확인해 주세요",
        text: "누군가(아마도 본인)가 {{ email }} 주소로 {{ newsletter }} 구독을 신청했습니다. 아래 링크의 페이지에서 확인하시면 구독이 시작됩니다.",
    },
    confirm_button: "구독 확인하기",
    confirm_end: "이 링크는 7일 동안 쓸 수 있습니다. 본인이 신청하지 않았다면 아무것도 하지 않으셔도 됩니다. 더 이상 메일을 보내지 않습니다.",
    already: LetterSentences {
        subject: "이미 {{ newsletter }} 구독 중이십니다",
        title: "이미 구독하고 계십니다",
        text: "누군가(아마도 본인)가 {{ email }} 주소로 {{ newsletter }} 구독을 신청했습니다. 이 주소로는 이미 보내 드리고 있으며 바뀐 것은 없습니다. 본인이 신청하지 않았다면 아무것도 하지 않으셔도 됩니다.",
    },
    welcome: LetterSentences {
        subject: "{{ newsletter }} 구독을 환영합니다",
        title: "환영합니다",
        text: "다음 호부터 {{ newsletter }} 메일을 {{ email }} 주소로 보내 드립니다. 모든 메일 끝에 수신 거부 링크가 있습니다.",
    },
    latest: "최근 호 읽기",
    link: LetterSentences {
        subject: "{{ newsletter }} 내 정보 링크",
        title: "내 정보 링크",
        text: "{{ email }}에 대해 보관된 정보를 볼 수 있는 링크를 누군가, 아마도 본인이 요청했습니다. 이 페이지에서 받는 주소를 바꾸거나, 정보를 내려받거나 지울 수 있습니다.",
    },
    link_button: "페이지 열기",
    link_end: "링크는 한 시간 동안 유효합니다. 요청하지 않으셨다면 아무것도 하지 않으셔도 됩니다.",
    address: LetterSentences {
        subject: "{{ newsletter }} 새 주소를 확인해 주세요",
        title: "새 주소를 확인해 주세요",
        text: "누군가(아마도 본인)가 앞으로 {{ newsletter }} 메일을 이전 주소 대신 {{ email }} 주소로 받겠다고 신청했습니다. 아래 링크의 페이지에서 확인하시면 주소가 바뀝니다.",
    },
    address_button: "주소 확인하기",
    moved: LetterSentences {
        subject: "{{ newsletter }} 받는 주소가 바뀌었습니다",
        title: "주소가 바뀌었습니다",
        text: "앞으로 {{ newsletter }} 메일은 {{ email }} 주소가 아닌 다른 주소로 보내 드립니다. {{ email }} 주소로 보내 드린 링크에서 신청되었고 새 주소에서 확인되었습니다. 본인이 아니라면 아래 링크의 페이지에서 되돌려 주세요.",
    },
    moved_button: "되돌리기",
    moved_end: "이 링크는 7일 동안 쓸 수 있습니다. 이 메일에 답장하셔도 됩니다.",
};
