//! A folder like a user's and the real binary run in it.
//!
//! Exists so that a test reads as what somebody does and sees. Must never look into the library:
//! files in, exit code and streams out.

#![allow(dead_code, reason = "each test program uses its part")]

pub(crate) mod running;
pub(crate) mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use running::{Output, Running};

/// A publication in a folder of its own, gone when dropped.
pub(crate) struct Publication {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
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
        let here = Publication { folder, environment: Vec::new() };
        match server::is_wanted().then(server::server).flatten() {
            Some(server) => here.sending_from(&server.fresh()),
            None => here,
        }
    }

    /// The same with a ledger on a server.
    pub(crate) fn sending_from(self, url: &str) -> Publication {
        self.env("DIGEST_STORE__URL", url).env("DIGEST_STORE_PASSWORD", server::PASSWORD)
    }

    /// The journal of a sender that was killed, from the publication.
    pub(crate) fn journal(&self) -> String {
        let url = self.store_url();
        let Some(schema) = url.strip_prefix("postgres://").and_then(|_| url.rsplit('=').next())
        else {
            return "digest.db-marks".to_owned();
        };
        let port = url.split(':').nth(2).and_then(|rest| rest.split('/').next()).expect("a port");
        let schema = schema.replace('_', "-");
        format!(".digest/ledger/postgres_127.0.0.1_{port}_postgres_{schema}-marks")
    }

    /// Puts a journal in the place of the one that is there.
    pub(crate) fn with_journal(self, text: impl AsRef<[u8]>) -> Publication {
        let journal = self.journal();
        self.write(&journal, text)
    }

    pub(crate) fn without_journal(self) -> Publication {
        let journal = self.journal();
        self.remove(&journal)
    }

    /// The address of the ledger.
    pub(crate) fn store_url(&self) -> String {
        let set = self.environment.iter().rev().find(|(name, _)| name == "DIGEST_STORE__URL");
        let file = || format!("sqlite:{}", self.path("digest.db").display());
        set.map_or_else(file, |(_, url)| url.clone())
    }

    /// The ledger as messages name it.
    pub(crate) fn store_name(&self) -> String {
        let url = self.store_url();
        if url.starts_with("sqlite:") { "digest.db".to_owned() } else { url }
    }

    /// The same where there is no ledger any more.
    pub(crate) fn without_ledger(self) -> Publication {
        let url = self.store_url();
        let Some(server) = url.starts_with("postgres:").then(server::server).flatten() else {
            return self.remove("digest.db");
        };
        let schema = url.rsplit('=').next().expect("a schema");
        server.ask(&format!("DROP SCHEMA {schema} CASCADE"));
        self
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

    /// A copy of this repository's own publication, with its example list.
    pub(crate) fn repository() -> Publication {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let here = Publication::nothing();
        for name in ["digest.toml", "subscribers.example.csv", "theme", "issues"] {
            copy(&root.join(name), &here.path(name));
        }
        here
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

    /// Starts the binary and does not wait for its end.
    /// The variables of its runs, for who starts the program in a way of its own.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(DIGEST).args(arguments))
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
        Running::start(command).wait()
    }
}

fn copy(from: &Path, to: &Path) {
    if !from.is_dir() {
        std::fs::copy(from, to).expect("copied");
        return;
    }
    std::fs::create_dir(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        copy(&entry.path(), &to.join(entry.file_name()));
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
