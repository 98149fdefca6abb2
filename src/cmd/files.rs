//! Files that a command writes: whole or not at all, and never over something by accident; and how
//! a path is told.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use sejong_digest::issue::load;

use super::failure::Failure;

/// Writes a file that is not there yet, and the folders above it.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    create_with(path, text, fs::OpenOptions::new())
}

/// The same for a file that only its owner can read.
pub(crate) fn create_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    create_with(path, text, options)
}

fn create_with(path: &Path, text: &str, mut options: fs::OpenOptions) -> Result<(), Failure> {
    let made = match path.parent() {
        Some(folder) => fs::create_dir_all(folder),
        None => Ok(()),
    };
    made.and_then(|()| options.write(true).create_new(true).open(path))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::new(format!("{} already exists", describe(path)))
            }
            _ => Failure::new(format!("{} cannot be made: {error}", describe(path))),
        })
}

/// Writes a file beside its place and then moves it there: nobody ever sees half of it. What is
/// not a plain file, such as /dev/stdout, is written to and never replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let failed =
        |error: io::Error| Failure::new(format!("{} cannot be written: {error}", path.display()));
    let target = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => return fs::write(path, bytes).map_err(failed),
        // Through a link, the file that it leads to is replaced and not the link.
        Ok(_) => path.canonicalize().map_err(failed)?,
        Err(_) => path.to_owned(),
    };
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.draft", std::process::id()));
    let draft = target.with_file_name(name);
    let written =
        fs::OpenOptions::new().write(true).create_new(true).open(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, &target)
        });
    written.map_err(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            let _ = fs::remove_file(&draft);
        }
        failed(error)
    })
}

/// A path as people should read it.
pub(crate) fn describe(path: &Path) -> String {
    match load::path_from_here(path).display().to_string() {
        here if here.is_empty() => ".".to_owned(),
        path => path,
    }
}
