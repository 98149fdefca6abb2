//! Amazon SNS in small: it signs what it posts, and has the certificate for that on a server with TLS, to
//! which the one way is a proxy of this test.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use data_encoding::BASE64;
use rcgen::{CertificateParams, DistinguishedName, DnType, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Map, Value};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:digest-reports";
pub(crate) const HOST: &str = "sns.eu-west-1.amazonaws.com";

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amazon {
    Answers,
    /// The proxy makes no way there.
    IsAway,
    /// It takes the request and says nothing.
    IsSilent,
    /// 500 to everything.
    Fails,
    /// It has a certificate of TLS that nobody vouches for.
    IsAnother,
}

/// Certificates of one key by their paths: good, and wrong in one way each.
pub(crate) const GOOD: &str = "/SimpleNotificationService-00aa.pem";
pub(crate) const EXPIRED: &str = "/SimpleNotificationService-00bb.pem";
pub(crate) const TO_COME: &str = "/SimpleNotificationService-00cc.pem";
pub(crate) const OF_ANOTHER: &str = "/SimpleNotificationService-00dd.pem";
pub(crate) const LONG: &str = "/SimpleNotificationService-00ee.pem";
pub(crate) const OF_ANOTHER_KEY: &str = "/SimpleNotificationService-00ff.pem";

pub(crate) struct Sns {
    pub(crate) port: u16,
    /// What TLS is trusted by.
    pub(crate) root: String,
    key: KeyPair,
    shared: Arc<Shared>,
}

struct Shared {
    mood: Mutex<Amazon>,
    /// Each request: whom the proxy was asked for, and the path.
    asked: Mutex<Vec<(String, String)>>,
    pages: Vec<(&'static str, String)>,
    tls: Arc<ServerConfig>,
    strange: Arc<ServerConfig>,
}

impl Sns {
    pub(crate) fn start() -> Sns {
        let key = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let other = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let signing = |key: &KeyPair, name: &str, years: (i32, i32)| {
            let mut params = CertificateParams::new([]).expect("names");
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params.not_before = date_time_ymd(years.0, 1, 1);
            params.not_after = date_time_ymd(years.1, 1, 1);
            let der: Pkcs8V1Der<'_> = key.as_der().expect("DER");
            let key = rcgen::KeyPair::try_from(der.as_ref()).expect("a key");
            params.self_signed(&key).expect("a certificate").pem()
        };
        let name = "sns.amazonaws.com";
        let good = signing(&key, name, (2020, 2090));
        let pages = vec![
            (LONG, format!("{good}{}", "x".repeat(20_000))),
            (GOOD, good),
            (EXPIRED, signing(&key, name, (2020, 2021))),
            (TO_COME, signing(&key, name, (2089, 2090))),
            (OF_ANOTHER, signing(&key, "sqs.amazonaws.com", (2020, 2090))),
            (OF_ANOTHER_KEY, signing(&other, HOST, (2020, 2090))),
        ];
        let ((tls, root), (strange, _)) = (tls(), tls());
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (mood, asked) = (Mutex::new(Amazon::Answers), Mutex::default());
        let shared = Arc::new(Shared { mood, asked, pages, tls, strange });
        let for_all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let shared = Arc::clone(&for_all);
                std::thread::spawn(move || shared.connection(tcp));
            }
        });
        Sns { port, root, key, shared }
    }

    pub(crate) fn is_now(&self, mood: Amazon) {
        *self.shared.mood.lock().expect("no panic") = mood;
    }

    /// The paths that were asked for, all of them at the one host.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.shared.asked.lock().expect("no panic").clone();
        let host = format!("{HOST}:443");
        assert!(asked.iter().all(|(named, _)| *named == host), "{asked:?}");
        asked.into_iter().map(|(_, path)| path).collect()
    }

    /// A post with its signature.
    pub(crate) fn signed(&self, fields: &[(&str, &str)], version: &str) -> Value {
        let post: Map<String, Value> =
            fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).into())).collect();
        let mut post = Value::Object(post);
        post["SigningCertURL"] = format!("https://{HOST}{GOOD}").into();
        self.sign(&mut post, version);
        post
    }

    /// Signs what is in a post, anew.
    pub(crate) fn sign(&self, post: &mut Value, version: &str) {
        let mut text = String::new();
        for key in [
            "Message",
            "MessageId",
            "SubscribeURL",
            "Subject",
            "Timestamp",
            "Token",
            "TopicArn",
            "Type",
        ] {
            if let Some(value) = post.get(key).and_then(Value::as_str) {
                text.push_str(&format!("{key}\n{value}\n"));
            }
        }
        let signature = if version == "1" { self.sha1(&text) } else { self.sha256(&text) };
        post["SignatureVersion"] = version.into();
        post["Signature"] = BASE64.encode(&signature).into();
    }

    fn sha256(&self, text: &str) -> Vec<u8> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed =
            self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.expect("signed");
        signature
    }

    /// aws-lc-rs makes no signature with SHA-1 any more.
    fn sha1(&self, text: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().expect("a folder");
        let (key, path) = (folder.path().join("key.der"), folder.path().join("text"));
        let der: Pkcs8V1Der<'_> = self.key.as_der().expect("DER");
        std::fs::write(&key, der.as_ref()).expect("written");
        std::fs::write(&path, text).expect("written");
        let made = Command::new("openssl")
            .args(["dgst", "-sha1", "-keyform", "DER", "-sign"])
            .arg(&key)
            .arg(&path)
            .stdin(Stdio::null())
            .output()
            .expect("openssl");
        assert!(made.status.success(), "{made:?}");
        made.stdout
    }
}

fn tls() -> (Arc<ServerConfig>, String) {
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| {
            config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into())
        });
    (Arc::new(config.expect("a configuration")), made.cert.pem())
}

impl Shared {
    fn connection(&self, mut tcp: TcpStream) {
        let head = head(&mut tcp);
        let host = head.split(' ').nth(1).unwrap_or_default().to_owned();
        assert!(head.starts_with("CONNECT "), "{head}");
        let mood = *self.mood.lock().expect("no panic");
        if mood == Amazon::IsAway {
            let _ = tcp.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n");
            return;
        }
        let _ = tcp.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n");
        let config = if mood == Amazon::IsAnother { &self.strange } else { &self.tls };
        let server = ServerConnection::new(Arc::clone(config)).expect("a server");
        let mut stream = StreamOwned::new(server, tcp);
        let head = head_of(&mut BufReader::new(&mut stream));
        let Some(path) = head.split(' ').nth(1) else { return };
        self.asked.lock().expect("no panic").push((host, path.to_owned()));
        if mood == Amazon::IsSilent {
            std::thread::sleep(Duration::from_secs(30));
            return;
        }
        // The good one has more addresses than one.
        let wanted = if path.ends_with("0aa.pem") { GOOD } else { path };
        let page = self.pages.iter().find(|(known, _)| *known == wanted).map(|(_, page)| &**page);
        let is_confirmation = path.starts_with("/?Action=ConfirmSubscription&");
        let (status, page) = match page {
            _ if mood == Amazon::Fails => (500, ""),
            Some(page) => (200, page),
            None if is_confirmation => (200, "<ConfirmSubscriptionResponse/>"),
            None => (403, "<Error><Code>AccessDenied</Code></Error>"),
        };
        let answer = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        );
        let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.flush());
        stream.conn.send_close_notify();
        let _ = stream.flush();
    }
}

/// Byte by byte: what comes behind it is not ours to read.
fn head(tcp: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && tcp.read_exact(&mut byte).is_ok() {
        bytes.push(byte[0]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn head_of(stream: &mut impl std::io::BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match stream.read_line(&mut head) {
            Ok(length) if length > 0 => {}
            _ => break,
        }
    }
    head
}
