//! A PostgreSQL server of the tests' own: in a temporary folder, on a port that was free, once for
//! each test program, and gone with it. Each publication gets a schema of its own.
//!
//! Must never touch a server of the machine.

#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::print_stderr, reason = "a test that is passed over says so")]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The variable that lets publications of the harness send from a server.
pub(crate) const STORE: &str = "DIGEST_TEST_STORE";
/// Set to `required` where a missing server is a failure.
const REQUIRED: &str = "DIGEST_TEST_POSTGRES";
pub(crate) const PASSWORD: &str = "correct-horse-7";

/// A server that runs.
pub(crate) struct Server {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    /// Stops it when this program has ended, however it has.
    _warden: Mutex<Child>,
}

static SCHEMAS: AtomicU32 = AtomicU32::new(1);

/// Whether publications are to send from a server.
pub(crate) fn is_wanted() -> bool {
    std::env::var(STORE).is_ok_and(|store| store == "postgres")
}

/// Whether a test is passed over on a server, because what it shows is about a file; it says why.
pub(crate) fn only_files(why: &str) -> bool {
    if is_wanted() {
        let test = std::thread::current();
        let test = test.name().unwrap_or("a test");
        // Not by a macro, whose words are kept back where a test is fine.
        let line = format!("{test}: passed over on a server: {why}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
    }
    is_wanted()
}

/// The server; `None` where the machine has none, and need not have.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::start).as_ref()
}

/// Where Debian and others keep the programs.
fn programs() -> Option<PathBuf> {
    let of_debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = of_debian.map(|version| version.path().join("bin"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    folders
        .chain(on_path)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

/// A program of the server, which refuses to run as root.
fn as_another(program: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "nobody", "--"]).arg(program);
    command
}

fn done(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Adds a text to a file that only the server's user can read.
fn append(path: &Path, text: &str) {
    let mut command = as_another(Path::new("sh"));
    command.args(["-c", "umask 077; cat >> \"$0\""]).arg(path);
    let mut writing = command.stdin(Stdio::piped()).spawn().expect("a shell");
    let mut input = writing.stdin.take().expect("piped");
    std::io::Write::write_all(&mut input, text.as_bytes()).expect("written");
    drop(input);
    assert!(writing.wait().expect("reaped").success());
}

impl Server {
    fn start() -> Option<Server> {
        let Some(bin) = programs() else {
            let required = std::env::var(REQUIRED).is_ok_and(|word| word == "required");
            assert!(!required, "there is no PostgreSQL here: apt-get install postgresql");
            eprintln!("there is no PostgreSQL here: passed over");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("digest-pg-").tempdir().expect("a folder");
        // The warden removes it.
        let folder = folder.keep();
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(&folder, everybody).expect("opened");
        let password = folder.join("password");
        std::fs::write(&password, PASSWORD).expect("written");
        done(
            as_another(&bin.join("initdb"))
                .args(["-U", "tester", "-E", "UTF8", "--locale", "C.UTF-8", "--auth-local=trust"])
                .args(["--auth-host=scram-sha-256", "--pwfile"])
                .arg(&password)
                .arg("-D")
                .arg(folder.join("data")),
        );
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("a port").port();
        drop(free);
        let settings = format!(
            "\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{}'\n\
             max_connections = 200\nshared_buffers = 32MB\n",
            folder.display()
        );
        append(&folder.join("data/postgresql.conf"), &settings);
        // As whoever runs the tests: what the server has made in the folder goes too.
        let mut stop = as_another(&bin.join("pg_ctl"));
        stop.arg("-D").arg(folder.join("data")).args(["-m", "immediate", "stop"]);
        let line = "read line; \"$@\" >/dev/null 2>&1; rm -rf \"$0\"";
        let mut warden = Command::new("sh");
        warden.args(["-c", line]).arg(&folder).arg(stop.get_program()).args(stop.get_args());
        warden.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let warden = warden.spawn().expect("a shell");
        let server = Server { folder, bin, port, _warden: Mutex::new(warden) };
        server.control("start");
        Some(server)
    }

    /// Starts or restarts it, at once and as after a loss of power.
    pub(crate) fn control(&self, what: &str) {
        let log = self.folder.join("log");
        done(
            as_another(&self.bin.join("pg_ctl"))
                .args(["-w", "-t", "60", "-m", "immediate", "-D"])
                .arg(self.folder.join("data"))
                .arg("-l")
                .arg(log)
                .arg(what)
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
    }

    /// Lets it speak TLS, with a certificate and a key as PEM, and note who comes, until this goes.
    pub(crate) fn with_tls(&self, certificate: &str, key: &str) -> Tls<'_> {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        for (name, text) in [("cert", certificate), ("key", key)] {
            let file = self.folder.join("data").join(format!("{name}-{number}"));
            append(&file, text);
            self.ask(&format!("ALTER SYSTEM SET ssl_{name}_file = '{}'", file.display()));
        }
        self.ask("ALTER SYSTEM SET log_connections = on");
        let tls = Tls(self);
        tls.turn("on");
        tls
    }

    /// Stops it where it stands: it keeps its connections and answers nothing, until this goes.
    pub(crate) fn silence(&self) -> Silence {
        let file = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("read");
        let first: u32 =
            file.lines().next().and_then(|pid| pid.trim().parse().ok()).expect("a pid");
        let silence = Silence(vec![first]);
        silence.signal("STOP");
        // From here on it starts no other.
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"));
        let children = children.expect("read");
        let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        let silence = Silence(std::iter::once(first).chain(pids).collect());
        silence.signal("STOP");
        silence
    }

    /// The address of a schema that no other test has.
    pub(crate) fn fresh(&self) -> String {
        let number = SCHEMAS.fetch_add(1, Ordering::Relaxed);
        self.url(&format!("test_{number}"))
    }

    pub(crate) fn url(&self, schema: &str) -> String {
        format!("postgres://tester@127.0.0.1:{}/postgres?schema={schema}", self.port)
    }

    /// What a statement says, a line a row.
    pub(crate) fn ask(&self, statement: &str) -> String {
        let output = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-t", "-A", "-U", "tester", "-d", "postgres", "-h"])
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-c", statement])
            .stdin(Stdio::null())
            .output()
            .expect("psql starts");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Ends every session of a schema's senders that a condition names.
    pub(crate) fn cut(&self, condition: &str) {
        let _one = CUTS.lock().unwrap_or_else(PoisonError::into_inner);
        self.ask(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {condition}"
        ));
    }
}

/// A server that speaks TLS as long as this lives.
pub(crate) struct Tls<'a>(&'a Server);

impl Tls<'_> {
    fn turn(&self, state: &str) {
        self.0.ask(&format!("ALTER SYSTEM SET ssl = {state}"));
        self.0.ask("SELECT pg_reload_conf()");
        let turned = (0..300).any(|_| {
            let is_so = self.0.ask("SHOW ssl") == state;
            if !is_so {
                std::thread::sleep(Duration::from_millis(100));
            }
            is_so
        });
        assert!(turned || std::thread::panicking(), "ssl is not {state}: {}", self.log());
    }

    /// What the server has noted so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.0.folder.join("log")).expect("a log")
    }
}

impl Drop for Tls<'_> {
    fn drop(&mut self) {
        self.0.ask("ALTER SYSTEM RESET log_connections");
        self.turn("off");
    }
}

/// A server that answers nothing as long as this lives.
pub(crate) struct Silence(Vec<u32>);

impl Silence {
    fn signal(&self, name: &str) {
        for pid in &self.0 {
            let _ = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status();
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

static CUTS: Mutex<()> = Mutex::new(());
