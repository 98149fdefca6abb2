//! What systemd is told of the server: that it answers, that it ends, and that it is alive
//! (sd_notify(3)). Without `$NOTIFY_SOCKET` nobody is told.

use std::env;
#[cfg(unix)]
use std::ffi::OsStr;
#[cfg(unix)]
use std::io;
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt as _;
#[cfg(unix)]
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Who started us, and wants to know.
#[derive(Debug, Default)]
pub struct Supervisor {
    #[cfg(unix)]
    socket: Option<UnixDatagram>,
    /// Between two signs of life.
    every: Option<Duration>,
}

impl Supervisor {
    /// The one that the environment names. One that cannot be reached is none: it will say so itself.
    pub fn from_environment() -> Supervisor {
        let is_for_us =
            env::var("WATCHDOG_PID").map_or(true, |pid| pid.parse() == Ok(std::process::id()));
        let limit = env::var("WATCHDOG_USEC").ok().filter(|_| is_for_us);
        let limit = limit.and_then(|text| text.parse().ok()).filter(|limit| *limit > 0);
        Supervisor {
            #[cfg(unix)]
            socket: env::var_os("NOTIFY_SOCKET").and_then(|name| connected(&name).ok()),
            every: limit.map(|limit| Duration::from_micros(limit) / 2),
        }
    }

    /// Requests are answered from now on.
    pub(super) fn ready(&self) {
        self.tell("READY=1");
    }

    /// No request is taken any more.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// Gives signs of life, as often as they are wanted, and never ends.
    pub(super) async fn live(&self) {
        let Some(every) = self.every else { return std::future::pending().await };
        loop {
            self.tell("WATCHDOG=1");
            tokio::time::sleep(every).await;
        }
    }

    #[cfg(unix)]
    fn tell(&self, text: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(text.as_bytes());
        }
    }

    #[cfg(not(unix))]
    fn tell(&self, _: &str) {}
}

#[cfg(unix)]
fn connected(name: &OsStr) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match name.as_bytes() {
        [b'@', name @ ..] => socket.connect_addr(&of_no_file(name)?)?,
        _ => socket.connect(name)?,
    }
    Ok(socket)
}

#[cfg(target_os = "linux")]
fn of_no_file(name: &[u8]) -> io::Result<SocketAddr> {
    <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn of_no_file(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::ErrorKind::Unsupported.into())
}
