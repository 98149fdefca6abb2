//! One connection to a relay, opened: greeting, EHLO, STARTTLS, AUTH.
//!
//! A [`Session`] that exists may be given mail: what the relay's options ask for (TLS, a login) has
//! happened, or there is a [`Trouble`] instead. It must never fall back to the clear, never log in
//! before TLS, and never carry on with bytes that came before a TLS handshake (RFC 3207 5).

use std::fmt;
use std::time::Instant;

use data_encoding::BASE64;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Quit, Starttls};
use secrecy::ExposeSecret;
use tracing::debug;

use super::dialogue::Spoken;
use super::hello::Hello;
use super::outcome::Stage;
use super::relay::{Login, Relay, Tls};
use super::reply::Reply;
use super::trouble::{History, Trouble, trouble_of_loss, trouble_of_reply};
use super::wire::{Loss, Wire, connect};
use crate::diagnostic::visible::visible;
use crate::net::tls::{HandshakeError, Secured, TlsClient, TlsSetupError};

/// What a relay offers in its answer to EHLO (RFC 5321 4.1.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// PIPELINING (RFC 2920).
    pub pipelining: bool,
    /// SIZE (RFC 1870): offered, and the largest message where it names one.
    pub size: Option<Option<u64>>,
    /// 8BITMIME (RFC 6152).
    pub eight_bit_mime: bool,
    /// SMTPUTF8 (RFC 6531).
    pub smtputf8: bool,
    /// STARTTLS (RFC 3207).
    pub starttls: bool,
    /// ENHANCEDSTATUSCODES (RFC 2034).
    pub enhanced_status_codes: bool,
    /// The mechanisms of AUTH (RFC 4954), as written.
    pub auth: Vec<String>,
}

impl Offered {
    /// Reads the lines behind the server's name; keywords in any case.
    fn read(reply: &Reply) -> Offered {
        let mut offered = Offered::default();
        for line in reply.text.lines().skip(1) {
            // Some old servers write AUTH=PLAIN.
            let line = line.replacen('=', " ", 1).to_ascii_uppercase();
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default() {
                "PIPELINING" => offered.pipelining = true,
                "SIZE" => {
                    let max = words.next().and_then(|word| word.parse().ok());
                    // RFC 1870 4: zero means no fixed maximum.
                    offered.size = Some(max.filter(|max| *max > 0));
                }
                "8BITMIME" => offered.eight_bit_mime = true,
                "SMTPUTF8" => offered.smtputf8 = true,
                "STARTTLS" => offered.starttls = true,
                "ENHANCEDSTATUSCODES" => offered.enhanced_status_codes = true,
                "AUTH" => offered.auth.extend(words.map(str::to_owned)),
                _ => {}
            }
        }
        offered
    }
}

impl fmt::Display for Offered {
    /// As EHLO has it: `PIPELINING, SIZE 10240000, AUTH PLAIN LOGIN`; `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = [
            (self.pipelining, "PIPELINING"),
            (self.eight_bit_mime, "8BITMIME"),
            (self.smtputf8, "SMTPUTF8"),
            (self.starttls, "STARTTLS"),
            (self.enhanced_status_codes, "ENHANCEDSTATUSCODES"),
        ];
        let offered = plain.into_iter().filter(|(offers, _)| *offers);
        let mut words: Vec<String> = offered.map(|(_, name)| name.to_owned()).collect();
        words.extend(self.size.map(|max| match max {
            Some(max) => format!("SIZE {max}"),
            None => "SIZE".to_owned(),
        }));
        if !self.auth.is_empty() {
            words.push(format!("AUTH {}", self.auth.join(" ")));
        }
        f.write_str(if words.is_empty() { "nothing" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

/// A connection on which mail may be sent. Not reusable after an error: drop it.
#[derive(Debug)]
pub struct Session {
    pub(super) relay: Relay,
    pub(super) wire: Wire,
    pub(super) offered: Offered,
    hello: Hello,
    /// Messages settled by a reply to their final dot.
    pub(super) carried: u64,
    /// A refused transaction is still open and wants a RSET before the next MAIL.
    pub(super) reset_due: bool,
    /// Cleared by the first doubt, for good.
    pub(super) usable: bool,
    /// When the relay last answered.
    pub(super) heard: Instant,
    /// The bytes of a group, kept so that a message costs no allocation.
    pub(super) group: Vec<u8>,
}

impl Session {
    /// Connects, greets, starts TLS and logs in, as the relay's options say.
    ///
    /// # Errors
    /// A [`Trouble`] that says at which stage it ended and what to do.
    pub async fn open(relay: &Relay) -> Result<Session, Trouble> {
        open(relay).await
    }

    /// What the relay offers.
    pub fn offered(&self) -> &Offered {
        &self.offered
    }

    /// Who we said we are.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// What TLS agreed on; `None` for a session in the clear.
    pub fn secured(&self) -> Option<Secured> {
        self.wire.secured()
    }

    /// Messages carried so far: where a relay ended the session, this is its limit.
    pub fn carried(&self) -> u64 {
        self.carried
    }

    /// Says goodbye. Nothing hangs on the answer, so nobody waits for it for long.
    pub async fn quit(mut self) {
        if self.usable {
            let _ =
                self.wire.write_group(Quit.to_string().as_bytes(), Spoken::Commands, GOODBYE).await;
            let _ = self.wire.reply(GOODBYE).await;
        }
        self.wire.close().await;
    }
}

const GOODBYE: std::time::Duration = std::time::Duration::from_secs(2);
const NO_STARTTLS: &str = "the relay does not offer STARTTLS, so nothing was sent; where the \
                           network between is safe, ?tls=none does without";
const INJECTED: &str = "security warning: more bytes came with the answer to STARTTLS, before TLS had \
                        begun. Somebody between here and the relay may have added them. The \
                        connection was closed, and nothing was sent";
const NO_LOGIN: &str = "the relay offers no login (AUTH) on this connection";

async fn open(relay: &Relay) -> Result<Session, Trouble> {
    let times = relay.timeouts();
    let lost = |stage| move |loss: Loss| trouble_of_loss(stage, &loss, History::of_opening(relay));
    let wire = connect(relay.host(), relay.port(), times.connect).await;
    let mut wire = wire.map_err(lost(Stage::Connect))?;
    if let Some(login) = relay.login() {
        hide_login(login, &mut wire);
    }
    if relay.tls() == Tls::Implicit {
        wire = secure(relay, wire).await.map_err(lost(Stage::Connect))?;
    }
    let greeting = wire.reply(times.greeting).await;
    expect(relay, Stage::Greeting, greeting)?;
    let name = Hello::choose(relay.hello(), wire.local_address());
    let mut offered = greet(relay, &name, &mut wire).await?;
    if relay.tls() == Tls::Required {
        if !offered.starttls {
            return Err(unfit(relay, Stage::Starttls, NO_STARTTLS));
        }
        let reply = command(&mut wire, relay, &Starttls.to_string()).await;
        expect(relay, Stage::Starttls, reply)?;
        if wire.has_input() {
            return Err(unfit(relay, Stage::Starttls, INJECTED));
        }
        wire = secure(relay, wire).await.map_err(lost(Stage::Starttls))?;
        // RFC 3207 4.2: what was offered in the clear is forgotten.
        offered = greet(relay, &name, &mut wire).await?;
    }
    if let Some(login) = relay.login() {
        log_in(relay, login, &mut wire, &offered).await?;
    }
    debug!("{relay}: a session has opened; greeted as {name}; it offers {offered}");
    Ok(Session {
        relay: relay.clone(),
        wire,
        offered,
        hello: name,
        carried: 0,
        reset_due: false,
        usable: true,
        heard: Instant::now(),
        group: Vec::new(),
    })
}

/// EHLO, or HELO where EHLO is unknown and nothing that needs it is wanted (RFC 5321 3.2).
async fn greet(relay: &Relay, name: &Hello, wire: &mut Wire) -> Result<Offered, Trouble> {
    let times = relay.timeouts();
    let ehlo = format!("EHLO {name}\r\n");
    let reply = match wire.write_group(ehlo.as_bytes(), Spoken::Commands, times.hello).await {
        Ok(()) => wire.long_reply(times.hello).await,
        Err(loss) => Err(loss),
    };
    let old = matches!(&reply, Ok(reply) if matches!(reply.code, 500..=504));
    if old && relay.login().is_none() && relay.tls() != Tls::Required {
        let helo = format!("HELO {name}\r\n");
        let reply = command(wire, relay, &helo).await;
        expect(relay, Stage::Ehlo, reply)?;
        return Ok(Offered::default());
    }
    Ok(Offered::read(&expect(relay, Stage::Ehlo, reply)?))
}

async fn log_in(
    relay: &Relay,
    login: &Login,
    wire: &mut Wire,
    offered: &Offered,
) -> Result<(), Trouble> {
    let offers = |wanted: &Mechanism| offered.auth.iter().any(|name| *name == wanted.to_string());
    // An OAuth2 token is no password: XOAUTH2 is tried only where nothing else is offered.
    let order = [Mechanism::Plain, Mechanism::Login, Mechanism::Xoauth2];
    let mechanism = match relay.mechanism() {
        Some(wanted) => Some(wanted).filter(offers),
        None => order.into_iter().find(offers),
    };
    let Some(mechanism) = mechanism else {
        if offered.auth.is_empty() {
            return Err(unfit(relay, Stage::Auth, NO_LOGIN));
        }
        let names = offered.auth.join(" ");
        let text = format!("the relay offers AUTH {names}; digest knows PLAIN, LOGIN and XOAUTH2");
        return Err(unfit(relay, Stage::Auth, &text));
    };
    let reply = authenticate(relay, login, mechanism, wire).await;
    expect(relay, Stage::Auth, reply).map(|_| ())
}

/// From the first byte of a session on, nothing that a login sends is shown or kept: a server may
/// repeat what it was told an hour ago. What all mechanisms send is hidden, not only what this one
/// does, and each as it would look encoded once more.
fn hide_login(login: &Login, wire: &mut Wire) {
    let password = login.password.expose_secret().to_owned();
    let credentials = Credentials::new(login.user.clone(), password.clone());
    wire.hide(forms_of(&password));
    for mechanism in [Mechanism::Plain, Mechanism::Xoauth2] {
        let Ok(sent) = mechanism.response(&credentials, None) else { continue };
        let sent = BASE64.encode(sent.as_bytes());
        wire.hide_parts(forms_of(&sent));
        wire.hide([sent]);
    }
    wire.hide_parts(forms_of(&BASE64.encode(password.as_bytes())));
}

/// A password as it may come back: as it is, as it would be shown, in base64 and as hexadecimal
/// digits. [`Dialogue`](super::dialogue::Dialogue) sees through case, escapes and line ends.
fn forms_of(password: &str) -> Vec<String> {
    let hex = data_encoding::HEXLOWER.encode(password.as_bytes());
    let base64 = BASE64.encode(password.as_bytes());
    let mut forms = vec![password.to_owned(), visible(password).into_owned(), hex, base64];
    // In base64 of something longer, the password may begin at each of three places of a group.
    for before in 1..3 {
        let longer = [&[0; 2][..before], password.as_bytes()].concat();
        let encoded = data_encoding::BASE64_NOPAD.encode(&longer);
        // Letters that hold bits of what stands before or behind differ.
        let end = longer.len() * 8 / 6;
        forms.extend(
            encoded.get(before + 1..end).filter(|inner| inner.len() >= 8).map(str::to_owned),
        );
    }
    let safe = forms.iter().map(|form| form.replace('+', "-").replace('/', "_"));
    let safe: Vec<String> = safe.collect();
    forms.extend(safe);
    let bare: Vec<String> =
        forms.iter().map(|form| form.trim_end_matches('=').to_owned()).collect();
    forms.extend(bare);
    forms.sort_unstable();
    forms.dedup();
    forms
}

/// The dialogue of one mechanism, up to its final reply.
async fn authenticate(
    relay: &Relay,
    login: &Login,
    mechanism: Mechanism,
    wire: &mut Wire,
) -> Result<Reply, Loss> {
    let password = login.password.expose_secret().to_owned();
    let credentials = Credentials::new(login.user.clone(), password);
    let first = mechanism.supports_initial_response();
    let initial = mechanism.response(&credentials, None).ok().filter(|_| first);
    let shown = format!("AUTH {mechanism} ****");
    let mut reply = match initial {
        Some(initial) => {
            let line = format!("AUTH {mechanism} {}\r\n", BASE64.encode(initial.as_bytes()));
            speak(wire, relay, &line, Spoken::Secret(&shown)).await?
        }
        None => command(wire, relay, &format!("AUTH {mechanism}\r\n")).await?,
    };
    // LOGIN asks twice. A third question, or one we cannot answer, is cancelled (RFC 4954 4);
    // XOAUTH2 wants an empty line before it says what was wrong.
    for _ in 0..3 {
        if reply.code != 334 {
            break;
        }
        let question = BASE64.decode(reply.text.trim().as_bytes()).unwrap_or_default();
        let question = String::from_utf8_lossy(&question);
        reply = match (mechanism, mechanism.response(&credentials, Some(&question))) {
            (Mechanism::Xoauth2, _) => command(wire, relay, "\r\n").await?,
            (_, Ok(answer)) => {
                let line = format!("{}\r\n", BASE64.encode(answer.as_bytes()));
                speak(wire, relay, &line, Spoken::Secret("****")).await?
            }
            (_, Err(_)) => command(wire, relay, "*\r\n").await?,
        };
    }
    Ok(reply)
}

async fn command(wire: &mut Wire, relay: &Relay, line: &str) -> Result<Reply, Loss> {
    speak(wire, relay, line, Spoken::Commands).await
}

async fn speak(
    wire: &mut Wire,
    relay: &Relay,
    line: &str,
    spoken: Spoken<'_>,
) -> Result<Reply, Loss> {
    let within = relay.timeouts().hello;
    wire.write_group(line.as_bytes(), spoken, within).await?;
    wire.reply(within).await
}

fn expect(relay: &Relay, stage: Stage, reply: Result<Reply, Loss>) -> Result<Reply, Trouble> {
    match reply {
        Ok(reply) if stage.expects(reply.code) => Ok(reply),
        Ok(reply) => Err(trouble_of_reply(stage, reply, History::of_opening(relay))),
        Err(loss) => Err(trouble_of_loss(stage, &loss, History::of_opening(relay))),
    }
}

/// A trouble that only a person can end.
fn unfit(relay: &Relay, stage: Stage, text: &str) -> Trouble {
    trouble_of_loss(stage, &Loss::Unfit(text.to_owned()), History::of_opening(relay))
}

/// Shakes hands with the relay, whose certificate must be good for its host.
async fn secure(relay: &Relay, wire: Wire) -> Result<Wire, Loss> {
    let client = tls_client(relay).map_err(HandshakeError::from)?;
    wire.into_tls(&client, relay.host(), relay.timeouts().hello).await
}

/// The relay's TLS configuration, made at its first use.
fn tls_client(relay: &Relay) -> Result<TlsClient, TlsSetupError> {
    if let Some(client) = relay.tls_client().get() {
        return Ok(client.clone());
    }
    let client = TlsClient::new(relay.ca_file())?;
    // Two connections may get here at once; either configuration does.
    Ok(relay.tls_client().get_or_init(|| client).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_are_read_in_any_case() {
        let text = "mail.example at your service\npipelining\nSIZE 1000\n8BITMIME\nSmtpUtf8\n\
                    AUTH=plain login\nAUTH PLAIN XOAUTH2\nSTARTTLS\nENHANCEDSTATUSCODES\nX-ODD=1";
        let reply = Reply { code: 250, enhanced: None, text: text.to_owned() };
        let offered = Offered::read(&reply);
        assert!(offered.pipelining && offered.eight_bit_mime && offered.smtputf8);
        assert!(offered.starttls && offered.enhanced_status_codes);
        assert_eq!(offered.size, Some(Some(1000)));
        assert_eq!(offered.auth, ["PLAIN", "LOGIN", "PLAIN", "XOAUTH2"]);
        let text = "x\nSIZE 0".to_owned();
        let no_maximum = Offered::read(&Reply { code: 250, enhanced: None, text });
        assert_eq!(no_maximum.size, Some(None));
    }
}
