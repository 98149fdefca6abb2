//! `digest serve` from outside: the real binary, requests as programs and browsers send them, and what
//! the list says afterwards.

mod address;
mod amazon;
mod client;
mod confirming;
mod guarded;
mod hooks;
mod leaving;
mod logs;
mod operations;
mod outbox;
mod own_data;
mod pausing;
mod preferences;
mod sns;
mod storm;
mod subscribing;
#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/mail.rs"]
mod mail;
#[path = "../harness/relay.rs"]
mod relay;

use harness::{Publication, Running};

/// A server beside a publication; it ends with the test.
pub(crate) struct Served {
    pub(crate) here: Publication,
    pub(crate) running: Running,
    pub(crate) port: u16,
}

/// The host of links in mail.
pub(crate) const HOST: &str = "digest.sejong.example";

/// A publication with a list in the store, so that people have a status.
pub(crate) fn publication() -> Publication {
    let here = Publication::new();
    for line in [
        &["subscribers", "add", "kim@example.org", "--consent", "asked by mail"][..],
        &["subscribers", "add", "ada@example.org", "--consent", "asked by mail"],
    ] {
        let told = here.run(line);
        assert_eq!(told.code, 0, "{told:?}");
    }
    // As the first send does, this makes the secret.
    link(&here, "kim@example.org");
    here
}

impl Served {
    pub(crate) fn start(here: Publication) -> Served {
        let running = here.start(&["serve", "--listen", "127.0.0.1:0"]);
        let port = port(&running);
        Served { here, running, port }
    }

    /// The path of somebody's link in a mail.
    pub(crate) fn link(&self, address: &str) -> String {
        link(&self.here, address)
    }

    /// A status and a body.
    pub(crate) fn get(&self, path: &str) -> client::Answer {
        client::ask(self.port, "GET", path, &[], "")
    }

    /// A form, as browsers and mail programs send it.
    pub(crate) fn post(&self, path: &str, form: &str) -> client::Answer {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        client::ask(self.port, "POST", path, &[kind], form)
    }

    /// What `subscribers show --json` says of somebody.
    pub(crate) fn known(&self, address: &str) -> serde_json::Value {
        let told = self.here.run(&["subscribers", "show", address, "--json"]);
        assert_eq!(told.code, 0, "{told:?}");
        serde_json::from_str(&told.stdout).expect("JSON")
    }

    /// Their status, and the reasons that keep mail from them.
    pub(crate) fn standing(&self, address: &str) -> (String, Vec<String>) {
        let known = self.known(address);
        let reasons = known["history"].as_array().expect("a list").iter();
        let reasons = reasons.filter(|one| one["released_at"].is_null());
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        (text(&known["subscriber"]["status"]), reasons.map(|one| text(&one["reason"])).collect())
    }
}

pub(crate) fn port(running: &Running) -> u16 {
    running.says("answering for");
    let told = running.stderr();
    let address = told.split("http://127.0.0.1:").last().expect("an address");
    let digits: String = address.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a port")
}

pub(crate) fn link(here: &Publication, address: &str) -> String {
    let told = here.run(&["render", "2025-11", "--format", "eml", "--as", address]);
    assert_eq!(told.code, 0, "{told:?}");
    let text = told.stdout.replace("\r\n ", " ");
    let start = text.find(&format!("<https://{HOST}/")).expect("a link") + 9 + HOST.len();
    text[start..].split('>').next().expect("an end").to_owned()
}
