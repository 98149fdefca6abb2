//! Signatures from end to end: keys made by `digest dkim keygen`, messages as a relay receives
//! them, and verifiers that share no line with the signer.

mod presign;
#[path = "../harness/mod.rs"]
mod harness;
mod keys;
#[path = "../harness/mail.rs"]
mod mail;
mod rates;
#[path = "../harness/relay.rs"]
mod relay;
mod signatures;
mod verify;

use harness::Publication;
use verify::Records;

/// A publication whose messages carry two signatures, and what DNS says of its keys.
fn signing(here: Publication) -> (Publication, Records) {
    let mut records = Records::default();
    let mut lines = String::from("\n[dkim]\n");
    for more in [&[][..], &["--ed25519"]] {
        let made = here.run(&[&["dkim", "keygen"], more].concat());
        assert_eq!(made.code, 0, "{made:?}");
        records.add(&made.stdout);
        let (_, toml) = made.stdout.split_once("  [dkim]\n").expect("lines for digest.toml");
        lines.push_str(toml);
    }
    let toml = here.read("digest.toml");
    (here.write("digest.toml", toml + &lines), records)
}

/// The messages in a Maildir, byte for byte.
fn caught(here: &Publication, folder: &str) -> Vec<Vec<u8>> {
    let start = format!("{folder}/new/");
    let files = here.files().into_iter().filter(|file| file.starts_with(&start));
    files.map(|file| std::fs::read(here.path(&file)).expect("a message")).collect()
}
