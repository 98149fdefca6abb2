//! The words of the site in Korean.

use super::ArchiveWords;

pub(super) const WORDS: ArchiveWords = ArchiveWords {
    language: "ko",
    reader: "독자",
    your_address: "받는 주소",
    skip: "본문으로 바로 가기",
    all_issues: "전체 호",
    previous: "이전 호",
    next: "다음 호",
    search: "검색",
    search_label: "전체 호에서 검색",
    found: "찾은 글: {count}",
    newest: "최근 글",
    feed: "피드",
    no_issue: "아직 발행된 호가 없습니다.",
    subscribe: "{name} 구독하기",
    leave_title: "{name} 수신 거부",
    leave_text: "이 페이지에서는 누구신지 알 수 없습니다. 받으신 메일 끝에 있는 링크를 누르시거나 {contact} 주소로 연락해 주세요.",
    missing_title: "없는 페이지입니다",
    missing_text: "주소가 잘못 입력되었거나 페이지가 옮겨졌을 수 있습니다. 다음에서 찾아보세요.",
    corrected: "{date}에 바로잡음: {note}",
    removed: "이 글은 발송 후에 이번 호에서 빠졌습니다.",
    erratum: "바로잡습니다: {subject}",
    erratum_title: "바로잡습니다",
    corrected_text: "바로잡은 글:",
};
