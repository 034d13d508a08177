//! The world of one trial: folders in which a probe may do what it may, and around them what nobody may touch.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

/// The folder that is lent, and what probes call it.
pub(super) const LENT: &str = "lent";
/// Where the store of a trial lies.
pub(super) const STATE: &str = "state";
/// The host that a probe may ask, and that is nobody's (RFC 2606).
pub(super) const NAME: &str = "probe.test";
/// A file that no probe may read or write, and the folder where it lies.
pub(super) const CANARY: &str = "canary.txt";
pub(super) const OUTSIDE: &str = "outside";

/// The folder in the place of the operator's folder number `index`.
pub(super) fn mount(room: &Path, index: usize) -> PathBuf {
    room.join(format!("mount-{index}"))
}

/// A trial's folders, and what stands in them that is not to get out.
#[derive(Debug)]
pub(super) struct Room {
    folder: TempDir,
    pub(super) secret: String,
}

impl Room {
    /// Folders in the place of so many of the operator's, each with links that lead out of it.
    pub(super) fn furnish(mounts: usize) -> io::Result<Self> {
        let folder = TempDir::with_prefix("vak-prove-")?;
        // The name of the folder is random, and the system's; nobody could write it who has not read it.
        let secret = format!("secret:{}", folder.path().display());
        let room = Self { folder, secret };
        let outside = room.path().join(OUTSIDE);
        fs::create_dir(&outside)?;
        fs::write(outside.join(CANARY), &room.secret)?;
        fs::create_dir(room.path().join(STATE))?;
        for folder in (0..mounts).map(|i| mount(room.path(), i)).chain([room.path().join(LENT)]) {
            fs::create_dir(&folder)?;
            fs::write(folder.join(CANARY), &room.secret)?;
            symlink(&outside, folder.join("link"))?;
            symlink(outside.join(CANARY), folder.join("link.txt"))?;
        }
        Ok(room)
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Everything that is there, below `below`: folders and links by their names, files with their contents.
    pub(super) fn contents(&self, below: &str) -> io::Result<BTreeMap<PathBuf, Vec<u8>>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path().join(below)];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder)? {
                let (path, kind) = entry.and_then(|entry| Ok((entry.path(), entry.file_type()?)))?;
                let contents = if kind.is_file() { fs::read(&path)? } else { Vec::new() };
                if kind.is_dir() {
                    open.push(path.clone());
                }
                found.insert(path, contents);
            }
        }
        Ok(found)
    }
}

/// Somebody of this machine who counts who calls.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on a port of the system's choice.
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        listener.set_nonblocking(true)?;
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (Arc::clone(&accepted), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            // What has come before the stop is still in the queue, and counted.
            loop {
                let last = stopped.load(Ordering::Acquire);
                while listener.accept().is_ok() {
                    counted.fetch_add(1, Ordering::AcqRel);
                }
                if last {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Ok(Self { port, accepted, stop, thread: Some(thread) })
    }

    /// How many connections were accepted in all.
    pub(super) fn finish(mut self) -> usize {
        self.end();
        self.accepted.load(Ordering::Acquire)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // It can't panic; and if it did, nothing was counted that was not there.
            let _ = thread.join();
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end();
    }
}
