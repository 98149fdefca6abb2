//! Feeds mutated files of this repository to each kind of input, with a stable toolchain:
//!
//! ```text
//! mutate [TARGET…] [--seconds N] [--seed N] [--at-once N] [--findings FOLDER]
//! mutate TARGET --file FILE
//! ```
//!
//! Each target runs in a process of its own, so that an abort and a hang are noticed, too. The same
//! seed gives the same inputs in the same order; how many, the time decides. A finding is a panic, an
//! abort, or more time or memory than one input may take: the input is written to a file, and the
//! exit code is 1.
//!
//! It is a program of this folder's workspace (`cargo run --release --no-default-features --bin
//! mutate`) and a test program of the repository (`cargo test --test mutate --`), where it shares what
//! has been built for the other tests.

#[path = "../lib.rs"]
#[allow(dead_code, unreachable_pub, reason = "`run`, and what is public, is for cargo fuzz")]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use targets::mutation::{Numbers, mutated};
use targets::{TARGETS, Target};

/// Inputs that were treated like none before are kept, up to so many.
const MOST_KEPT: usize = 400;
/// Without optimisation everything takes longer.
const SLACK: u64 = if cfg!(debug_assertions) { 20 } else { 1 };
/// Kilobytes of address space of one process.
const ADDRESS_SPACE: u64 = 4 * 1024 * 1024;
/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/");

struct Options {
    names: Vec<String>,
    seconds: u64,
    seed: u64,
    at_once: usize,
    findings: PathBuf,
    file: Option<PathBuf>,
    /// This process runs the one target.
    inside: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            say(&format!("mutate: {what}"));
            return ExitCode::from(2);
        }
    };
    let named = |target: &&Target| {
        options.names.is_empty() || options.names.iter().any(|name| name == target.name)
    };
    let chosen: Vec<&Target> = TARGETS.iter().filter(named).collect();
    if let Some(file) = &options.file {
        let bytes = std::fs::read(file).expect("the file can be read");
        chosen.iter().for_each(|target| {
            let start = Instant::now();
            (target.run)(&bytes);
            let (took, peak) = (start.elapsed(), peak_memory());
            say(&format!("{}: no finding, {took:.1?}, {peak} MB at most", target.name));
        });
        return ExitCode::SUCCESS;
    }
    if options.inside {
        return inside(chosen[0], &options);
    }
    std::fs::create_dir_all(&options.findings).expect("the folder of findings can be made");
    if watch(chosen, &options) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        names: Vec::new(),
        seconds: 5,
        seed: 1,
        at_once: 2,
        findings: std::env::temp_dir().join("digest-findings"),
        file: None,
        inside: false,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text}: no number"));
        match argument.as_str() {
            "--seconds" => options.seconds = number(value()?)?,
            "--seed" => options.seed = number(value()?)?,
            "--at-once" => options.at_once = number(value()?)?.max(1) as usize,
            "--findings" => options.findings = value()?.into(),
            "--file" => options.file = Some(value()?.into()),
            "--inside" => options.inside = true,
            name if TARGETS.iter().any(|target| target.name == name) => {
                options.names.push(argument);
            }
            other => {
                let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
                return Err(format!("no target is called {other}; there are {}", known.join(", ")));
            }
        }
    }
    if (options.file.is_some() || options.inside) && options.names.len() != 1 {
        return Err("name the one target that is meant".to_owned());
    }
    Ok(options)
}

/// Runs the targets, some at once, each in a process. False where there is a finding.
fn watch(targets: Vec<&Target>, options: &Options) -> bool {
    let mut waiting = targets.into_iter();
    let mut running: Vec<Watched> = Vec::new();
    let mut all_well = true;
    loop {
        while running.len() < options.at_once {
            let Some(target) = waiting.next() else { break };
            running.push(Watched::start(target, options));
        }
        if running.is_empty() {
            return all_well;
        }
        std::thread::sleep(Duration::from_millis(100));
        running.retain_mut(|one| match one.ended() {
            None => true,
            Some(well) => {
                all_well &= well;
                false
            }
        });
    }
}

struct Watched<'a> {
    target: &'a Target,
    process: Child,
    current: PathBuf,
    findings: &'a Path,
    /// When the input that is being tried was first seen, and when it was written.
    seen: (Instant, Option<std::time::SystemTime>),
}

impl<'a> Watched<'a> {
    fn start(target: &'a Target, options: &'a Options) -> Watched<'a> {
        let program = std::env::current_exe().expect("this program");
        let process = Command::new("sh")
            .args(["-c", &format!("ulimit -v {ADDRESS_SPACE}; ulimit -c 0; exec \"$0\" \"$@\"")])
            .arg(program)
            .args(["--inside", target.name])
            .args(["--seconds", &options.seconds.to_string()])
            .args(["--seed", &options.seed.to_string()])
            .arg("--findings")
            .arg(&options.findings)
            .spawn()
            .expect("a process can be started");
        let current = current(&options.findings, target);
        let seen = (Instant::now(), None);
        Watched { target, process, current, findings: &options.findings, seen }
    }

    /// `None` while it runs; whether it went well.
    fn ended(&mut self) -> Option<bool> {
        let Some(status) = self.process.try_wait().expect("a process of ours") else {
            let written = std::fs::metadata(&self.current).and_then(|file| file.modified()).ok();
            if written != self.seen.1 {
                self.seen = (Instant::now(), written);
            }
            // The process itself notices what is slow; this is for what never ends.
            let most = Duration::from_millis(self.target.most_time * SLACK * 5 + 30_000);
            if self.seen.0.elapsed() > most {
                let _ = self.process.kill();
                let _ = self.process.wait();
                self.keep("it did not end");
                return Some(false);
            }
            return None;
        };
        if status.code().is_none_or(|code| code > 1) {
            self.keep(&format!("the process ended with {status}"));
        }
        Some(status.success())
    }

    fn keep(&self, what: &str) {
        let bytes = std::fs::read(&self.current).unwrap_or_default();
        keep(self.findings, self.target, &bytes, what);
    }
}

/// Where the input stands that is being tried.
fn current(findings: &Path, target: &Target) -> PathBuf {
    findings.join(format!("{}.current", target.name))
}

fn keep(findings: &Path, target: &Target, bytes: &[u8], what: &str) {
    let number = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let file = findings.join(format!("{}-{number:016x}", target.name));
    let written = std::fs::write(&file, bytes);
    let place = if written.is_ok() { file.display().to_string() } else { "no file".to_owned() };
    say(&format!("{}: FINDING: {what}\n  {place}", target.name));
}

/// One target in this process: its seeds as they are, then changed ones until the time is over.
fn inside(target: &Target, options: &Options) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let mut last = LAST_PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *last = panic.to_string().replace('\n', " ");
    }));
    let root = repository();
    let mut pool = (target.seeds)(&root);
    pool.iter_mut().for_each(|seed| seed.truncate(target.most_bytes));
    assert!(!pool.is_empty(), "{} has no seeds", target.name);
    let seeds = pool.len();
    let current = current(&options.findings, target);
    let mut numbers = Numbers::new(options.seed);
    let mut known = std::collections::HashSet::new();
    let (start, time) = (Instant::now(), Duration::from_secs(options.seconds));
    let mut tried = 0;
    while tried < seeds || start.elapsed() < time {
        let bytes = match pool.get(tried).filter(|_| tried < seeds) {
            Some(seed) => seed.clone(),
            None => mutated(&mut numbers, &pool, target.words, target.most_bytes),
        };
        std::fs::write(&current, &bytes).expect("the input can be written");
        match attempt(target, &bytes) {
            Ok(signature) => {
                if known.insert(signature) && tried >= seeds && pool.len() < seeds + MOST_KEPT {
                    pool.push(bytes);
                }
            }
            Err(what) => {
                keep(&options.findings, target, &bytes, &what);
                return ExitCode::FAILURE;
            }
        }
        tried += 1;
    }
    let _ = std::fs::remove_file(&current);
    let (kept, peak) = (pool.len() - seeds, peak_memory());
    let seed = options.seed;
    say(&format!(
        "{}: {tried} executions in {:.0} s from {seeds} seeds, {kept} kept, {peak} MB at most, \
         --seed {seed}: no finding",
        target.name,
        start.elapsed().as_secs_f64(),
    ));
    ExitCode::SUCCESS
}

static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

/// Tries one input, and once more where it was slow: the machine may have been.
fn attempt(target: &Target, bytes: &[u8]) -> Result<u64, String> {
    let most = Duration::from_millis(target.most_time * SLACK);
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let (start, before) = (Instant::now(), time_of_the_core());
        let Ok(signature) = catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))) else {
            let last = LAST_PANIC.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            return Err(last.clone());
        };
        let worked = time_of_the_core().zip(before).map(|(now, before)| now.saturating_sub(before));
        least = least.min(worked.unwrap_or_else(|| start.elapsed()));
        let peak = peak_memory();
        if peak > target.most_memory {
            return Err(format!("{peak} MB of memory; {} are allowed", target.most_memory));
        }
        if least <= most {
            return Ok(signature);
        }
    }
    Err(format!("it takes {least:.1?}, three times; {most:.1?} are allowed"))
}

/// How long a core has worked for this thread, where the system says so: what others do on the
/// machine is no fault of an input.
fn time_of_the_core() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Megabytes that this process has had at most, where the system says so.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1024
}

/// The manifest is the repository's own or that of `fuzz/` in it.
fn repository() -> PathBuf {
    let root = Path::new(ROOT);
    if root.join("fuzz").is_dir() { root.to_owned() } else { root.join("..") }
}

#[allow(clippy::print_stdout, reason = "this program answers on stdout")]
fn say(line: &str) {
    println!("{line}");
}
