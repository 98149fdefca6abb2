//! Files that only their owner can read: a ledger holds the addresses of everybody who was sent to.
//!
//! Must never change the mode of a file that is not ours by its name.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

use super::place::beside;
use crate::files::private;

/// What SQLite and we put beside a database, by the ends of the names.
const COMPANIONS: [&str; 5] = ["-wal", "-shm", "-marks", "-marks-draft", "-lock"];

/// Opens a file for reading and writing that only its owner can read, and makes it if need be.
/// Whoever may put a link or a pipe in its place must not decide what is written to.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    private(&mut options);
    no_link(path)?;
    let file = options.read(true).write(true).create(true).truncate(false).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(no_file()) }
}

/// Opens a file that is there for who only reads it, and says whether it can be written too.
pub(super) fn open_to_read(path: &Path) -> io::Result<(File, bool)> {
    no_link(path)?;
    let mut options = OpenOptions::new();
    private(&mut options);
    let opened = match options.read(true).write(true).open(path) {
        Err(error) if cannot_write(&error) => {
            options.write(false).open(path).map(|file| (file, false))
        }
        opened => opened.map(|file| (file, true)),
    };
    let (file, writable) = opened?;
    if file.metadata()?.is_file() { Ok((file, writable)) } else { Err(no_file()) }
}

/// Whether the system lets nobody of this name write there.
pub(super) fn cannot_write(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Whose a file is, and who runs the program, where these are two: by their names, or by their
/// numbers where the machine knows no name. Nothing where the system does not say.
#[cfg(unix)]
pub(super) fn foreign(path: &Path) -> Option<(String, String)> {
    use std::os::unix::fs::MetadataExt as _;
    let owner = std::fs::metadata(path).ok()?.uid();
    // It belongs to the user whose rights count.
    let own = std::fs::metadata("/proc/self").ok()?.uid();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    (owner != own).then(|| (name_in(&users, owner), name_in(&users, own)))
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
pub(super) fn foreign(_path: &Path) -> Option<(String, String)> {
    None
}

/// `users` in the form of passwd(5): the name is the first part of a line, and the number the third.
#[cfg(unix)]
fn name_in(users: &str, number: u32) -> String {
    let named = |line: &str| {
        let parts: Vec<&str> = line.split(':').collect();
        (parts.get(2)?.parse() == Ok(number)).then(|| parts[0].to_owned())
    };
    users.lines().find_map(named).unwrap_or_else(|| format!("the user with the number {number}"))
}

/// Makes an empty file, in place of any that was there, that only its owner can read. A link in its
/// place goes, and what it leads to stays as it is.
///
/// # Errors
/// The system's.
pub fn create(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    private(&mut options);
    options.write(true).create_new(true).open(path)
}

/// Reads a file of ours, of `most` bytes or fewer. A pipe or a device in its place is not waited for.
///
/// # Errors
/// The system's; it is no file, or too large.
pub fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    no_link(path)?;
    let mut options = OpenOptions::new();
    private(&mut options);
    let file = options.read(true).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(no_file());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes) }
}

/// Opens a file of ours for reading, if there is one.
pub(super) fn open_if_there(path: &Path) -> Option<File> {
    let mut options = OpenOptions::new();
    private(&mut options);
    let file = options.read(true).open(path).ok()?;
    file.metadata().is_ok_and(|metadata| metadata.is_file()).then_some(file)
}

/// The system refuses a link too, where it is opened, but in words that help nobody.
fn no_link(path: &Path) -> io::Result<()> {
    if path.is_symlink() {
        return Err(io::Error::other("it is a link, and may lead to another file: remove it"));
    }
    Ok(())
}

fn no_file() -> io::Error {
    io::Error::other("it is a pipe, a device or a folder, not a file: remove it")
}

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

/// The mode of the very file that has this name, and of none that a link in its place leads to. The
/// file is named and not opened: to close a file of a database would take SQLite's locks away.
#[cfg(target_os = "linux")]
fn keep_to_owner(path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let named =
        OpenOptions::new().read(true).custom_flags(libc::O_PATH | libc::O_NOFOLLOW).open(path)?;
    let path = format!("/proc/self/fd/{}", named.as_raw_fd());
    narrow(Path::new(&path), &named.metadata()?)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn keep_to_owner(path: &Path) -> io::Result<()> {
    narrow(path, &std::fs::symlink_metadata(path)?)
}

#[cfg(unix)]
fn narrow(path: &Path, metadata: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = metadata.permissions();
    if !metadata.is_file() || permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(permissions.mode() & 0o7700);
    std::fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn keep_to_owner(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_a_number() {
        let users =
            "root:x:0:0:root:/root:/bin/bash\n\nbroken\nkim:x:1000:1000::/home/kim:/bin/sh\n";
        assert_eq!((name_in(users, 0), name_in(users, 1000)), ("root".into(), "kim".into()));
        assert_eq!(name_in(users, 100), "the user with the number 100");
    }
}
