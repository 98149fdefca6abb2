//! TLS at both ends of a connection: whose certificates are trusted, and a clear word when a
//! handshake fails.
//!
//! Certificates are checked against this machine's roots, and those of a file besides. A server's
//! own certificate may stand in that file too: then exactly that one is trusted, for the names and
//! days in it. There must never be a way to leave the check out.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, ProtocolVersion,
    ServerConfig, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use super::certificate::Certificate;
use crate::files;

/// All roots that a system trusts are about 250 kB.
const CA_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The client's end: whom it trusts. Cheap to clone; sessions are resumed among clones.
#[derive(Clone, Debug)]
pub struct TlsClient(pub(super) Arc<ClientConfig>);

/// The server's end: its certificate and key.
#[derive(Clone, Debug)]
pub struct TlsServer(pub(super) Arc<ServerConfig>);

/// What a handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: &'static str,
    /// The certificate (X.509, RFC 5280) of the other end, in DER.
    pub certificate: Vec<u8>,
}

/// Why TLS cannot be set up, whoever the server is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsSetupError {
    /// The file of further certificates cannot be read.
    #[error("cannot read the certificates in {0}: {1}")]
    Read(PathBuf, String),
    /// There is no certificate in the file.
    #[error("{0} holds no certificate in PEM form")]
    Empty(PathBuf),
    /// The machine's own roots, or rustls.
    #[error("cannot set up TLS: {0}")]
    Roots(String),
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// It could not begin.
    #[error(transparent)]
    Setup(#[from] TlsSetupError),
    /// The host is no name or address.
    #[error("{0} is not a name that TLS can check")]
    Name(String),
    /// The certificate is signed by somebody whom this machine does not trust.
    #[error("the certificate of {0} is signed by nobody this machine trusts")]
    UntrustedIssuer(String),
    /// The certificate is for other names.
    #[error("the certificate is not for {0}{1}")]
    WrongName(String, String),
    /// The certificate's last day has passed.
    #[error("the certificate of {0} expired{1}")]
    Expired(String, String),
    /// The certificate cannot be used for another reason.
    #[error("the certificate of {0} is not valid: {1}")]
    Invalid(String, String),
    /// The server's answer was not TLS.
    #[error("{0} does not speak TLS from the start on this port")]
    NoTls(String),
    /// The server and we do not agree on how to encrypt.
    #[error("TLS with {0} failed: {1}")]
    Refused(String, String),
    /// It took too long. Later it may work.
    #[error("the TLS handshake took longer than {} s", .0.as_secs_f32())]
    Late(Duration),
    /// The connection ended or broke. Later it may work.
    #[error("the connection broke during the TLS handshake: {0}")]
    Broken(String),
}

impl TlsClient {
    /// A client that trusts what this machine trusts, and the PEM certificates in `ca_file`.
    ///
    /// # Errors
    /// A [`TlsSetupError`]: no server could be checked.
    pub fn new(ca_file: Option<&Path>) -> Result<TlsClient, TlsSetupError> {
        let own = ca_file.map(certificates).transpose()?.unwrap_or_default();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let roots = Verifier::new_with_extra_roots(own.iter().cloned(), Arc::clone(&provider));
        let config = roots.and_then(|roots| {
            let versions = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?;
            let trusted = Arc::new(Trusted { roots, own });
            let checked = versions.dangerous().with_custom_certificate_verifier(trusted);
            Ok(checked.with_no_client_auth())
        });
        Ok(TlsClient(Arc::new(config.map_err(|error| TlsSetupError::Roots(error.to_string()))?)))
    }

    /// The same, asking for this protocol above TLS (ALPN, RFC 7301).
    pub fn for_protocol(self, name: &[u8]) -> TlsClient {
        let mut config = (*self.0).clone();
        config.alpn_protocols = vec![name.to_vec()];
        TlsClient(Arc::new(config))
    }
}

impl HandshakeError {
    /// Whether another try may end better: the network failed, not the two ends.
    pub fn may_pass(&self) -> bool {
        matches!(self, HandshakeError::Late(_) | HandshakeError::Broken(_))
    }
}

impl From<Arc<ServerConfig>> for TlsServer {
    fn from(config: Arc<ServerConfig>) -> TlsServer {
        TlsServer(config)
    }
}

/// The machine's roots and those of a file; and the certificates of that file as servers' own.
///
/// A certificate that is its own issuer is no good under the rules for chains: what `openssl req
/// -x509` makes says that it is an authority, and an authority's is refused as a server's.
#[derive(Debug)]
struct Trusted {
    roots: Verifier,
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if self.own.iter().any(|own| own == end_entity) {
            return verify_own(end_entity, server_name, now);
        }
        let roots = &self.roots;
        let checked =
            roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        checked.map_err(|error| match error {
            // Whatever rule it breaks first, what matters is that nobody else vouches for it.
            TlsError::InvalidCertificate(CertificateError::Other(_))
                if Certificate::read(end_entity).is_some_and(|read| read.is_own_issuer) =>
            {
                CertificateError::UnknownIssuer.into()
            }
            error => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.roots.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.roots.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.roots.supported_verify_schemes()
    }
}

/// Names and days of a certificate that is trusted as such. That the server has its key is shown by
/// the signature of the handshake.
fn verify_own(
    certificate: &CertificateDer<'_>,
    server_name: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, TlsError> {
    verify_server_name(&ParsedCertificate::try_from(certificate)?, server_name)?;
    let read = Certificate::read(certificate).ok_or(CertificateError::BadEncoding)?;
    let moment = |time: jiff::Timestamp| {
        UnixTime::since_unix_epoch(Duration::from_secs(time.as_second().try_into().unwrap_or(0)))
    };
    let (not_before, not_after) = (moment(read.not_before), moment(read.not_after));
    if now < not_before {
        return Err(CertificateError::NotValidYetContext { time: now, not_before }.into());
    }
    if now > not_after {
        return Err(CertificateError::ExpiredContext { time: now, not_after }.into());
    }
    Ok(ServerCertVerified::assertion())
}

/// The certificates of a PEM file.
///
/// # Errors
/// [`TlsSetupError::Read`], and [`TlsSetupError::Empty`] where there are none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let failed = |error: &dyn Display| TlsSetupError::Read(path.to_owned(), error.to_string());
    let text = files::read(path, CA_FILE_BYTES).map_err(|error| failed(&error))?;
    let read = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|error| failed(&error))?;
    if read.is_empty() {
        return Err(TlsSetupError::Empty(path.to_owned()));
    }
    Ok(read)
}

/// The name or address that a certificate must be for.
pub(super) fn server_name(host: &str) -> Result<ServerName<'static>, HandshakeError> {
    ServerName::try_from(host.to_owned()).map_err(|_| HandshakeError::Name(host.to_owned()))
}

/// The version in words.
pub(super) fn version(version: ProtocolVersion) -> &'static str {
    match version {
        ProtocolVersion::TLSv1_2 => "TLS 1.2",
        ProtocolVersion::TLSv1_3 => "TLS 1.3",
        _ => "TLS",
    }
}

/// What a failed handshake with `host` means.
pub(super) fn explain(host: &str, error: io::Error) -> HandshakeError {
    of_handshake(host, &error).unwrap_or_else(|| HandshakeError::Broken(error.to_string()))
}

/// The same of a handshake that another crate has done; `None` where the two ends did not fail.
pub fn of_handshake(host: &str, error: &io::Error) -> Option<HandshakeError> {
    let known = error.get_ref()?.downcast_ref::<TlsError>()?;
    let host = host.to_owned();
    Some(match known {
        TlsError::InvalidCertificate(reason) => match reason {
            CertificateError::UnknownIssuer => HandshakeError::UntrustedIssuer(host),
            CertificateError::NotValidForName => HandshakeError::WrongName(host, String::new()),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = presented.iter().map(|name| bare(name)).collect::<Vec<_>>().join(", ");
                HandshakeError::WrongName(
                    host,
                    match names.as_str() {
                        "" => ": it names no host (subjectAltName)".to_owned(),
                        names => format!(", only for {names}"),
                    },
                )
            }
            CertificateError::Expired => HandshakeError::Expired(host, String::new()),
            CertificateError::ExpiredContext { not_after, .. } => {
                HandshakeError::Expired(host, format!(" on {}", day(*not_after)))
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                HandshakeError::Invalid(host, format!("it begins on {}", day(*not_before)))
            }
            reason => HandshakeError::Invalid(host, in_words(reason)),
        },
        TlsError::InvalidMessage(_) => HandshakeError::NoTls(host),
        other => HandshakeError::Refused(host, other.to_string()),
    })
}

/// What else is wrong with a certificate; rustls has no words for most of it.
fn in_words(reason: &CertificateError) -> String {
    match reason {
        CertificateError::BadEncoding => "it cannot be read".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        CertificateError::Revoked => "it has been withdrawn by who issued it".to_owned(),
        CertificateError::NotValidYet => "it is not valid yet".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it is not meant for a server".to_owned()
        }
        // As `openssl req -x509` makes it. rustls tells it by this name alone.
        other if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is one of an authority (CA:TRUE), not of a server".to_owned()
        }
        other => format!("it breaks the rules for certificates ({other})"),
    }
}

/// `DnsName("a.example")` as rustls has it -> `a.example`.
fn bare(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).ok();
    let time = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(
        || "a day beyond count".to_owned(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}
