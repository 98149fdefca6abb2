//! A host's name -> its addresses -> a TCP connection to the first one that takes it.
//!
//! Whether a name does not exist or nobody could tell is a difference that others act on, so it is
//! one in the type. Every step has an end.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// The name servers say that the name has no address.
    #[error("there is no host {0}")]
    NoSuchHost(String),
    /// Nobody could tell; asking again may help.
    #[error("the address of {0} cannot be looked up: {1}")]
    Lookup(String, String),
    /// No address of the name took the connection.
    #[error("cannot connect: {0}")]
    Unreachable(String),
}

/// How long each address of a name is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Each address but the last: some networks swallow what goes to IPv6.
    pub each: Duration,
    /// The last one, or the only one.
    pub last: Duration,
}

/// All addresses of a name, as the system's resolver knows them.
///
/// # Errors
/// [`DialError::NoSuchHost`] or [`DialError::Lookup`].
pub async fn addresses(
    host: &str,
    port: u16,
    within: Duration,
) -> Result<Vec<SocketAddr>, DialError> {
    match timeout(within, tokio::net::lookup_host((host, port))).await {
        Ok(Ok(addresses)) => Ok(addresses.collect()),
        Ok(Err(error)) => Err(unfound(host, &error.to_string())),
        Err(_) => {
            let silent = format!("no answer from the resolver within {} s", within.as_secs_f32());
            Err(DialError::Lookup(host.to_owned(), silent))
        }
    }
}

/// What an error of getaddrinfo means. Only its text shows whether the name has no address, or
/// whether no name server could say.
fn unfound(host: &str, text: &str) -> DialError {
    let none = ["Name or service not known", "No address associated", "nodename nor servname"];
    if none.iter().any(|words| text.contains(words)) {
        return DialError::NoSuchHost(host.to_owned());
    }
    DialError::Lookup(host.to_owned(), text.to_owned())
}

/// A connection to the first of these addresses that takes one.
///
/// # Errors
/// [`DialError::Unreachable`], with what each address answered.
pub async fn connect(addresses: &[SocketAddr], patience: Patience) -> Result<TcpStream, DialError> {
    let mut failures = Vec::new();
    for (at, address) in addresses.iter().enumerate() {
        let within = if at + 1 < addresses.len() { patience.each } else { patience.last };
        match timeout(within, open(*address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => failures.push(format!("{address}: {error}")),
            Err(_) => {
                failures.push(format!("{address}: no answer within {} s", within.as_secs_f32()));
            }
        }
    }
    Err(DialError::Unreachable(failures.join("; ")))
}

async fn open(address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A peer that vanished is found by the time of a step; keepalive only helps idle gaps.
    let _ = socket.set_keepalive(true);
    socket.connect(address).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_does_not_exist_is_told_from_a_resolver_that_is_silent() {
        let words = "failed to lookup address information: ";
        let none = unfound("a.example", &format!("{words}Name or service not known"));
        assert_eq!(none, DialError::NoSuchHost("a.example".to_owned()));
        let silent = unfound("a.example", &format!("{words}Temporary failure in name resolution"));
        assert!(matches!(silent, DialError::Lookup(..)), "{silent:?}");
    }

    #[tokio::test]
    async fn the_next_address_is_tried_where_one_does_not_answer() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let patience = Patience { each: Duration::from_secs(3), last: Duration::from_secs(3) };
        let tcp = connect(&[closed, open], patience).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), open);
        let none = connect(&[closed], patience).await.unwrap_err().to_string();
        assert!(none.contains(&closed.to_string()), "{none}");
    }
}
