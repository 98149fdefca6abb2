//! AUTH PLAIN and LOGIN of the catcher (RFC 4954, RFC 4616), for one fixed user.

use std::io;

use data_encoding::BASE64;

use super::{Flow, Served};
use crate::catcher::script::At;

impl Served<'_> {
    /// The dialogue of one AUTH command.
    pub(super) async fn auth(&mut self, argument: &str) -> io::Result<Flow> {
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let line = match initial {
                    "" => self.ask("").await?,
                    initial => Some(initial.to_owned()),
                };
                line.and_then(|line| {
                    let text = decode(&line)?;
                    let mut parts = text.split('\0').skip(1).map(str::to_owned);
                    Some((parts.next()?, parts.next()?))
                })
            }
            "LOGIN" => {
                let user = self.ask("Username:").await?;
                let password = self.ask("Password:").await?;
                user.zip(password)
                    .and_then(|(user, password)| Some((decode(&user)?, decode(&password)?)))
            }
            _ => return self.scripted(At::Auth, "504 5.5.4 PLAIN or LOGIN").await,
        };
        let right = given.is_some() && given == self.shared.options.login;
        let duty = if right { "235 2.7.0 welcome" } else { "535 5.7.8 wrong user or password" };
        let flow = self.scripted(At::Auth, duty).await?;
        self.known = flow == Flow::Done;
        Ok(flow)
    }

    /// A 334 with its question, and the line that answers it.
    async fn ask(&mut self, question: &str) -> io::Result<Option<String>> {
        let line = format!("334 {}\r\n", BASE64.encode(question.as_bytes()));
        self.out.extend_from_slice(line.as_bytes());
        self.line().await
    }
}

fn decode(line: &str) -> Option<String> {
    String::from_utf8(BASE64.decode(line.trim().as_bytes()).ok()?).ok()
}
