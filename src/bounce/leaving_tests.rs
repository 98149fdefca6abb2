//! What asks to leave and what does not, in the languages of the letter and some more.

use proptest::prelude::*;

use super::*;
use crate::bounce::fields;

const NAMES: [&str; 2] = ["Sejong Digest", "세종 다이제스트"];

fn read_message(head: &str, text: &str) -> Option<LeavingWish> {
    let header = fields::read(&format!("{head}\n\n")).0;
    let mut notice = Notice::default();
    notice.add(text, 10);
    let names = NAMES.map(str::to_owned);
    wish(&header, &notice, &["digest@sejong.example".to_owned()], &names)
}

fn of_subject_alone(subject: &str) -> bool {
    read_message(&format!("From: Kim Minji <kim@example.org>\nSubject: {subject}"), "").is_some()
}

fn of_text(text: &str) -> Option<usize> {
    read_message("Subject: Re: October", text).map(|wish| wish.line.expect("a line of the text"))
}

/// What people write who want to leave.
const WISHES: &[&str] = &[
    "unsubscribe",
    "Re: Unsubscribe",
    "UNSUBSCRIBE AQ-token",
    "I want to unsubscribe",
    "Please unsubscribe me",
    "Unsubscribe me, please!",
    "Unsubscribe from nl",
    "unsubscribe from Sejong Digest",
    "Sejong Digest: unsubscribe",
    "Unsubscribe from The Weekly Paper",
    "[nl] unsubscribe",
    "[unsubscribe]",
    "Re: [nl] Fwd: unsubscribe",
    "RE[2]: unsubscribe",
    "How do I unsubscribe?",
    "Re: Hello Minji unsubscribe",
    "Re: Hangul in October - please unsubscribe me!",
    "회신: 10월호 구독 취소 부탁드립니다",
    "Unsubscribe Re: Hangul in October",
    "Un-subscribe",
    "Please remove kim@example.org from your mailing list",
    "Remove me from your list",
    "remove",
    "Take me off this list",
    "opt out",
    "opt-out",
    "STOP",
    "cancel subscription",
    "Stop sending me this newsletter",
    "Not interested, thanks",
    "Delete my account and data please",
    "Please opt me out",
    "Please cancel my subscription",
    "I would like to cancel my subscription to this newsletter.",
    "I no longer wish to receive your emails",
    "Please don't send me any more e-mails",
    "unsubscribe - Kim Minji",
    "Unsubscribe link does not work",
    "Unsubscribe does not work",
    "I have tried to unsubscribe three times",
    "Please unsubscribe me - I am getting too many emails.",
    "Please unsubscribe me, I have moved",
    "Enough. No more emails!",
    "Please erase all data you hold about me.",
    "Can I be taken off the list please",
    "Bitte melden Sie mich vom Newsletter ab",
    "Ich melde mich hiermit vom Newsletter ab.",
    "Ich bestelle den Newsletter ab",
    "Bitte aus dem Verteiler nehmen",
    "Veuillez me retirer de votre liste",
    "Non voglio più ricevere le vostre mail",
    "Schrijf mij uit",
    "회원 탈퇴 처리 부탁드립니다",
    "Newsletter abbestellen",
    "abmelden!",
    "Bitte austragen",
    "AW: Bitte tragen Sie mich aus dem Verteiler aus",
    "Ich möchte mich vom Newsletter abmelden",
    "Bitte keine E-Mails mehr schicken",
    "Kündigung meines Abonnements",
    "désabonnement",
    "Desabonnement",
    "Je souhaite me désabonner",
    "Merci de me désinscrire de votre liste",
    "Se désabonner de Sejong Digest",
    "Darse de baja",
    "Quiero darme de baja del boletín",
    "Cancelar la suscripción",
    "구독해지",
    "구독 해지 신청합니다",
    "수신거부",
    "수신 거부 합니다",
    "회신: 구독 취소",
    "구독 취소 부탁드립니다",
    "세종 다이제스트 구독 취소해 주세요",
    "구독취소 kim@example.org",
    "해지",
    "메일 그만 보내 주세요",
    "더 이상 받고 싶지 않습니다",
    "수신을 거부합니다",
    "보내지 말아 주세요",
    "이메일 수신을 중단해 주시기 바랍니다",
    "회원 탈퇴 요청",
    "명단에서 빼 주세요",
    "配信停止",
    "配信停止をお願いします",
    "メルマガの配信を停止してください",
    "購読解除希望",
    "もう送らないでください",
    "メール配信の停止をお願いいたします",
    "退订",
    "请退订",
    "请不要再发邮件给我",
    "請將我從名單中移除，謝謝",
    "请取消我的订阅",
    "取消訂閱",
    "請取消訂閱電子報",
    "إلغاء الاشتراك",
    "أريد إلغاء الاشتراك من فضلكم",
    "הסרה",
    "נא להסיר אותי מרשימת התפוצה",
    "Cancelar inscrição",
    "Per favore cancellatemi dalla lista",
    "Uitschrijven nieuwsbrief",
    "отписаться от рассылки",
];

#[test]
fn subjects_that_ask_to_leave_do_so_in_the_words_of_people() {
    let unheard = WISHES.iter().copied().filter(|subject| !of_subject_alone(subject));
    assert_eq!(unheard.collect::<Vec<_>>(), [""; 0]);
}

/// What people write who say why they leave, without a sign between.
const WITH_A_REASON: &[&str] = &[
    "I am retiring at the end of the year and would like to be taken off the mailing list.",
    "Since I left the society please remove me from the list.",
    "I am not a member any more so please take me off your mailing list",
    "As I have left the university I would like to unsubscribe.",
    "Please cancel my membership and remove me from the mailing list.",
    "Please remove me from your list because my mailbox is full",
    "Ich bin umgezogen und möchte keine Mails mehr bekommen.",
    "Da ich in Rente bin bitte ich um Verständnis und möchte mich abmelden",
    "I have moved to another institute and no longer need the newsletter.",
    "Dr. Byron has passed away. Please remove her from your list.",
    "My husband died in March. Please do not send him any more newsletters.",
    "I want off this list",
    "J'ai déménagé et je souhaite me désabonner",
    "이사를 했기 때문에 구독 취소 부탁드립니다",
    "引っ越したので配信停止をお願いします",
    "我已经搬家请取消我的订阅",
];

#[test]
fn a_wish_is_heard_beside_a_clause_that_says_why() {
    let unheard = WITH_A_REASON.iter().filter(|text| of_text(text).is_none());
    assert_eq!(unheard.collect::<Vec<_>>(), [&""; 0]);
    let unheard = WITH_A_REASON.iter().filter(|text| !of_subject_alone(text));
    assert_eq!(unheard.collect::<Vec<_>>(), [&""; 0]);
}

/// What people write who want something else.
const OTHERS: &[&str] = &[
    "",
    "October",
    "Re: October",
    "newsletter",
    "Please subscribe me",
    "How do I unsubscribe my colleague from the board?",
    "How do I unsubscribe my father?",
    "Unsubscribe statistics of October",
    "Re: Unsubscribe statistics of October",
    "Hello Minji unsubscribe",
    "Re: We meet at the usual stop",
    "Please do not unsubscribe me",
    "You have been unsubscribed",
    "Cancel the meeting on Monday",
    "Leave from 3 to 7 May",
    "Remove the picture on page 2",
    "Stop by the office",
    "Re: Delete my account - a story of October",
    "We have moved, but the link is not broken",
    "Bitte melden Sie mich an",
    "Ich melde mich wieder",
    "Ab und zu",
    "Ich melde mich ab und zu",
    "I have read it and do not unsubscribe",
    "My colleague left and asks how to unsubscribe",
    "We met and talked so please write about it",
    "Please remove the picture and add a link",
    "Ich bestelle den Newsletter",
    "Abmeldungen im Oktober",
    "Wie viele haben sich abgemeldet?",
    "Annulation de la réunion",
    "Statistiques de désabonnement",
    "Baja de precios en octubre",
    "구독 취소 통계",
    "구독 신청합니다",
    "회의 취소",
    "해지펀드 기사",
    "配信停止の統計",
    "会议取消",
    "退订率统计",
    "عدد المشتركين",
    "סטטיסטיקה של הסרות",
];

#[test]
fn what_says_something_else_asks_for_nothing() {
    let misheard = OTHERS.iter().copied().filter(|subject| of_subject_alone(subject));
    assert_eq!(misheard.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_first_words_of_a_text_ask_to_leave_before_what_is_quoted() {
    let quote =
        "\nOn Thu, 6 Nov 2025 Sejong Digest <digest@sejong.example> wrote:\n> unsubscribe\n";
    for (text, line) in [
        ("unsubscribe", 10),
        ("\n\nPlease remove me.\n\nKim Minji\nHanbit", 12),
        ("Hello,\n\nplease remove me from your list. I get too much mail.\n", 10),
        ("Dear Professor Lee,\nI want to\nunsubscribe\n-- \nKim", 11),
        ("그만 보내 주세요\n\n김민지", 10),
        ("안녕하세요, 김민지입니다.\n구독 취소 부탁드립니다.", 11),
        ("안녕하세요.\n수신을 원하지 않습니다.", 10),
        ("Bitte nehmen Sie mich aus dem Verteiler.\nMit freundlichen Grüßen", 10),
        ("On Thu, 6 Nov 2025\nKim wrote:\n> October\n\nunsubscribe", 14),
        ("I have tried to unsubscribe three times. Please remove me from your list.", 10),
        ("I did not find the link.\nPlease remove me.", 11),
        ("The unsubscribe link does not work.", 10),
        ("Please stop sending me these emails, I have left the society.", 10),
        ("Dear Sir or Madam, please unsubscribe me.", 10),
        ("Hi Kim, please take me off the mailing list. Best, Bob", 10),
        ("Please unsubscribe me, I get too many mails.", 10),
        ("I did not sign up for this. Please remove me.", 10),
        ("Why am I getting this? Unsubscribe me.", 10),
        ("I want to unsubscribe but the link does not work.", 10),
        ("Sorry, but I do not want to get this newsletter.", 10),
        ("I moved to another town\nplease remove kim@example.org from your list\nBob", 11),
        ("We have been readers of yours for years, but now please\nremove me. Kim", 10),
        ("Bitte melden Sie mich ab.\n\nMit freundlichen Grüßen\nKim", 10),
        ("Ich bin umgezogen. Bitte melden Sie mich vom Newsletter ab.", 10),
        ("Buongiorno, mi sono trasferito. Non voglio più ricevere le vostre mail.", 10),
        ("안녕하세요. 홍길동입니다. 구독 취소 부탁드립니다.", 10),
        ("お世話になっております。金と申します。配信停止をお願いします。", 10),
        ("我已经搬家了，请取消我的订阅。", 10),
    ] {
        assert_eq!(of_text(text), Some(line), "{text}");
        assert_eq!(of_text(&format!("{text}{quote}")), Some(line), "{text}");
    }
    for text in [
        "",
        "Thank you!",
        "Great issue. How do I unsubscribe my colleague?",
        "We lost somebody. How do I\nunsubscribe my colleague? Please help.",
        "Please do not unsubscribe me, I like it.",
        "I read it at the stop. Cancel the meeting, please.",
        "The office is closed; I am on leave.",
        "-- \nunsubscribe",
        // What is quoted has a sign in some programs alone.
        "Thank you!\n\n-----Original Message-----\nunsubscribe",
        "Thank you!\n________________________________\nunsubscribe",
        "Thank you!\n\n*From:* Sejong Digest\nunsubscribe",
        "고맙습니다.\n\n보낸 사람: 세종 다이제스트\n구독 취소",
        "Thank you!\nOn 6 Nov 2025 at 09:00 Sejong <digest@sejong.example>\nwrote:\nunsubscribe",
        &format!("{}\nunsubscribe", "We met.\n".repeat(400)),
        &quote[1..],
        &"please ".repeat(10_000),
    ] {
        assert_eq!(of_text(text), None, "{text}");
    }
}

#[test]
fn a_wish_has_its_words_and_not_the_quotation_below() {
    let found = read_message("Subject: Re: October", "Please remove me.\n> kim@example.org");
    let expected = LeavingWish { text: "Please remove me.".to_owned(), line: Some(10) };
    assert_eq!(found, Some(expected));
}

#[test]
fn programs_lists_and_mail_systems_ask_for_nothing() {
    let token = "Qa1d2X9mDKf0zkOqkq1xPZ7GzYl4pEr0";
    for field in [
        "Auto-Submitted: auto-replied",
        "X-Autoreply: yes",
        "Precedence: bulk",
        "List-Id: <other.example.org>",
        "List-Unsubscribe: <mailto:leave@example.org>",
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.example.org",
        "Content-Type: multipart/report; boundary=b",
    ] {
        for subject in ["unsubscribe", "Please unsubscribe me", "October"] {
            let head = format!("{field}\nSubject: {subject}");
            assert_eq!(read_message(&head, "unsubscribe"), None, "{head}");
        }
        // A token is no opinion, but of a program that answers.
        let is_answer = field.starts_with("Auto") || field.starts_with("X-Auto");
        let found = read_message(&format!("{field}\nSubject: unsubscribe {token}"), "");
        assert_eq!(found.is_some(), !is_answer, "{field}");
    }
}

#[test]
fn an_address_for_leaving_opens_to_whoever_writes_there() {
    let header = fields::read("Subject: x\n\n").0;
    for (door, opens) in [
        ("unsubscribe+AQ-token@sejong.example", true),
        ("bounces+u-Qa1d2X9mDKf0zkOqkq1xPZ7GzYl4pEr0@sejong.example", true),
        ("bounces+u-boat@sejong.example", false),
    ] {
        let found = wish(&header, &Notice::default(), &[door.to_owned()], &[]);
        assert_eq!(found.is_some(), opens, "{door}");
    }
}

#[test]
fn every_line_of_the_table_has_a_kind_and_every_phrase_a_word() {
    for line in include_str!("leaving.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (kind, phrases) = line.split_once('\t').expect("a tab");
        let is_known =
            ["leave", "stop", "around", "from", "clause", "hello", "reply"].contains(&kind);
        assert!(is_known, "{kind}");
        for phrase in phrases.split(',') {
            assert!(!words(phrase).is_empty(), "{phrase:?} in {kind}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_text_has_an_answer(head in "\\PC{0,80}", text in "(\\PC|\n|>|:|\\.|unsubscribe|그만){0,60}") {
        read_message(&format!("Subject: {head}"), &text);
    }

    #[test]
    fn capitals_signs_and_the_tag_of_a_list_take_nothing_from_a_wish(
        before in "(Re: |AW: |\\[nl\\] ){0,3}",
        wish in "(unsubscribe me|remove me|abmelden|désabonnement|구독 취소|配信停止|退订)",
        after in "[ .!?~()*-]{0,5}",
        in_capitals in any::<bool>(),
    ) {
        let wish = if in_capitals { wish.to_uppercase() } else { wish };
        let subject = format!("{before}{wish}{after}");
        prop_assert!(of_subject_alone(&subject), "{}", subject);
    }

    #[test]
    fn a_word_that_nobody_knows_makes_another_matter_of_it(word in "[bcdfghjkqvwxz]{6,12}") {
        prop_assert!(!of_subject_alone(&format!("Please {word} unsubscribe me")), "{}", word);
    }
}
