//! The one way to open a file that somebody else may have put there.
//!
//! A publication comes in as pull requests, so a file of it may be a link to a secret, a pipe that
//! nobody writes to, a device without an end, or larger than the memory. What is opened here lies
//! inside the publication after all links, is a regular file, and is read up to a limit. Must never
//! wait for another process, and must never follow a link where a new file is made.

use std::ffi::OsStr;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system's reason.
    #[error("{0}")]
    System(#[from] io::Error),
    /// A folder, a pipe, a device or a socket: its kind in words.
    #[error("this is {0} and not a file")]
    NotAFile(&'static str),
    /// Links or `..` lead out of the publication.
    #[error("this leads out of the publication")]
    Outside,
    /// A link leads to a hidden file or to one of another kind: to a secret, a list, a ledger.
    #[error("this link leads to a hidden file or to one with another ending")]
    Disguised,
    /// Others on this machine can read or change what only its owner should.
    #[error("other users of this computer can read it")]
    Shared,
    /// A symbolic link to a file that does not exist.
    #[error("this is a link that leads to nothing: there is no {}", .0.display())]
    LeadsToNothing(PathBuf),
    /// More bytes than such a file may have.
    #[error("this file is larger than {}", size(*.0))]
    Large(u64),
}

impl FileError {
    /// Whether there is no such file.
    pub fn is_missing(&self) -> bool {
        matches!(self, FileError::System(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

/// `256 kB`, `5 MB`: limits are round numbers.
fn size(bytes: u64) -> String {
    const KILO: u64 = 1024;
    match bytes {
        bytes if bytes >= KILO * KILO => format!("{} MB", bytes / (KILO * KILO)),
        bytes => format!("{} kB", bytes / KILO),
    }
}

/// Opens a regular file, wherever it lies: lists, keys, secrets, logs.
///
/// # Errors
/// [`FileError::System`], [`FileError::NotAFile`].
pub fn open(path: &Path) -> Result<File, FileError> {
    let file = at_once(OpenOptions::new().read(true)).open(path)?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// The same for what a person names for one command. `/dev/stdin` and `/dev/fd/…` (a shell's
/// `<(…)`) may be pipes: a shell that names one also writes to it.
///
/// # Errors
/// As [`open`].
pub fn open_named(path: &Path) -> Result<File, FileError> {
    let own = ["/dev/stdin", "/dev/fd", "/proc/self/fd"];
    if own.iter().any(|own| path.starts_with(own)) {
        return Ok(File::open(path)?);
    }
    open(path).map_err(|error| match std::fs::read_link(path) {
        Ok(target) if error.is_missing() => FileError::LeadsToNothing(target),
        _ => error,
    })
}

/// Reads a regular file of `most` bytes or fewer, wherever it lies.
///
/// # Errors
/// As [`open`], and [`FileError::Large`].
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    up_to(open(path)?, most)
}

/// The same for a file of the publication at `root`.
///
/// # Errors
/// As [`read`] and [`inside`].
pub fn read_inside(root: &Path, path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    read(&inside(root, path)?, most)
}

/// Whether something has this name, whatever it is: a pipe or a link to nothing is not the same as
/// no file, and has to be told.
pub fn is_there(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Reads a secret, a password or a key: a regular file that only its owner can read. The file that
/// was opened is the one that is asked, and not what has its name meanwhile.
///
/// # Errors
/// As [`read`], and [`FileError::Shared`].
pub fn read_private(path: &Path) -> Result<Vec<u8>, FileError> {
    const MOST: u64 = 64 * 1024;
    let file = open(path)?;
    if is_shared(&file.metadata()?) { Err(FileError::Shared) } else { up_to(file, MOST) }
}

/// Whether others on this machine can read or change a file that is there.
pub fn others_can_read(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| is_shared(&metadata))
}

#[cfg(unix)]
fn is_shared(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0
}

#[cfg(not(unix))]
fn is_shared(_metadata: &Metadata) -> bool {
    false
}

/// What `path` is without links, if it lies below `root`.
///
/// The publication's folder also holds the secret, the list and the ledger, so a link must lead to
/// a file with its own ending, and to no hidden one.
///
/// # Errors
/// [`FileError::System`], [`FileError::Outside`], [`FileError::Disguised`].
pub fn inside(root: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let real = path.canonicalize();
    let root = root.canonicalize()?;
    match real {
        Ok(real) => match real.strip_prefix(&root) {
            Err(_) => Err(FileError::Outside),
            Ok(within) if is_disguised(path, within) => Err(FileError::Disguised),
            Ok(_) => Ok(real),
        },
        // A link that leads out to nothing is outside, too.
        Err(error) if path.is_symlink() && error.kind() == io::ErrorKind::NotFound => {
            match std::fs::read_link(path) {
                Ok(target) if target.is_absolute() && !target.starts_with(&root) => {
                    Err(FileError::Outside)
                }
                _ => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the name `path` hides what the file at `within` is.
fn is_disguised(path: &Path, within: &Path) -> bool {
    let ending = |path: &Path| path.extension().map(|ending| ending.to_ascii_lowercase());
    let is_hidden = |part: &&OsStr| part.as_encoded_bytes().starts_with(b".");
    let named: Vec<&OsStr> = path.iter().collect();
    ending(path) != ending(within)
        || within.iter().filter(is_hidden).any(|part| !named.contains(&part))
}

fn up_to(file: File, most: u64) -> Result<Vec<u8>, FileError> {
    let known = file.metadata().map_or(0, |metadata| metadata.len());
    if known > most {
        return Err(FileError::Large(most));
    }
    // A file may grow while it is read, and some say that they are empty.
    let mut bytes = Vec::with_capacity(usize::try_from(known).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(FileError::Large(most)) } else { Ok(bytes) }
}

fn regular(metadata: &Metadata) -> Result<(), FileError> {
    if metadata.is_file() { Ok(()) } else { Err(FileError::NotAFile(kind(metadata))) }
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    match () {
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() { "a folder" } else { "a device" }
}

/// Opening a pipe would wait for whoever writes to it; the bit means nothing for a regular file.
#[cfg(unix)]
fn at_once(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, libc::O_NONBLOCK)
}

#[cfg(not(unix))]
fn at_once(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Options for a file that only its owner can read. An existing link in its place is refused and
/// not followed, and a pipe is not waited for.
#[cfg(unix)]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

/// Elsewhere a file's owner is not told by a mode.
#[cfg(not(unix))]
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn only_regular_files_of_a_sane_size_inside_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("publication");
        fs::create_dir_all(root.join("issues")).unwrap();
        fs::write(dir.path().join("secret"), "0123456789").unwrap();
        fs::write(root.join("a.md"), "0123456789").unwrap();
        symlink(dir.path().join("secret"), root.join("out.md")).unwrap();
        symlink(dir.path().join("nothing"), root.join("gone.md")).unwrap();
        symlink("a.md", root.join("in.md")).unwrap();
        symlink("loop.md", root.join("loop.md")).unwrap();
        symlink(dir.path(), root.join("up")).unwrap();
        symlink("/dev/zero", root.join("zero.md")).unwrap();
        for hidden in [".secret", "list.csv", "notes", ".md/x.md"] {
            fs::create_dir_all(root.join(hidden).parent().unwrap()).unwrap();
            fs::write(root.join(hidden), "a").unwrap();
        }
        symlink(".secret", root.join("secret.md")).unwrap();
        symlink("list.csv", root.join("list.md")).unwrap();
        symlink("notes", root.join("notes.md")).unwrap();
        symlink(".md/x.md", root.join("folder.md")).unwrap();
        let _socket = UnixListener::bind(root.join("socket.md")).unwrap();
        let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe.md")).status().unwrap();
        assert!(pipe.success());
        let read = |name: &str, most| read_inside(&root, &root.join(name), most);

        assert_eq!(read("a.md", 10).unwrap(), b"0123456789");
        assert_eq!(read("in.md", 10).unwrap(), b"0123456789");
        assert!(matches!(read("a.md", 9), Err(FileError::Large(9))));
        for name in ["out.md", "gone.md", "up/secret", "../secret", "zero.md"] {
            assert!(matches!(read(name, 10), Err(FileError::Outside)), "{name}");
        }
        for name in ["secret.md", "list.md", "notes.md", "folder.md"] {
            assert!(matches!(read(name, 10), Err(FileError::Disguised)), "{name}");
        }
        assert_eq!(read(".md/x.md", 10).unwrap(), b"a");
        assert!(is_there(&root.join("gone.md")) && !is_there(&root.join("none.md")));
        assert!(matches!(read("issues", 10), Err(FileError::NotAFile("a folder"))));
        assert!(matches!(read("pipe.md", 10), Err(FileError::NotAFile("a pipe"))));
        // A socket cannot even be opened.
        assert!(matches!(read("socket.md", 10), Err(FileError::System(_))));
        assert!(matches!(read("loop.md", 10), Err(FileError::System(_))));
        assert!(read("none.md", 10).unwrap_err().is_missing());
        assert!(matches!(
            super::read(Path::new("/dev/zero"), 10),
            Err(FileError::NotAFile("a device"))
        ));
        // It says that it is empty, and is not.
        assert!(matches!(super::read(Path::new("/proc/self/maps"), 9), Err(FileError::Large(9))));
    }

    #[test]
    fn a_private_file_is_not_made_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let [victim, link] = ["victim", "link"].map(|name| dir.path().join(name));
        fs::write(&victim, "mine").unwrap();
        symlink(&victim, &link).unwrap();
        let mut options = OpenOptions::new();
        private(options.write(true).create(true).truncate(true));
        assert!(options.open(&link).is_err());
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}
