//! How long composing an issue of 100 articles takes, and making one message of 20 kB from a
//! composition beside copying as many bytes: `cargo bench --bench compose`.
//!
//! Medians of many runs in one process. `--test` runs each once, to see that it still works.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sejong_digest::compose::compose;
use sejong_digest::compose::theme::Theme;
use sejong_digest::issue::{Contents, Issue, Pictures, Publication, load};
use sejong_digest::message::address::Address;
use sejong_digest::message::header::{HeaderText, Mailbox};
use sejong_digest::message::recipient::Recipient;
use sejong_digest::message::splice::{Identity, MailKind, Occasion, Template};
use sejong_digest::message::token::Keys;

const ARTICLES: usize = 100;
const MOST_COMPOSING: Duration = Duration::from_millis(100);
const MOST_COPIES: f64 = 5.0;

const BODY: &str = "The visit lasted two days and ended with a *number*. [A report](https://sejong.example/report) \
    says who pays, and 치맥 is fried chicken with beer.\n\n- One **line**\n- Another\n\n> A king said so.\n\n";

fn main() {
    let once = std::env::args().any(|argument| argument == "--test");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let publication = publication(folder.path().to_owned());
    let met = [composing(&publication, once), assembling(&publication, once)];
    if !once && met.contains(&false) {
        std::process::exit(1);
    }
}

fn composing(publication: &Publication, once: bool) -> bool {
    let issue = issue(publication, "hundred", ARTICLES, 4);
    let theme = Theme::default();
    let html = compose(publication, &issue, &theme).0.expect("it composes").html;
    let took = median(if once { 1 } else { 21 }, 1, || {
        black_box(compose(publication, black_box(&issue), &theme));
    });
    let pieces = html.len();
    say(&format!("compose {ARTICLES} articles ({pieces} segments): {took:.1?}"));
    took < MOST_COMPOSING
}

fn assembling(publication: &Publication, once: bool) -> bool {
    let issue = issue(publication, "one", 4, 4);
    let composition = compose(publication, &issue, &Theme::default()).0.expect("it composes");
    let occasion = Occasion {
        date: "Thu, 6 Nov 2025 09:00:00 -0500".to_owned(),
        time: 1_762_437_600,
        test: false,
        kind: MailKind::Issue,
    };
    let template = Template::new(&composition, identity(), &occasion);
    let address = Address::parse("reader@example.org").expect("an address");
    let recipient = Recipient::new(address, [("first_name", "Minji")], []);
    let message = template.splice(&recipient).expect("a message");
    let (rounds, times) = if once { (1, 1) } else { (51, 200) };
    let spliced = median(rounds, times, || {
        black_box(template.splice(black_box(&recipient)).expect("a message"));
    });
    let copied = median(rounds, times, || {
        black_box(black_box(&message.bytes).to_vec());
    });
    let (keys, address) = (identity().keys, recipient.address());
    let token = median(rounds, times, || {
        black_box(keys.unsubscribe_token("digest.sejong.example", black_box(address)));
    });
    say(&format!("unsubscribe token: {token:.2?} of a message"));
    let ratio = spliced.as_secs_f64() / copied.as_secs_f64();
    let bytes = message.bytes.len();
    say(&format!(
        "message of {bytes} bytes: {spliced:.2?}; a copy of it: {copied:.2?}; {ratio:.1}x"
    ));
    ratio <= MOST_COPIES
}

/// The median over `rounds` of the time that one of `times` runs takes.
fn median(rounds: usize, times: u32, mut run: impl FnMut()) -> Duration {
    let mut took: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| run());
            start.elapsed() / times
        })
        .collect();
    took.sort();
    took[rounds / 2]
}

#[allow(clippy::print_stdout, reason = "a bench answers on stdout")]
fn say(line: &str) {
    println!("{line}");
}

fn publication(root: PathBuf) -> Publication {
    Publication {
        root,
        name: "Sejong Digest".to_owned(),
        organization: None,
        postal_address: Some("P.O. Box 0000, Washington, DC 20000".to_owned()),
        language: "en".to_owned(),
        base_url: "https://digest.sejong.example".to_owned(),
        browser_url: None,
        has_archive: false,
        preferences_url: None,
        has_preferences: false,
        from: "digest@sejong.example".to_owned(),
        advertising: false,
        reply_to: None,
        logo: None,
        logo_dark: None,
        pictures: Pictures::Hosted,
        contents: Contents::default(),
        sign_off: None,
        smart: true,
        ignored_keys: Vec::new(),
        topics: Vec::new(),
        segments: Default::default(),
        segment_places: Default::default(),
    }
}

fn identity() -> Identity {
    Identity {
        from: Mailbox::parse("Sejong Digest <digest@sejong.example>").expect("a mailbox"),
        reply_to: None,
        list_name: HeaderText::new("Sejong Digest"),
        list_id: "digest.sejong.example".to_owned(),
        base_url: "https://digest.sejong.example".to_owned(),
        list_archive: "https://digest.sejong.example/".to_owned(),
        reverse_path: None,
        preferences_url: None,
        keys: Keys::new(&[7; 32]),
        signers: Vec::new(),
    }
}

/// An issue of so many articles, each with so many times [`BODY`].
fn issue(publication: &Publication, name: &str, articles: usize, bodies: usize) -> Issue {
    let folder = publication.root.join("issues").join(name);
    write(
        &folder.join("issue.toml"),
        "title = \"Many\"\nsubject = \"Hello {{ first_name | reader }}\"\ndate = 2025-11-06\n\
         intro = \"Dear {{ first_name | reader }}\"\n",
    );
    for number in 0..articles {
        let text = format!(
            "---\ntitle: Story {number}\nauthor: Hana Yoon\n---\n\n{}",
            BODY.repeat(bodies)
        );
        write(&folder.join(format!("story-{number:03}.md")), &text);
    }
    load::load(publication, &folder).issue.expect("an issue")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::write(path, text).expect("written");
}
