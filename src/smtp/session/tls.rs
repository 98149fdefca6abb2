//! The TLS of a session: what a failed handshake means for it.
//!
//! Certificates are checked by [`crate::net::tls`], against the system's roots and those of
//! `ca_file`.

use super::super::outcome::{Remedy, Scope, Stage, Trouble, trouble_of_loss};
use super::super::relay::{Relay, Tls};
use super::super::wire::Wire;
use crate::net::tls::{HandshakeError, TlsClient, TlsSetupError};

/// Shakes hands with the relay, checking its certificate against its name.
pub(super) async fn start(relay: &Relay, wire: Wire, stage: Stage) -> Result<Wire, Trouble> {
    let stop = |text: String| {
        let (relay, remedy) = (String::new(), Remedy::Stop);
        Trouble { relay, stage, scope: Scope::Relay, reply: None, text, remedy }
    };
    let client = client(relay).map_err(|error| stop(error.to_string()))?;
    let shaken = wire.into_tls(&client, relay.host(), relay.timeouts().hello).await;
    shaken.map_err(|error| match &error {
        HandshakeError::Late(_) | HandshakeError::Broken(_) => {
            trouble_of_loss(stage, error.to_string(), 0, false)
        }
        HandshakeError::UntrustedIssuer(_) => {
            stop(format!("{error}; if it is the relay's own, name its root with ?ca_file=PATH"))
        }
        HandshakeError::NoTls(_) if relay.tls() == Tls::Implicit => stop(format!(
            "port {} does not speak TLS from the start: write smtp:// for STARTTLS",
            relay.port()
        )),
        _ => stop(error.to_string()),
    })
}

/// The relay's TLS configuration, made at its first use.
fn client(relay: &Relay) -> Result<TlsClient, TlsSetupError> {
    if let Some(client) = relay.tls_client().get() {
        return Ok(client.clone());
    }
    let client = TlsClient::new(relay.ca_file())?;
    // Two connections may get here at once; either configuration does.
    Ok(relay.tls_client().get_or_init(|| client).clone())
}
