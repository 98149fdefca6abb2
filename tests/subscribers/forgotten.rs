//! Who was forgotten: how they come back when they ask, and what tells that it was them.

use serde_json::Value;

use crate::harness::Publication;
use crate::relay::Relay;
use crate::{counts, done, import, json};

const KIM: &str = "kim@example.org";
const SECRET: &str = ".digest-secret";

/// Kim and Ada, by an import, and Kim is forgotten.
fn without_kim() -> Publication {
    let here = Publication::new()
        .write("members.csv", "email,first_name\nKim@example.org,Minji\nada@example.org,Ada\n");
    import(&here, &["members.csv"]);
    done(&here, &["suppress", KIM, "--why", "by phone"]);
    done(&here, &["forget", KIM]);
    here
}

/// What a command says that ends with this code.
#[track_caller]
fn fails(here: &Publication, line: &[&str], code: i32) -> String {
    let told = here.run(line);
    assert_eq!(told.code, code, "{line:?}: {told:?}");
    told.stderr
}

fn to_send(here: &Publication) -> Value {
    let told = here.run(&["plan", "2025-11", "--json"]);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    told["to_send"].clone()
}

fn is_in_store(here: &Publication, word: &str) -> bool {
    // A server has no file to look at.
    let Ok(bytes) = std::fs::read(here.path("digest.db")) else { return false };
    bytes.windows(word.len()).any(|found| found == word.as_bytes())
}

#[test]
fn whoever_was_forgotten_and_asks_again_is_released_and_added() {
    let here = without_kim();
    for line in [&["members.csv", "--plan"][..], &["members.csv", "--consent", "c"]] {
        let told = done(&here, &[&["import"], line].concat()).stdout;
        let words = "digest subscribers release ADDRESS --why TEXT";
        assert!(told.contains("forgotten                1") && told.contains(words), "{told}");
    }
    assert_eq!(counts(&import(&here, &["members.csv"])), [("forgotten", 1), ("same", 1)]);
    let told = fails(&here, &["subscribers", "add", KIM], 1);
    for words in ["was forgotten, 20", "digest subscribers release kim@example.org --why TEXT"] {
        assert!(told.contains(words), "{told}");
    }
    assert!(done(&here, &["show", KIM]).stdout.contains("  forgotten: 20"));
    // A release of a reason alone is not meant for it.
    let alone = ["subscribers", "release", KIM, "--why", "w", "--reason", "manual"];
    assert!(fails(&here, &alone, 1).contains("is not suppressed"));
    let told = done(&here, &["release", "KIM@example.org", "--why", "Minji asked again"]);
    assert!(told.stdout.contains("kim@example.org: released, and was forgotten before, 20"));
    assert!(told.stderr.contains("digest subscribers add kim@example.org"), "{told:?}");
    for word in ["kim@", "Kim@", "Minji"] {
        assert!(!is_in_store(&here, word), "{word} is in the store");
    }
    assert_eq!(json(&here, &["show", KIM])["forgotten"], false);
    assert_eq!(done(&here, &["list", "--suppressed"]).stdout, "");
    let again = ["subscribers", "release", KIM, "--why", "asked"];
    assert!(fails(&here, &again, 1).contains("is not suppressed"));
    assert_eq!(to_send(&here), 1);
    done(&here, &["add", KIM, "--consent", "wrote to us again"]);
    assert_eq!(to_send(&here), 2);
    // And may be forgotten once more.
    done(&here, &["forget", KIM]);
    assert_eq!(json(&here, &["show", KIM])["forgotten"], true);
    assert_eq!(counts(&import(&here, &["members.csv"])), [("forgotten", 1), ("same", 1)]);
}

#[test]
fn a_link_of_a_forgotten_person_is_told_as_such_and_names_nobody() {
    let here = Publication::with_subscribers();
    import(&here, &["subscribers.csv"]);
    let here = here.remove("subscribers.csv");
    let relay = Relay::new();
    let sent = here.run(&["send", "2025-11", "--yes", "--relay", &relay.url()]);
    assert_eq!(sent.code, 0, "{sent:?}");
    let links: Vec<(String, String)> = relay
        .accepted()
        .iter()
        .map(|one| {
            let text = String::from_utf8_lossy(&one.bytes).replace("\r\n ", " ");
            let field = text.split("List-Unsubscribe:").nth(1).expect("the field");
            let link = field.split("<https:").nth(1).and_then(|rest| rest.split('>').next());
            (one.recipients[0].clone(), format!("https:{}", link.expect("a link")))
        })
        .collect();
    let (who, link) = &links[0];
    done(&here, &["forget", who]);
    let told = here.run(&["who", link]);
    assert_eq!(told.code, 0, "{told:?}");
    for words in ["a person who was forgotten, 20", "  2025-11: accepted", "  link: unsubscribe"] {
        assert!(told.stdout.contains(words), "no {words:?} in {told:?}");
    }
    let object = here.run(&["who", link, "--json"]);
    for text in [&told.stdout, &told.stderr, &object.stdout] {
        assert!(!text.contains(who.as_str()) && !text.contains("forgotten.invalid"), "{text}");
    }
    let object: Value = serde_json::from_str(&object.stdout).expect("JSON");
    assert_eq!(
        (&object["address"], &object["issues"][0]["issue"]),
        (&Value::Null, &"2025-11".into())
    );
    assert!(object["forgotten"].is_string(), "{object}");
    let told = done(&here, &["suppress", "--token", link]);
    assert_eq!(told.stdout, "the person of this link: was forgotten, nothing to do\n");
    // The others are named as before.
    let (other, link) = &links[1];
    assert!(here.run(&["who", link]).stdout.starts_with(other.as_str()));
}

#[test]
fn a_secret_that_is_lost_or_another_one_knows_nobody_and_says_so() {
    let here = without_kim().remove(SECRET);
    // No mail was sent yet, and no new secret is made in its place.
    let told = here.run(&["test", "2025-11", "--to", "ada@example.org", "--catch", "trial"]);
    assert!(told.stderr.contains("shows that people were forgotten with it"), "{told:?}");
    let forget = fails(&here, &["subscribers", "forget", "ada@example.org"], 1);
    assert!(forget.contains("nobody was forgotten"), "{forget}");
    assert!(!here.exists(SECRET));
    let doctor = here.run(&["doctor", "--offline"]);
    assert!(
        doctor.code == 3 && doctor.stdout.contains("people were forgotten with it"),
        "{doctor:?}"
    );
    // One that was made elsewhere has the same number, and is another one.
    let here = here.env("DIGEST_SECRET", "a secret that has nothing to do with the first one");
    let lines: [&[&str]; 4] = [
        &["plan", "2025-11"],
        &["subscribers", "import", "members.csv", "--plan"],
        &["subscribers", "add", KIM],
        &["subscribers", "release", "zoe@example.org", "--why", "asked"],
    ];
    for line in lines {
        let told = here.run(line);
        let words = "forgotten under key 1 of the secret, and that key is not here";
        assert!(told.code != 0 && told.stderr.contains(words), "{line:?}: {told:?}");
    }
    // Whoever has lost it for good says so once, and then nobody is known any more.
    let relay = Relay::new();
    let send = ["send", "2025-11", "--yes", "--relay", &relay.url()];
    assert!(fails(&here, &send, 1).contains("--new-secret"));
    let told = here.run(&[&send[..], &["--new-secret"]].concat());
    assert_eq!((told.code, relay.counts().accepted), (0, 1), "{told:?}");
    assert_eq!(here.run(&["plan", "2025-11"]).code, 0);
    assert_eq!(counts(&import(&here, &["members.csv"])), [("add", 1), ("same", 1)]);
}
