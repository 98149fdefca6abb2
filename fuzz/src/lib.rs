//! What strangers send, each kind with one function that takes bytes and asserts what must hold of
//! them. `cargo fuzz` feeds these functions (`fuzz_targets/`), and so does `mutate`, a runner that
//! needs no nightly toolchain. Both begin with files of this repository.
//!
//! A function may panic for one reason only: something that is promised does not hold.

mod bounces;

mod content;

mod lists;

pub mod mutation;

mod pictures;

mod replies;

mod tokens;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

/// One kind of input.
pub struct Target {
    /// As it is called on the command line.
    pub name: &'static str,
    /// Asserts what must hold; the answer tells inputs apart that were treated differently.
    pub run: fn(&[u8]) -> u64,
    /// Inputs to begin with, made from files of this repository.
    pub seeds: fn(&Path) -> Vec<Vec<u8>>,
    /// Words that mean something in such an input.
    pub words: &'static [&'static str],
    /// Bytes of the largest input that is tried.
    pub most_bytes: usize,
    /// Megabytes of memory that one input may take.
    pub most_memory: u64,
    /// Milliseconds that one input may take.
    pub most_time: u64,
}

/// Every kind.
pub const TARGETS: [Target; 9] = [
    Target {
        name: "front_matter",
        run: content::front_matter,
        seeds: content::front_matter_seeds,
        words: content::FRONT_MATTER_WORDS,
        most_bytes: 16 * 1024,
        most_memory: 256,
        most_time: 1000,
    },
    Target {
        name: "message",
        run: content::message,
        seeds: content::message_seeds,
        words: content::MARKDOWN_WORDS,
        most_bytes: 16 * 1024,
        most_memory: 256,
        most_time: 1000,
    },
    Target {
        name: "style_sheet",
        run: content::style_sheet,
        seeds: content::style_sheet_seeds,
        words: content::CSS_WORDS,
        most_bytes: 16 * 1024,
        most_memory: 256,
        most_time: 1000,
    },
    Target {
        name: "svg",
        run: pictures::svg,
        seeds: pictures::svg_seeds,
        words: pictures::SVG_WORDS,
        most_bytes: 64 * 1024,
        most_memory: 640,
        most_time: 5000,
    },
    // A large picture takes longer and more memory than a text; what it may take is counted before.
    Target {
        name: "png",
        run: pictures::png,
        seeds: pictures::png_seeds,
        words: pictures::PNG_WORDS,
        most_bytes: 64 * 1024,
        most_memory: 640,
        most_time: 5000,
    },
    Target {
        name: "csv",
        run: lists::csv,
        seeds: lists::seeds,
        words: lists::WORDS,
        most_bytes: 64 * 1024,
        most_memory: 256,
        most_time: 1000,
    },
    Target {
        name: "bounce",
        run: bounces::run,
        seeds: bounces::seeds,
        words: bounces::WORDS,
        most_bytes: 64 * 1024,
        most_memory: 256,
        most_time: 100,
    },
    Target {
        name: "smtp_replies",
        run: replies::run,
        seeds: replies::seeds,
        words: replies::WORDS,
        most_bytes: 8 * 1024,
        most_memory: 256,
        // Waiting is counted, too.
        most_time: 8000,
    },
    Target {
        name: "tokens",
        run: tokens::run,
        seeds: tokens::seeds,
        words: tokens::WORDS,
        most_bytes: 8 * 1024,
        most_memory: 256,
        most_time: 1000,
    },
];

/// Feeds `bytes` to the target that is called `name`.
pub fn run(name: &str, bytes: &[u8]) {
    if let Some(target) = TARGETS.iter().find(|target| target.name == name) {
        (target.run)(bytes);
    }
}

/// One number for all of `parts`.
fn signature<T: Hash>(parts: impl IntoIterator<Item = T>) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.into_iter().for_each(|part| part.hash(&mut hasher));
    hasher.finish()
}

/// The files below `folder` that end so, each of at most 32 kB, in order.
fn files(folder: &Path, endings: &[&str]) -> Vec<Vec<u8>> {
    let mut paths = Vec::new();
    list(folder, endings, &mut paths);
    paths.sort();
    let read = paths.iter().filter_map(|path| std::fs::read(path).ok());
    let mut files: Vec<Vec<u8>> = read.filter(|bytes| bytes.len() <= 32 * 1024).collect();
    files.dedup();
    files
}

fn list(folder: &Path, endings: &[&str], paths: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, endings, paths);
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            paths.push(path);
        }
    }
}
