//! What tells a file from a copy of it: the machine that it is on, and what the system names it by.
//!
//! Says nothing where the system does not keep such names. A disk that was copied as a whole, with the
//! machine on it, cannot be told from the first one.

use std::path::Path;

use super::place;
use crate::crypto;

/// Where the machine keeps its id.
const MACHINE: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Of the hash of that id: it is not ours to write it anywhere.
const DIGITS: usize = 32;

/// File systems that give a file another number each time they are mounted.
const UNNUMBERED: [&str; 7] = ["9p", "exfat", "msdos", "ntfs3", "vfat", "virtiofs", "vboxsf"];

/// Where a file is. Each part is empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// What names the machine.
    pub machine: String,
    /// What names the file as long as it exists, whatever its path.
    pub file: String,
}

/// What shows that a file is not the one that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is on another machine.
    Machine,
    /// It is another file: a copy, or it was moved to another disk.
    File,
}

impl Whereabouts {
    /// Of the file at `path`.
    pub(super) fn of(path: &Path) -> Whereabouts {
        let ids = MACHINE.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        // As machine-id(5) has it: before the first start it holds a word.
        let is_id = |id: &String| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let id = ids.map(|id| id.trim().to_owned()).find(is_id);
        Whereabouts {
            machine: id.as_deref().map(hashed).unwrap_or_default(),
            file: numbered(path).unwrap_or_default(),
        }
    }

    /// Whether a file that was here is elsewhere now. A file with the number and the time at which it
    /// was made is the same one, also where the machine calls itself otherwise: a container may do so
    /// each time.
    pub fn compared_with(&self, now: &Whereabouts) -> Option<Moved> {
        if self.file == now.file && self.is_dated() {
            return None;
        }
        let differs = |then: &str, now: &str| !then.is_empty() && !now.is_empty() && then != now;
        if differs(&self.machine, &now.machine) {
            return Some(Moved::Machine);
        }
        differs(&self.file, &now.file).then_some(Moved::File)
    }

    /// Whether it is known when the file was made.
    fn is_dated(&self) -> bool {
        self.file.split_once(':').is_some_and(|(_, made)| !made.is_empty())
    }
}

fn hashed(id: &str) -> String {
    let hash = crypto::sha256([b"machine ".as_slice(), id.as_bytes()]);
    data_encoding::HEXLOWER.encode(&hash[..DIGITS / 2])
}

/// The number of the file, and when it was made where that is known: a number is used again. That of
/// the disk may be another one after the next start of the machine.
#[cfg(unix)]
fn numbered(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let kind = place::kind(folder.unwrap_or(Path::new("."))).unwrap_or_default();
    if UNNUMBERED.contains(&kind.as_str()) || kind.starts_with("fuse") {
        return None;
    }
    let metadata = std::fs::metadata(path).ok()?;
    let made = metadata.created().ok().and_then(|at| {
        at.duration_since(std::time::UNIX_EPOCH).ok().map(|since| since.as_nanos().to_string())
    });
    Some(format!("{}:{}", metadata.ino(), made.unwrap_or_default()))
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
fn numbered(_path: &Path) -> Option<String> {
    let _ = (place::kind, UNNUMBERED);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_of_both_tells_that_a_file_has_moved() {
        let at = |machine: &str, file: &str| Whereabouts {
            machine: machine.to_owned(),
            file: file.to_owned(),
        };
        let here = at("a", "1:7");
        for (then, expected) in [
            (at("a", "1:7"), None),
            (at("", "1:7"), None),
            (at("a", ""), None),
            (at("b", ""), Some(Moved::Machine)),
            (at("b", "1:7"), None),
            (at("b", "2:7"), Some(Moved::Machine)),
            (at("a", "2:7"), Some(Moved::File)),
            (at("", "1:8"), Some(Moved::File)),
            (at("", ""), None),
        ] {
            assert_eq!(then.compared_with(&here), expected, "{then:?}");
            assert_eq!(here.compared_with(&then), expected, "{then:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_renamed_is_the_same_and_a_copy_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let [path, other, copy] = ["a", "b", "c"].map(|name| dir.path().join(name));
        std::fs::write(&path, "a").unwrap();
        let before = Whereabouts::of(&path);
        std::fs::write(&path, "more").unwrap();
        std::fs::copy(&path, &copy).unwrap();
        std::fs::rename(&path, &other).unwrap();
        assert_eq!(before.compared_with(&Whereabouts::of(&other)), None);
        assert_eq!(before.compared_with(&Whereabouts::of(&copy)), Some(Moved::File));
    }
}
