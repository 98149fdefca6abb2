//! The words of the pages in Korean.

use super::PageWords;

pub(super) const WORDS: PageWords = PageWords {
    language: "ko",
    leave_title: "{name} 수신 거부",
    leave_question: "아래 버튼을 누르시면 {address} 주소로 {name}을(를) 더 이상 보내지 않습니다.",
    leave_button: "수신 거부",
    left_title: "수신 거부되었습니다",
    left_text: "{address} 주소로 {name}을(를) 더 이상 보내지 않습니다. 지금 이미 발송 중인 메일은 도착할 수 있습니다.",
    undo_button: "취소: 계속 받기",
    undone_title: "다시 받아 보시게 됩니다",
    undone_text: "{address} 주소로 {name} 다음 호를 보내 드립니다.",
    kept_title: "여기서는 취소할 수 없습니다",
    kept_text: "다른 이유로 {address} 주소에 메일을 보낼 수 없습니다. {contact}(으)로 문의해 주세요.",
    why_question: "이유를 알려 주시겠어요? 답하지 않으셔도 됩니다.",
    why_choices: [
        "메일이 너무 많아요",
        "기대한 내용이 아니에요",
        "신청한 적이 없어요",
        "다른 이유",
    ],
    why_button: "보내기",
    thanks_title: "감사합니다",
    thanks_text: "답변은 저장만 되며 누구에게도 메일이 가지 않습니다.",
    broken_title: "이 링크는 사용할 수 없습니다",
    broken_text: "링크가 잘렸거나 저희가 보낸 메일의 링크가 아닙니다. 메일에 있는 링크 전체를 사용하시거나, 제목을 “unsubscribe”로 하여 그 메일에 답장해 주세요.",
    late_title: "이제 여기서는 취소할 수 없습니다",
    late_text: "{name}을(를) 다시 받고 싶으시면 {contact}(으)로 연락해 주세요.",
    busy_title: "잠시 후 다시 시도해 주세요",
    busy_text: "아직 기록하지 못했습니다. 계속 안 되면 제목을 “unsubscribe”로 하여 그 메일에 답장해 주세요.",
    missing_title: "없는 페이지입니다",
    missing_text: "주소가 잘못 입력되었을 수 있습니다.",
};
