//! Nobody who said no in words of their own gets mail: answers in sentences, columns kept by hand,
//! remarks; and the columns of ordinary exports, which nobody is asked about.

use crate::consent::is_asked;
use crate::harness::Publication;
use crate::mail::Mail;
use crate::relay::Relay;
use crate::{LIST, send, summary};

/// A list with one column beside the address, and so many rows.
fn list(header: &str, cells: &[&str]) -> String {
    let row = |(at, cell): (usize, &&str)| format!("\nu{at}@a.example,\"{cell}\"");
    format!("email,\"{header}\"{}\n", cells.iter().enumerate().map(row).collect::<String>())
}

#[test]
fn a_column_that_asks_for_consent_stops_until_its_answers_are_understood() {
    for (header, cells, to_send) in [
        ("Newsletter", ["Yes, please", "No, thank you", ""], 1),
        ("Newsletter?", ["Yes please", "No thanks", "Yes"], 2),
        ("Newsletter?", ["yes", "no longer", "not any more"], 1),
        ("Do you want to receive our newsletter?", ["I want it", "I do not want it", "perhaps"], 1),
        ("May we write to you?", ["Yes, please", "rather not", "no, by post"], 1),
        ("Newsletter by email", ["by e-mail", "none", "none"], 1),
        ("Subscribe", ["yes", "later", "yes"], 2),
        ("Mailing", ["yes", "on paper", "yes"], 2),
        ("Mailing list?", ["Yes, please", "No, thanks", "No"], 1),
        ("Opt in", ["of course", "never", "by post"], 1),
        ("Wants newsletter", ["yes", "not now", "yes"], 2),
        ("Receive news by e-mail", ["yes", "by post", "no"], 1),
        ("Möchten Sie den Newsletter?", ["Ja bitte", "Nein danke", "nicht mehr"], 1),
        ("Dürfen wir Ihnen schreiben?", ["Ja, gerne", "lieber nicht", "keine"], 1),
        ("Newsletter erwünscht", ["ja", "nein, per Post", "ja"], 2),
        ("Abo", ["ja", "nein", "ja"], 2),
        ("Souhaitez-vous recevoir la lettre ?", ["Oui, volontiers", "Non merci", "plus jamais"], 1),
        ("뉴스레터를 받으시겠습니까?", ["네 받겠습니다", "아니오 괜찮습니다", "예"], 2),
        ("소식지 수신을 원하십니까?", ["예", "아니요", "나중에"], 1),
        ("메일 수신 희망", ["희망합니다", "희망하지 않음", "네"], 2),
    ] {
        let here = Publication::new().write(LIST, list(header, &cells));
        let asked = here.run(&["plan", "2025-11"]);
        is_asked(&asked, &["list-consent", "1 row", cells[0]]);
        let said = format!("{header}=yes");
        let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", &said]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], to_send, "{header}: {plan:?}");
    }
}

#[test]
fn an_answer_that_stays_unknown_is_told_with_its_row_and_gets_no_mail() {
    let cells = ["Yes, please", "perhaps", "No, thanks", "Yes, but by post"];
    let here = Publication::new().write(LIST, list("Newsletter", &cells));
    let plan = here.run(&["plan", "2025-11", "--consent-column", "Newsletter=yes"]);
    assert_eq!(plan.code, 0, "{plan:?}");
    assert!(plan.stdout.contains("To        1 recipient"), "{}", plan.stdout);
    let told = [&plan.stdout[..], &plan.stderr[..]].concat();
    for words in ["list-answer", "lines 3, 5", "\"perhaps\" in 1 row", "\"Yes, but by post\""] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // Under the other sense it is not mailed either.
    let here = Publication::new().write(LIST, list("Opted out of news", &["no", "yes", "perhaps"]));
    let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", "Opted out of news=no"]);
    assert_eq!(summary(&plan)["to_send"], 1, "{plan:?}");
}

/// An answer that begins as a yes does and goes on, a word beside a day, an interval called never, and
/// somebody in a column of leavers who has not left.
#[test]
fn an_answer_is_the_whole_of_its_cell() {
    for (header, cells) in [
        ("수신동의", ["네", "동의 안합니다", "동의 취소"]),
        ("수신동의", ["동의합니다", "동의 못합니다", "희망 안합니다"]),
        ("수신동의", ["네", "2024-05-01", "2024-05-01 일부만"]),
        ("Subscribed", ["2024-05-01", "2024-05-02", "2024-05-03 by post"]),
        ("Newsletter", ["weekly", "none", "weekly"]),
        ("뉴스레터", ["매주", "없음", "매주"]),
        ("Abo", ["digital", "keine", "print"]),
        ("Newsletter frequency", ["weekly", "never", "monthly"]),
        ("Resigned", ["2024-05-01", "not yet", ""]),
        ("Unsubscribed at", ["2024-05-01", "still subscribed", ""]),
        ("탈퇴일", ["2024-05-01", "아직 회원", ""]),
    ] {
        let here = Publication::new().write(LIST, list(header, &cells));
        is_asked(&here.run(&["plan", "2025-11"]), &[header]);
    }
    for (header, cells, to_send) in [
        ("Status", ["2024-05-01 unsubscribed", "active", "active"], 2),
        ("Subscribed", ["2024-05-01 (cancelled)", "2024-05-01", "2024-05-02 10:00 PM"], 2),
        ("수신동의", ["2024-05-01 철회", "2024. 5. 1. 오후 3:12", "네"], 2),
        ("Newsletter", ["01.02.2024 abgemeldet", "ja", "ja"], 2),
        ("Newsletter frequency", ["weekly", "monthly", "quarterly"], 3),
        ("Type", ["Regular", "Student", "Family"], 3),
    ] {
        let here = Publication::new().write(LIST, list(header, &cells));
        let flags = ["plan", "2025-11", "--json", "--consent-column", "Newsletter=yes"];
        let flags = if header == "Newsletter" { &flags[..] } else { &flags[..3] };
        let plan = here.run(flags);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], to_send, "{header}: {plan:?}");
    }
}

/// What is said of one word of an ordinary column says nothing of its others.
#[test]
fn one_word_of_a_plain_column_is_no_word_of_its_others() {
    let cells = ["VIP", "Pending", "Paused", "Left"];
    let here = Publication::new().write(LIST, list("Category", &cells));
    for (said, to_send) in [("Category: VIP=yes", 4), ("Category: Left=no", 3)] {
        let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", said]);
        assert_eq!((plan.code, &summary(&plan)["to_send"]), (0, &to_send.into()), "{plan:?}");
    }
}

#[test]
fn columns_of_lists_kept_by_hand_mail_nobody_who_left() {
    for (header, stays, left) in [
        ("aktiv", "ja", "nein"),
        ("Aktiv", "x", ""),
        ("Kündigung", "", "12.03.2025"),
        ("gekündigt am", "", "12.03.2025"),
        ("gekündigt", "nein", "ja"),
        ("Kündigung zum", "", "31.12.2025"),
        ("Widerspruch", "", "ja"),
        ("Widerspruch", "nein", "12.03.2025"),
        ("abbestellt", "", "x"),
        ("Abbestellt am", "", "12.03.2025"),
        ("verstorben", "", "2024"),
        ("Died", "", "2024"),
        ("Résilié", "", "oui"),
        ("Fecha de baja", "", "12/03/2025"),
        ("수신거부", "", "O"),
        ("해지일", "", "2025-03-12"),
        ("해지 여부", "N", "Y"),
        ("탈퇴일", "", "2025. 3. 12."),
        ("탈퇴 사유", "", "이사"),
        ("동의 철회일", "", "2025-03-12"),
        ("사망일", "", "2025-03-12"),
        ("활성 여부", "Y", "N"),
    ] {
        let here = Publication::new().write(LIST, list(header, &[stays, left]));
        let plan = here.run(&["plan", "2025-11", "--json"]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], 1, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["left_out"], 1, "{header}: {plan:?}");
    }
    for (header, left) in [
        ("탈퇴일자", "2025-03-12"),
        ("탈퇴 일자", "2025-03-12"),
        ("탈퇴날짜", "2025. 3. 12."),
        ("해지일시", "2025-03-12 10:00"),
        ("수신거부 날짜", "2025-03-12"),
        ("회원 탈퇴 여부", "Y"),
        ("Datum Austritt", "12.03.2025"),
        ("Austritt per", "31.12.2025"),
        ("ausgetreten zum", "31.12.2025"),
        ("Datum des Austritts", "12.03.2025"),
        ("Austrittsgrund", "Umzug"),
        ("Sterbedatum", "2024"),
        ("Leave date", "2025-03-12"),
        ("Resigned on", "2025-03-12"),
        ("resigned_on", "12 March 2025"),
        ("dateLeft", "2025-03-12"),
    ] {
        let here = Publication::new().write(LIST, list(header, &["", left]));
        let plan = here.run(&["plan", "2025-11", "--json"]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert!(!plan.stderr.contains("list-"), "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], 1, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["left_out"], 1, "{header}: {plan:?}");
    }
    for header in ["Abo", "Kündigung Newsletter", "Newsletter gekündigt", "Vereinsaustritt"] {
        let here = Publication::new().write(LIST, list(header, &["ja", "nein"]));
        is_asked(&here.run(&["plan", "2025-11"]), &["list-consent"]);
    }
}

#[test]
fn a_column_that_refuses_is_asked_about_and_its_line_refuses_as_well() {
    for (header, refused, other) in [
        ("Keine E-Mails", "ja", ""),
        ("keine Mails", "x", ""),
        ("keine E-Mail", "ja", "nein"),
        ("nicht anschreiben", "x", ""),
        ("will keine Post", "x", ""),
        ("nicht mehr Mitglied", "x", ""),
        ("E-Mail ungültig", "x", ""),
        ("unzustellbar", "x", ""),
        ("zu löschen", "x", ""),
        ("No emails", "yes", ""),
        ("No newsletter", "x", ""),
        ("Newsletter-Abmeldung", "x", ""),
        ("kein Newsletter", "x", ""),
        ("Newsletter nein", "x", ""),
        ("Newsletter nein", "nein", ""),
        ("ohne Rundbrief", "ja", ""),
        ("Consent withdrawn", "yes", "no"),
        ("Pas de courriel", "oui", ""),
        ("소식지 거부", "O", ""),
        ("메일 수신 안함", "O", "X"),
        ("메일 수신 안함", "안함", ""),
        ("소식지 받지 않음", "Y", "N"),
        ("이메일 수신 미동의", "Y", "N"),
        ("문자/메일 발송 제외", "O", ""),
    ] {
        let here = Publication::new().write(LIST, list(header, &[refused, other]));
        let asked = here.run(&["plan", "2025-11"]);
        let line = format!("consent_columns = {{ \"{header}\" = \"no\"");
        is_asked(&asked, &["list-consent", &line]);
        let no = format!("{header}=no");
        let plan = here.run(&["plan", "2025-11", "--json", "--consent-column", &no]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], 1, "{header}: {plan:?}");
    }
    // Whether a mark in it is a yes, its name does not say.
    for header in ["Newsletter", "소식지", "Newsletter (ja/nein)", "Rundbrief oder nicht"] {
        let here = Publication::new().write(LIST, list(header, &["x", ""]));
        let line = format!("consent_columns = {{ \"{header}\" = \"yes or no\" }}");
        is_asked(&here.run(&["plan", "2025-11"]), &["list-consent", &line]);
    }
}

#[test]
fn remarks_that_may_say_no_are_told_with_their_lines() {
    for header in ["Notes", "Bemerkung", "Kommentar", "비고", "Remarks", "메모"] {
        let cells = [
            "unsubscribed in May",
            "please remove from list",
            "deceased 2025",
            "will keine Post mehr",
            "verstorben",
            "수신거부 요청",
            "board member since 2010",
        ];
        let here = Publication::new().write(LIST, list(header, &cells));
        let plan = here.run(&["plan", "2025-11"]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        let told = [&plan.stdout[..], &plan.stderr[..]].concat();
        for words in
            ["row-remark", "unsubscribed in May", "5 more like this", "3, 4, 5, 6, 7", "--except"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
        // Who is named in the file of exceptions is not told again.
        let never: String = (0..6).map(|at| format!("u{at}@a.example\n")).collect();
        let here = here.write("never.txt", never);
        let plan = here.run(&["plan", "2025-11", "--except", "never.txt"]);
        assert!(!plan.stderr.contains("row-remark"), "{plan:?}");
        let ignore = format!("{header}=ignore");
        let plan = here.run(&["plan", "2025-11", "--consent-column", &ignore]);
        assert!(plan.code == 0 && !plan.stderr.contains("row-remark"), "{plan:?}");
    }
}

#[test]
fn nobody_is_greeted_by_a_sign_for_no_value() {
    let cells = ["null", "N/A", "-", "#NV", "#N/A", "KÃ¶ln", "Null"];
    let here = Publication::new().write(LIST, list("first_name", &cells));
    let relay = Relay::new();
    let sent = send(&here, &relay, &[]);
    assert_eq!(sent.code, 0, "{sent:?}");
    for words in ["row-damage", "\"#NV\"", "letters in first_name were destroyed: \"KÃ¶ln\""] {
        assert!(sent.stderr.contains(words), "{words}: {sent:?}");
    }
    let accepted = relay.accepted();
    let mut subjects: Vec<String> =
        accepted.iter().map(|mail| Mail::read(&mail.bytes).subject().to_owned()).collect();
    subjects.sort();
    let read = |name: &str| format!("Hello {name}");
    let mut expected = vec![read("KÃ¶ln"), read("Null")];
    expected.extend((0..5).map(|_| read("reader")));
    assert_eq!(subjects, expected);
}

/// Names of columns as exports and people write them, with what stands in them.
const COLUMNS: [(&str, [&str; 3]); 111] = [
    ("tags", ["crew", "news", ""]),
    ("interests", ["poetry", "history", ""]),
    ("Newsletter name", ["Harbour News", "Research Letter", ""]),
    ("Newsletter", ["Harbour News", "Research Letter", ""]),
    ("Newsletter", ["weekly", "monthly", ""]),
    ("Newsletter", ["Hafenpost", "Hafenpost", "Hafenpost"]),
    ("newsletter", ["한국어", "영어", ""]),
    ("Newsletter frequency", ["weekly", "monthly", ""]),
    ("Newsletter edition", ["North", "South", ""]),
    ("Newsletter topics", ["art", "music", ""]),
    ("Newsletter language", ["de", "en", ""]),
    ("Newsletter format", ["html", "text", ""]),
    ("Newsletter clicks", ["1", "0", ""]),
    ("Newsletter source", ["web", "fair", ""]),
    ("How did you hear about our newsletter?", ["a friend", "the web", ""]),
    ("How often do you want the newsletter?", ["weekly", "once a month", ""]),
    ("Subscribed at", ["2024-01-01", "", "2024-02-02"]),
    ("subscribed_on", ["2024-01-01", "", "2024-02-02"]),
    ("Date subscribed", ["2024-01-01", "", "2024-02-02"]),
    ("source", ["web", "fair", ""]),
    ("plan", ["free", "pro", ""]),
    ("tier", ["free", "paid", ""]),
    ("Subscription", ["monthly", "annual", ""]),
    ("Subscription", ["Print", "Digital", "Print + Digital"]),
    ("Subscription tier", ["monthly", "annual", ""]),
    ("Subscription plan", ["Reader", "Friend", ""]),
    ("Subscription price", ["10", "20", ""]),
    ("Subscription end", ["2026-01-01", "never", ""]),
    ("Subscription renewal", ["auto", "by hand", ""]),
    ("subscription_id", ["s1", "s2", ""]),
    ("Abonnement", ["annuel", "mensuel", ""]),
    ("Abo-Nr", ["12", "13", ""]),
    ("Abo seit", ["2019", "2020", ""]),
    ("Abo-Typ", ["Print", "Online", ""]),
    ("Subscriber", ["Kim Minji", "Ada", "Park"]),
    ("Subscriber name", ["Kim", "Ada", ""]),
    ("subscriber_id", ["1", "2", ""]),
    ("Subscriber since", ["2019", "2020", ""]),
    ("Mailing address", ["1 High Street", "2 Low Road", ""]),
    ("Mailing Address Line 1", ["1 High Street", "2 Low Road", ""]),
    ("Mailing city", ["Busan", "Seoul", ""]),
    ("Mailing State/Province", ["OR", "OK", ""]),
    ("Mailing Zip", ["04524", "90210", ""]),
    ("Mailing street", ["High Street", "Low Road", ""]),
    ("Receive date", ["2024-01-01", "", ""]),
    ("Received by", ["Kim", "Ada", ""]),
    ("Receipt", ["yes", "no", ""]),
    ("MEMBER_RATING", ["2", "3", ""]),
    ("email_status", ["active", "active", ""]),
    ("Email type", ["html", "text", ""]),
    ("Email opens", ["1", "0", ""]),
    ("Marketing source", ["web", "fair", ""]),
    ("Marketing segment", ["A", "B", ""]),
    ("Marketing channel", ["web", "fair", ""]),
    ("Department", ["Marketing", "Sales", ""]),
    ("utm_campaign", ["May", "June", ""]),
    ("Campaign", ["May", "June", ""]),
    ("Verteiler", ["Vorstand", "Mitglieder", ""]),
    ("Mailing list", ["members", "friends", ""]),
    ("List", ["members", "friends", ""]),
    ("Position", ["chair", "member", ""]),
    ("Company", ["No Limits Ltd", "Yes & Co", ""]),
    ("Dietary needs", ["none", "no nuts", ""]),
    ("Do you eat meat?", ["yes", "no", ""]),
    ("Will you attend?", ["yes", "no", "perhaps"]),
    ("Are you a student?", ["yes", "no", ""]),
    ("May we publish your photo?", ["yes", "no", ""]),
    ("May we phone you?", ["yes", "no", ""]),
    ("Kündigungsfrist", ["3 Monate", "1 Monat", ""]),
    ("Ankündigung", ["ja", "nein", ""]),
    ("Beitrag bezahlt", ["ja", "nein", ""]),
    ("Eintrittsdatum", ["01.02.2020", "", ""]),
    ("Anrede", ["Frau", "Herr", ""]),
    ("Vorstand", ["ja", "nein", ""]),
    ("구독일", ["2024-01-01", "", ""]),
    ("구독 상품", ["월간", "연간", ""]),
    ("구독 기간", ["1년", "2년", ""]),
    ("수신자", ["김민지", "박지", ""]),
    ("수신처", ["집", "회사", ""]),
    ("뉴스레터 주제", ["예술", "역사", ""]),
    ("희망 분야", ["예술", "역사", ""]),
    ("가입 경로", ["지인", "블로그", ""]),
    ("회비 납부", ["예", "아니요", ""]),
    ("Straße", ["Hauptstr. 1", "Ring 2", ""]),
    ("Mitglied seit", ["2019", "2020", ""]),
    ("Beitritt", ["01.02.2020", "", ""]),
    ("Land", ["Austria", "Korea", ""]),
    ("Nichte", ["ja", "nein", ""]),
    ("Nichtmitglied", ["ja", "nein", ""]),
    ("Newsletter no", ["12", "13", ""]),
    ("Ort ohne PLZ", ["Köln", "Bonn", ""]),
    ("Nein-Stimmen", ["2", "0", ""]),
    ("Briefanrede", ["Sehr geehrte Frau Kim", "Lieber Jan", ""]),
    ("Beitrag nicht bezahlt", ["x", "", ""]),
    ("Non-profit", ["yes", "no", ""]),
    ("Time left", ["3 days", "", ""]),
    ("Mail Stop", ["MS 12", "MS 40", ""]),
    ("Ankündigung am", ["12.03.2025", "", ""]),
    ("On leave", ["yes", "no", ""]),
    ("안내 메일", ["국문", "영문", ""]),
    ("미술 소식지", ["하버 소식", "나래 소식", ""]),
    ("입회일", ["2020-01-01", "", ""]),
    ("회비 미납", ["O", "", ""]),
    ("보안 등급", ["1", "2", ""]),
    ("불어 가능", ["예", "아니요", ""]),
    ("미국 거주", ["예", "아니요", ""]),
    ("취미", ["미술", "탈춤", ""]),
    ("거주 국가", ["불가리아", "독일", ""]),
    ("안내문 언어", ["한국어", "독일어", ""]),
    ("해지 방법", ["전화", "우편", ""]),
    ("Notes", ["moved to Busan", "husband died 2020", ""]),
];

#[test]
fn columns_of_ordinary_exports_are_not_asked_about() {
    for (header, cells) in COLUMNS {
        let here = Publication::new().write(LIST, list(header, &cells));
        let plan = here.run(&["plan", "2025-11", "--json"]);
        assert_eq!(plan.code, 0, "{header}: {plan:?}");
        assert_eq!(summary(&plan)["to_send"], 3, "{header}: {plan:?}");
        assert!(!plan.stderr.contains("row-remark"), "{header}: {plan:?}");
    }
}
