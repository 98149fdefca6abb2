//! A real Postfix on a loopback port: STARTTLS and AUTH required, every message accepted and then
//! discarded, a log of its own.
//!
//! It is the peer that our own catcher cannot be: somebody else's reading of the RFCs. It lives in
//! a temporary folder with its own configuration, queue and accounts, and must never touch the
//! machine's Postfix nor let a message leave the machine.

use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The recipient that this Postfix refuses for good, and the one that it defers.
pub(crate) const GONE: &str = "gone@refused.example";
pub(crate) const BUSY: &str = "busy@refused.example";

/// Programs without which there is no test: name and how to ask whether it is there.
const PROGRAMS: [(&str, &[&str]); 2] =
    [("postconf", &["-d", "mail_version"]), ("saslpasswd2", &[])];
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server; dropping it stops it.
pub(crate) struct Postfix {
    pub(crate) addr: SocketAddr,
    /// The same without TLS and login, for those who look at the bytes in between.
    pub(crate) plain: SocketAddr,
    /// The certificate to trust; it is for `localhost`.
    pub(crate) ca_file: PathBuf,
    pub(crate) user: String,
    pub(crate) password: String,
    dir: TempDir,
}

impl Postfix {
    /// Starts a server, or says on stderr why this machine cannot: Postfix gives its processes
    /// other users, so it wants root. With `DIGEST_TEST_POSTFIX=required` that is a failure.
    pub(crate) fn start() -> Option<Postfix> {
        if let Some(reason) = lacking() {
            let required = std::env::var("DIGEST_TEST_POSTFIX").is_ok_and(|v| v == "required");
            assert!(!required, "DIGEST_TEST_POSTFIX=required, but {reason}");
            eprintln!("skipped: {reason}");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        // The server's users have to pass through.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let free = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let [addr, plain] = free.map(|listener| listener.local_addr().unwrap());
        let (user, password) = ("digest@localhost".to_owned(), "p@ss/word".to_owned());
        let ca_file = certificate(dir.path());
        account(dir.path(), "digest", "localhost", &password);
        configure(dir.path(), addr.port(), plain.port());
        let postfix = Postfix { addr, plain, ca_file, user, password, dir };
        postfix.control("start");
        let started = wait_until(|| TcpStream::connect(addr).is_ok());
        assert!(started, "Postfix did not listen on {addr}; its log:\n{}", postfix.log());
        Some(postfix)
    }

    /// What Postfix wrote so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Where it writes that.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.dir.path().join("mail.log")
    }

    /// Waits until `count` lines of the log contain `needle`, and returns those there are. A
    /// reply goes out before the log line is written, and delivery comes after the reply.
    pub(crate) fn log_lines(&self, needle: &str, count: usize) -> Vec<String> {
        let found = || {
            let log = self.log();
            log.lines().filter(|line| line.contains(needle)).map(str::to_owned).collect::<Vec<_>>()
        };
        wait_until(|| found().len() >= count);
        found()
    }

    /// Gives settings other values than those that it started with, and makes it read them. Without
    /// any it is again what it was at the start.
    pub(crate) fn set(&self, more: &[(&str, &str)]) {
        let file = self.dir.path().join("etc/main.cf");
        let text = fs::read_to_string(self.dir.path().join("etc/main.cf.first"));
        let text = text.unwrap_or_else(|_| {
            let first = fs::read_to_string(&file).unwrap();
            fs::write(self.dir.path().join("etc/main.cf.first"), &first).unwrap();
            first
        });
        // A setting that stands there twice is warned of by every process, and its log is slow.
        let begins =
            |line: &&str| more.iter().any(|(name, _)| line.starts_with(&format!("{name} =")));
        let kept: Vec<&str> = text.lines().filter(|line| !begins(line)).collect();
        let more: String = more.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        fs::write(&file, format!("{}\n{more}", kept.join("\n"))).unwrap();
        self.log_lines("daemon started", 1);
        let reloads = self.log_lines("reload -- version", 0).len();
        self.control("reload");
        self.log_lines("reload -- version", reloads + 1);
    }

    /// Stops the server and its children.
    pub(crate) fn stop(self) {
        drop(self);
    }

    fn control(&self, verb: &str) {
        let etc = self.dir.path().join("etc");
        let mut postfix = Command::new("postfix");
        postfix.arg("-c").arg(etc).arg(verb);
        // The daemon keeps what it inherits: a pipe would never end.
        postfix.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let status = postfix.status().unwrap();
        if !status.success() && !std::thread::panicking() {
            panic!("postfix {verb}: {status}; its log:\n{}", self.log());
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.control("stop");
    }
}

/// Why this machine cannot run the server.
fn lacking() -> Option<String> {
    for (program, arguments) in PROGRAMS {
        let mut command = Command::new(program);
        if command.args(arguments).stdin(Stdio::null()).output().is_err() {
            return Some(format!("{program} is not installed (Debian: postfix, sasl2-bin)"));
        }
    }
    // A new file belongs to who we are.
    let file = tempfile::NamedTempFile::new().unwrap();
    let root = file.as_file().metadata().unwrap().uid() == 0;
    (!root).then(|| "Postfix wants root to start".to_owned())
}

/// Writes a certificate for `localhost` with its key; it is its own authority.
fn certificate(dir: &Path) -> PathBuf {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let ca_file = dir.join("cert.pem");
    fs::write(&ca_file, made.cert.pem()).unwrap();
    fs::write(dir.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    ca_file
}

/// Writes the account into a file of Cyrus SASL, and the file that makes smtpd read it.
fn account(dir: &Path, user: &str, realm: &str, password: &str) {
    let accounts = dir.join("sasldb2");
    let mut command = Command::new("saslpasswd2");
    command.args(["-p", "-c", "-u", realm, "-f"]).arg(&accounts).arg(user);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(password.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "saslpasswd2 failed");
    fs::set_permissions(&accounts, fs::Permissions::from_mode(0o644)).unwrap();
    // Debian's Postfix looks in sasl/ beside main.cf and nowhere else.
    fs::create_dir_all(dir.join("etc/sasl")).unwrap();
    let text = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: PLAIN LOGIN\n",
        accounts.display()
    );
    fs::write(dir.join("etc/sasl/smtpd.conf"), text).unwrap();
}

fn configure(dir: &Path, port: u16, plain: u16) {
    for name in ["queue", "data"] {
        fs::create_dir(dir.join(name)).unwrap();
    }
    run(Command::new("chown").arg("postfix").arg(dir.join("data")));
    let setting = |name| run(Command::new("postconf").args(["-d", "-h", name]));
    let here = dir.display();
    let main = MAIN
        .replace("{dir}", &here.to_string())
        .replace("{daemons}", setting("daemon_directory").trim())
        .replace("{commands}", setting("command_directory").trim())
        .replace("{gone}", GONE)
        .replace("{busy}", BUSY);
    fs::write(dir.join("etc/main.cf"), main).unwrap();
    let master = MASTER.replace("{port}", &port.to_string()).replace("{plain}", &plain.to_string());
    fs::write(dir.join("etc/master.cf"), master).unwrap();
}

fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn wait_until(mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// Nothing is looked up, nothing is delivered: every transport is discard(8).
const MAIN: &str = "\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
daemon_directory = {daemons}
command_directory = {commands}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {dir}/mail.log
maillog_file_prefixes = {dir}
myhostname = localhost
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
default_transport = discard:
relay_transport = discard:
local_transport = discard:
virtual_transport = discard:
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = check_recipient_access inline:{
  {{gone} = 550 5.1.1 no such mailbox},
  {{busy} = 450 4.2.1 mailbox busy}}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = localhost
cyrus_sasl_config_path = {dir}/etc/sasl
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {dir}/cert.pem
smtpd_tls_key_file = {dir}/key.pem
smtpd_tls_loglevel = 1
";

/// No chroot, and no service that this needs not.
const MASTER: &str = "\
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{plain} inet n - n - - smtpd
  -o smtpd_tls_security_level=none
  -o smtpd_sasl_auth_enable=no
  -o mynetworks=127.0.0.0/8
  -o smtpd_relay_restrictions=permit_mynetworks,reject
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
";
