//! A folder like a user's and the real binary run in it.
//!
//! Exists so that a test reads as what somebody does and sees. Must never look into the library:
//! files in, exit code and streams out.

#![allow(dead_code, reason = "each test program uses its part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A publication in a folder of its own, gone when dropped.
pub(crate) struct Publication {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) const DIGEST: &str = env!("CARGO_BIN_EXE_digest");

const DIGEST_TOML: &str = r#"[publication]
name = "Sejong Digest"
from = "Sejong Digest <digest@sejong.example>"
postal_address = "P.O. Box 0000, Washington, DC 20000"
base_url = "https://digest.sejong.example"
"#;

const ISSUE_TOML: &str = r#"number = 1
title = "October"
subject = "Hello {{ first_name | reader }}"
preheader = "A preheader that is long enough to fill its line."
date = 2025-11-06

[[section]]
heading = "In focus"
articles = ["hangul"]
"#;

const ARTICLE: &str = "---\ntitle: Hangul\n---\n\nTwenty-eight letters.\n";

const SUBSCRIBERS: &str = "email,first_name,affiliation\n\
    kim@example.org,Minji,Hanbit\nada@example.org,Ada,\nlee@example.org,,Narae\n";

impl Publication {
    /// An empty folder.
    pub(crate) fn nothing() -> Publication {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Publication { folder, environment: Vec::new() }
    }

    /// A publication with one issue, `2025-11`, and nothing wrong with it.
    pub(crate) fn new() -> Publication {
        Publication::nothing()
            .write("digest.toml", DIGEST_TOML)
            .write("issues/2025-11/issue.toml", ISSUE_TOML)
            .write("issues/2025-11/hangul.md", ARTICLE)
    }

    /// The same with three subscribers, of whom one has no affiliation and one no first name.
    pub(crate) fn with_subscribers() -> Publication {
        Publication::new().write("subscribers.csv", SUBSCRIBERS)
    }

    pub(crate) fn write(self, path: &str, text: impl AsRef<[u8]>) -> Publication {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
        self
    }

    /// Replaces a text in a file that has it.
    pub(crate) fn edit(self, path: &str, from: &str, to: &str) -> Publication {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from:?}");
        self.write(path, text.replacen(from, to, 1))
    }

    pub(crate) fn remove(self, path: &str) -> Publication {
        std::fs::remove_file(self.path(path)).expect("removed");
        self
    }

    /// Sets a variable for the runs that follow.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Publication {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).expect("a text file")
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Every file, from the root, in order.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(self.folder.path(), self.folder.path(), &mut files);
        files.sort();
        files
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_in("", arguments)
    }

    /// Runs from a folder inside.
    pub(crate) fn run_in(&self, folder: &str, arguments: &[&str]) -> Output {
        self.finish(self.command(DIGEST).current_dir(self.path(folder)).args(arguments))
    }

    /// Runs a line as a shell would, with `digest` on the path.
    pub(crate) fn shell(&self, line: &str) -> Output {
        let bin = Path::new(DIGEST).parent().expect("a folder").display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        self.finish(self.command("sh").args(["-c", line]).env("PATH", format!("{bin}:{path}")))
    }

    /// A command that sees nothing of the tester's own settings.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("DIGEST_") || text.contains("COLOR") || text == "COLUMNS" {
                command.env_remove(&name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn finish(&self, command: &mut Command) -> Output {
        let output = command.output().expect("the program starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let stderr = text(output.stderr);
        assert!(!stderr.contains("panicked"), "{stderr}");
        Output {
            code: output.status.code().expect("no signal"),
            stdout: text(output.stdout),
            stderr,
        }
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => collect(root, &path, files),
            path => files.push(path.strip_prefix(root).expect("inside").display().to_string()),
        }
    }
}
