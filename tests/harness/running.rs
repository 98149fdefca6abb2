//! A program while it runs: its streams as they come, signals, and an end to its time.
//!
//! Exists because a sender that hangs must fail its test instead of stopping all of them. Must
//! never let a program outlive its test.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// No run takes longer, unless a test says so.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that has been started; dropping it kills it.
pub(crate) struct Running {
    child: Child,
    name: String,
    stdout: Stream,
    stderr: Stream,
}

/// What a stream has brought so far, and the thread that reads it.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    reading: Option<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let stdout = Stream::of(child.stdout.take().expect("piped"));
        let stderr = Stream::of(child.stderr.take().expect("piped"));
        Running { child, name: format!("{command:?}"), stdout, stderr }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, as in `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &line]).status().expect("a shell");
        assert!(sent.success(), "{line}");
    }

    /// What it has said so far.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until stderr holds a text.
    pub(crate) fn says(&self, text: &str) {
        // Whoever has ended says no more.
        wait_until(PATIENCE, || self.stderr.is_over() || self.stderr.text().contains(text));
        let heard = self.stderr.text().contains(text);
        assert!(heard, "{} does not say {text:?} but {}", self.name, self.stderr.text());
    }

    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Kills it at once (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("reaped");
    }

    /// Waits for its end.
    pub(crate) fn wait(self) -> Output {
        self.wait_for(PATIENCE)
    }

    /// Waits for its end, so long at most.
    pub(crate) fn wait_for(mut self, time: Duration) -> Output {
        if !wait_until(time, || self.is_over()) {
            panic!("{} runs after {time:?}; so far it said {}", self.name, self.stderr.text());
        }
        let status = self.child.wait().expect("a child");
        let stderr = self.stderr.end();
        assert!(!stderr.contains("panicked"), "{stderr}");
        Output { code: status.code().expect("no signal"), stdout: self.stdout.end(), stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Stream {
    fn of(mut from: impl Read + Send + 'static) -> Stream {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                let mut bytes = into.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.extend_from_slice(&buffer[..count]);
            }
        });
        Stream { bytes, reading: Some(reading) }
    }

    fn is_over(&self) -> bool {
        self.reading.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// All of it.
    fn end(&mut self) -> String {
        if let Some(reading) = self.reading.take() {
            reading.join().expect("read");
        }
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8(bytes.clone()).expect("UTF-8")
    }
}

/// Whether it was done in time.
pub(crate) fn wait_until(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < time {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    done()
}
