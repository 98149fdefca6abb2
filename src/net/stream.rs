//! The bytes of one connection, in the clear or under TLS, and how many of them left us.
//!
//! Whether a message may have been accepted hangs on whether its final dot left this process. The
//! count is taken at the TCP socket, below TLS: a TLS record is longer than what it carries, so
//! "fewer bytes on the wire than before the dot" proves that no dot is among them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::tls::{self, HandshakeError, Secured, TlsClient, TlsServer};

/// A TCP stream that counts what the kernel took from it.
#[derive(Debug)]
pub struct Counted {
    tcp: TcpStream,
    written: u64,
}

/// One connection, client's or server's end.
#[derive(Debug)]
pub enum Stream {
    /// In the clear.
    Plain(Counted),
    /// Under TLS.
    Tls(Box<TlsStream<Counted>>),
}

impl Stream {
    /// A connection in the clear, with Nagle's delay off: every write here is a whole group.
    pub fn plain(tcp: TcpStream) -> Stream {
        // Without the option a group is late, not wrong.
        let _ = tcp.set_nodelay(true);
        Stream::Plain(Counted { tcp, written: 0 })
    }

    /// Bytes that the kernel has taken since the connection was made.
    pub fn written(&self) -> u64 {
        self.counted().written
    }

    /// The socket below.
    pub fn tcp(&self) -> &TcpStream {
        &self.counted().tcp
    }

    /// What TLS agreed on; `None` in the clear.
    pub fn secured(&self) -> Option<Secured> {
        let Stream::Tls(tls) = self else { return None };
        let state = tls.get_ref().1;
        let certificate = state.peer_certificates().and_then(|chain| chain.first())?.to_vec();
        Some(Secured { version: tls::version(state.protocol_version()?), certificate })
    }

    /// Shakes hands as the client of `host`, whose certificate is checked. The caller has made sure
    /// that nothing is left to read.
    ///
    /// # Errors
    /// A [`HandshakeError`]; the connection is gone.
    pub async fn into_tls(self, client: &TlsClient, host: &str) -> Result<Stream, HandshakeError> {
        let name = tls::server_name(host)?;
        let plain = self.into_plain().map_err(|error| HandshakeError::Broken(error.to_string()))?;
        let connected = TlsConnector::from(client.0.clone()).connect(name, plain).await;
        Ok(Stream::Tls(Box::new(connected.map_err(|error| tls::explain(host, error))?.into())))
    }

    /// Shakes hands as the server.
    ///
    /// # Errors
    /// As the connection or the client has it.
    pub async fn accept_tls(self, server: &TlsServer) -> io::Result<Stream> {
        let accepted = TlsAcceptor::from(server.0.clone()).accept(self.into_plain()?).await?;
        Ok(Stream::Tls(Box::new(accepted.into())))
    }

    fn into_plain(self) -> io::Result<Counted> {
        match self {
            Stream::Plain(plain) => Ok(plain),
            Stream::Tls(_) => Err(io::Error::other("TLS has begun already")),
        }
    }

    fn counted(&self) -> &Counted {
        match self {
            Stream::Plain(counted) => counted,
            Stream::Tls(tls) => tls.get_ref().0,
        }
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write(cx, buf);
        self.count(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        self.count(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl Counted {
    fn count(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &result {
            self.written += *bytes as u64;
        }
        result
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(plain).poll_read(cx, buf),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(plain).poll_write(cx, buf),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(plain).poll_flush(cx),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(plain) => Pin::new(plain).poll_shutdown(cx),
            Stream::Tls(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
