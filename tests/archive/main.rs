//! The archive from outside: issues that were sent to a relay, the folder that `digest archive build`
//! writes of them, and what `digest serve` answers.

mod amend;
mod cards;
mod folders;
mod live;
mod looks;
mod older;
mod private;
#[allow(dead_code, reason = "tests/web uses all of it")]
#[path = "../web/client.rs"]
mod client;
#[path = "../harness/mod.rs"]
mod harness;
#[path = "../harness/relay.rs"]
mod relay;

use std::collections::BTreeMap;

use harness::{Output, Publication};
use relay::Relay;

/// The host of links in mail.
pub(crate) const HOST: &str = "digest.sejong.example";

pub(crate) const DIGEST: &str = r#"[publication]
name = "Sejong Digest"
organization = "The Sejong Society"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"

[topic.events]
name = "Events"

[archive]
"#;

/// Rows with what nobody else may read.
const READERS: &str = "email,first_name,points,tags\n\
    zephyrine.quux@reader.example,Zephyrine <Quux>,987123,board\n\
    o'grady+x@reader.example,Óengus & sons,555777,\n";

/// A publication whose archive shows what was sent.
pub(crate) fn publication() -> Publication {
    Publication::new().write("digest.toml", DIGEST).write("subscribers.csv", READERS)
}

/// Another issue, with articles of a line each.
pub(crate) fn with_issue(here: Publication, name: &str, (number, day): (u8, &str)) -> Publication {
    let manifest = format!(
        "number = {number}\ntitle = \"Issue {number}\"\nsubject = \"Number {number}\"\ndate = {day}\n\
         preheader = \"A preheader of issue {number} that is long enough for its line.\"\n\
         [[section]]\nheading = \"In focus\"\narticles = [\"one\", \"two\", \"three\"]\n"
    );
    let mut here = here.write(&format!("issues/{name}/issue.toml"), manifest);
    for (at, slug) in ["one", "two", "three"].into_iter().enumerate() {
        let text = format!(
            "---\ntitle: Article {number}.{at}\nauthor: Aoife Daly\n---\n\nWords of {slug}.\n\n## Below\n\n\
             See [the next](#two).\n"
        );
        here = here.write(&format!("issues/{name}/{slug}.md"), text);
    }
    here
}

pub(crate) fn send(here: &Publication, relay: &Relay, issue: &str) -> Output {
    let told = here.run(&["send", issue, "--yes", "--relay", &relay.url()]);
    assert_eq!(told.code, 0, "{told:?}");
    told
}

pub(crate) fn build(here: &Publication) -> Output {
    let told = here.run(&["archive", "build", "-o", "site"]);
    assert_eq!(told.code, 0, "{told:?}");
    told
}

/// Every file of the site, by its path.
pub(crate) fn site(here: &Publication) -> BTreeMap<String, Vec<u8>> {
    let files = here.files().into_iter();
    let files = files.filter_map(|path| Some(path.strip_prefix("site/")?.to_owned()));
    let read = |path: String| {
        let bytes = std::fs::read(here.path("site").join(&path)).expect("a file");
        (path, bytes)
    };
    files.filter(|path| !path.starts_with(".digest")).map(read).collect()
}

pub(crate) fn page(here: &Publication, path: &str) -> String {
    here.read(&format!("site/{path}index.html"))
}
