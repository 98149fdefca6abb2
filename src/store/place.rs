//! Where a database file lies, and whether it still does.
//!
//! SQLite's log and our lock need a file system that shares memory and locks between processes: on
//! one that comes over a network two senders may each believe to be alone. And a file that was
//! deleted or replaced goes on being written by whoever has it open, for nobody.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

/// File systems that come over a network, as the kernel names them.
const NETWORK: [&str; 15] = [
    "afs",
    "ceph",
    "cifs",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "gfs2",
    "glusterfs",
    "lustre",
    "nfs",
    "nfs4",
    "ocfs2",
    "smb3",
    "smbfs",
];

/// The network file system that holds `folder`, if one does; nothing where the system does not say.
pub(super) fn network(folder: &Path) -> Option<String> {
    kind(folder).filter(|kind| NETWORK.contains(&kind.as_str()))
}

/// The type of the file system that holds `folder`, as the kernel names it.
pub(super) fn kind(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    kind_in(&mounts, &folder.canonicalize().ok()?)
}

/// `mounts` in the form of proc_pid_mountinfo(5): the mount point is the fifth word, and the type
/// the first behind a lone hyphen.
fn kind_in(mounts: &str, folder: &Path) -> Option<String> {
    let read = |line: &str| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        let kind = right.split(' ').next()?.to_owned();
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    // Of two mounts at one place the later one is seen.
    let kinds = mounts.lines().filter_map(read);
    kinds.max_by_key(|(length, _)| *length).map(|(_, kind)| kind)
}

/// What names a file as long as it exists, whatever its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

/// The file that is at `path` now.
#[cfg(unix)]
pub(super) fn identity(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some(FileIdentity(metadata.dev(), metadata.ino()))
}

/// Elsewhere an open file can be neither deleted nor replaced.
#[cfg(not(unix))]
pub(super) fn identity(_path: &Path) -> Option<FileIdentity> {
    Some(FileIdentity(0, 0))
}

/// The file itself where `path` is a link to it: SQLite keeps its log there, and two who come by two
/// names must meet at one lock.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let target = path.is_symlink().then(|| path.canonicalize().ok());
    target.flatten().unwrap_or_else(|| path.to_owned())
}

/// The same for a file that is not there yet: what its folder really is, and its name there. A link
/// to nothing leads where the file would be made.
pub(super) fn resolved_name(path: &Path) -> Option<PathBuf> {
    let folder = |path: &Path| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new(".")).canonicalize().ok()
    };
    let mut place = folder(path)?.join(path.file_name()?);
    // As many as the system follows.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&place) else { break };
        let target = place.parent()?.join(target);
        place = folder(&target)?.join(target.file_name()?);
    }
    Some(place)
}

/// The file beside `path` that has its name and this ending.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// What shows, where there is no file at `path`, that one was lost: its log, the marks of a sender
/// that was killed, or a copy that was saved. The lock says nothing; it outlives every send.
pub(super) fn orphan(path: &Path) -> Option<String> {
    if path.exists() {
        return None;
    }
    let own = format!("{}-", path.file_name()?.to_str()?);
    let telling = |name: &String| {
        let ending = name.strip_prefix(&own).unwrap_or_default();
        matches!(ending, "wal" | "marks") || ending.starts_with("rescued-")
    };
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let entries = std::fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?.flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(telling).collect();
    // A copy helps the most, and the marks say more than the log.
    names.sort_by_key(|name| (!name.contains("-rescued-"), !name.ends_with("-marks")));
    // Another process may have made the file and its log meanwhile.
    names.into_iter().next().filter(|_| !path.exists())
}

/// Whether the open `file` has a second name. SQLite keeps its log beside the name, and we keep the
/// journal there: who comes by the other name would miss both.
pub(super) fn has_another_name(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| has_names(&metadata))
}

#[cfg(unix)]
fn has_names(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.is_file() && metadata.nlink() > 1
}

/// Elsewhere nobody is asked.
#[cfg(not(unix))]
fn has_names(_metadata: &Metadata) -> bool {
    false
}

/// A file of SQLite's own beside the database that is a link, or has another name: SQLite would
/// write to whatever file that is.
pub(super) fn linked_companion(path: &Path) -> Option<PathBuf> {
    let companions = ["-wal", "-shm", "-journal"].map(|suffix| beside(path, suffix));
    // None is opened: to close it again would take the locks that SQLite has on it elsewhere in
    // this process (fcntl(2) locks belong to the process and the file).
    companions.into_iter().find(|companion| {
        let is_linked = |metadata: &Metadata| metadata.is_symlink() || has_names(metadata);
        companion.symlink_metadata().is_ok_and(|metadata| is_linked(&metadata))
    })
}

/// A journal in the same folder whose ledger is gone, by the names of both: the database at `path`
/// may be that ledger under a new name, and would miss it.
pub(super) fn abandoned(path: &Path) -> Option<(String, String)> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    let own = path.file_name()?.to_str()?;
    for entry in std::fs::read_dir(folder).ok()?.flatten() {
        let Ok(journal) = entry.file_name().into_string() else { continue };
        let Some(ledger) = journal.strip_suffix("-marks") else { continue };
        if ledger != own && !ledger.is_empty() && folder.join(ledger).symlink_metadata().is_err() {
            return Some((journal.clone(), ledger.to_owned()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:45 / /home rw,relatime shared:9 - nfs4 server:/home rw,vers=4.2
41 40 254:1 / /home/kim/local\\040disk rw - xfs /dev/vdb rw
42 22 0:50 / /mnt rw - tmpfs tmpfs rw
43 22 0:51 / /mnt rw - fuse.sshfs host: rw
";

    #[test]
    fn a_network_file_system_is_found_by_its_longest_mount_point() {
        let found = |folder: &str| {
            let kind = kind_in(MOUNTS, Path::new(folder));
            kind.filter(|kind| NETWORK.contains(&kind.as_str()))
        };
        assert_eq!(found("/srv/news"), None);
        assert_eq!(kind_in(MOUNTS, Path::new("/srv/news")).as_deref(), Some("ext4"));
        assert_eq!(found("/home/kim/news").as_deref(), Some("nfs4"));
        assert_eq!(found("/homestead"), None);
        assert_eq!(found("/home/kim/local disk/news"), None);
        assert_eq!(found("/mnt/news").as_deref(), Some("fuse.sshfs"));
        assert_eq!(kind_in("nonsense\n\n - \n", Path::new("/")), None);
    }

    #[test]
    fn a_file_in_the_place_of_another_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let [path, other] = ["a", "b"].map(|name| dir.path().join(name));
        std::fs::write(&path, "a").unwrap();
        std::fs::write(&other, "a").unwrap();
        let before = identity(&path);
        assert!(before.is_some() && before == identity(&path));
        std::fs::rename(&other, &path).unwrap();
        assert_ne!(identity(&path), before);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(identity(&path), None);
    }
}
