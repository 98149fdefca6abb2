//! The TLS of a session: roots, server name, handshake, and a clear word when it fails.
//!
//! Certificates are checked against the system's roots, and those of `ca_file` besides. There must
//! never be a way to leave the check out: a relay with a certificate of its own is what `ca_file`
//! is for.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, Error as TlsError, ProtocolVersion};
use rustls_platform_verifier::Verifier;

use super::super::outcome::{Remedy, Scope, Stage, Trouble, trouble_of_loss};
use super::super::relay::Relay;
use super::super::wire::{Loss, Wire};

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: &'static str,
    /// The relay's certificate (X.509, RFC 5280) in DER.
    pub certificate: Vec<u8>,
}

impl Secured {
    pub(super) fn of(wire: &Wire) -> Option<Secured> {
        let (version, certificate) = wire.agreed()?;
        let version = match version {
            ProtocolVersion::TLSv1_2 => "TLS 1.2",
            ProtocolVersion::TLSv1_3 => "TLS 1.3",
            _ => "TLS",
        };
        Some(Secured { version, certificate: certificate.to_vec() })
    }
}

/// Shakes hands with the relay, checking its certificate against its name.
pub(super) async fn start(relay: &Relay, wire: Wire, stage: Stage) -> Result<Wire, Trouble> {
    let stop = |text: String| {
        let (relay, remedy) = (String::new(), Remedy::Stop);
        Trouble { relay, stage, scope: Scope::Relay, reply: None, text, remedy }
    };
    let config = config(relay).map_err(stop)?;
    let name = ServerName::try_from(relay.host().to_owned())
        .map_err(|_| stop(format!("{} is not a name that TLS can check", relay.host())))?;
    match wire.into_tls(config, name, relay.timeouts().hello).await {
        Ok(wire) => Ok(wire),
        Err(loss) => match explain(relay, stage, &loss) {
            Some(text) => Err(stop(text)),
            None => Err(trouble_of_loss(stage, format!("TLS handshake: {loss}"), 0, false)),
        },
    }
}

/// The relay's TLS configuration, made at its first use.
fn config(relay: &Relay) -> Result<Arc<ClientConfig>, String> {
    if let Some(config) = relay.tls_config().get() {
        return Ok(Arc::clone(config));
    }
    let mut roots = Vec::new();
    if let Some(path) = relay.ca_file() {
        let read = || CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>();
        roots =
            read().map_err(|error| format!("cannot read ca_file {}: {error}", path.display()))?;
        if roots.is_empty() {
            return Err(format!("ca_file {} holds no certificate in PEM form", path.display()));
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).and_then(|verifier| {
            let versions = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?;
            let checked = versions.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
            Ok(Arc::new(checked.with_no_client_auth()))
        });
    let config = config.map_err(|error| format!("cannot set up TLS: {error}"))?;
    // Two connections may get here at once; either configuration does.
    Ok(Arc::clone(relay.tls_config().get_or_init(|| config)))
}

/// A sentence for a failed handshake that no retry mends; `None` for one that may pass.
fn explain(relay: &Relay, stage: Stage, loss: &Loss) -> Option<String> {
    let Loss::Broken(error) = loss else { return None };
    let tls = error.get_ref()?.downcast_ref::<TlsError>()?;
    let host = relay.host();
    Some(match tls {
        TlsError::InvalidCertificate(reason) => match reason {
            CertificateError::UnknownIssuer => format!(
                "the certificate of {host} is signed by nobody this machine trusts; if it is the \
                 relay's own, name its root with ?ca_file=PATH"
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!("the certificate is not for {host}: {reason}")
            }
            reason => format!("the certificate of {host} is not valid: {reason}"),
        },
        TlsError::InvalidMessage(_) if stage == Stage::Connect => {
            format!(
                "port {} does not speak TLS from the start: write smtp:// for STARTTLS",
                relay.port()
            )
        }
        tls => format!("TLS with {host} failed: {tls}"),
    })
}
