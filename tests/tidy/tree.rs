//! The files of this repository as the rules see them.

use std::fs;
use std::path::Path;

use crate::scan::{TestModule, Token, tokens, without_tests};

/// One source file.
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// All tokens.
    pub(crate) tokens: Vec<Token>,
    /// The tokens outside `#[cfg(test)]`; none where the whole file is a test.
    pub(crate) code: Vec<Token>,
    test_modules: Vec<TestModule>,
}

impl File {
    pub(crate) fn new(path: &str, text: &str) -> File {
        let tokens = tokens(text);
        let (code, test_modules) = without_tests(&tokens);
        File { path: path.to_owned(), text: text.to_owned(), tokens, code, test_modules }
    }

    /// The modules from the crate's root down to this file: `["smtp", "session", "tls"]`.
    pub(crate) fn modules(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let inner = inner.strip_suffix(".rs").unwrap_or(inner);
        inner.strip_suffix("/mod").unwrap_or(inner).split('/').collect()
    }

    /// The room: the first module; the binary is one room, `cmd`.
    pub(crate) fn room(&self) -> &str {
        match self.modules()[0] {
            "main" => "cmd",
            room => room,
        }
    }

    /// The folder in which the files of this file's modules stand.
    fn module_folder(&self) -> String {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        stem.strip_suffix("/mod").unwrap_or(stem).to_owned()
    }

    /// The paths of the test modules that have their own file, as far as they can be told.
    fn test_files(&self) -> Vec<String> {
        let file = |module: &TestModule| match &module.path {
            Some(path) => {
                let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{path}")
            }
            None => format!("{}/{}.rs", self.module_folder(), module.name),
        };
        self.test_modules.iter().map(file).collect()
    }
}

/// Empties the code of files that are somebody's test module.
pub(crate) fn mark_tests(files: &mut [File]) {
    let tests: Vec<String> = files.iter().flat_map(File::test_files).collect();
    for file in files {
        if tests.contains(&file.path) {
            file.code.clear();
        }
    }
}

/// The `.rs` files below a folder of this repository, sorted.
pub(crate) fn read(folder: &str) -> Vec<File> {
    let mut paths = Vec::new();
    list(&root().join(folder), folder, &mut paths);
    paths.sort();
    let text = |path: &String| fs::read_to_string(root().join(path)).unwrap();
    let mut files: Vec<File> = paths.iter().map(|path| File::new(path, &text(path))).collect();
    mark_tests(&mut files);
    files
}

/// The folders right below a folder of this repository, sorted.
pub(crate) fn folders(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy())).collect();
    names.sort();
    names
}

/// A file of this repository.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Whether the file of `path::name` has a function of that name.
pub(crate) fn has_function(test: &str) -> bool {
    test.split_once("::").is_some_and(|(path, name)| {
        let text = fs::read_to_string(root().join(path)).unwrap_or_default();
        text.contains(&format!("fn {name}("))
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list(folder: &Path, name: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            list(&entry.path(), &inner, paths);
        } else if inner.ends_with(".rs") {
            paths.push(inner);
        }
    }
}
