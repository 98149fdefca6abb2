//! What tells a store from a copy of it: of a file the machine that it is on, and what the system names
//! it by; of a schema the server, and what that names its tables by.
//!
//! Says nothing where the system does not keep such names. A disk that was copied as a whole, with the
//! machine or the server on it, cannot be told from the first one.

use std::path::Path;

use super::place;
use crate::crypto;

/// Where the machine keeps its id.
const MACHINE: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Of the hash of that id: it is not ours to write it anywhere.
const DIGITS: usize = 32;

/// File systems that give a file another number each time they are mounted.
const UNNUMBERED: [&str; 7] = ["9p", "exfat", "msdos", "ntfs3", "vfat", "virtiofs", "vboxsf"];

/// Begins what names a server.
const SERVER: &str = "server ";

/// Where a store is. Each part is empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whereabouts {
    /// What names the machine, or the server.
    pub machine: String,
    /// What names the file as long as it exists, whatever its path; on a server the tables.
    pub file: String,
}

/// What shows that a store is not the one that it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// It is on another machine.
    Machine,
    /// It is another file: a copy, or it was moved to another disk.
    File,
    /// It is a file now, and was on a server.
    FromServer,
    /// It is on a server now, and was a file.
    FromFile,
    /// It is on another server, or on one that goes on from a copy of itself.
    Server,
    /// Its tables are others, on the same server.
    Tables,
}

impl Whereabouts {
    /// Of the file at `path`.
    pub(super) fn of(path: &Path) -> Whereabouts {
        let ids = MACHINE.iter().filter_map(|path| std::fs::read_to_string(path).ok());
        // As machine-id(5) has it: before the first start it holds a word.
        let is_id = |id: &String| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let id = ids.map(|id| id.trim().to_owned()).find(is_id);
        Whereabouts {
            machine: id.as_deref().map(|id| hashed("machine ", id)).unwrap_or_default(),
            file: numbered(path).unwrap_or_default(),
        }
    }

    /// Of tables on a server: what the server was given as its own number when it was made, its history
    /// of writing, which is another one behind each backup that it goes on from, and the numbers of
    /// the database and of a table.
    pub(super) fn of_server(number: &str, history: &str, tables: &str) -> Whereabouts {
        let machine = hashed("server ", number);
        Whereabouts { machine: format!("{SERVER}{machine} {history}"), file: tables.to_owned() }
    }

    /// Whether what was here is elsewhere now.
    pub fn compared_with(&self, now: &Whereabouts) -> Option<Moved> {
        let is_server = |here: &Whereabouts| here.machine.starts_with(SERVER);
        match (is_server(self), is_server(now)) {
            (false, false) => self.compared_with_file(now),
            (true, false) => Some(Moved::FromServer),
            // A version that knew nothing of servers has written nothing of them.
            (false, true) => (*self != Whereabouts::default()).then_some(Moved::FromFile),
            (true, true) if self.machine != now.machine => Some(Moved::Server),
            (true, true) => (self.file != now.file).then_some(Moved::Tables),
        }
    }

    /// Whether a file that was here is elsewhere now. A file with the number and the time at which it
    /// was made is the same one, also where the machine calls itself otherwise: a container may do so
    /// each time.
    fn compared_with_file(&self, now: &Whereabouts) -> Option<Moved> {
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

fn hashed(of_what: &str, id: &str) -> String {
    let hash = crypto::sha256([of_what.as_bytes(), id.as_bytes()]);
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

    #[test]
    fn tables_on_a_server_are_told_from_each_other_and_from_a_file() {
        let server = Whereabouts::of_server;
        let here = server("7", "00000001", "5/9");
        let file = Whereabouts { machine: String::new(), file: "1:7".to_owned() };
        let unknown = Whereabouts::default();
        for (then, now, expected) in [
            (&here, &here, None),
            (&here, &file, Some(Moved::FromServer)),
            (&here, &unknown, Some(Moved::FromServer)),
            (&file, &here, Some(Moved::FromFile)),
            (&unknown, &here, None),
            (&here, &server("8", "00000001", "5/9"), Some(Moved::Server)),
            (&here, &server("7", "00000002", "5/9"), Some(Moved::Server)),
            (&here, &server("7", "00000001", "6/9"), Some(Moved::Tables)),
        ] {
            assert_eq!(then.compared_with(now), expected, "{then:?} {now:?}");
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
