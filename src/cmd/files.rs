//! Files that a command writes: whole or not at all, and never over something by accident; and how
//! a path is told.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sejong_digest::files::{self, FileError};
use sejong_digest::issue::load;
use sejong_digest::store::StoreAddress;

use super::failure::Failure;

/// Who reads a file that a command makes. Only its owner writes it, whatever the umask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readable {
    Everybody,
    Owner,
}

impl Readable {
    #[cfg(unix)]
    fn mode(self) -> u32 {
        match self {
            Readable::Everybody => 0o644,
            Readable::Owner => 0o600,
        }
    }

    /// Makes a file that is not there yet.
    fn create(self, path: &Path) -> io::Result<fs::File> {
        let mut options = fs::OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, self.mode());
        options.write(true).create_new(true).open(path)
    }
}

/// Writes a file that is not there yet, and the folders above it.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    create_for(path, text, Readable::Everybody)
}

/// The same for a file that only its owner can read.
pub(crate) fn create_private(path: &Path, text: &str) -> Result<(), Failure> {
    create_for(path, text, Readable::Owner)
}

fn create_for(path: &Path, text: &str, readable: Readable) -> Result<(), Failure> {
    let made = match path.parent() {
        Some(folder) => make_folder(folder),
        None => Ok(()),
    };
    made.and_then(|()| readable.create(path))
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::new(format!("{} already exists", describe(path)))
            }
            _ => Failure::new(format!("{} cannot be made: {error}", describe(path))),
        })
}

/// Makes a folder and those above it, for everybody to read and for its owner to write.
///
/// # Errors
/// The system's, and those of [`stays_here`].
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    stays_here(folder)?;
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o755);
    builder.recursive(true).create(folder)
}

/// Writes a file beside its place and then moves it there: nobody ever sees half of it. What is
/// not a plain file, such as /dev/stdout, is written to and never replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8], readable: Readable) -> Result<(), Failure> {
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return fs::write(path, bytes).map_err(|error| unwritten(path, error));
    }
    let mut draft = DraftFile::begin(path, readable)?;
    draft.write_all(bytes).map_err(|error| unwritten(path, error))?;
    draft.finish()
}

fn unwritten(path: &Path, error: io::Error) -> Failure {
    Failure::new(format!("{} cannot be written: {error}", path.display()))
}

/// A file that is written beside its place, piece by piece, and moved there when it is whole. One that
/// is dropped before leaves nothing.
pub(crate) struct DraftFile {
    path: PathBuf,
    target: PathBuf,
    draft: PathBuf,
    file: Option<io::BufWriter<fs::File>>,
}

impl DraftFile {
    /// Begins one for `path`.
    pub(crate) fn begin(path: &Path, readable: Readable) -> Result<DraftFile, Failure> {
        let target = target(path)?;
        let mut name = target.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".{}.draft", std::process::id()));
        let draft = target.with_file_name(name);
        let file = readable.create(&draft).map_err(|error| unwritten(path, error))?;
        let file = Some(io::BufWriter::new(file));
        Ok(DraftFile { path: path.to_owned(), target, draft, file })
    }

    /// Moves it to its place.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let Some(file) = self.file.as_mut() else { return Ok(()) };
        let written = file.flush().and_then(|()| file.get_ref().sync_all());
        let moved = written.and_then(|()| fs::rename(&self.draft, &self.target));
        moved.map_err(|error| unwritten(&self.path, error))?;
        self.file = None;
        Ok(())
    }
}

impl io::Write for DraftFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), io::Write::flush)
    }
}

impl Drop for DraftFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.draft);
        }
    }
}

/// The file that is replaced where `path` is written to.
fn target(path: &Path) -> Result<PathBuf, Failure> {
    let failed = |error| unwritten(path, error);
    let target = match fs::metadata(path) {
        // Through a link, the file that it leads to is replaced and not the link.
        Ok(_) => path.canonicalize().map_err(failed)?,
        Err(_) => path.to_owned(),
    };
    if leads_away(path, &target) {
        return Err(Failure::new(format!(
            "{} is a link to {}, which is in another folder: nothing was written",
            describe(path),
            target.display()
        ))
        .help("remove the link, or name that file itself"));
    }
    if let Some(folder) = path.parent() {
        stays_here(folder).map_err(failed)?;
    }
    Ok(target)
}

/// Whether the link at `path` leads out of its folder, to this `target`: somebody else may have put
/// it there. The names of our own streams are links as well.
fn leads_away(path: &Path, target: &Path) -> bool {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let Ok(folder) = folder.unwrap_or(Path::new(".")).canonicalize() else { return false };
    let is_stream = ["/dev", "/proc"].iter().any(|place| folder.starts_with(place));
    path.is_symlink() && !is_stream && !target.starts_with(&folder)
}

/// A link on the way to `path` that leads out of the publication, or of the repository, that it lies
/// in: it may have come with a pull request. Links outside of both are somebody's own.
///
/// # Errors
/// There is one.
pub(crate) fn stays_here(path: &Path) -> io::Result<()> {
    let Ok(here) = std::env::current_dir() else { return Ok(()) };
    let whole = here.join(path);
    for link in whole.ancestors().filter(|folder| folder.is_symlink()) {
        // One that leads nowhere is told where something is made.
        let (Some(root), Ok(target)) = (shared_root(link), link.canonicalize()) else { continue };
        if !target.starts_with(root) {
            return Err(io::Error::other(format!(
                "{} is a link to {}, which is in another folder: remove the link, or name that \
                 folder itself",
                describe(link),
                target.display()
            )));
        }
    }
    Ok(())
}

/// Whether a link that may have come with a pull request gives another name to a hidden file, or to
/// one of another kind: `gone.csv` that is the secret.
pub(crate) fn is_disguised(path: &Path) -> bool {
    let Ok(here) = std::env::current_dir() else { return false };
    let whole = here.join(path);
    let is_link = whole.ancestors().any(Path::is_symlink);
    let root = Some(&whole).filter(|_| is_link).and_then(|whole| shared_root(whole));
    root.is_some_and(|root| matches!(files::inside(&root, &whole), Err(FileError::Disguised)))
}

/// The folder above `link` whose files others may have proposed: its publication, or the repository of
/// the publication that the command runs in. All other links are somebody's own.
fn shared_root(link: &Path) -> Option<PathBuf> {
    let above = |folder: &Path, name: &str| {
        let is_there = |folder: &&Path| folder.join(name).symlink_metadata().is_ok();
        folder.ancestors().find(is_there).map(Path::to_owned)
    };
    let folder = link.parent()?.canonicalize().ok()?;
    let publication = above(&folder, "digest.toml");
    publication.or_else(|| {
        let here = std::env::current_dir().and_then(|here| here.canonicalize()).ok()?;
        let own = above(&above(&here, "digest.toml")?, ".git")?;
        (above(&folder, ".git")? == own).then_some(own)
    })
}

/// A path or another value of the command line as a shell takes it.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// A command that somebody may copy, with an address in it. One that begins with - would be read as an
/// option: it stands behind all others, and behind --.
pub(crate) fn with_address(command: &str, address: &str, options: &str) -> String {
    let (address, space) = (quoted(address), if options.is_empty() { "" } else { " " });
    if address.trim_start_matches('\'').starts_with('-') {
        format!("{command}{space}{options} -- {address}")
    } else {
        format!("{command} {address}{space}{options}")
    }
}

/// An option with its value, as it is typed: ` --to kim@example.org`.
pub(crate) fn option(name: &str, value: &str) -> String {
    let sign = if value.starts_with('-') { "=" } else { " " };
    format!(" {name}{sign}{}", quoted(value))
}

/// A path as people should read it.
pub(crate) fn describe_store(store: &StoreAddress) -> String {
    store.file().map_or_else(|| store.to_string(), describe)
}

/// A path as it is told: from here, where that is shorter.
pub(crate) fn describe(path: &Path) -> String {
    match load::path_from_here(path).display().to_string() {
        here if here.is_empty() => ".".to_owned(),
        path => path,
    }
}
