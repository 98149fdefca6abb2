//! Two verifiers: mail-auth (Rust, its own canonical forms, RustCrypto) and dkimpy (Python), with a
//! table instead of DNS. dkimpy is asked where `DIGEST_TEST_PYTHON`, or `python3`, can import it.

#![allow(clippy::print_stderr, reason = "libtest keeps it for who asks why")]

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::hash::Hash;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, Txt};

/// What DNS says: name -> TXT.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records(BTreeMap<String, String>);

impl Records {
    /// Takes what `digest dkim keygen` printed; the two forms of the record must agree.
    pub(crate) fn add(&mut self, printed: &str) {
        let line = |key: &str| {
            let found = printed.lines().find_map(|line| line.trim().strip_prefix(key));
            found.unwrap_or_else(|| panic!("no {key} in {printed}")).trim().to_owned()
        };
        let (name, value) = (line("Name "), line("Value "));
        let (_, zone) = printed.split_once(&format!("{name}. IN TXT (")).expect("a zone entry");
        let (zone, _) = zone.split_once(')').expect("its end");
        let texts: Vec<&str> = zone.split('"').skip(1).step_by(2).collect();
        assert!(texts.iter().all(|text| text.len() <= 255), "{texts:?}");
        assert_eq!(texts.concat(), value);
        self.0.insert(name, value);
    }

    pub(crate) fn value(&self, name: &str) -> &str {
        &self.0[name]
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// Records as mail-auth's cache: whatever is asked is there, so that the network never is.
struct Cache(HashMap<Box<str>, Txt>);

impl mail_auth::ResolverCache<Box<str>, Txt> for Cache {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        Some(self.0.get(name).expect("a record that was published").clone())
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: Instant) {}
}

/// Which of a message's signatures are good, in their order.
pub(crate) fn mail_auth(message: &[u8], records: &Records) -> Vec<bool> {
    let entry = |(name, text): (&String, &String)| {
        let key = DomainKey::parse(text.as_bytes()).expect("a record");
        (format!("{name}.").into_boxed_str(), Txt::DomainKey(Arc::new(key)))
    };
    let cache = Cache(records.0.iter().map(entry).collect());
    let parsed = AuthenticatedMessage::parse(message).expect("a message");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        let authenticator = MessageAuthenticator::new_cloudflare().expect("made, never asked");
        let output =
            authenticator.verify_dkim(Parameters::new(&parsed).with_txt_cache(&cache)).await;
        let good = |output: &mail_auth::DkimOutput| match output.result() {
            DkimResult::Pass => true,
            other => {
                eprintln!("mail-auth: {other:?}");
                false
            }
        };
        output.iter().map(good).collect()
    })
}

/// The same by dkimpy, for each message; `None` where there is no dkimpy.
pub(crate) fn dkimpy(messages: &[Vec<u8>], records: &Records) -> Option<Vec<Vec<bool>>> {
    let python = std::env::var("DIGEST_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let can = Command::new(&python).args(["-c", "import dkim, nacl.signing"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        eprintln!("no dkimpy: {python} cannot import dkim and nacl");
        return None;
    }
    let encode = |message: &Vec<u8>| data_encoding::BASE64.encode(message);
    let question = serde_json::json!({
        "records": records.0,
        "messages": messages.iter().map(encode).collect::<Vec<String>>(),
    });
    let mut child = Command::new(&python)
        .args(["-c", include_str!("verify.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(question.to_string().as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("an answer");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{output:?}");
    Some(serde_json::from_slice(&output.stdout).expect("lists of truth values"))
}
