//! The sockets that requests come to: those of an address, or those that systemd has opened before it
//! began us (sd_listen_fds(3)).

use std::io;
use std::net::{SocketAddr, TcpListener};

/// Opens the addresses, unless sockets were given: then those are the ones.
///
/// # Errors
/// The system's, with the address.
pub fn open(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ListenError> {
    let mut given = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..given.len() {
        let socket = given.take_tcp_listener(index).map_err(ListenError::Given)?;
        sockets.extend(socket);
    }
    if sockets.is_empty() {
        for address in addresses {
            sockets.push(open_one(*address)?);
        }
    }
    for socket in &sockets {
        socket.set_nonblocking(true).map_err(ListenError::Given)?;
    }
    Ok(sockets)
}

/// Opens an address of its own, whatever was given.
///
/// # Errors
/// The system's, with the address.
pub fn open_one(address: SocketAddr) -> Result<TcpListener, ListenError> {
    let failed = |error| ListenError::Address(address, error);
    let socket = TcpListener::bind(address).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    Ok(socket)
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The system does not give the address.
    #[error("cannot listen at {0}: {1}")]
    Address(SocketAddr, #[source] io::Error),
    /// What was given is no socket for TCP.
    #[error("a socket that systemd has given cannot be used: {0}")]
    Given(#[source] io::Error),
}
