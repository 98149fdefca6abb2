//! `digest secret rotate`, and what links, Message-IDs and reverse-paths are before and after it.

use sejong_digest::catcher::script::{At, Do, Script, When};
use sejong_digest::message::address::Address;
use sejong_digest::message::token::Keys;
use serde_json::{Value, json};

use crate::harness::{Output, Publication};
use crate::mail::Mail;
use crate::relay::Relay;
use crate::retries::with_settings;
use crate::{book, counts, send, summary, with_readers};

const SECRET: &str = ".digest-secret";
const KEY: &str = "0123456789abcdef0123456789abcdef";
const LIST_ID: &str = "digest.sejong.example";

fn rotate(here: &Publication) -> Output {
    here.run(&["secret", "rotate"])
}

/// A publication with a secret that the test knows.
fn with_key(text: &str) -> Publication {
    let here = Publication::with_subscribers().write(SECRET, text);
    allow_owner(&here, SECRET);
    here
}

#[cfg(unix)]
fn allow_owner(here: &Publication, path: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(here.path(path), mode).expect("changed");
}

#[cfg(not(unix))]
fn allow_owner(_here: &Publication, _path: &str) {}

/// The link of a message as it would be sent now.
fn link(here: &Publication) -> String {
    let person = ["render", "2025-11", "--format", "eml", "--as", "kim@example.org"];
    let eml = here.run(&person);
    assert_eq!(eml.code, 0, "{eml:?}");
    Mail::read(eml.stdout.as_bytes()).unsubscribe().to_owned()
}

#[track_caller]
fn who(here: &Publication, link: &str) -> Value {
    let told = here.run(&["who", link, "--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    summary(&told)
}

// Made by version 1 with this key; the address stands in it for all to see.
#[test]
fn links_of_every_version_and_key_are_read_after_a_rotation() {
    let here = with_key(KEY);
    let first = "https://digest.sejong.example/unsubscribe/\
                 AZ5Y9xwaSnFZy6DsGmvr9FxraW1AZXhhbXBsZS5vcmc";
    let mut links = vec![(1, first.to_owned()), (1, link(&here))];
    for number in 2..=3 {
        let told = rotate(&here);
        assert_eq!((told.code, told.stderr.as_str()), (0, ""), "{told:?}");
        let words = format!("made key {number} in {SECRET}; new mail is made with it\n");
        assert!(told.stdout.starts_with(&words), "{told:?}");
        links.push((number, link(&here)));
        for (key, link) in &links {
            let owner = who(&here, link);
            let known = (&owner["address"], &owner["key"], &owner["purpose"], &owner["end"]);
            let kim = (&json!("kim@example.org"), &json!(key), &json!("unsubscribe"), &json!(null));
            assert_eq!(known, kim, "{link}");
        }
        let text = here.read(SECRET);
        assert!(text.starts_with(&format!("{KEY}\nkey 2 ")), "{text}");
        for line in text.lines().filter_map(|line| line.rsplit(' ').next()) {
            assert!(!told.stdout.contains(line), "a key was shown");
        }
    }
    let told = here.run(&["who", &links[2].1]).stdout;
    assert_eq!(told, "kim@example.org\n  on the list\n  link: unsubscribe, key 2\n");
    let doctor = here.run(&["doctor", "--offline"]).stdout;
    assert!(doctor.contains("a secret with 3 keys, and only its owner"), "{doctor}");
    // Nothing of the address stands in a new link, and the same person has the same one each time.
    let token = link(&here).rsplit('/').next().expect("a token").to_owned();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).expect("base64url");
    assert!(!bytes.windows(3).any(|piece| piece == b"kim" || piece == b"org"), "{token}");
    assert!(token.len() <= 64 && link(&here).ends_with(&token), "{token}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(here.path(SECRET)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert!(!here.files().iter().any(|file| file.starts_with(".digest-secret.")));
    // Whoever takes a key away takes its links away, and no others.
    let kept: Vec<String> = here.read(SECRET).lines().skip(1).map(str::to_owned).collect();
    let here = here.write(SECRET, kept.join("\n"));
    assert_eq!(here.run(&["who", first]).code, 1);
    assert_eq!(who(&here, &links[2].1)["key"], 2);
}

#[test]
fn an_issue_that_was_begun_goes_on_after_a_rotation_under_its_message_ids() {
    let later = Do::reply("450 4.2.0 later");
    let script = Script::new().rule(At::Dot, When::recipient("r002"), later);
    let bounce =
        "[retry]\nfirst = \"1ms\"\n\n[bounce]\nreverse_path = \"b+{token}@sejong.example\"";
    let (here, relay) = (with_settings(3, bounce), Relay::scripted(script));
    let sent = send(&here, &relay, &[]);
    assert_eq!((sent.code, counts(&here, &sent)), (4, [2, 0, 1, 0, 0, 0]), "{sent:?}");
    let id = book(&here).row("r002@x.example").message_id.clone().expect("a Message-ID");
    assert_eq!(rotate(&here).code, 0);
    let open = Relay::new();
    let again = send(&here, &open, &[]);
    assert_eq!((again.code, counts(&here, &again)), (0, [3, 0, 0, 0, 0, 0]), "{again:?}");
    let [one] = &open.accepted()[..] else { panic!("{:?}", open.counts()) };
    let mail = Mail::read(&one.bytes);
    assert_eq!(mail.id(), format!("<{id}>"));
    assert_eq!(who(&here, mail.unsubscribe())["key"], 2);
    for received in relay.accepted() {
        assert_eq!(who(&here, Mail::read(&received.bytes).unsubscribe())["key"], 1);
    }
    // Nobody is asked about an issue of which everybody has one.
    let nothing = send(&here, &open, &[]);
    assert_eq!((nothing.code, open.counts().accepted), (0, 1), "{nothing:?}");
}

// What `bounces+{token}@` has to tell: the row, to whoever has the secret, and nobody else.
#[test]
fn a_reverse_path_names_the_row_of_its_message() {
    let bounce = "[bounce]\nreverse_path = \"bounces+{token}@sejong.example\"";
    let (here, relay) = (with_settings(3, bounce), Relay::new());
    assert_eq!(send(&here, &relay, &[]).code, 0);
    let secret = here.read(SECRET);
    let keys = Keys::new(secret.trim().as_bytes());
    let mut rows = Vec::new();
    for received in relay.accepted() {
        let (local, _) = received.reverse_path.split_once('@').expect("an address");
        let token = local.strip_prefix("bounces+").expect("a token");
        assert!(local.len() <= 64 && token.len() == 26, "{local}");
        let recipient = Address::parse(&received.recipients[0]).expect("an address");
        let [row] = keys.reverse_path_rows(token)[..] else { panic!("{token}") };
        assert!(keys.is_reverse_path_token(LIST_ID, "2025-11", &recipient, row, token));
        assert_eq!(recipient.as_str(), format!("r00{row}@x.example"));
        rows.push(row);
    }
    rows.sort_unstable();
    assert_eq!(rows, [1, 2, 3]);
}

#[test]
fn a_secret_in_a_variable_is_rotated_by_hand_only() {
    let here = Publication::with_subscribers().env("DIGEST_SECRET", KEY);
    let before = link(&here);
    let told = rotate(&here);
    assert_eq!((told.code, told.stdout.as_str()), (1, ""), "{told:?}");
    for words in ["digest cannot change a variable", "write the value", SECRET, "key 2"] {
        assert!(told.stderr.contains(words), "no {words}: {told:?}");
    }
    assert!(!told.stderr.contains(KEY) && !here.exists(SECRET));
    let here = here.env("DIGEST_SECRET", &format!("{KEY}\nkey 2 fedcba9876543210fedcba9876543210"));
    assert_eq!(who(&here, &before)["key"], 1);
    assert_eq!(who(&here, &link(&here))["key"], 2);
    // And a line that is none is told, and not shown.
    let here = here.env("DIGEST_SECRET", &format!("{KEY}\nkey 2 hunter2"));
    let told = here.run(&["who", &before]);
    assert!(told.code == 1 && told.stderr.contains("key 2 of DIGEST_SECRET"), "{told:?}");
    assert!(!told.stderr.contains("hunter2"), "{told:?}");
}

#[test]
fn the_file_that_a_variable_names_is_rotated() {
    let here = Publication::with_subscribers().write("keys/secret", KEY);
    allow_owner(&here, "keys/secret");
    let here = here.env("DIGEST_SECRET_FILE", "keys/secret");
    let told = rotate(&here);
    assert!(told.code == 0 && told.stdout.contains("made key 2 in keys/secret"), "{told:?}");
    assert_eq!(who(&here, &link(&here))["key"], 2);
    assert!(!here.exists(SECRET));
}

#[test]
fn without_a_secret_there_is_nothing_to_rotate_and_none_is_made() {
    let here = with_readers(2);
    let told = rotate(&here);
    assert!(told.code == 1 && told.stderr.contains("the first send makes it"), "{told:?}");
    assert!(!here.exists(SECRET));
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let here = here.remove(SECRET);
    let told = rotate(&here);
    let missing = format!(".digest-secret is missing, and {} shows", here.store_name());
    for words in [&missing[..], "copy that file here"] {
        assert!(told.code == 1 && told.stderr.contains(words), "no {words}: {told:?}");
    }
    assert!(!here.exists(SECRET));
}

#[test]
fn what_a_stopped_rotation_left_is_told_and_the_secret_stays() {
    let here = with_key(KEY).write(".digest-secret.new", KEY);
    let told = rotate(&here);
    for words in [".digest-secret.new exists", "remove .digest-secret.new"] {
        assert!(told.code == 1 && told.stderr.contains(words), "no {words}: {told:?}");
    }
    assert_eq!(here.read(SECRET), KEY);
    let here = here.remove(".digest-secret.new");
    assert_eq!(rotate(&here).code, 0);
    // A line that somebody spoiled is told by whatever needs the secret.
    let text = format!("{}what is this\n", here.read(SECRET));
    let here = here.write(SECRET, text);
    for line in [&["secret", "rotate"][..], &["who", "AbCd"], &["send", "2025-11", "--yes"]] {
        let told = here.run(line);
        for words in ["line 3 of ", ".digest-secret is not a key: it does not begin with"] {
            assert!(told.code == 1 && told.stderr.contains(words), "{line:?}: {told:?}");
        }
        assert!(!told.stderr.contains("what is this"), "{told:?}");
    }
}

/// A secret that was put back from an old copy looks like any other, and what is sent with it has links
/// of a key that is not the newest; a second key of one number makes links of the first one dead.
#[test]
fn a_secret_from_an_old_copy_stops_a_send_a_rotation_and_doctor() {
    let mut here = with_key(KEY);
    assert_eq!(rotate(&here).code, 0);
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    let whole = here.read(SECRET);
    let another = format!("{KEY}\nkey 2 00112233445566778899aabbccddeeff\n");
    let ledger = here.store_name();
    for (text, words) in [
        (
            KEY,
            format!(
                "key 2 is missing in .digest-secret, and {ledger} shows that mail was sent with"
            ),
        ),
        (
            &another,
            format!("key 2 in .digest-secret is another one, and {ledger} shows with which"),
        ),
    ] {
        let words = &words[..];
        here = here.write(SECRET, text);
        let told = rotate(&here);
        assert!(told.code == 1 && told.stderr.contains(words), "{told:?}");
        assert_eq!(here.read(SECRET), text);
        let doctor = here.run(&["doctor", "--offline"]);
        assert!(doctor.stdout.contains(words), "{doctor:?}");
        here = here.write(crate::LIST, "email\nnew@x.example\n");
        let relay = Relay::new();
        let told = send(&here, &relay, &[]);
        assert!(told.code == 3 && told.stderr.contains(words), "{told:?}");
        assert!(told.stderr.contains("--new-secret goes on with the one that is here"), "{told:?}");
        assert_eq!(relay.counts().accepted, 0);
        let plan = here.run(&["plan", "2025-11"]);
        assert!(plan.stdout.contains(words) || plan.stderr.contains(words), "{plan:?}");
    }
    here = here.write(SECRET, KEY);
    assert_eq!(send(&here, &Relay::new(), &["--new-secret"]).code, 0);
    // It was said once; and no number stands for two keys.
    let told = rotate(&here);
    assert!(told.stdout.starts_with("made key 3 in"), "{told:?}");
    here = here.write(crate::LIST, "email\nnew@x.example\nlast@x.example\n");
    assert_eq!(send(&here, &Relay::new(), &[]).code, 0);
    // The one that was lost is found again.
    here = here.write(SECRET, &whole);
    let told = rotate(&here);
    assert!(told.stderr.contains("key 3 is missing"), "{told:?}");
}
