//! Files that only their owner can read: a ledger holds the addresses of everybody who was sent to.
//!
//! Must never change the mode of a file that is not ours by its name.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::place::beside;

/// What SQLite and we put beside a database, by the ends of the names.
const COMPANIONS: [&str; 5] = ["-wal", "-shm", "-marks", "-marks-draft", "-lock"];

/// Opens a file for reading and writing that only its owner can read, and makes it if need be.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(&mut options);
    options.read(true).write(true).create(true).truncate(false).open(path)
}

/// Makes an empty file, in place of any that was there, that only its owner can read.
///
/// # Errors
/// The system's.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(&mut options);
    let file = options.write(true).create(true).truncate(true).open(path)?;
    // One that was there has kept its mode.
    keep_to_owner(path)?;
    Ok(file)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

/// Takes a database that an older version made, and what lies beside it, from everybody but the
/// owner. Where that is not allowed it stays as it is: then the owner is another one.
pub(super) fn tighten(path: &Path) {
    let _ = keep_to_owner(path);
    for suffix in COMPANIONS {
        let _ = keep_to_owner(&beside(path, suffix));
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let copies = format!("{name}-rescued-");
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new(".")));
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&copies)) {
            let _ = keep_to_owner(&entry.path());
        }
    }
}

#[cfg(unix)]
fn keep_to_owner(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(permissions.mode() & 0o7700);
    std::fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn keep_to_owner(_path: &Path) -> io::Result<()> {
    Ok(())
}
